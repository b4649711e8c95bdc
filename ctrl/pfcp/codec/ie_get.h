// ie_get.h - out of information elements: numbers, texts, and the structs of ie_value.h.
//
// Pure. A getter returns 0, -EMSGSIZE where a value is shorter than its flags say, -EINVAL where it makes no sense. pfcp_read has
// called it already for each IE that stands where it belongs. What a later release put behind a value is skipped.
#pragma once
#include "ctrl/pfcp/codec/ie.h"
#include "ctrl/pfcp/codec/ie_value.h"

#define PFCP_FOREVER UINT32_MAX

// The number of an IE of shape u8 .. u64, time, enum or choice. 0 if ie is null or too short (which pfcp_read would have refused).
uint64_t pfcp_number(const struct pfcp_ie *ie);
// The bits of an IE of shape flags: of its first eight octets, bit 1 of the first octet is bit 0. 0 if ie is null.
uint64_t pfcp_flags(const struct pfcp_ie *ie);
// A timer (TS 29.244 8.2.35) in seconds; PFCP_FOREVER: infinite.
uint32_t pfcp_seconds(const struct pfcp_ie *ie);
// Text as a string; -EINVAL: too long for size, empty, or not printable ASCII without spaces.
int pfcp_get_text(const struct pfcp_ie *ie, char *text, size_t size);
// A name (network instance, DNN) in lower case, from DNS labels or from plain text, padded with zeros or not; name has PFCP_NAME bytes.
int pfcp_get_name(const struct pfcp_ie *ie, char *name);

int pfcp_get_node_id(const struct pfcp_ie *ie, struct pfcp_node_id *node);
int pfcp_get_fseid(const struct pfcp_ie *ie, struct pfcp_fseid *fseid);
int pfcp_get_fteid(const struct pfcp_ie *ie, struct pfcp_fteid *fteid);
int pfcp_get_ue_address(const struct pfcp_ie *ie, struct pfcp_ue_address *ue);
int pfcp_get_outer_creation(const struct pfcp_ie *ie, struct pfcp_outer_creation *outer);
int pfcp_get_outer_removal(const struct pfcp_ie *ie, struct pfcp_outer_removal *outer);
int pfcp_get_sdf(const struct pfcp_ie *ie, struct pfcp_sdf *sdf);
int pfcp_get_rate(const struct pfcp_ie *ie, struct pfcp_rate *rate);
int pfcp_get_gate(const struct pfcp_ie *ie, struct pfcp_gate *gate);
int pfcp_get_volume(const struct pfcp_ie *ie, struct pfcp_volume *volume);
int pfcp_get_dropped(const struct pfcp_ie *ie, struct pfcp_dropped *dropped);
int pfcp_get_failed_rule(const struct pfcp_ie *ie, struct pfcp_failed_rule *rule);
int pfcp_get_redirect(const struct pfcp_ie *ie, struct pfcp_redirect *redirect);
int pfcp_get_policy(const struct pfcp_ie *ie, struct pfcp_piece *policy);
// Alternative SMF IP Address, CP PFCP Entity IP Address, Remote GTP-U Peer.
int pfcp_get_address(const struct pfcp_ie *ie, struct pfcp_address *address);

int pfcp_get_pfd(const struct pfcp_ie *ie, struct pfcp_pfd *pfd);
// The next of an additional part's pieces, each behind its length, and what is left of it then. 1; 0: there is none; -EMSGSIZE: it is cut off.
int pfcp_pfd_next(struct pfcp_piece *left, struct pfcp_piece *piece);

// The node id as one would write it: "10.1.2.3", "2001:db8::1", "smf.example"; text has PFCP_NAME bytes.
void pfcp_node_id_text(const struct pfcp_node_id *node, char *text);

// Whether the value is what its kind demands: 0, -EMSGSIZE, -EINVAL.
int pfcp_value_check(const struct pfcp_ie *ie);
