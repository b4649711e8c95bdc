// translate_read.h - what one PDR, FAR, QER or URR says, as far as it can be served; for translate*.c alone. Pure.
//
//   translate          all of a session's rules
//     translate_urr    each URR: a measure
//     translate_pdr    each PDR: a rule with its match; translate_filter: its filters; translate_framed: its framed routes
//       translate_far  its FAR: where the rule's packets go
//       translate_qer  its QERs: rates; translate_flow: the QFI where none says
//     translate_tunnel which of the session's tunnels each PDR has, once all are known
#pragma once
#include "ctrl/pfcp/rules/ids.h"
#include "ctrl/pfcp/rules/translate.h"

struct reading {
	struct rules *rules;
	const struct translate_given *given;
	struct translation *to;
	struct rules_fault *fault;
};

// All: 0, or -EPROTO with *fault, which does not say yet which rule it is about.

// What the standard knows and we can't do is refused; what nobody knows is skipped. understood: by type.
int read_admit(const struct reading *reading, const struct pfcp_ie *group, const bool understood[PFCP_IE_TYPES]);
int read_failure(const struct reading *reading, uint16_t offending, const char *text); // cause 73
int read_instance(const struct reading *reading, const struct pfcp_ie *group, char *to);

// Room in lists. Null: none, with *fault.
uint32_t *read_numbers(const struct reading *reading, unsigned count);

int pdr_read(const struct reading *reading, const struct rule *rule);
int endpoint_check(const struct reading *reading, const struct rule *rule); // whether all it says is served

// Whether a PDI has SDF filters. One without any flag, not even an id, is none: nothing of a packet is asked (8.2.5).
bool filters_given(const struct reading *reading, const struct pfcp_ie *pdi);
// They, behind those that are there: their number in *count. Then, when all PDRs are read: what they refer to.
int filters_read(const struct reading *reading, const struct rule *pdr, const struct pfcp_ie *pdi, unsigned *count);
int filters_resolve(const struct reading *reading);
// The same of a PDI that names an application (8.2.6): what its PFDs say. A PDR that is new needs one that is known and can be told by
// headers; one that stays matches what can be told by now, or nothing.
int application_read(const struct reading *reading, const struct rule *pdr, const struct pfcp_ie *pdi, unsigned *count);
// The same of the predefined rules that a PDR activates (8.2.72), in its opened body; and what limits their packets.
int predefined_read(const struct reading *reading, const struct rule *pdr, unsigned *count);
int predefined_rates(const struct reading *reading, unsigned pdr);
int rate_add(const struct reading *reading, Shoal__Oss__Rule *rule, uint32_t id); // one more of a PDR's
// When all PDRs are read: the QFI that downlink packets go with where no QER says.
int flows_tell(const struct reading *reading);
// A filter of a PDR, kept elsewhere: the text outlives what is told to ctrl. everything: set if it lets everything pass.
int filter_told(const struct reading *reading, const struct rule *pdr, const char *flow, bool *everything);
// The PDR's filters take packets of one family alone: 4 or 6.
int filters_restrict(const struct reading *reading, unsigned pdr, unsigned family);

// What a FAR says, once for all PDRs that name it; and where the packets of such a PDR go, which has been read.
int far_read(const struct reading *reading, const struct rule *rule);
int far_follow(const struct reading *reading, const struct rule *rule, unsigned pdr);

// The framed routes of a PDI or traffic endpoint (TS 29.244 8.2.109 to 8.2.111), into the match.
int framed_read(const struct reading *reading, const struct pfcp_ie *group, Shoal__Oss__Match *match);

int qer_read(const struct reading *reading, const struct rule *rule, unsigned index);
// A predefined rule's rate. Cannot fail.
void qer_predefine(const struct reading *reading, const struct conf_pfcp_rule *from, unsigned index);
// When all PDRs are read. Of a PDR's QERs the first with a QFI marks its packets, and a session's own QER has one, too, where it comes
// from some: its default flow's (free5GC), or 0 (pfcpsim). So a QER goes before those that more PDRs name, and a QFI 0 behind the others,
// in whatever order they were made.
void qers_order(struct translation *to);
int urr_read(const struct reading *reading, const struct rule *rule, unsigned index);

// The tunnels of all PDRs.
int tunnels_choose(const struct reading *reading);
