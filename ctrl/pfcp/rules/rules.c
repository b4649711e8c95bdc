// rules.c - reading, merging and writing sets of rules. Pure.
#include "ctrl/pfcp/rules/rules.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/rules_merge.h"
#include "ctrl/pfcp/rules/rules_names.h"
#include "ctrl/pfcp/rules/rules_spare.h"

enum verb { CREATE, UPDATE, REMOVE, VERBS };

// The IEs of a kind of rule: to create, update and remove it, and its id.
static const struct kind {
	uint16_t verb[VERBS], id;
} kinds[RULE_KINDS] = {
	[RULE_PDR] = { { PFCP_IE_CREATE_PDR, PFCP_IE_UPDATE_PDR, PFCP_IE_REMOVE_PDR }, PFCP_IE_PDR_ID },
	[RULE_FAR] = { { PFCP_IE_CREATE_FAR, PFCP_IE_UPDATE_FAR, PFCP_IE_REMOVE_FAR }, PFCP_IE_FAR_ID },
	[RULE_QER] = { { PFCP_IE_CREATE_QER, PFCP_IE_UPDATE_QER, PFCP_IE_REMOVE_QER }, PFCP_IE_QER_ID },
	[RULE_URR] = { { PFCP_IE_CREATE_URR, PFCP_IE_UPDATE_URR, PFCP_IE_REMOVE_URR }, PFCP_IE_URR_ID },
	[RULE_BAR] = { { PFCP_IE_CREATE_BAR, PFCP_IE_UPDATE_BAR, PFCP_IE_REMOVE_BAR }, PFCP_IE_BAR_ID },
	[RULE_ENDPOINT] = { { PFCP_IE_CREATE_TRAFFIC_ENDPOINT, PFCP_IE_UPDATE_TRAFFIC_ENDPOINT,
			      PFCP_IE_REMOVE_TRAFFIC_ENDPOINT },
			    PFCP_IE_TRAFFIC_ENDPOINT_ID },
};

int rules_fault(struct rules_fault *fault, uint8_t cause, uint16_t offending, const char *text)
{
	fault->why = (struct pfcp_fault){ .cause = cause, .offending = offending };
	snprintf(fault->why.text, sizeof(fault->why.text), "%s", text);
	return -EPROTO;
}

int rules_fault_of(struct rules_fault *fault, const struct rule *rule)
{
	fault->of_rule = rule->kind != RULE_ENDPOINT;
	fault->kind = rule->kind;
	fault->id = rule->id;
	return -EPROTO;
}

static struct rule *find(struct rules *rules, enum rule_kind kind, uint32_t id)
{
	for (unsigned i = 0; i < rules->count; i++)
		if (rules->rule[i].kind == kind && rules->rule[i].id == id)
			return &rules->rule[i];
	return NULL;
}

const struct rule *rules_find(const struct rules *rules, enum rule_kind kind, uint32_t id)
{
	return find((struct rules *)rules, kind, id);
}

static const struct kind *kind_of(const struct pfcp_ie *ie, enum verb verb)
{
	for (unsigned kind = 0; kind < RULE_KINDS && !ie->vendor; kind++)
		if (kinds[kind].verb[verb] == ie->type)
			return &kinds[kind];
	return NULL;
}

// The rule an IE is about: its kind and id. The codec has seen to it that the id is there.
static struct rule rule_named(const struct pfcp_tree *message, const struct pfcp_ie *ie, const struct kind *kind)
{
	const struct pfcp_ie *id = pfcp_first(message, ie, kind->id);

	return (struct rule){ .kind = (enum rule_kind)(kind - kinds),
			      .id = (uint32_t)pfcp_number(id),
			      .body = ie->value,
			      .bytes = ie->length,
			      .at = (uint16_t)(ie - message->ie),
			      .turn = RULE_CREATED,
			      .granted = true };
}

static int rule_add(struct rules *rules, const struct pfcp_tree *message, const struct pfcp_ie *ie,
		    const struct kind *kind, struct rules_fault *fault)
{
	struct rule rule = rule_named(message, ie, kind);

	if (find(rules, rule.kind, rule.id)) {
		rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, kind->id, "There is a rule with this id.");
		return rules_fault_of(fault, &rule);
	}
	if (rules->count == RULES_MAX) {
		rules_fault(fault, PFCP_CAUSE_NO_RESOURCES, 0, "A session has at most 256 rules.");
		return rules_fault_of(fault, &rule);
	}
	rules->rule[rules->count++] = rule;
	return 0;
}

