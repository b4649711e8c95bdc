// ruled_admit.h - what a rule's QERs and URRs let pass: gates, quotas, meters; and what they count.
//
// Pure but for the room of the session; what most packets need is inline. A packet that may not pass is charged to nobody.
#pragma once
#include "shared/plane/verdict.h"
#include "workers/lines/police.h"
#include "workers/pipe/ruled_match.h"
#include "workers/pipe/ruled_room.h"

// For each bit of the word, lowest first.
#define RULED_EACH(i, word) \
	for (unsigned i, left_ = (word); left_ && (i = (unsigned)__builtin_ctz(left_), true); left_ &= left_ - 1)

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

// Packets towards the UE that were dropped.
struct ruled_loss {
	uint64_t packets, bytes;
	uint64_t now; // clock
};

// What its QERs say together, whatever their meters do.
struct ruled_means {
	uint8_t flags; // all of them: enum sheet_qer_flag
	uint8_t qfi;   // of the first that has one, or RULED_NO_QFI
	uint8_t mark;  // of the first that marks: enum bearer_mark
	bool reflects; // the one with that QFI asks for reflective QoS
};

static inline struct ruled_means ruled_means(const struct ruled_packet *packet)
{
	struct ruled_means means = { 0, RULED_NO_QFI, BEARER_MARK_KEEP, false };

	RULED_EACH(i, packet->pdr.qers)
	{
		const struct sheet_qer *qer = &packet->room->parts.qer[i];

		if (qer->flags & ~means.flags & SHEET_QFI) {
			means.qfi = qer->qfi % RULED_NO_QFI;
			means.reflects = qer->flags & SHEET_RQI;
		}
		means.mark = means.mark == BEARER_MARK_KEEP ? qer->mark : means.mark;
		means.flags |= qer->flags;
	}
	return means;
}

// Whether a gate is closed for packets of that way.
static inline bool ruled_closed(const struct ruled_means *means, unsigned way)
{
	return means->flags & (way == SHEET_UPLINK ? SHEET_GATE_UP : SHEET_GATE_DOWN);
}

// The worst of what the meters of its QERs say; each QER must have tokens for it, and takes them only if all have. Where one says red,
// it passes if all that do would have it remarked. *tos: marked for the class, and the colour.
bool ruled_meter(const struct ruled_packet *packet, enum bearer_mark mark, uint8_t *tos, enum police_colour *colour);

// Gates or meters refuse it: of its URRs those count it that measure before them, and have something left.
void ruled_count_refused(const struct ruled_packet *packet);

// Whether somebody counts it should it be dropped.
bool ruled_drops(const struct ruled_packet *packet);

// It goes no further for want of the radio side: what counts of its URRs what is dropped, counts it.
void ruled_count_dropped(const struct ruled_packet *packet);
// The same of so many, of which nothing is known but these bytes and their rule; room: open.
void ruled_count_lost(const struct ruled_room *room, uint16_t urrs, const struct ruled_loss *loss);
