// pfcp_words.h - PFCP messages about sessions, as an SMF would write them, for tests of the rules and the procedures.
#pragma once
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/codec/message.h"

struct words {
	uint8_t bytes[8192];
	struct pfcp_writer writer;
};

#define WORDS_UE 0x0a2d0105u   // 10.45.1.5
#define WORDS_GNB 0x0a630302u  // 10.99.3.2
#define WORDS_CP 0x0a630402u   // 10.99.4.2
#define WORDS_OURS 0x0a630301u // 10.99.3.1

void words_begin(struct words *words);

// PDR 1: uplink, CHOOSE, FAR 1; PDR 2: downlink, FAR 2. Both with QER 1 and URR 1 if there are any.
void words_uplink(struct words *words, uint16_t pdr, uint32_t far, bool choose_ue);
void words_downlink(struct words *words, uint16_t pdr, uint32_t far, bool choose_ue);
void words_forward(struct words *words, uint32_t far, uint8_t to, uint32_t teid); // teid 0: without a tunnel
void words_qer(struct words *words, uint32_t qer, uint64_t kbps, uint8_t qfi);
void words_urr(struct words *words, uint32_t urr);

// Node ID and F-SEID.
void words_head(struct words *words, uint64_t cp_seid);

// Both PDRs, FARs 1 and 2 (to the gNB's TEID 0x77), QER 1 (8,000 kbit/s, QFI 9), URR 1; and with a head.
void words_rules(struct words *words, bool choose_ue);
void words_session(struct words *words, uint64_t cp_seid, bool choose_ue);

// Update FAR: another tunnel.
void words_handover(struct words *words, uint32_t far, uint32_t teid);
// Update FAR: drop.
void words_drop(struct words *words, uint32_t far);
void words_query(struct words *words, uint32_t urr);
