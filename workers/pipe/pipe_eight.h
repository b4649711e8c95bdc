// pipe_eight.h - eight packets of a way: where everything of theirs lies, and the eight of the next burst that are called meanwhile.
//
// Inline; touches neither packets nor lines.
#pragma once
#include "workers/pipe/pipe_asked.h"
#include "workers/pipe/pipe_sessions.h"
#include "workers/pipe/pipe_steps.h"

#define PIPE_LINE_SHIFT 6
#define PIPE_HANDLE_SHIFT 4
#define PIPE_RATE_SHIFT 5
#define PIPE_SHEET_SHIFT 4
_Static_assert(BEARER_SHEET == 1 << PIPE_SHEET_SHIFT, "a flag of a line");
_Static_assert(sizeof(struct line) == 1 << PIPE_LINE_SHIFT && sizeof(struct lane_handle) == 1 << PIPE_HANDLE_SHIFT &&
		   sizeof(struct region_rate) == 1 << PIPE_RATE_SHIFT,
	       "places are shifts away");

// The line of sessions in shards that are not ours: never valid, never written.
extern struct line pipe_nobody;

// A way's packets on their way.
struct pipe_run {
	struct pipe *pipe;
	struct lane_handle *handles;
	const struct pipe_list *list;
	uint64_t now, byte_tokens;
	uint8_t side; // that they leave by
	// Whether a packet could go the short way alone, and has.
	bool (*alone)(const struct pipe *pipe, struct lane_handle *handle, uint8_t *packet, struct line *line,
		      uint64_t now);
	// The way of any other. Not inline: the loop over eight needs its registers.
	void (*other)(const struct pipe *pipe, struct lane_handle *handle, struct line *line, uint64_t now);
};

#define PIPE_NOWHERE 64u

// Eight of them: where everything of theirs lies, and what is known of them.
struct pipe_eight {
	uint8_t *packet[COLUMNS];
	struct line *line[COLUMNS];
	struct lane_handle *handle[COLUMNS];
	const struct region_rate *rate[COLUMNS];
	COLUMN odd; // not zero: wrong, or not policed
	COLUMN wrong;
	COLUMN length;                     // of the users' packets
	COLUMN span;                       // of the handles; then, when they come back
	uint32_t sheets;                   // bits of those whose sessions have one
	uint8_t nowhere[2 * PIPE_NOWHERE]; // the middle stands for packets that have gone another way
};

// From the k-th packet of the list on.
PIPE_STEP void pipe_eight_take(const struct pipe_run *run, uint32_t k, struct pipe_eight *eight)
{
	const struct pipe_list *list = run->list;
	uint32_t strange;

	columns_point((void **)eight->packet, list->rooms, columns_read(list->place + k), 0);
	columns_point((void **)eight->line, run->pipe->bank.lines, columns_read(list->line + k), PIPE_LINE_SHIFT);
	columns_point((void **)eight->handle, run->handles, columns_read(list->handle + k), PIPE_HANDLE_SHIFT);
	eight->span = columns_read(list->span + k);
	strange = columns_signs(~columns_bits(run->pipe->ours, columns_read(list->shard + k)));
	if (PIPE_UNLIKELY(strange))
		for (unsigned i = 0; i < COLUMNS; i++)
			if (strange >> i & 1)
				eight->line[i] = &pipe_nobody;
}

// Calls eight more packets of the next burst, and their lines, into the cache.
PIPE_STEP void pipe_call(struct pipe *pipe)
{
	const struct pipe_sorted *next = &pipe->sorted[pipe->hand];
	const uint32_t *line = next->line + pipe->called, *place = next->place + pipe->called;
	const uint8_t *rooms = next->rooms;
	uint32_t first = pipe->called;

	if (first == LANE_BURST)
		return;
	pipe->called = first + COLUMNS;
#pragma GCC unroll 8
	for (unsigned i = 0; i < COLUMNS; i++) {
		__builtin_prefetch(pipe->bank.lines + line[i], 1);
		__builtin_prefetch(rooms + place[i], 1);
	}
	if (next->way[LINE_DOWNLINK] >> first & 0xff)
#pragma GCC unroll 8
		for (unsigned i = 0; i < COLUMNS; i++)
			__builtin_prefetch(rooms + place[i] - TUNNEL_BYTES, 1);
}

// Whether their sessions have rules, as their lines' flags say.
PIPE_STEP void pipe_eight_rules(COLUMN flags, struct pipe_eight *eight)
{
	eight->sheets = columns_signs(flags << (31 - PIPE_SHEET_SHIFT));
}

// What is left to be known of them, from what is wrong and how they are treated.
PIPE_STEP void pipe_eight_rate(const struct pipe_run *run, uint32_t k, COLUMN treatment, struct pipe_eight *eight)
{
	COLUMN rate = treatment & pipe_words.low;
	COLUMN first = columns_read(run->list->shard + k) * run->pipe->bank.stride;

	columns_point((void **)eight->rate, run->pipe->bank.rates,
		      (first << (PIPE_LINE_SHIFT - PIPE_RATE_SHIFT)) + rate, PIPE_RATE_SHIFT);
	eight->odd = eight->wrong | (COLUMN)(rate == 0);
}
