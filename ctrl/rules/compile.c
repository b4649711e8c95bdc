// compile.c - identity, addresses, rates and the short form.
#include "ctrl/rules/compile.h"
#include <errno.h>
#include <string.h>
#include "ctrl/rules/compile_framed.h"
#include "ctrl/session/session.h"

#define CBS_MIN 3000u   // two packets of a usual link
#define CBS_PER_CIR 80u // 100 ms of cir: bits / 8 / 10
#define MULTICAST4 0xe0000000u
#define LOOPBACK4 127u
#define OWNER_MAX 128u
#define FRONT_MAX 16384u

static int digits_check(const char *text, size_t most)
{
	return strspn(text, "0123456789") == strlen(text) && strlen(text) <= most ? 0 : -EINVAL;
}

int compile_owner(const Shoal__Oss__Session *session, struct fault *fault)
{
	const char *owner = session->owner;
	size_t length = 0;

	while (owner[length] > ' ' && owner[length] <= '~')
		length++;
	if (owner[length] || length > OWNER_MAX)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "owner",
				 "1 to 128 printable characters, without spaces.");
	if (session->front.len && !length)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "front",
				 "Only a session with an owner has one.");
	if (session->front.len > FRONT_MAX)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "front", "At most 16,384 bytes.");
	return 0;
}

static int identity_compile(const Shoal__Oss__Identity *identity, const struct place *place, struct plan *plan,
			    struct fault *fault)
{
	bool anonymous = identity && !*identity->imsi && plan->owner;
	int dnn;

	if (!identity || (!*identity->imsi && !anonymous))
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "identity.imsi", "A session needs an IMSI.");
	dnn = place_dnn(place, identity->dnn);
	if (dnn < 0)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "identity.dnn",
				 "No pool of the configuration has this data network name.");
	plan->wish.dnn = (unsigned)dnn;
	plan->identity =
	    anonymous ? session_anonymous(plan->wish.dnn) : session_identity(identity->imsi, plan->wish.dnn);
	if (!plan->identity && !anonymous)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "identity.imsi",
				 "An IMSI has 6 to 15 digits.");
	if (digits_check(identity->msisdn, 15))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "identity.msisdn",
				 "An MSISDN has at most 15 digits.");
	return 0;
}

static bool ipv4_usable(uint32_t address)
{
	return address >> 24 && address >> 24 != LOOPBACK4 && address < MULTICAST4;
}

// Multicast, link-local and the unspecified block are no subscriber's.
static bool ipv6_usable(uint64_t prefix)
{
	return prefix >> 56 && prefix >> 56 != 0xff && prefix >> 54 != 0xfe80 >> 6;
}

int compile_prefix(uint64_t prefix, struct fault *fault)
{
	if (ipv6_usable(prefix))
		return 0;
	return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "ue.ipv6_prefix", "Not a prefix a host may have.");
}

static int ue_compile(const Shoal__Oss__UeAddress *ue, struct plan *plan, struct fault *fault)
{
	if (ue && ue->none && (ue->ipv4 || ue->ipv6_prefix || ue->want_ipv4 || ue->want_ipv6))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "ue.none", "An address, or none.");
	plan->wish.none = ue && ue->none;
	if (plan->wish.none)
		return 0;
	if (!ue || !(ue->ipv4 || ue->ipv6_prefix || ue->want_ipv4 || ue->want_ipv6))
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "ue",
				 "Give an address, or ask for one with want_ipv4 or want_ipv6.");
	if (ue->ipv4 && !ipv4_usable(ue->ipv4))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "ue.ipv4", "Not a host's address.");
	if (ue->ipv6_prefix && compile_prefix(ue->ipv6_prefix, fault))
		return -EINVAL;
	plan->wish.ipv4 = ue->ipv4;
	plan->wish.ipv6 = ue->ipv6_prefix;
	plan->wish.want_ipv4 = ue->want_ipv4;
	plan->wish.want_ipv6 = ue->want_ipv6;
	return 0;
}

// The committed burst where the OSS gives none: 100 ms of cir, never less than two packets.
static uint32_t burst_of(uint64_t cir_bps)
{
	uint64_t burst = cir_bps / CBS_PER_CIR;

	if (burst < CBS_MIN)
		return CBS_MIN;
	return burst < BEARER_BURST_MAX ? (uint32_t)burst : BEARER_BURST_MAX;
}

static const Shoal__Oss__Limit *limit_of(const Shoal__Oss__Rate *rate, unsigned way)
{
	return way == COMPILE_UPLINK ? rate->uplink : rate->downlink;
}

// The directions of a rate are told together or apart.
static int limit_take(const Shoal__Oss__Rate *rate, unsigned way, struct bearer_rate *limit, struct fault *fault)
{
	const Shoal__Oss__Limit *part = limit_of(rate, way);

	*limit = (struct bearer_rate){ rate->cir_bps, rate->cbs_bytes, rate->ebs_bytes };
	if (!rate->uplink && !rate->downlink)
		return 0;
	if (rate->cir_bps || rate->cbs_bytes || rate->ebs_bytes || rate->gate_closed)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, rate->gate_closed ? "gate_closed" : "cir_bps",
				 "The directions are told together or apart, not both.");
	*limit =
	    part ? (struct bearer_rate){ part->cir_bps, part->cbs_bytes, part->ebs_bytes } : (struct bearer_rate){ 0 };
	return 0;
}

