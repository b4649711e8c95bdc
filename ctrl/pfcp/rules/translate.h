// translate.h - from a session's PFCP rules to those of oss.proto.
//
// Nothing is ignored: what is well-formed and cannot be done is refused, with the rule and the IE that ask for it; what ctrl has to say
// about it comes later (answer.h). Unknown IEs and vendors' are skipped (TS 29.244 7.6.5). Ids go through ids.h. Pure.
#pragma once
#include "ctrl/pfcp/codec/ie_value.h"
#include "ctrl/pfcp/rules/predefined.h"
#include "ctrl/pfcp/rules/rules.h"
#include "proto/oss.pb-c.h"

// Of a session. What workers can hold is less of some, and ctrl's to say.
#define TRANSLATE_PDRS 64u
#define TRANSLATE_QERS 64u
#define TRANSLATE_URRS 64u
#define TRANSLATE_FILTERS 256u
#define TRANSLATE_TUNNELS 16u
#define TRANSLATE_FRAMED 256u   // framed routes of all PDRs, of each family
#define TRANSLATE_NUMBERS 4096u // in its lists: QER ids, URR ids, QFIs
#define TRANSLATE_TEXT 16384u   // of flow descriptions
#define TRANSLATE_DNN 128u

enum translate_way { TRANSLATE_UPLINK, TRANSLATE_DOWNLINK, TRANSLATE_WAYS };

// What a living session has been given, and who "we" are. teid 0: it is still to be made.
struct translate_given {
	uint32_t teid, gtpu_ipv4;
	uint8_t gtpu_ipv6[16]; // all zero = none
	uint32_t ue_ipv4;
	uint64_t ue_ipv6; // prefix
	char dnn[TRANSLATE_DNN];
	const struct pfds *pfds; // applications; null: none are known
	const struct conf *conf; // whose predefined rules there are; null: none
	// Whether two network instances, or data networks, lead to networks that are apart; null = none are.
	bool (*apart)(void *arg, const char *a, const char *b);
	void *arg;
	unsigned rules; // that packets reach by a tunnel
	struct {
		uint32_t pdr;
		uint32_t teid;
		uint32_t endpoint; // its traffic endpoint's id, and 1; 0 = none
		uint8_t tunnel;    // which of the session's
	} rule[TRANSLATE_PDRS];
	unsigned measures;
	struct {
		uint32_t id, grant; // as in oss.proto
	} measure[TRANSLATE_URRS];
};

// A PDR, as far as the answer to its creation has to know it.
struct translated_pdr {
	const struct rule *rule;
	bool tunnelled; // packets come in a tunnel:
	struct pfcp_fteid fteid;
	uint8_t tunnel; // which of the session's
	bool ue;        // it names the UE's address:
	struct pfcp_ue_address address;
	const struct rule *endpoint; // which says both; null: the PDR does itself
	uint32_t far;
};

struct translated_filter {
	const struct rule *pdr;
	bool has_id, empty; // empty: what it says is said where its id was given
	uint32_t id;
};

struct translation {
	Shoal__Oss__Session session; // points into this struct: it does not move
	unsigned pdrs;
	struct translated_pdr pdr[TRANSLATE_PDRS]; // as session.rules
	const struct rule *qer[TRANSLATE_QERS];    // as session.rates; of a predefined rule: one of `predefined`
	const struct rule *urr[TRANSLATE_URRS];    // as session.measures
	char instance[TRANSLATE_DNN];              // Network Instance of the core side; "" = not named
	// Insides:
	Shoal__Oss__Identity identity;
	Shoal__Oss__UeAddress ue;
	Shoal__Oss__Rule rule[TRANSLATE_PDRS], *rules[TRANSLATE_PDRS];
	Shoal__Oss__Match match[TRANSLATE_PDRS];
	Shoal__Oss__Forward forward[TRANSLATE_PDRS];
	unsigned fars;
	struct { // of each FAR, whoever names it
		const struct rule *rule;
		Shoal__Oss__Forward forward;
		uint8_t peer_ipv6[16];
	} far[RULES_MAX];
	unsigned filters_used;
	struct translated_filter filtered[TRANSLATE_FILTERS];
	Shoal__Oss__Filter filter[TRANSLATE_FILTERS], *filters[TRANSLATE_FILTERS];
	unsigned framed_used[2]; // IPv4, IPv6
	Shoal__Oss__Ipv4Prefix framed_ipv4[TRANSLATE_FRAMED], *framed_ipv4s[TRANSLATE_FRAMED];
	Shoal__Oss__Ipv6Prefix framed_ipv6[TRANSLATE_FRAMED], *framed_ipv6s[TRANSLATE_FRAMED];
	Shoal__Oss__Rate rate[TRANSLATE_QERS], *rates[TRANSLATE_QERS];
	Shoal__Oss__Limit limit[TRANSLATE_QERS][TRANSLATE_WAYS];
	struct rule predefined[PREDEFINED_MAX];
	struct rule marked; // whose rate is a QFI that no QER says (translate_flow.c)
	Shoal__Oss__Measure measure[TRANSLATE_URRS], *measures[TRANSLATE_URRS];
	Shoal__Oss__Volume volume[TRANSLATE_URRS][4];
	unsigned numbers_used;
	uint32_t number[TRANSLATE_NUMBERS];
	size_t text_used;
	char text[TRANSLATE_TEXT];
};

// 0, or -EPROTO with *fault. The identity is left to the caller, and of `ue`, where the session lives, all but the prefix.
int translate(struct rules *rules, const struct translate_given *given, struct translation *to,
	      struct rules_fault *fault);
