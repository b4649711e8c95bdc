// answer.h - what is said to a CP function about a session: bodies of responses, TS 29.244 7.5.3, 7.5.5, 7.5.7. Pure.
#pragma once
#include "ctrl/pfcp/ie_put.h"
#include "ctrl/pfcp/message.h"
#include "ctrl/pfcp/translate.h"

#define ANSWER_MAX 16384u

// The beginning of each body. request: its type; node: ours.
void answer_cause(struct pfcp_writer *writer, uint8_t request, const struct pfcp_node_id *node, uint8_t cause);

// A whole body that refuses: cause, and which IE and rule it is about.
void answer_fault(struct pfcp_writer *writer, uint8_t request, const struct pfcp_node_id *node,
		  const struct rules_fault *fault);

// What was chosen for the PDRs that are new: F-TEID, UE address. session: as ctrl has it.
void answer_created(struct pfcp_writer *writer, const struct translation *translation,
		    const Shoal__Oss__Session *session);

// Header and body. Returns the length, 0 if it does not fit.
size_t answer_message(const struct pfcp_header *header, const struct pfcp_writer *body, uint8_t *bytes, size_t size);

// Why ctrl will not have it, in PFCP's words.
void answer_why(const Shoal__Oss__Status *status, struct rules_fault *fault);
