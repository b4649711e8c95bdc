// ruled_match.h - from a packet to the rule that is for it (shared/wire/sheet.h): the filters that match, and of the PDRs they lead to
// the first that takes the packet's QFI.
//
// Pure. Eight filters are compared at once; the plain forms are for the test that both agree.
#pragma once
#include "shared/wire/sheet.h"
#include "workers/pipe/ruled_key.h"

#define RULED_NO_QFI 64u
#define RULED_NO_PDR 64u

// The PDRs that some filter leads to which the packet matches.
uint64_t ruled_match4(const struct sheet_filters4 *filters, unsigned groups, const struct ruled_key *key);
uint64_t ruled_match6(const struct sheet_filters6 *filters, unsigned groups, const struct ruled_key *key);
uint64_t ruled_match4_plain(const struct sheet_filters4 *filters, unsigned groups, const struct ruled_key *key);
uint64_t ruled_match6_plain(const struct sheet_filters6 *filters, unsigned groups, const struct ruled_key *key);

// Index of the first PDR of the word that takes the QFI (0..63, or RULED_NO_QFI), or RULED_NO_PDR.
unsigned ruled_choose(const struct sheet_pdr *pdrs, uint64_t candidates, unsigned qfi);
