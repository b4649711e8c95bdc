// assoc_note.c - see assoc_note.h. Pure.
#include "ctrl/pfcp/assoc_note.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "ctrl/hash.h"

#define WHOLE 110u // characters of a node id that stand in an owner as they are

void assoc_note_write(const struct assoc *assoc, char value[ASSOC_NOTE_BYTES])
{
	char address[REMOTE_TEXT];

	remote_text(&assoc->remote, address);
	snprintf(value, ASSOC_NOTE_BYTES, "1 %s %u %s %s", assoc->state <= ASSOC_UP ? "up" : "leaving", assoc->stamp,
		 address, assoc->node_id);
}

static bool address_read(struct remote *remote, const char *text)
{
	*remote = (struct remote){ .family = strchr(text, ':') ? 6 : 4, .socket = REMOTE_ANY };
	return inet_pton(remote->family == 4 ? AF_INET : AF_INET6, text, remote->bytes) == 1;
}

bool assoc_note_read(struct assoc *assoc, const char *value)
{
	char state[8], address[REMOTE_TEXT];

	_Static_assert(REMOTE_TEXT == 46 && ASSOC_NODE_BYTES == 256, "the widths below");
	if (sscanf(value, "1 %7s %u %45s %255s", state, &assoc->stamp, address, assoc->node_id) != 4)
		return false;
	assoc->state = strcmp(state, "up") ? ASSOC_LEAVING : ASSOC_UP;
	return address_read(&assoc->remote, address);
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
