// exceptions.c - gathers the table from the indexes of addresses that are apart, which hold all that the primary is to be told of.
#include "ctrl/fleet/exceptions.h"
#include <errno.h>
#include <stdlib.h>
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define REST_NS 1000ull // of each entry
#define REST_FAILED_NS 50000000ull

// As it is being filled.
struct listing {
	const struct sessions *sessions;
	Shoal__Fleet__Exception *entries, **list;
	size_t count;
};

// An entry of its own for each address, so that each index is gone through by itself.
static void gather(struct listing *listing, const struct table *table, bool ipv4)
{
	const struct place *place = listing->sessions->place;

	for (uint32_t i = 0; table->slots && i <= table->mask; i++) {
		const struct session *session = table->slots[i].value;
		struct place_had had, told;
		Shoal__Fleet__Exception *entry;

		if (!session || !session->told)
			continue;
		had = session_had(session);
		told = place_told(place, &had);
		if (ipv4 ? !told.ipv4 : !told.ipv6)
			continue;
		entry = &listing->entries[listing->count];
		shoal__fleet__exception__init(entry);
		entry->ipv4 = ipv4 ? told.ipv4 : 0;
		entry->ipv6 = ipv4 ? 0 : told.ipv6;
		entry->shard = cell_shard(place->grid, session->cell);
		entry->teid = place->networks ? session->bearer.teid : 0;
		listing->list[listing->count++] = entry;
	}
}

static void gather_all(struct listing *listing)
{
	gather(listing, &listing->sessions->by_ipv4, true);
	for (unsigned i = 0; i < SHARD_POOLS_MAX; i++)
		gather(listing, &listing->sessions->by_ipv6[i], false);
}

static size_t most(const struct sessions *sessions)
{
	size_t count = sessions->by_ipv4.count;

	for (unsigned i = 0; i < SHARD_POOLS_MAX; i++)
		count += sessions->by_ipv6[i].count;
	return count;
}

static void exceptions_done(void *with, const Shoal__Fleet__Answer *answer)
{
	struct exceptions *exceptions = with;

	exceptions->asked = false;
	if (answer && !answer->error) {
		*exceptions->told = exceptions->sent;
		return;
	}
	if (answer)
		log_error("exceptions.refused", "the primary refuses the table of exceptions: %s", answer->message);
	*exceptions->deaf = answer && answer->error == EBADMSG && exceptions->sessions->place->networks;
	exceptions->rest_ns = clock_ns() + REST_FAILED_NS;
	*exceptions->changed = true; // again, then
}

// 0, or -errno: nothing was sent.
static int exceptions_send(struct exceptions *exceptions, struct fleet *fleet)
{
	const struct sessions *sessions = exceptions->sessions;
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__Exceptions body = SHOAL__FLEET__EXCEPTIONS__INIT;
	size_t room = most(sessions) + 1;
	struct listing listing = { .sessions = sessions };
	int error = -ENOMEM;

	listing.entries = calloc(room, sizeof(*listing.entries));
	listing.list = calloc(room, sizeof(*listing.list));
	if (listing.entries && listing.list) {
		gather_all(&listing);
		body.exceptions = listing.list;
		body.n_exceptions = listing.count;
		order.body_case = sessions->place->networks ? SHOAL__FLEET__ORDER__BODY_EXCEPTIONS_APART
							    : SHOAL__FLEET__ORDER__BODY_EXCEPTIONS;
		order.exceptions = &body; // a union: exceptions_apart, too
		error = fleet_order(fleet, &order, exceptions_done, exceptions);
		exceptions->rest_ns = clock_ns() + (error ? REST_FAILED_NS : REST_NS * listing.count);
	}
	free(listing.entries);
	free(listing.list);
	return error;
}

void exceptions_tell(struct exceptions *exceptions, struct fleet *fleet)
{
	if (!*exceptions->changed || *exceptions->deaf || exceptions->asked || !fleet_state(fleet) ||
	    clock_ns() < exceptions->rest_ns)
		return;
	if (exceptions_send(exceptions, fleet))
		return;
	*exceptions->changed = false;
	exceptions->sent = *exceptions->said;
	exceptions->asked = true;
}

void exceptions_again(struct exceptions *exceptions)
{
	*exceptions->changed = true;
	*exceptions->deaf = false;
}
