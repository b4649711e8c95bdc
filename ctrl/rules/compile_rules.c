// compile_rules.c - the long form: rules with their rates and measures (TS 29.244 PDR with FAR, QER, URR). What each says is checked here,
// then two lines are tried, then a sheet.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/rules/compile_framed.h"
#include "ctrl/rules/sheet_make.h"

#define RULE_ID_MAX 65536u   // PDR ID 65535, and 1
#define RULE_PRECEDENCE 255u // of expanded rules: the default bearer comes last
#define RATES_MAX 64u        // listed; those that rules name are fewer (sheet.h)
#define DELAY_MAX_MS 60000u
#define MULTICAST4 0xe0000000u
#define NO_ROOM "This gateway was configured without room for such rules (limits.rules_bytes)."

static int rates_check(const Shoal__Oss__Session *session, struct fault *fault)
{
	for (size_t i = 0; i < session->n_rates; i++) {
		struct plan unused = { 0 };

		if (!session->rates[i]->id)
			fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "id", "A rate in a list needs an id.");
		for (size_t j = 0; j < i; j++)
			if (session->rates[i]->id == session->rates[j]->id)
				fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "id", "Two rates have this id.");
		if (!fault->code && !compile_rate(session->rates[i], COMPILE_UPLINK, &unused, fault))
			compile_rate(session->rates[i], COMPILE_DOWNLINK, &unused, fault);
		if (!fault->code)
			continue;
		fault_under(fault, "rates", (int)i);
		return -EINVAL;
	}
	return 0;
}

static int measures_check(const Shoal__Oss__Session *session, struct fault *fault)
{
	for (size_t i = 0; i < session->n_measures; i++) {
		const Shoal__Oss__Measure *measure = session->measures[i];

		if (!measure->id)
			fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "id", "A measure needs an id.");
		for (size_t j = 0; j < i; j++)
			if (measure->id == session->measures[j]->id)
				fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "id", "Two measures have this id.");
		if (!measure->volume && !measure->duration && !measure->event)
			fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "volume",
				  "A measure is of volume, duration or events.");
		if (!fault->code)
			continue;
		fault_under(fault, "measures", (int)i);
		return -EINVAL;
	}
	return 0;
}

static bool rate_known(const Shoal__Oss__Session *session, uint32_t id)
{
	for (size_t i = 0; i < session->n_rates; i++)
		if (session->rates[i]->id == id)
			return true;
	return false;
}

static bool measure_known(const Shoal__Oss__Session *session, uint32_t id)
{
	for (size_t i = 0; i < session->n_measures; i++)
		if (session->measures[i]->id == id)
			return true;
	return false;
}

static int references_check(const Shoal__Oss__Session *session, const Shoal__Oss__Rule *rule, struct fault *fault)
{
	if (rule->rate_id && !rate_known(session, rule->rate_id))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "rate_id",
				 "No rate of the session has this id.");
	for (size_t i = 0; i < rule->n_rate_ids; i++)
		if (!rate_known(session, rule->rate_ids[i]))
			return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "rate_ids",
					 "No rate of the session has this id.");
	for (size_t i = 0; i < rule->n_measure_ids; i++)
		if (!measure_known(session, rule->measure_ids[i]))
			return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "measure_ids",
					 "No measure of the session has this id.");
	return 0;
}

bool compile_rated(const Shoal__Oss__Rule *rule, uint32_t rate)
{
	for (size_t i = 0; i < rule->n_rate_ids; i++)
		if (rule->rate_ids[i] == rate)
			return true;
	return rule->rate_id == rate;
}

static int match_check(const Shoal__Oss__Match *match, struct fault *fault)
{
	bool core = match && match->source == SHOAL__OSS__INTERFACE__CORE;

	if (!match || !match->source)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "match.source",
				 "A rule needs a source interface.");
	if ((unsigned)match->source > SHOAL__OSS__INTERFACE__CP)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "match.source", "No such interface.");
	if (core && !match->tunnelled && (match->teid || match->tunnel))
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, match->teid ? "match.teid" : "match.tunnel",
				 "Packets from the core come without a tunnel, unless tunnelled says otherwise.");
	if (match->tunnelled && !core)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "match.tunnelled",
				 "Only of packets from the core this needs to be said.");
	if (match->tunnel >= SHEET_TUNNELS)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "match.tunnel", "A tunnel is 0 to 15.");
	for (size_t i = 0; i < match->n_qfis; i++)
		if (match->qfis[i] > 63)
			return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "match.qfis",
					 "A QFI is 0 to 63 (TS 38.415).");
	return 0;
}

