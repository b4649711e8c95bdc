// assoc_note.c - see assoc_note.h. Pure.
#include "ctrl/pfcp/peer/assoc_note.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"

#define WHOLE 110u // characters of a node id that stand in an owner as they are

static struct remote own_of(const struct conf_address *own)
{
	struct remote remote = { .family = own->family };

	memcpy(remote.bytes, own->bytes, sizeof(remote.bytes));
	return remote;
}

// What only some have, as words of the form key=value.
static void more_write(const struct assoc *assoc, char *value)
{
	char other[REMOTE_TEXT];
	size_t used = strlen(value);

#define MORE(...) (used += (size_t)snprintf(value + used, ASSOC_NOTE_BYTES - used, __VA_ARGS__))
	if (assoc->features)
		MORE(" features=%llx", (unsigned long long)assoc->features);
	if (assoc->telling.knows)
		MORE(" knows=%llx", (unsigned long long)assoc->telling.knows);
	if (assoc->set)
		MORE(" set=%llx", (unsigned long long)assoc->set);
	if (strcmp(assoc->owner, assoc->note))
		MORE(" owner=%s", assoc->owner);
	for (unsigned i = 0; i < assoc->others; i++) {
		remote_text(&assoc->other[i], other);
		MORE(" other=%s", other);
	}
#undef MORE
}

static bool has_more(const struct assoc *assoc)
{
	return assoc->telling.knows || assoc->features || assoc->set || assoc->others ||
	       strcmp(assoc->owner, assoc->note);
}

// The fifth word is the address of ours that it speaks with, or "-"; earlier builds neither write nor miss it and what follows.
void assoc_note_write(const struct assocs *assocs, const struct assoc *assoc, char value[ASSOC_NOTE_BYTES])
{
	char address[REMOTE_TEXT], own[REMOTE_TEXT] = "";

	remote_text(&assoc->remote, address);
	if (assoc->remote.socket < assocs->own_count) {
		struct remote remote = own_of(&assocs->own[assoc->remote.socket]);

		remote_text(&remote, own);
	}
	snprintf(value, ASSOC_NOTE_BYTES, "1 %s %u %s %s%s%s", assoc->state <= ASSOC_UP ? "up" : "leaving",
		 assoc->stamp, address, assoc->node_id, *own || has_more(assoc) ? " " : "",
		 *own || !has_more(assoc) ? own : "-");
	more_write(assoc, value);
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

static void more_read(struct assoc *assoc, const char *value)
{
	char word[ASSOC_OWNER_BYTES + 8];
	int length;

	for (; sscanf(value, "%136s%n", word, &length) == 1; value += length) {
		const char *equals = strchr(word, '=');

		if (!strncmp(word, "features=", 9))
			assoc->features = strtoull(equals + 1, NULL, 16);
		else if (!strncmp(word, "knows=", 6))
			assoc->telling.knows = strtoull(equals + 1, NULL, 16);
		else if (!strncmp(word, "set=", 4))
			assoc->set = strtoull(equals + 1, NULL, 16);
		else if (!strncmp(word, "owner=", 6))
			snprintf(assoc->owner, sizeof(assoc->owner), "%s", equals + 1);
		else if (!strncmp(word, "other=", 6) && assoc->others < ASSOC_OTHERS)
			assoc->others += address_read(&assoc->other[assoc->others], equals + 1);
	}
}

bool assoc_note_read(const struct assocs *assocs, struct assoc *assoc, const char *value)
{
	char state[8], address[REMOTE_TEXT], own[REMOTE_TEXT] = "";

	int length = 0;

	_Static_assert(REMOTE_TEXT == 46 && ASSOC_NODE_BYTES == 256 && ASSOC_OWNER_BYTES == 129, "the widths here");
	if (sscanf(value, "1 %7s %u %45s %255s %45s%n", state, &assoc->stamp, address, assoc->node_id, own, &length) <
	    4)
		return false;
	more_read(assoc, value + length);
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
