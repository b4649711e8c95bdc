// rules.h - the rules of one session as they came: PDRs, FARs, QERs, URRs, BARs and traffic endpoints, each the body of its Create IE;
// and its inactivity timer.
//
// A modification is applied here IE by IE: what an Update names takes the place of what was there, the rest stays. So whatever a
// rule holds is kept, and what it means is read in one place (translate.h), from a new session's rules and a changed one's alike.
// Bodies lie in the messages they came in, which must outlive the set; merged ones in the set itself. Pure; the caller owns it.
#pragma once
#include "ctrl/pfcp/codec/ie.h"
#include "ctrl/pfcp/codec/ie_write.h"

#define RULES_MAX 256u
#define RULES_ROOM 65536u // for merged bodies of one modification

enum rule_kind {
	RULE_PDR,
	RULE_FAR,
	RULE_QER,
	RULE_URR,
	RULE_BAR,
	RULE_ENDPOINT, // there it has none
	RULE_KINDS
}; // numbered as in Failed Rule ID, TS 29.244 8.2.80

// What the request under work does to it.
enum rule_turn { RULE_KEPT, RULE_CREATED, RULE_UPDATED };

struct rule {
	enum rule_kind kind;
	uint32_t id;
	const uint8_t *body;
	uint16_t bytes;
	uint16_t at; // the body in the set's tree; 0: it has not been read
	enum rule_turn turn;
	bool granted;    // it is new, or has a new quota
	bool new_end;    // a traffic endpoint's: it has another F-TEID than before
	bool activates;  // a PDR: predefined rules are activated, or named anew
	bool end_marker; // a FAR's: End Markers are asked for, this once (SNDEM, TS 29.244 5.2.4.2)
};

struct rules {
	unsigned count;
	struct rule rule[RULES_MAX];
	uint32_t inactivity_s; // 0 = none
	size_t used;
	uint8_t room[RULES_ROOM];
	struct pfcp_tree
	    tree; // of the message that the first rules came with, and of bodies behind it; top: the opened one
};

// Why a message is refused, and on account of which rule.
struct rules_fault {
	struct pfcp_fault why;
	bool of_rule;
	enum rule_kind kind;
	uint32_t id;
};

// Says why; always -EPROTO. offending: IE type, 0 = none.
int rules_fault(struct rules_fault *fault, uint8_t cause, uint16_t offending, const char *text);
int rules_fault_of(struct rules_fault *fault,
		   const struct rule *rule); // ...and that it is about this rule; always -EPROTO

void rules_clear(struct rules *rules);

// The Create IEs of a message, added to the set (clear at first). 0, or -EPROTO with *fault.
int rules_create(struct rules *rules, const struct pfcp_tree *message, struct rules_fault *fault);

// What a modification removes, creates and updates, in this order. 0, or -EPROTO with *fault; the set is of no use then.
int rules_modify(struct rules *rules, const struct pfcp_tree *message, struct rules_fault *fault);

// As if no request were under work; and as if this modification, which has been applied before, still were.
void rules_keep(struct rules *rules);
void rules_mark(struct rules *rules, const struct pfcp_tree *message);

// Forgets those of other kinds, whatever names them.
void rules_only(struct rules *rules, enum rule_kind kind);

// Null = none.
const struct rule *rules_find(const struct rules *rules, enum rule_kind kind, uint32_t id);

// The rule's body is the top of rules->tree until the next call, which may also move what has been read there. Each body is read once, or
// never if it came in a message that had been read. 0, or -EPROTO with *fault.
int rules_open(struct rules *rules, const struct rule *rule, struct rules_fault *fault);

// All of them as Create IEs, with the timer.
void rules_write(const struct rules *rules, struct pfcp_writer *writer);