// What has been read is forgotten.
static void tree_clear(struct rules *rules)
{
	for (unsigned i = 0; i < rules->count; i++)
		rules->rule[i].at = 0;
	rules->tree.used = 1; // 0 is nobody's place
}

int rules_open(struct rules *rules, const struct rule *rule, struct rules_fault *fault)
{
	struct pfcp_tree *tree = &rules->tree;

	if (rule->at) {
		tree->top = rule->at;
		return 0;
	}
	if (tree->used + pfcp_read_most(rule->bytes) > PFCP_IES)
		tree_clear(rules);
	if (pfcp_read_more(kinds[rule->kind].verb[CREATE], rule->body, rule->bytes, tree, &fault->why))
		return rules_fault_of(fault, rule);
	rules->rule[rule - rules->rule].at = (uint16_t)tree->top;
	return 0;
}

static struct pfcp_writer room_left(struct rules *rules)
{
	return (struct pfcp_writer){ rules->room + rules->used, rules->room + rules->used,
				     rules->room + sizeof(rules->room), false };
}

// The rule's body is what has been written into the room.
static int body_set(struct rules *rules, struct rule *rule, const struct pfcp_writer *writer, struct rules_fault *fault)
{
	if (writer->full || writer->at - writer->start > UINT16_MAX) {
		rules_fault(fault, PFCP_CAUSE_NO_RESOURCES, 0, "The rule becomes too long.");
		return rules_fault_of(fault, rule);
	}
	rule->body = writer->start;
	rule->bytes = (uint16_t)(writer->at - writer->start);
	rule->at = 0;
	rules->used += rule->bytes;
	return 0;
}

// Who names a rule, so has to forget it when it is no more, and by which IE. A FAR that a PDR needs is not forgotten: it is missing.
static const struct {
	enum rule_kind gone, kind;
	uint16_t ie;
} namers[] = {
	{ RULE_QER, RULE_PDR, PFCP_IE_QER_ID },
	{ RULE_URR, RULE_PDR, PFCP_IE_URR_ID },
	{ RULE_URR, RULE_URR, PFCP_IE_LINKED_URR_ID },
	{ RULE_BAR, RULE_FAR, PFCP_IE_BAR_ID },
};

static int rule_forget(struct rules *rules, struct rule *rule, const struct rule *gone, uint16_t by,
		       struct rules_fault *fault)
{
	struct pfcp_writer writer = room_left(rules);
	bool named = false;

	if (rules_open(rules, rule, fault))
		return -EPROTO;
	for (const struct pfcp_ie *ie = pfcp_child(&rules->tree, NULL); ie; ie = pfcp_next(&rules->tree, ie))
		if (ie->type == by && (uint32_t)pfcp_number(ie) == gone->id)
			named = true;
		else
			pfcp_copy(&writer, ie);
	return named ? body_set(rules, rule, &writer, fault) : 0;
}

static int all_forget(struct rules *rules, const struct rule *gone, struct rules_fault *fault)
{
	for (unsigned n = 0; n < sizeof(namers) / sizeof(*namers); n++)
		for (unsigned i = 0; i < rules->count && namers[n].gone == gone->kind; i++)
			if (rules->rule[i].kind == namers[n].kind &&
			    rule_forget(rules, &rules->rule[i], gone, namers[n].ie, fault))
				return -EPROTO;
	return 0;
}

// With a traffic endpoint go the PDRs that name it (TS 29.244 7.5.4.14).
static int endpoint_leave(struct rules *rules, uint32_t endpoint, struct rules_fault *fault)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < rules->count; i++) {
		const struct pfcp_ie *pdi, *named = NULL;

		if (rules->rule[i].kind == RULE_PDR && rules_open(rules, &rules->rule[i], fault))
			return -EPROTO;
		pdi = rules->rule[i].kind == RULE_PDR ? pfcp_first(&rules->tree, NULL, PFCP_IE_PDI) : NULL;
		if (pdi)
			named = pfcp_first(&rules->tree, pdi, PFCP_IE_TRAFFIC_ENDPOINT_ID);
		if (!named || pfcp_number(named) != endpoint)
			rules->rule[kept++] = rules->rule[i];
	}
	rules->count = kept;
	return 0;
}

