// rules_pdi.h - what becomes of a PDR's PDI when it is updated (TS 29.244 7.5.4.2); for rules_merge.c alone. Pure.
#pragma once
#include "ctrl/pfcp/rules/rules_names.h"

// The new one, or the old one where there is no new one. A new one that says of the same side of the session which packets, but not at all
// where they come from, is about the flows alone: F-TEID or traffic endpoint, UE addresses, framed routes, network instance and QFI stay
// (Open5GS). was: the PDR's body.
void pdi_merge(struct pfcp_writer *writer, const struct pfcp_tree *was, struct group update);