static int limit_check(struct bearer_rate *limit, struct fault *fault)
{
	const char *field;

	if (!limit->cir_bps && (limit->cbs_bytes || limit->ebs_bytes))
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "cir_bps", "A burst size without a rate.");
	if (!limit->cir_bps)
		return 0;
	if (!limit->cbs_bytes)
		limit->cbs_bytes = burst_of(limit->cir_bps);
	if (bearer_rate_check(limit, &field))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, field,
				 "Beyond 1,000,000,000,000 bit/s, or a burst beyond 268,435,456 bytes.");
	return 0;
}

int compile_limit(const Shoal__Oss__Rate *rate, unsigned way, struct bearer_rate *limit, struct fault *fault)
{
	if (limit_take(rate, way, limit, fault))
		return -EINVAL;
	if (limit_check(limit, fault)) {
		if (limit_of(rate, way))
			fault_under(fault, way == COMPILE_UPLINK ? "uplink" : "downlink", -1);
		return -EINVAL;
	}
	return 0;
}

bool compile_gate(const Shoal__Oss__Rate *rate, unsigned way)
{
	const Shoal__Oss__Limit *part = limit_of(rate, way);

	return rate->gate_closed || (part && part->gate_closed);
}

static int qfi_check(const Shoal__Oss__Rate *rate, struct fault *fault)
{
	if (!rate->has_qfi)
		return rate->qfi
			   ? fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "has_qfi", "A qfi without has_qfi.")
			   : 0;
	return rate->qfi > 63
		   ? fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "qfi", "A QFI is 0 to 63 (TS 38.415).")
		   : 0;
}

int compile_rate(const Shoal__Oss__Rate *rate, unsigned way, struct plan *plan, struct fault *fault)
{
	struct bearer_way *to = way == COMPILE_UPLINK ? &plan->bearer.uplink : &plan->bearer.downlink;

	if (!rate)
		return 0;
	if (compile_limit(rate, way, &plan->rate[way], fault))
		return -EINVAL;
	if ((unsigned)rate->mark >= BEARER_MARK_COUNT)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "mark", "No such mark.");
	if (rate->red != SHOAL__OSS__RED__RED_DROP && rate->red != SHOAL__OSS__RED__RED_REMARK)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "red", "No such treatment of red packets.");
	to->mark = (uint8_t)rate->mark;
	if (rate->colour_aware)
		to->flags |= BEARER_COLOUR_AWARE;
	if (rate->red == SHOAL__OSS__RED__RED_REMARK)
		to->flags |= BEARER_RED_REMARK;
	if (compile_gate(rate, way))
		to->flags |= BEARER_GATE_CLOSED;
	if (qfi_check(rate, fault))
		return -EINVAL;
	if (rate->has_qfi && way == COMPILE_DOWNLINK) {
		plan->bearer.qfi = (uint8_t)rate->qfi;
		to->flags |= BEARER_QFI;
	}
	return 0;
}

static int short_compile(const Shoal__Oss__DefaultBearer *bearer, struct plan *plan, struct fault *fault)
{
	if (bearer->uplink && bearer->uplink->has_qfi)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "bearer.uplink.has_qfi",
				 "The uplink's QFI is the radio side's to set; give it for the downlink.");
	if (bearer->downlink && bearer->downlink->reflective)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "bearer.downlink.reflective",
				 "Reflective QoS is for sessions with rules.");
	if (compile_rate(bearer->uplink, COMPILE_UPLINK, plan, fault)) {
		fault_under(fault, "bearer.uplink", -1);
		return -EINVAL;
	}
	if (compile_rate(bearer->downlink, COMPILE_DOWNLINK, plan, fault)) {
		fault_under(fault, "bearer.downlink", -1);
		return -EINVAL;
	}
	if (bearer->peer_ipv4 && !ipv4_usable(bearer->peer_ipv4))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "bearer.peer_ipv4", "Not a host's address.");
	if (!bearer->peer_ipv4 != !bearer->peer_teid)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD,
				 bearer->peer_ipv4 ? "bearer.peer_teid" : "bearer.peer_ipv4",
				 "The radio side's tunnel endpoint is an address and a TEID, or neither yet.");
	plan->bearer.peer_ipv4 = bearer->peer_ipv4;
	plan->bearer.peer_teid = bearer->peer_teid;
	return 0;
}

int compile_bearer(const Shoal__Oss__Session *session, const struct compile_needs *needs,
		   const struct compile_about *about, struct plan *plan, struct fault *fault)
{
	plan->made = about->past ? about->past->made : 0;
	if (session->bearer && (session->n_rules || session->n_rates || session->n_measures))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, session->n_rules ? "rules" : "bearer",
				 "Either the short form or rules with their rates and measures, not both.");
	if (session->bearer && compile_nobody(session, about))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "bearer", "A bearer is for a UE's address.");
	if (compile_framed(session, about, plan, fault))
		return -EINVAL;
	if (session->bearer && short_compile(session->bearer, plan, fault))
		return -EINVAL;
	if (session->bearer)
		return plan->framed.count ? compile_framed_bearer(session, needs, about, plan, fault) : 0;
	if (session->n_rules)
		return compile_rules(session, needs, about, plan, fault);
	return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "bearer", "A session needs a bearer or rules.");
}

int compile_create(const Shoal__Oss__Session *session, const struct compile_needs *needs, struct plan *plan,
		   struct fault *fault)
{
	const struct compile_about nothing = { 0 };

	*plan = (struct plan){ 0 };
	if (session->id)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "id", "The id is given by the controller.");
	if (compile_owner(session, fault))
		return -EINVAL;
	plan->owner = *session->owner ? session_owner(session->owner) : 0;
	if (identity_compile(session->identity, needs->place, plan, fault) || ue_compile(session->ue, plan, fault))
		return -EINVAL;
	return compile_bearer(session, needs, &nothing, plan, fault);
}
