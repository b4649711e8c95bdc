// pipe_short.h - what both directions' short ways share behind the first look: tokens, accounts, and handles that come back.
//
// Inline. An IPv4 packet goes the short way in a column of eight; alone go an IPv6 packet, one whose tunnel has a container, and one whose
// session has a sheet. Whatever neither takes, the long way does.
#pragma once
#include "workers/pipe/pipe_eight.h"

#define PIPE_PLAIN4 (LINE_VALID | LINE_PLAIN4)
#define PIPE_PLAIN6 (LINE_VALID | LINE_PLAIN6)

// Takes a packet's tokens, if it is green and nothing about its rate is unusual.
PIPE_STEP bool pipe_pay_alone(const struct pipe *pipe, const struct pipe_user *user, uint64_t now)
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

// Whether the packet may pass for its tokens, if it is nothing but that.
PIPE_STEP bool pipe_eight_pay(const struct pipe_run *run, const struct pipe_eight *eight, uint64_t i)
{
	if (PIPE_UNLIKELY(eight->odd[i]))
		return !eight->wrong[i];
	return police_green(eight->line[i], eight->rate[i], eight->length[i] * run->byte_tokens, run->now);
}

// The first n, in order: takes tokens and counts. Who fails goes another way, and what this way would write of it goes nowhere; so does
// what it would write of repetitions.
PIPE_STEP void pipe_pay_eight(const struct pipe_run *run, uint64_t n, struct pipe_eight *eight)
{
	uint64_t end = n < COLUMNS ? n : COLUMNS;

	for (uint64_t i = 0; i < end; i++) {
		struct lane_handle *handle = eight->handle[i];
		struct line *line = eight->line[i];

		FAULT_PACKET(eight->packet[i], handle->length);
		if (PIPE_LIKELY(pipe_eight_pay(run, eight, i))) {
			pipe_admitted();
			pipe_count_plain(line, eight->length[i]);
			pipe_counted();
			pipe_handle_set(handle, eight->span[i], run->side);
			continue;
		}
		if (!run->alone(run->pipe, handle, eight->packet[i], line, run->now))
			run->other(run->pipe, handle, line, run->now);
		eight->packet[i] = eight->nowhere + PIPE_NOWHERE;
	}
	for (; end < COLUMNS; end++)
		eight->packet[end] = eight->nowhere + PIPE_NOWHERE;
}
