// pipe_short.h - what both directions' short ways share behind the first look: tokens, accounts, and handles that come back.
//
// Inline. An IPv4 packet goes the short way in a column of eight, an IPv6 packet alone; whatever either does not take, the long way
// does.
#pragma once
#include "workers/pipe_sessions.h"
#include "workers/pipe_steps.h"

#define PIPE_PLAIN6 (LINE_VALID | LINE_PLAIN6)

// Takes an IPv6 packet's tokens, if it is green and nothing about its rate is unusual.
PIPE_STEP bool pipe_pay6(const struct pipe *pipe, const struct pipe_user *user, uint64_t now)
{
	uint32_t rate = user->line->rate;

	if (!rate)
		return true;
	return rate < pipe->shape.rates &&
	       police_green(user->line, &user->region->rates[rate], user->length * pipe->byte_tokens, now);
}

// The handle comes back; span: offset and length.
PIPE_STEP void pipe_handle_set(struct lane_handle *handle, uint32_t span, uint8_t side)
{
	handle->hint = 0;
	memcpy(&handle->offset, &span, sizeof(span));
	handle->port = side;
	handle->code = VERDICT_FORWARD;
}

// A way's packets on their way.
struct pipe_run {
	const struct pipe *pipe;
	struct pipe_list *list;
	uint64_t now, byte_tokens;
	uint8_t side; // that they leave by
	// Whether a packet could go the short way alone, and has.
	bool (*alone)(const struct pipe *pipe, struct lane_handle *handle, uint8_t *packet, struct line *line,
		      uint64_t now);
};

// Eight packets that are as good as on their way, but for their tokens.
struct pipe_eight {
	COLUMN odd; // not zero: wrong, or not policed
	COLUMN wrong;
	COLUMN length; // of the users' packets
	COLUMN rate;   // where it lies among the shard's, in bytes
	COLUMN span;   // of the handles when they come back
};

// What is left to be known of eight packets, from what is wrong with them and how they are treated.
PIPE_STEP void pipe_eight_rate(struct pipe_eight *eight, COLUMN treatment)
{
	eight->rate = (treatment & pipe_words.low) * sizeof(struct region_rate);
	eight->odd = eight->wrong | (COLUMN)(eight->rate == 0);
}

// Whether the packet may pass for its tokens, if it is nothing but that.
PIPE_STEP bool pipe_eight_pay(const struct pipe_run *run, uint64_t k, const struct pipe_eight *eight, uint64_t i)
{
	struct pipe_list *list = run->list;
	const void *rate = (const char *)list->rates[k + i] + eight->rate[i];

	if (PIPE_UNLIKELY(eight->odd[i]))
		return !eight->wrong[i];
	return police_green(list->line[k + i], rate, eight->length[i] * run->byte_tokens, run->now);
}

// From the k-th packet of the list on, in order: takes tokens and counts. Who fails goes another way, and what this way would write of
// it goes nowhere.
PIPE_STEP void pipe_pay_eight(const struct pipe_run *run, uint64_t k, uint64_t n, const struct pipe_eight *eight)
{
	struct pipe_list *list = run->list;
	uint64_t end = n < COLUMNS ? n : COLUMNS;

	for (uint64_t i = 0; i < end; i++) {
		struct lane_handle *handle = list->handle[k + i];
		struct line *line = list->line[k + i];

		FAULT_PACKET(list->packet[k + i], handle->length);
		if (PIPE_LIKELY(pipe_eight_pay(run, k, eight, i))) {
			pipe_admitted();
			pipe_count_plain(line, eight->length[i]);
			pipe_counted();
			pipe_handle_set(handle, eight->span[i], run->side);
			continue;
		}
		if (!run->alone(run->pipe, handle, list->packet[k + i], line, run->now))
			pipe_long(run->pipe, handle, run->now);
		list->packet[k + i] = list->nowhere + PIPE_NOWHERE;
	}
}
