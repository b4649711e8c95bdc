// compile_framed.c - networks behind a UE (framed routes, TS 29.244 5.16): what a session and its rules name, checked and each once. Pure.
#include <errno.h>
#include <stdio.h>
#include "ctrl/rules/compile_framed.h"
#include "ctrl/rules/sheet_make.h"

#define FAMILY_MAX 8u // of a session, of each family
#define IPV4_LEAST 8u
#define IPV4_MOST 32u
#define IPV6_LEAST 16u
#define IPV6_MOST 128u

_Static_assert(2 * FAMILY_MAX == SHEET_ROUTES, "a worker has room for all");

static struct prefix of_ipv4(const Shoal__Oss__Ipv4Prefix *from)
{
	return prefix_ipv4(from->address, from->length);
}

static struct prefix of_ipv6(const Shoal__Oss__Ipv6Prefix *from)
{
	return (struct prefix){ .high = from->high, .low = from->low, .length = from->length };
}

static bool same(const struct prefix *a, const struct prefix *b)
{
	return a->high == b->high && a->low == b->low && a->length == b->length;
}

// As of a UE's address: nobody's are multicast, loopback, link-local and the unspecified blocks.
static bool ipv4_usable(const Shoal__Oss__Ipv4Prefix *from)
{
	uint32_t first = from->address >> 24;

	return first && first != 127 && first < 0xe0;
}

static bool ipv6_usable(const Shoal__Oss__Ipv6Prefix *from)
{
	return from->high >> 56 && from->high >> 56 != 0xff && from->high >> 54 != 0xfe80 >> 6;
}

// Null, or what is wrong with it.
static const char *prefix_fault(const struct prefix *prefix, bool length, bool usable)
{
	if (!length)
		return "A length is 8 to 32, or of IPv6 16 to 128.";
	if (!prefix_sound(prefix))
		return "It has bits beyond its length.";
	return usable ? NULL : "Not a network that hosts are in.";
}

static unsigned count_of(const struct plan_framed *framed, bool ipv4)
{
	unsigned count = 0;

	for (unsigned i = 0; i < framed->count; i++)
		count += prefix_is_ipv4(&framed->prefix[i]) == ipv4;
	return count;
}

static int prefix_add(struct plan_framed *framed, const struct prefix *prefix, int rule, unsigned index,
		      struct fault *fault)
{
	unsigned i = 0;

	while (i < framed->count && !same(&framed->prefix[i], prefix))
		i++;
	if (i < framed->count)
		return 0;
	if (count_of(framed, prefix_is_ipv4(prefix)) == FAMILY_MAX)
		return fault_say(fault, SHOAL__OSS__CODE__LIMIT, "",
				 "A session has 8 networks of a family behind it at most.");
	framed->prefix[i] = *prefix;
	framed->rule[i] = rule;
	framed->index[i] = index;
	framed->count++;
	return 0;
}

struct lists {
	size_t n_ipv4, n_ipv6;
	Shoal__Oss__Ipv4Prefix **ipv4;
	Shoal__Oss__Ipv6Prefix **ipv6;
};

static int ipv4_add(struct plan_framed *framed, const struct lists *lists, int rule, struct fault *fault)
{
	for (size_t i = 0; i < lists->n_ipv4; i++) {
		const Shoal__Oss__Ipv4Prefix *from = lists->ipv4[i];
		bool length = from->length >= IPV4_LEAST && from->length <= IPV4_MOST;
		struct prefix prefix = of_ipv4(from);
		const char *why = prefix_fault(&prefix, length, ipv4_usable(from));

		if (why)
			fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "", why);
		if (!why && !prefix_add(framed, &prefix, rule, (unsigned)i, fault))
			continue;
		fault_under(fault, "framed_ipv4", (int)i);
		return -EINVAL;
	}
	return 0;
}

static int ipv6_add(struct plan_framed *framed, const struct lists *lists, int rule, struct fault *fault)
{
	for (size_t i = 0; i < lists->n_ipv6; i++) {
		const Shoal__Oss__Ipv6Prefix *from = lists->ipv6[i];
		bool length = from->length >= IPV6_LEAST && from->length <= IPV6_MOST;
		struct prefix prefix = of_ipv6(from);
		const char *why = prefix_fault(&prefix, length, ipv6_usable(from));

		if (why)
			fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "", why);
		if (!why && !prefix_add(framed, &prefix, rule, (unsigned)i, fault))
			continue;
		fault_under(fault, "framed_ipv6", (int)i);
		return -EINVAL;
	}
	return 0;
}