static int peer_check(const Shoal__Oss__Forward *forward, struct fault *fault)
{
	static const uint8_t nobody[16];
	const ProtobufCBinaryData *ipv6 = &forward->peer_ipv6;

	if (forward->peer_ipv4 >= MULTICAST4)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.peer_ipv4", "Not a host's address.");
	if (ipv6->len && (ipv6->len != 16 || ipv6->data[0] == 0xff || !memcmp(ipv6->data, nobody, 16)))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.peer_ipv6",
				 "Not a host's address of 16 bytes.");
	if (ipv6->len && forward->peer_ipv4)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.peer_ipv6",
				 "A tunnel's other end has one address.");
	if ((forward->peer_ipv4 || ipv6->len) != (forward->peer_teid != 0))
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD,
				 forward->peer_teid ? "forward.peer_ipv4" : "forward.peer_teid",
				 "The radio side's tunnel endpoint is an address and a TEID, or neither yet.");
	return 0;
}

static int action_check(const Shoal__Oss__Forward *forward, bool downlink, struct fault *fault)
{
	if (forward->buffer && (forward->drop || !downlink))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.buffer",
				 "Packets from the core wait, those that are not dropped.");
	if (forward->notify && !forward->buffer)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.notify",
				 "A report tells of packets that wait.");
	if (forward->notify_delay_ms > DELAY_MAX_MS || (forward->notify_delay_ms && !forward->notify))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.notify_delay_ms",
				 "A report of packets that wait comes 0 to 60000 ms later.");
	if (forward->buffer_packets > SHEET_WAITS_MAX || (forward->buffer_packets && !forward->has_buffer_packets))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.buffer_packets",
				 "Packets that may wait are 0 to 65535, with has_buffer_packets.");
	if (forward->has_buffer_packets && !forward->buffer)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.buffer_packets",
				 "Of packets that wait it is said how many may.");
	if (forward->dscp > 63)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.dscp", "A DSCP is 0 to 63.");
	if (forward->dscp && !forward->has_dscp)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "forward.has_dscp",
				 "A dscp without has_dscp.");
	return 0;
}

static int forward_check(const Shoal__Oss__Rule *rule, struct fault *fault)
{
	const Shoal__Oss__Forward *forward = rule->forward;
	bool downlink = rule->match->source == SHOAL__OSS__INTERFACE__CORE;

	if (!forward)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "forward",
				 "A rule needs to say where packets go.");
	if ((unsigned)forward->destination > SHOAL__OSS__INTERFACE__CP)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.destination", "No such interface.");
	if (!forward->destination && !forward->drop && !forward->buffer)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "forward.destination",
				 "A rule needs to say where packets go.");
	if (downlink && forward->destination == SHOAL__OSS__INTERFACE__CORE)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "forward.destination",
				 "Packets from the core don't go back there.");
	return action_check(forward, downlink, fault) || peer_check(forward, fault) ? -EINVAL : 0;
}

// The TEID a rule is to have: the tunnel's own, or one that the peer chose for it.
static int alias_take(const Shoal__Oss__Match *match, uint32_t own, struct plan *plan, struct fault *fault)
{
	uint32_t *alias = &plan->alias[match->tunnel];

	if (!match->teid || match->teid == own)
		return 0;
	if (*alias && *alias != match->teid)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "match.teid",
				 "Another rule gives this tunnel another TEID.");
	*alias = match->teid;
	for (unsigned i = 0; i < SHEET_TUNNELS; i++)
		if (i != match->tunnel && plan->alias[i] == match->teid)
			return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "match.teid",
					 "Another tunnel has this TEID.");
	return 0;
}

// A tunnel comes from one side: that tells which end of its packets is the UE's.
static int side_check(const Shoal__Oss__Session *session, size_t i, bool nobody, struct fault *fault)
{
	const Shoal__Oss__Match *match = session->rules[i]->match;

	if (nobody && match->source == SHOAL__OSS__INTERFACE__CORE && !match->tunnelled)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "match.tunnelled",
				 "Without a UE address packets come by tunnels alone.");
	for (size_t k = 0; k < i; k++) {
		const Shoal__Oss__Match *other = session->rules[k]->match;
		bool tunnels = (match->tunnelled || match->source != SHOAL__OSS__INTERFACE__CORE) &&
			       (other->tunnelled || other->source != SHOAL__OSS__INTERFACE__CORE);

		if (tunnels && match->tunnel == other->tunnel && match->tunnelled != other->tunnelled)
			return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "match.tunnel",
					 "Another rule has it for packets from the other side.");
	}
	return 0;
}

