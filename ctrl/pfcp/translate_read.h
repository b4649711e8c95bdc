// translate_read.h - what one PDR, FAR, QER or URR says, as far as it can be served; for translate.c alone. Pure.
#pragma once
#include "ctrl/pfcp/translate.h"

#define PDR_QERS 16u

struct pdr {
	const struct rule *rule;
	enum translate_way way;
	uint32_t precedence, far;
	bool choose_teid, has_ue;
	struct pfcp_ue_address ue;
	char instance[TRANSLATE_DNN];
	unsigned qers, urrs;
	uint32_t qer[PDR_QERS], urr[TRANSLATE_URRS];
};

struct far {
	bool drop;
	uint32_t peer_ipv4, peer_teid; // 0 = no tunnel
	char instance[TRANSLATE_DNN];  // of the core side
};

struct qer {
	bool closed[TRANSLATE_WAYS];
	bool has_mbr, has_qfi;
	uint64_t mbr_kbps[TRANSLATE_WAYS];
	uint8_t qfi;
};

// All: 0, or -EPROTO with *fault, which does not say yet which rule it is about. way: of the PDR that names the FAR; TRANSLATE_WAYS =
// none names it.
int pdr_read(struct rules *rules, const struct rule *rule, const struct translate_given *given, struct pdr *pdr,
	     struct rules_fault *fault);
int far_read(struct rules *rules, const struct rule *rule, enum translate_way way, struct far *far,
	     struct rules_fault *fault);
int qer_read(struct rules *rules, const struct rule *rule, struct qer *qer, struct rules_fault *fault);
int urr_read(struct rules *rules, const struct rule *rule, struct translated_urr *urr, struct rules_fault *fault);
