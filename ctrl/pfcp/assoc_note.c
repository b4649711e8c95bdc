// assoc_note.c - see assoc_note.h. Pure.
#include "ctrl/pfcp/assoc_note.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "ctrl/hash.h"

#define WHOLE 110u // characters of a node id that stand in an owner as they are

static struct remote own_of(const struct conf_address *own)
{
	struct remote remote = { .family = own->family };

	memcpy(remote.bytes, own->bytes, sizeof(remote.bytes));
	return remote;
}

// The last word is the address of ours that it speaks with; earlier builds neither write nor miss it.
void assoc_note_write(const struct assocs *assocs, const struct assoc *assoc, char value[ASSOC_NOTE_BYTES])
{
	char address[REMOTE_TEXT], own[REMOTE_TEXT] = "";

	remote_text(&assoc->remote, address);
	if (assoc->remote.socket < assocs->own_count) {
		struct remote remote = own_of(&assocs->own[assoc->remote.socket]);

		remote_text(&remote, own);
	}
	snprintf(value, ASSOC_NOTE_BYTES, "1 %s %u %s %s%s%s", assoc->state <= ASSOC_UP ? "up" : "leaving",
		 assoc->stamp, address, assoc->node_id, *own ? " " : "", own);
}

static uint8_t socket_of(const struct assocs *assocs, const char *text)
{
	char own[REMOTE_TEXT];

	for (unsigned i = 0; i < assocs->own_count; i++) {
		struct remote remote = own_of(&assocs->own[i]);

		remote_text(&remote, own);
		if (!strcmp(own, text))
			return (uint8_t)i;
	}
	return REMOTE_ANY;
}

static bool address_read(struct remote *remote, const char *text)
{
	*remote = (struct remote){ .family = strchr(text, ':') ? 6 : 4, .socket = REMOTE_ANY };
	return inet_pton(remote->family == 4 ? AF_INET : AF_INET6, text, remote->bytes) == 1;
}

bool assoc_note_read(const struct assocs *assocs, struct assoc *assoc, const char *value)
{
	char state[8], address[REMOTE_TEXT], own[REMOTE_TEXT] = "";

	_Static_assert(REMOTE_TEXT == 46 && ASSOC_NODE_BYTES == 256, "the widths below");
	if (sscanf(value, "1 %7s %u %45s %255s %45s", state, &assoc->stamp, address, assoc->node_id, own) < 4)
		return false;
	assoc->state = strcmp(state, "up") ? ASSOC_LEAVING : ASSOC_UP;
	if (!address_read(&assoc->remote, address))
		return false;
	assoc->remote.socket = socket_of(assocs, own);
	return true;
}

void assoc_owner_make(struct assoc *assoc, uint32_t life)
{
	size_t length = strlen(assoc->node_id);

	if (length <= WHOLE)
		snprintf(assoc->owner, sizeof(assoc->owner), "pfcp:%.110s#%08x", assoc->node_id, life);
	else
		snprintf(assoc->owner, sizeof(assoc->owner), "pfcp:%.90s~%016llx#%08x", assoc->node_id,
			 (unsigned long long)hash_bytes(0, assoc->node_id, length), life);
}
