// ledger_place.c - what a session asks for and is given: identity, addresses, place, TEIDs.
#include <errno.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/rules/compile_framed.h"
#include "ctrl/truth/ledger_inside.h"

#define TEID_TRIES 64u // few of a cell's TEIDs will be anybody's choice

// Whether the wished address is the port's, and means the same there: it is of the wish's network, or of none.
static bool port_has(const struct conf *conf, unsigned number, const struct place_wish *wish)
{
	const struct conf_port *port = &conf->port[number];
	bool has = false;

	if (*port->network && strcmp(port->network, conf->pool[wish->dnn].network))
		return false;
	for (unsigned i = 0; i < port->addresses; i++) {
		const struct conf_address *own = &port->address[i];
		uint32_t ipv4 = (uint32_t)own->bytes[0] << 24 | (uint32_t)own->bytes[1] << 16 |
				(uint32_t)own->bytes[2] << 8 | own->bytes[3];

		has |= own->family == 4 && wish->ipv4 == ipv4;
	}
	return has;
}

static bool behind_another(const struct ledger *ledger, const struct place_wish *wish)
{
	struct prefix ipv4 = prefix_ipv4(wish->ipv4, 32), ipv6 = { .high = wish->ipv6, .length = 64 };

	return (wish->ipv4 && framed_whose(ledger->framed, wish->dnn, &ipv4)) ||
	       (wish->ipv6 && framed_whose(ledger->framed, wish->dnn, &ipv6));
}

static int prefix_taken(struct fault *fault)
{
	return fault_say(fault, SHOAL__OSS__CODE__ADDRESS_TAKEN, "ue.ipv6_prefix", "Another session has this prefix.");
}

static int prefix_behind(const char *field, struct fault *fault)
{
	return fault_say(fault, SHOAL__OSS__CODE__ADDRESS_TAKEN, field, "It is in a network behind another session.");
}

int ledger_taken(const struct ledger *ledger, const struct plan *plan, struct fault *fault)
{
	const struct sessions *sessions = ledger->sessions;

	if (!plan->owner && session_by_identity(sessions, plan->identity))
		return fault_say(fault, SHOAL__OSS__CODE__EXISTS, "identity.imsi",
				 "This IMSI has a session to this data network already.");
	if (plan->wish.ipv4 && session_by_ipv4(sessions, plan->wish.dnn, plan->wish.ipv4))
		return fault_say(fault, SHOAL__OSS__CODE__ADDRESS_TAKEN, "ue.ipv4",
				 "Another session has this address.");
	if (plan->wish.ipv6 && session_by_ipv6(sessions, plan->wish.dnn, plan->wish.ipv6))
		return prefix_taken(fault);
	if (behind_another(ledger, &plan->wish))
		return prefix_behind(plan->wish.ipv4 ? "ue.ipv4" : "ue.ipv6_prefix", fault);
	for (unsigned port = 0; port < ledger->conf->ports; port++)
		if (port_has(ledger->conf, port, &plan->wish))
			return fault_say(fault, SHOAL__OSS__CODE__ADDRESS_TAKEN, "ue.ipv4",
					 "This address is the gateway's own.");
	return 0;
}

int ledger_misplaced(int error, const struct place_wish *wish, struct fault *fault)
{
	const char *field = wish->ipv4 || (wish->want_ipv4 && !wish->ipv6) ? "ue.ipv4" : "ue.ipv6_prefix";

	switch (error) {
	case -EADDRINUSE:
		return fault_say(fault, SHOAL__OSS__CODE__ADDRESS_TAKEN, field,
				 "The place of this address belongs to another session, with its other address.");
	case -EXDEV:
		return fault_say(
		    fault, SHOAL__OSS__CODE__UNSUPPORTED, "ue",
		    wish->at_home
			? "Workers or a primary of an earlier build are in service, for which two addresses have to be "
			  "from the same place of one pool; upgrade them first."
			: "An address that is to be chosen has to be from the pool of the one that is given.");
	case -ENETUNREACH:
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, field,
				 "No pool of this DNN's network holds this address.");
	case -EADDRNOTAVAIL:
		return fault_say(fault, SHOAL__OSS__CODE__POOL_EXHAUSTED, "ue",
				 "No pool of this DNN has a free address.");
	case -ENOSPC:
		return fault_say(fault, SHOAL__OSS__CODE__LIMIT, field,
				 "The shard has no place left for addresses from outside the pools or their places.");
	default:
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "ue",
				 "No pool of this DNN has addresses of this family.");
	}
}