static int lists_add(struct plan_framed *framed, const struct lists *lists, int rule, struct fault *fault)
{
	return ipv4_add(framed, lists, rule, fault) || ipv6_add(framed, lists, rule, fault) ? -EINVAL : 0;
}

static int match_add(const Shoal__Oss__Session *session, size_t i, struct plan_framed *framed, struct fault *fault)
{
	const Shoal__Oss__Match *match = session->rules[i]->match;
	struct lists lists = { match->n_framed_ipv4, match->n_framed_ipv6, match->framed_ipv4, match->framed_ipv6 };

	if (match->framed_alone && (match->source != SHOAL__OSS__INTERFACE__CORE || match->tunnelled))
		fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "framed_alone",
			  "Of rules whose packets come from the core without a tunnel.");
	else if (match->framed_alone && !session->n_framed_ipv4 && !session->n_framed_ipv6 && !lists.n_ipv4 &&
		 !lists.n_ipv6)
		fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "framed_ipv4",
			  "A rule for networks that names none.");
	else if (match->tunnelled && (lists.n_ipv4 || lists.n_ipv6))
		fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, lists.n_ipv4 ? "framed_ipv4" : "framed_ipv6",
			  "Networks are behind a UE, not behind a tunnel of the core side.");
	else if (!lists_add(framed, &lists, (int)i, fault))
		return 0;
	fault_under(fault, "match", -1);
	fault_under(fault, "rules", (int)i);
	return -EINVAL;
}

int compile_framed(const Shoal__Oss__Session *session, const struct compile_about *about, struct plan *plan,
		   struct fault *fault)
{
	const struct lists lists = { session->n_framed_ipv4, session->n_framed_ipv6, session->framed_ipv4,
				     session->framed_ipv6 };

	plan->framed.count = 0;
	if (lists_add(&plan->framed, &lists, -1, fault))
		return -EINVAL;
	for (size_t i = 0; i < session->n_rules && session->n_rules <= SHEET_PDRS; i++) // of more nothing is looked at
		if (session->rules[i]->match && match_add(session, i, &plan->framed, fault))
			return -EINVAL;
	if (plan->framed.count && compile_nobody(session, about))
		return compile_framed_fault(&plan->framed, 0, SHOAL__OSS__CODE__INVALID_FIELD,
					    "Networks are behind a UE that has an address.", fault);
	return 0;
}

int compile_framed_fault(const struct plan_framed *framed, unsigned at, Shoal__Oss__Code code, const char *why,
			 struct fault *fault)
{
	fault_say(fault, code, "", why);
	fault_under(fault, prefix_is_ipv4(&framed->prefix[at]) ? "framed_ipv4" : "framed_ipv6", (int)framed->index[at]);
	if (framed->rule[at] < 0)
		return -EINVAL;
	fault_under(fault, "match", -1);
	fault_under(fault, "rules", framed->rule[at]);
	return -EINVAL;
}

static bool lists_have(const struct lists *lists, const struct prefix *prefix)
{
	for (size_t i = 0; i < lists->n_ipv4; i++) {
		struct prefix one = of_ipv4(lists->ipv4[i]);

		if (same(&one, prefix))
			return true;
	}
	for (size_t i = 0; i < lists->n_ipv6; i++) {
		struct prefix one = of_ipv6(lists->ipv6[i]);

		if (same(&one, prefix))
			return true;
	}
	return false;
}

bool compile_framed_named(const Shoal__Oss__Match *match, const struct prefix *prefix)
{
	return lists_have(
	    &(struct lists){ match->n_framed_ipv4, match->n_framed_ipv6, match->framed_ipv4, match->framed_ipv6 },
	    prefix);
}

bool compile_framed_all(const Shoal__Oss__Session *session, const struct prefix *prefix)
{
	return lists_have(&(struct lists){ session->n_framed_ipv4, session->n_framed_ipv6, session->framed_ipv4,
					   session->framed_ipv6 },
			  prefix);
}
