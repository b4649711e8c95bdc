// pipe_sessions.h - eight packets at once: what their sessions' lines say, and what becomes of their IPv4 headers.
//
// Inline; reads lines, touches no packet. What is "wrong" is not zero in a lane that is not for the short way.
#pragma once
#include "workers/pipe/columns_steps.h"
#include "workers/pipe/pipe_parts.h"
#include "workers/pipe/pipe_words.h"

// Words of eight sessions' lines, as they lie there.
struct pipe_sessions {
	COLUMN teid, peer, address, treatment, flags;
};
#define TREATMENT_MARK 16 // rate below it, QFI above
_Static_assert(offsetof(struct line, teid) == 0 && offsetof(struct line, peer_ipv4) == 4, "first column and second");
_Static_assert(offsetof(struct line, ue_ipv4) == 16 && offsetof(struct line, rate) == 20 &&
		   offsetof(struct line, mark) == 22 && offsetof(struct line, flags) == 24 &&
		   offsetof(struct line, packets) == 28,
	       "four columns more");

// Takes the sessions' words. Wrong: not valid and plain, a rate that is none, a counter about to turn over within the burst.
PIPE_STEP COLUMN pipe_sessions(const struct pipe *pipe, struct line *const line[COLUMNS],
			       struct pipe_sessions *sessions)
{
	COLUMN first[4], second[4], turning;

	columns_take(first, (const void *const *)line, 0);
	columns_take(second, (const void *const *)line, offsetof(struct line, ue_ipv4));
	sessions->teid = first[0];
	sessions->peer = first[1];
	sessions->address = second[0];
	sessions->treatment = second[1];
	sessions->flags = second[2];
	turning = (COLUMN)(((second[3] + pipe_words.burst) & pipe_words.turning) == 0);
	return (~sessions->flags & pipe_words.plain4) | turning |
	       (COLUMN)((COLUMN_SIGNED)(sessions->treatment & pipe_words.low) >= (int32_t)pipe->shape.rates);
}

// A header's words added up in halves, upper and lower apart: the sum of words, that the lower halves are left of when the upper are
// taken away again, may lose carries, for they are few bits more than half a word.
struct pipe_sum {
	COLUMN upper, words;
};

PIPE_STEP void pipe_add(struct pipe_sum *sum, COLUMN word)
{
	sum->upper += word >> 16;
	sum->words += word;
}

// Folded once: 16 bits, and what carries over.
PIPE_STEP COLUMN pipe_fold(const struct pipe_sum *sum)
{
	COLUMN all = sum->words - (sum->upper << 16) + sum->upper;

	return (all & pipe_words.low) + (all >> 16);
}

// Zero where the checksum of an IPv4 header of these words holds.
PIPE_STEP COLUMN pipe_unsound(const COLUMN header[4], COLUMN destination)
{
	struct pipe_sum sum = { header[0] >> 16, header[0] };

	pipe_add(&sum, header[1]);
	pipe_add(&sum, header[2]);
	pipe_add(&sum, header[3]);
	pipe_add(&sum, destination);
	return pipe_fold(&sum) ^ pipe_words.low;
}

// IPv4 headers in host order, of which the first word and the third change: one hop less (hop4), the TOS byte marked. Returns the new TOS
// bytes.
PIPE_STEP COLUMN pipe_hop(COLUMN *first, COLUMN *third, COLUMN treatment)
{
	COLUMN was = *first >> 16 & pipe_words.byte;
	COLUMN row = columns_pick(columns_read((const uint32_t *)police_marks), treatment >> TREATMENT_MARK);
	COLUMN tos = (was & row) | (row >> 8 & pipe_words.byte), change = was - tos;
	COLUMN carry = ((*third & pipe_words.low) + change + pipe_words.hop_carry) >> 16;

	*first -= change << 16;
	*third += change + pipe_words.hop + carry - (carry << 16);
	return tos;
}