bool compile_nobody(const Shoal__Oss__Session *session, const struct compile_about *about)
{
	return about->teid ? place_is_nobody(about->ue_ipv6) : session->ue && session->ue->none;
}

static uint32_t teid_own(const struct compile_needs *needs, const struct compile_about *about, unsigned tunnel)
{
	return about->teid ? sheet_tunnel_teid(about->teid, tunnel, needs->place->grid->slot_bits) : 0;
}

static int rule_check(const Shoal__Oss__Session *session, size_t i, struct fault *fault)
{
	const Shoal__Oss__Rule *rule = session->rules[i];

	if (!rule->id || rule->id > RULE_ID_MAX)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "id", "A rule's id is 1 to 65536.");
	for (size_t j = 0; j < i; j++)
		if (session->rules[j]->id == rule->id)
			return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "id", "Two rules have this id.");
	if (match_check(rule->match, fault) || forward_check(rule, fault))
		return -EINVAL;
	return references_check(session, rule, fault);
}

static int counts_check(const Shoal__Oss__Session *session, struct fault *fault)
{
	if (session->n_rules > SHEET_PDRS)
		return fault_say(fault, SHOAL__OSS__CODE__LIMIT, "rules[64]", "At most 64 rules a session.");
	if (session->n_rates > RATES_MAX)
		return fault_say(fault, SHOAL__OSS__CODE__LIMIT, "rates[64]", "At most 64 rates a session.");
	if (session->n_measures > SHEET_URRS)
		return fault_say(fault, SHOAL__OSS__CODE__LIMIT, "measures[16]", "At most 16 measures a session.");
	return rates_check(session, fault) || measures_check(session, fault) ? -EINVAL : 0;
}

// Packets wait under the rules before these. Until they are out, what comes after them has to wait, too, and only a sheet can say
// so (ruled.h: held_until). As it was stored, so it is loaded.
static bool sheet_kept(const struct compile_needs *needs, const struct compile_past *past)
{
	return past && needs->rules_bytes && (past->stored ? past->episode != 0 : past->parked);
}

// A sheet, though two lines would do. Where there is no room for one they have to.
static int sheet_keep(const Shoal__Oss__Session *session, const struct compile_needs *needs,
		      const struct compile_about *about, const struct plan *before, struct plan *plan)
{
	const struct plan lines = *plan;
	struct fault fault = { 0 };

	plan->bearer = before->bearer;
	plan->rate[COMPILE_UPLINK] = before->rate[COMPILE_UPLINK];
	plan->rate[COMPILE_DOWNLINK] = before->rate[COMPILE_DOWNLINK];
	if (sheet_make(session, needs, about, plan, &fault))
		*plan = lines;
	return 0;
}

int compile_rules(const Shoal__Oss__Session *session, const struct compile_needs *needs,
		  const struct compile_about *about, struct plan *plan, struct fault *fault)
{
	const struct plan before = *plan;

	if (counts_check(session, fault))
		return -EINVAL;
	for (size_t i = 0; i < session->n_rules; i++) {
		const Shoal__Oss__Match *match = session->rules[i]->match;

		if (!rule_check(session, i, fault) && !side_check(session, i, compile_nobody(session, about), fault) &&
		    !alias_take(match, teid_own(needs, about, match->tunnel), plan, fault))
			continue;
		fault_under(fault, "rules", (int)i);
		return -EINVAL;
	}
	if (plan->framed.count && !needs->rules_bytes)
		return compile_framed_fault(&plan->framed, 0, SHOAL__OSS__CODE__UNSUPPORTED, NO_ROOM, fault);
	if (!plan->framed.count && !compile_lines(session, plan, fault))
		return sheet_kept(needs, about->past) ? sheet_keep(session, needs, about, &before, plan) : 0;
	if (!plan->framed.count && (fault->code != SHOAL__OSS__CODE__UNSUPPORTED || !needs->rules_bytes))
		return -EINVAL;
	*fault = (struct fault){ 0 };
	plan->bearer = before.bearer;
	plan->rate[COMPILE_UPLINK] = before.rate[COMPILE_UPLINK];
	plan->rate[COMPILE_DOWNLINK] = before.rate[COMPILE_DOWNLINK];
	return sheet_make(session, needs, about, plan, fault);
}

