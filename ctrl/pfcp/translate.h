// translate.h - from a session's PFCP rules to those of oss.proto, which is what the workers can do today: one PDR for each
// direction, forwarded or dropped, with a gate, a rate and a QFI; URRs that measure volume.
//
// Nothing is ignored: what is well-formed and cannot be done is refused, with the rule and the IE that ask for it. Unknown IEs and
// vendors' are skipped (TS 29.244 7.6.5). Pure.
#pragma once
#include "ctrl/pfcp/ie_value.h"
#include "ctrl/pfcp/rules.h"
#include "proto/oss.pb-c.h"

#define TRANSLATE_URRS 64u // of a session
#define TRANSLATE_DNN 128u

enum translate_way { TRANSLATE_UPLINK, TRANSLATE_DOWNLINK, TRANSLATE_WAYS };

// What a living session has been given. teid 0: it is still to be made.
struct translate_given {
	uint32_t teid, gtpu_ipv4;
	uint32_t ue_ipv4;
	uint64_t ue_ipv6; // prefix
};

// A PDR, as far as the answer to its creation has to know it.
struct translated_pdr {
	uint16_t id; // 0 = this direction has none
	bool fresh;
	bool choose_teid; // what is ours to say
	bool ue;          // it names the UE's address:
	struct pfcp_ue_address address;
};

struct translated_urr {
	uint32_t id;
	uint8_t ways; // bit enum translate_way: whose packets it counts
	bool packets; // number of packets is wanted, too
};

struct translation {
	Shoal__Oss__Session session; // points into this struct: it does not move
	struct translated_pdr pdr[TRANSLATE_WAYS];
	unsigned urrs;
	struct translated_urr urr[TRANSLATE_URRS];
	// Insides:
	Shoal__Oss__Identity identity;
	Shoal__Oss__UeAddress ue;
	Shoal__Oss__Rule rule[TRANSLATE_WAYS], *rules[TRANSLATE_WAYS];
	Shoal__Oss__Match match[TRANSLATE_WAYS];
	Shoal__Oss__Forward forward[TRANSLATE_WAYS];
	Shoal__Oss__Rate rate[TRANSLATE_WAYS], *rates[TRANSLATE_WAYS];
	char instance[TRANSLATE_DNN]; // Network Instance of the core side; "" = not named
};

// 0, or -EPROTO with *fault. The identity is left to the caller, and `ue` is filled in for a session to be made only.
int translate(struct rules *rules, const struct translate_given *given, struct translation *to,
	      struct rules_fault *fault);
