// answer.h - what is said to a CP function about a session: bodies of responses, TS 29.244 7.5.3, 7.5.5, 7.5.7. Pure.
#pragma once
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/codec/message.h"
#include "ctrl/pfcp/rules/translate.h"

#define ANSWER_MAX 16384u

// What a translation has to be remembered by until ctrl has answered: whose rules are where, and what is chosen for them.
struct answer_names {
	uint8_t pdrs, qers, urrs;
	struct {
		uint16_t id;
		uint8_t turn;                // enum rule_turn
		bool choose_teid, teid_ipv6; // the F-TEID, at our IPv6 address
		bool choose_ipv4, choose_ipv6, destination;
		bool apart; // both are a traffic endpoint's:
		uint8_t endpoint;
		uint32_t far;
	} pdr[TRANSLATE_PDRS];
	uint32_t qer[TRANSLATE_QERS], urr[TRANSLATE_URRS];
	uint8_t gtpu_ipv6[16]; // where there is an F-TEID at it
};

void answer_remember(const struct translation *translation, struct answer_names *names);

// The beginning of each body. request: its type; node: ours.
void answer_cause(struct pfcp_writer *writer, uint8_t request, const struct pfcp_node_id *node, uint8_t cause);

// A whole body that refuses: cause, and which IE and rule it is about.
void answer_fault(struct pfcp_writer *writer, uint8_t request, const struct pfcp_node_id *node,
		  const struct rules_fault *fault);

// What was chosen for the PDRs and traffic endpoints that are new, or the PDRs that have a new PDI: F-TEID, UE address. session: as ctrl has it.
void answer_created(struct pfcp_writer *writer, const struct answer_names *names, const Shoal__Oss__Session *session);

// Header and body. Returns the length, 0 if it does not fit.
size_t answer_message(const struct pfcp_header *header, const struct pfcp_writer *body, uint8_t *bytes, size_t size);

// Why ctrl will not have it, in PFCP's words. names: of what was asked; null: nothing of rules.
void answer_why(const Shoal__Oss__Status *status, const struct answer_names *names, struct rules_fault *fault);