int compile_keep(const struct plan *plan, struct sheet **sheet)
{
	*sheet = plan->sheet ? malloc(plan->bearer.sheet_bytes) : NULL;
	if (*sheet)
		memcpy(*sheet, plan->sheet, plan->bearer.sheet_bytes);
	return plan->sheet && !*sheet ? -ENOMEM : 0;
}

void compile_teids(Shoal__Oss__Session *session, unsigned slot_bits)
{
	for (size_t i = 0; i < session->n_rules; i++) {
		Shoal__Oss__Match *match = session->rules[i]->match;

		if ((match->source != SHOAL__OSS__INTERFACE__CORE || match->tunnelled) && !match->teid)
			match->teid = sheet_tunnel_teid(session->teid, match->tunnel, slot_bits);
	}
}

struct expansion {
	Shoal__Oss__Rule rule[2], *rules[2];
	Shoal__Oss__Match match[2];
	Shoal__Oss__Forward forward[2];
	Shoal__Oss__Rate rate[2], *rates[2];
	size_t rates_count;
};

static void way_expand(struct expansion *to, unsigned way, const Shoal__Oss__Session *session)
{
	const Shoal__Oss__Rate *rate = way == COMPILE_UPLINK ? session->bearer->uplink : session->bearer->downlink;

	shoal__oss__rule__init(&to->rule[way]);
	shoal__oss__match__init(&to->match[way]);
	shoal__oss__forward__init(&to->forward[way]);
	shoal__oss__rate__init(&to->rate[way]);
	if (rate) {
		to->rate[way] = *rate;
		to->rate[way].id = to->rule[way].rate_id = way + 1;
		to->rates[to->rates_count++] = &to->rate[way];
	}
	to->match[way].source = way == COMPILE_UPLINK ? SHOAL__OSS__INTERFACE__ACCESS : SHOAL__OSS__INTERFACE__CORE;
	to->forward[way].destination =
	    way == COMPILE_UPLINK ? SHOAL__OSS__INTERFACE__CORE : SHOAL__OSS__INTERFACE__ACCESS;
	to->rule[way].id = way + 1;
	to->rule[way].precedence = RULE_PRECEDENCE;
	to->rule[way].match = &to->match[way];
	to->rule[way].forward = &to->forward[way];
	to->rules[way] = &to->rule[way];
}

static void bearer_expand(struct expansion *to, Shoal__Oss__Session *session)
{
	to->rates_count = 0;
	way_expand(to, COMPILE_UPLINK, session);
	way_expand(to, COMPILE_DOWNLINK, session);
	to->match[COMPILE_UPLINK].teid = session->teid;
	to->forward[COMPILE_DOWNLINK].peer_ipv4 = session->bearer->peer_ipv4;
	to->forward[COMPILE_DOWNLINK].peer_teid = session->bearer->peer_teid;
	session->rules = to->rules;
	session->n_rules = 2;
	session->rates = to->rates;
	session->n_rates = to->rates_count;
}

int compile_expand(Shoal__Oss__Session *session, struct arena *arena)
{
	struct expansion *to;

	if (!session->bearer || session->n_rules)
		return 0;
	to = arena_take(arena, sizeof(*to));
	if (!to)
		return -ENOMEM;
	bearer_expand(to, session);
	return 0;
}

// Two lines have no place for networks.
int compile_framed_bearer(const Shoal__Oss__Session *session, const struct compile_needs *needs,
			  const struct compile_about *about, struct plan *plan, struct fault *fault)
{
	Shoal__Oss__Session expanded = *session;
	struct expansion expansion;

	if (!needs->rules_bytes)
		return compile_framed_fault(&plan->framed, 0, SHOAL__OSS__CODE__UNSUPPORTED, NO_ROOM, fault);
	bearer_expand(&expansion, &expanded);
	plan->bearer = (struct bearer){ 0 };
	plan->rate[COMPILE_UPLINK] = plan->rate[COMPILE_DOWNLINK] = (struct bearer_rate){ 0 };
	return sheet_make(&expanded, needs, about, plan, fault);
}