// Whether the request has removed this rule already: two flows that shared a QER are taken away with it each (SD-Core's SMF).
static bool removed_before(const struct pfcp_tree *message, const struct pfcp_ie *ie, const struct kind *kind)
{
	const uint64_t id = pfcp_number(pfcp_first(message, ie, kind->id));
	const struct pfcp_ie *other = pfcp_child(message, NULL);

	while (other != ie &&
	       (kind_of(other, REMOVE) != kind || pfcp_number(pfcp_first(message, other, kind->id)) != id))
		other = pfcp_next(message, other);
	return other != ie;
}

static int rule_remove(struct rules *rules, const struct pfcp_tree *message, const struct pfcp_ie *ie,
		       const struct kind *kind, struct rules_fault *fault)
{
	struct rule named = rule_named(message, ie, kind), *rule = find(rules, named.kind, named.id);

	if (!rule && removed_before(message, ie, kind))
		return 0;
	if (!rule) {
		rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, kind->id, "There is no rule with this id.");
		return rules_fault_of(fault, &named);
	}
	rules->count--;
	memmove(rule, rule + 1, (size_t)(&rules->rule[rules->count] - rule) * sizeof(*rule));
	return named.kind == RULE_ENDPOINT ? endpoint_leave(rules, named.id, fault) : all_forget(rules, &named, fault);
}

// What an update asks for this once and is nobody's lasting part: of it only End Markers can be done.
static int once_read(const struct pfcp_tree *message, const struct pfcp_ie *update, struct rule *rule,
		     struct rules_fault *fault)
{
	const struct pfcp_ie *parameters = pfcp_first(message, update, PFCP_IE_UPDATE_FORWARDING_PARAMETERS);
	uint64_t flags = parameters ? pfcp_flags(pfcp_first(message, parameters, PFCP_IE_PFCPSMREQ_FLAGS)) : 0;

	rule->end_marker = flags & PFCP_PFCPSMREQ_FLAGS_SNDEM;
	if (!(flags & ~PFCP_PFCPSMREQ_FLAGS_SNDEM))
		return 0;
	return rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_PFCPSMREQ_FLAGS,
			   "Of this only End Markers are served for one FAR.");
}

// A PDR whose PDI is new, or a traffic endpoint whose F-TEID is, may have been given something new.
static enum rule_turn turn_of(const struct pfcp_tree *message, const struct pfcp_ie *update, enum rule_turn turn)
{
	bool newer = pfcp_first(message, update, PFCP_IE_PDI) || pfcp_first(message, update, PFCP_IE_F_TEID);

	return turn == RULE_KEPT && newer ? RULE_UPDATED : turn;
}

static bool grants(const struct pfcp_tree *message, const struct pfcp_ie *update)
{
	return pfcp_first(message, update, PFCP_IE_VOLUME_QUOTA) || pfcp_first(message, update, PFCP_IE_TIME_QUOTA) ||
	       pfcp_first(message, update, PFCP_IE_EVENT_QUOTA);
}

static int rule_update(struct rules *rules, const struct pfcp_tree *message, const struct pfcp_ie *ie,
		       const struct kind *kind, struct rules_fault *fault)
{
	struct rule named = rule_named(message, ie, kind), *rule = find(rules, named.kind, named.id);
	struct pfcp_writer writer = room_left(rules);

	if (!rule) {
		rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, kind->id, "There is no rule with this id.");
		return rules_fault_of(fault, &named);
	}
	if (once_read(message, ie, rule, fault))
		return rules_fault_of(fault, rule);
	if (rules_open(rules, rule, fault))
		return -EPROTO;
	if (rule->kind == RULE_PDR && names_check(&rules->tree, (struct group){ message, ie }, fault))
		return rules_fault_of(fault, rule);
	rule->activates |= pfcp_first(message, ie, PFCP_IE_ACTIVATE_PREDEFINED_RULES) != NULL;
	rules_merge(&writer, rule->kind, &rules->tree, (struct group){ message, ie });
	rule->turn = turn_of(message, ie, rule->turn);
	rule->new_end |= pfcp_first(message, ie, PFCP_IE_F_TEID) != NULL;
	rule->granted |= grants(message, ie);
	return body_set(rules, rule, &writer, fault);
}

