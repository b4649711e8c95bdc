// applications.c - see applications.h.
#include "ctrl/pfcp/applications.h"
#include <string.h>

static void kept(void *arg, void *about, bool done)
{
	struct applications *applications = arg;

	provision_noted(&applications->provision, about, done);
	applications->node->tally[TALLY_APPLICATIONS] = applications->provision.changed;
}

static int note(void *arg, const char *name, const void *bytes, size_t length, void *about)
{
	const struct memory_value value = { name, bytes, length };

	return memory_keep(((struct applications *)arg)->memory, &value, kept, arg, about);
}

static void answer(void *arg, struct deal *deal, const struct pfcp_fault *fault)
{
	node_provisioned(((struct applications *)arg)->node, deal, fault);
}

static void follow(void *arg)
{
	sessions_follow(((struct applications *)arg)->sessions);
}

void applications_open(struct applications *applications, struct memory *memory, struct node *node)
{
	const struct provision_ways ways = { note, answer, follow, applications };

	applications->memory = memory;
	applications->node = node;
	provision_open(&applications->provision, &ways);
}

bool applications_owns(const Shoal__Oss__Note *note)
{
	return !strncmp(note->name, PROVISION_NOTES, sizeof(PROVISION_NOTES) - 1);
}

bool applications_found(struct applications *applications, const Shoal__Oss__Note *note)
{
	return provision_found(&applications->provision, note->name, note->value.data, note->value.len);
}

void applications_followed(struct applications *applications, unsigned changed, unsigned left)
{
	applications->node->tally[TALLY_FOLLOWED] += changed;
	applications->node->tally[TALLY_UNFOLLOWED] += left;
	provision_followed(&applications->provision);
}
