// status.c - see status.h. One thread.
#include "ctrl/pfcp/status.h"
#include <stdio.h>
#include <string.h>
#include "shared/base/log.h"
#include "shared/base/notify.h"

#define LINE 1000u
#define ASSOCS_TOLD 9u // the log swallows more of a kind than ten a second

static const char *const names[] = {
#define T(name, text, help) [TALLY_##name] = text,
	TALLIES(T)
#undef T
};

static const char *const states[] = { [ASSOC_BEGINNING] = "beginning", [ASSOC_UP] = "up",
				      [ASSOC_LEAVING] = "leaving",     [ASSOC_DRAINING] = "draining",
				      [ASSOC_DROPPING] = "dropping",   [ASSOC_ENDING] = "ending" };

static void counters_log(const struct node *node)
{
	char line[LINE] = "";
	size_t used = 0;

	for (unsigned i = 0; i < TALLY_COUNT && used < LINE; i++)
		used += (size_t)snprintf(line + used, LINE - used, "%s%s=%llu", i ? " " : "", names[i],
					 (unsigned long long)node->tally[i]);
	log_info("pfcp.counters", "%s", line);
}

static void assoc_log(const struct assoc *assoc)
{
	char address[REMOTE_TEXT];

	remote_text(&assoc->remote, address);
	log_info("pfcp.peer", "%s at %s is %s%s, %u requests under way, sessions of owner %s", assoc->node_id, address,
		 states[assoc->state], assoc->silent ? " and silent" : "", assoc->served, assoc->owner);
}

void status_log(const struct node *node)
{
	const struct assoc *assoc;
	unsigned told = 0;

	counters_log(node);
	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (told++ < ASSOCS_TOLD)
		assoc_log(assoc);
	if (told > ASSOCS_TOLD)
		log_info("pfcp.peers", "and %u more", told - ASSOCS_TOLD);
}

void status_notify(const struct node *node)
{
	static unsigned up_before, silent_before;
	unsigned up = 0, silent = 0;
	const struct assoc *assoc;
	char line[64];

	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	{
		up += assoc->state == ASSOC_UP;
		silent += assoc->state == ASSOC_UP && assoc->silent;
	}
	if (up == up_before && silent == silent_before)
		return;
	up_before = up;
	silent_before = silent;
	snprintf(line, sizeof(line), "serving, %u associated, %u of them silent", up, silent);
	notify_status(line);
}