typedef int rule_change(struct rules *rules, const struct pfcp_tree *message, const struct pfcp_ie *ie,
			const struct kind *kind, struct rules_fault *fault);

static int each(struct rules *rules, const struct pfcp_tree *message, enum verb verb, rule_change *one,
		struct rules_fault *fault)
{
	for (const struct pfcp_ie *ie = pfcp_child(message, NULL); ie; ie = pfcp_next(message, ie)) {
		const struct kind *kind = kind_of(ie, verb);

		if (kind && one(rules, message, ie, kind, fault))
			return -EPROTO;
	}
	return 0;
}

void rules_clear(struct rules *rules)
{
	rules->count = 0;
	rules->used = 0;
	rules->inactivity_s = 0;
	tree_clear(rules);
}

// The first rules' bodies have been read with their message, but for one too many of a kind and what does not belong there. Those that come
// later are read when they are opened.
static void bodies_take(struct rules *rules, const struct pfcp_tree *message, unsigned before)
{
	if (!before)
		memcpy(&rules->tree, message, offsetof(struct pfcp_tree, ie[message->used]));
	for (unsigned i = before; i < rules->count; i++)
		if (before || !message->ie[rules->rule[i].at].child)
			rules->rule[i].at = 0;
}

int rules_create(struct rules *rules, const struct pfcp_tree *message, struct rules_fault *fault)
{
	const struct pfcp_ie *inactivity = pfcp_first(message, NULL, PFCP_IE_USER_PLANE_INACTIVITY_TIMER);
	unsigned before = rules->count;

	if (inactivity)
		rules->inactivity_s = (uint32_t)pfcp_number(inactivity);
	if (each(rules, message, CREATE, rule_add, fault))
		return -EPROTO;
	bodies_take(rules, message, before);
	return 0;
}

void rules_keep(struct rules *rules)
{
	for (unsigned i = 0; i < rules->count; i++) {
		rules->rule[i].turn = RULE_KEPT;
		rules->rule[i].granted = false;
		rules->rule[i].activates = false;
		rules->rule[i].end_marker = rules->rule[i].new_end = false;
	}
}

void rules_only(struct rules *rules, enum rule_kind kind)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < rules->count; i++)
		if (rules->rule[i].kind == kind)
			rules->rule[kept++] = rules->rule[i];
	rules->count = kept;
}

void rules_mark(struct rules *rules, const struct pfcp_tree *message)
{
	rules_keep(rules);
	for (const struct pfcp_ie *ie = pfcp_child(message, NULL); ie; ie = pfcp_next(message, ie)) {
		const struct kind *create = kind_of(ie, CREATE), *kind = create ? create : kind_of(ie, UPDATE);
		const struct rule named = kind ? rule_named(message, ie, kind) : (struct rule){ 0 };
		struct rule *rule = kind ? find(rules, named.kind, named.id) : NULL;
		struct rules_fault unused;

		if (!rule)
			continue;
		rule->turn = create ? RULE_CREATED : turn_of(message, ie, rule->turn);
		once_read(message, ie, rule, &unused);
	}
}

int rules_modify(struct rules *rules, const struct pfcp_tree *message, struct rules_fault *fault)
{
	rules_keep(rules);
	if (each(rules, message, REMOVE, rule_remove, fault) || rules_create(rules, message, fault) ||
	    each(rules, message, UPDATE, rule_update, fault))
		return -EPROTO;
	return rules_spare(rules, fault);
}

void rules_write(const struct rules *rules, struct pfcp_writer *writer)
{
	if (rules->inactivity_s)
		pfcp_put_u32(writer, PFCP_IE_USER_PLANE_INACTIVITY_TIMER, rules->inactivity_s);
	for (unsigned i = 0; i < rules->count; i++)
		pfcp_put_bytes(writer, kinds[rules->rule[i].kind].verb[CREATE], rules->rule[i].body,
			       rules->rule[i].bytes);
}
