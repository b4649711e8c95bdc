// exceptions.c - gathers the table from the index of foreign IPv6 prefixes: a session's IPv4 always hashes into its shard.
#include "ctrl/fleet/exceptions.h"
#include <errno.h>
#include <stdlib.h>
#include "shared/base/log.h"

static size_t gather(const struct sessions *sessions, Shoal__Fleet__Exception *entries, Shoal__Fleet__Exception **list)
{
	const struct table *table = &sessions->by_ipv6;
	size_t count = 0;

	for (uint32_t i = 0; i <= table->mask; i++) {
		const struct session *session = table->slots[i].value;
		uint8_t shard = session ? cell_shard(sessions->place->grid, session->cell) : 0;

		if (!session || shard_of_ipv6(session->bearer.ue_ipv6) == shard)
			continue;
		shoal__fleet__exception__init(&entries[count]);
		entries[count].ipv6 = session->bearer.ue_ipv6;
		entries[count].shard = shard;
		list[count] = &entries[count];
		count++;
	}
	return count;
}

static void exceptions_done(void *with, const Shoal__Fleet__Answer *answer)
{
	struct exceptions *exceptions = with;

	exceptions->asked = false;
	if (answer && !answer->error)
		return;
	if (answer)
		log_error("exceptions.refused", "the primary refuses the table of exceptions: %s", answer->message);
	*exceptions->changed = true; // again with the next tick
}

// 0, or -errno: nothing was sent.
static int exceptions_send(struct exceptions *exceptions, struct fleet *fleet)
{
	const struct sessions *sessions = exceptions->sessions;
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__Exceptions body = SHOAL__FLEET__EXCEPTIONS__INIT;
	size_t room = sessions->by_ipv6.count + 1;
	Shoal__Fleet__Exception *entries = calloc(room, sizeof(*entries));
	int error = -ENOMEM;

	body.exceptions = calloc(room, sizeof(*body.exceptions));
	if (entries && body.exceptions) {
		body.n_exceptions = gather(sessions, entries, body.exceptions);
		order.body_case = SHOAL__FLEET__ORDER__BODY_EXCEPTIONS;
		order.exceptions = &body;
		error = fleet_order(fleet, &order, exceptions_done, exceptions);
	}
	free(entries);
	free(body.exceptions);
	return error;
}

void exceptions_tick(struct exceptions *exceptions, struct fleet *fleet)
{
	if (!*exceptions->changed || exceptions->asked || !fleet_state(fleet))
		return;
	if (exceptions_send(exceptions, fleet))
		return;
	*exceptions->changed = false;
	exceptions->asked = true;
}
