// ruled_admit.h - what a rule's QERs and URRs let pass: gates, quotas, meters; and what they count.
//
// Pure but for the room of the session. A packet that may not pass is charged to nobody.
#pragma once
#include "shared/plane/verdict.h"
#include "workers/police.h"
#include "workers/ruled_room.h"

// A packet whose rule is known.
struct ruled_packet {
	const struct ruled_room *room;
	struct sheet_pdr pdr; // a copy, its QERs and URRs such as there are
	uint64_t now;         // clock
	uint64_t byte_tokens; // that a byte takes
	uint32_t length;
	uint8_t way; // enum sheet_way
	uint8_t tos; // as it came
};

// VERDICT_FORWARD, or why not.
enum verdict ruled_gates(const struct ruled_packet *packet);
enum verdict ruled_quotas(const struct ruled_packet *packet);

// The worst of what the meters of its QERs say; each QER must have tokens for it, and takes them only if all have. Where one says red,
// it passes if all that do would have it remarked. *tos: marked for the class of the first QER that has one, and the colour.
bool ruled_meter(const struct ruled_packet *packet, uint8_t *tos, enum police_colour *colour);

// The QFI of the first of its QERs that has one, with RULED_REFLECTS if that asks for reflective QoS; or RULED_NO_QFI.
#define RULED_REFLECTS 0x80u
unsigned ruled_qfi(const struct ruled_packet *packet);

// Gates or meters refuse it: of its URRs those count it that measure before them, and have something left.
void ruled_count_refused(const struct ruled_packet *packet);

// It passes: its URRs count it.
void ruled_count(const struct ruled_packet *packet);