int ledger_movable(const struct ledger *ledger, const struct session *session, const struct plan *plan,
		   struct fault *fault)
{
	struct place_wish wish = { .dnn = session_dnn(session), .ipv6 = plan->wish.ipv6 };
	struct prefix prefix = { .high = wish.ipv6, .length = 64 };
	const struct session *whose;
	int error;

	if (!plan->wish.moves || !wish.ipv6)
		return 0;
	wish.at_home = plan->wish.at_home || ledger->exceptions_deaf;
	whose = framed_whose(ledger->framed, wish.dnn, &prefix);
	if (session_by_ipv6(ledger->sessions, wish.dnn, wish.ipv6))
		return prefix_taken(fault);
	if (whose && whose != session)
		return prefix_behind("ue.ipv6_prefix", fault);
	error = place_beside(ledger->place, &wish, session->cell);
	if (error)
		return ledger_misplaced(error, &wish, fault);
	return ledger->exceptions >= LEDGER_EXCEPTIONS_MAX ? ledger_misplaced(-ENOSPC, &wish, fault) : 0;
}

static int aliases_reach(struct ledger *ledger, struct session *session, const uint32_t *alias, uint32_t **had,
			 struct fault *fault)
{
	uint32_t taken;
	int error = aliases_take(ledger->aliases, session, alias, had, &taken);

	if (!error)
		return 0;
	if (error == -ENOSPC)
		return fault_say(fault, SHOAL__OSS__CODE__LIMIT, "rules.match.teid",
				 "As many TEIDs were chosen elsewhere as there are places for sessions.");
	if (error == -ENOMEM)
		return fault_say(fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
	return fault_say(fault, SHOAL__OSS__CODE__ADDRESS_TAKEN, "rules.match.teid",
			 "Another session has a TEID of these.");
}

static int framed_reach(struct ledger *ledger, struct session *session, const struct plan_framed *networks,
			struct framed_list **had, struct fault *fault)
{
	struct framed_wish wish = { networks->prefix, networks->count, 0 };

	switch (framed_take(ledger->framed, session, &wish, had)) {
	case 0:
		return 0;
	case -EEXIST:
		return compile_framed_fault(
		    networks, wish.at, SHOAL__OSS__CODE__ADDRESS_TAKEN,
		    "It overlaps a pool, a port's network, or what another session has in its routing domain.", fault);
	case -ENOSPC:
		return compile_framed_fault(networks, 0, SHOAL__OSS__CODE__LIMIT,
					    "As many networks are behind subscribers as may be.", fault);
	case -EOPNOTSUPP:
		return compile_framed_fault(networks, 0, SHOAL__OSS__CODE__UNSUPPORTED,
					    "The primary is of a build that serves none.", fault);
	default:
		return fault_say(fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
	}
}

int ledger_reach(struct ledger *ledger, struct session *session, const struct plan *plan, struct ledger_had *had,
		 struct fault *fault)
{
	static const struct plan_framed nothing;

	if (aliases_reach(ledger, session, plan ? plan->alias : NULL, &had->alias, fault))
		return -EINVAL;
	if (!framed_reach(ledger, session, plan ? &plan->framed : &nothing, &had->framed, fault))
		return 0;
	aliases_undo(ledger->aliases, session, had->alias);
	return -EINVAL;
}

void ledger_reach_undo(struct ledger *ledger, struct session *session, const struct ledger_had *had)
{
	framed_undo(ledger->framed, session, had->framed);
	aliases_undo(ledger->aliases, session, had->alias);
}

uint32_t ledger_teid(struct ledger *ledger, uint32_t cell)
{
	struct cell *place = &ledger->place->grid->cells[cell];
	uint32_t last = place->teid, teid = 0;

	for (unsigned tries = 0; tries < TEID_TRIES && (!teid || aliases_clash(ledger->aliases, teid)); tries++) {
		teid = cell_teid_next(ledger->place->grid, cell, hash_u64(ledger->seed, ++ledger->teids));
		place->teid = teid;
	}
	place->teid = last;
	return teid;
}

void ledger_complete(const struct ledger *ledger, const struct session *session, uint64_t at_ms,
		     Shoal__Oss__Session *message)
{
	const struct grid *grid = ledger->place->grid;

	message->id = session->id;
	message->teid = session->bearer.teid;
	message->gtpu_ipv4 = ledger->conf->gtpu_address;
	message->shard = cell_shard(grid, session->cell);
	message->slot = cell_slot(grid, session->cell);
	message->created_ms = at_ms;
	message->applied = false;
	message->usage = NULL;
	message->ue->ipv4 = session->bearer.ue_ipv4;
	message->ue->ipv6_prefix = session->bearer.ue_ipv6;
	if (!*message->identity->dnn)
		message->identity->dnn = (char *)ledger->place->dnn[0];
}
