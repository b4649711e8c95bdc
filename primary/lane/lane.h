// lane.h - one seat's two rings, as the primary sees them.
//
// Its own indices are private; the worker's are believed only in range; nothing is read back from memory the worker can
// write but handles, and those are copied first. Owned by the primary's loop.
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include "primary/lane/lease.h"
#include "shared/plane/seat.h"

struct lane {
	struct seat pages;
	int bell;           // the worker's doorbell
	uint32_t published; // lease.head as the worker knows it
	uint32_t turned;    // the same, at the end of the last turn
	uint32_t out_tail;  // next position of lane.out to read
	uint32_t
	    rung; // what was published so far is not slept through; beyond, a fence and another look are owed (bell.h)
	struct lease lease;
};

void lane_init(struct lane *lane, struct seat pages, int bell);

// Whether the worker's receipt is possible: 0, or -EBADMSG. Nothing hangs on it, and it is not read in every turn: the book alone says
// what may be lent, since a place in lane.in is free once what was lent there has come back.
int lane_look(const struct lane *lane);

// Handles that may be lent now.
static inline uint32_t lane_space(const struct lane *lane)
{
	return lease_credit(&lane->lease);
}

// Lends a packet that is neither suspect nor traced; the rest is as with lane_put_words. Both words at once: the turn is their seventh sixteen bits.
static inline void lane_lend(struct lane *lane, const struct lane_words *words)
{
	uint32_t head = lane->lease.head;
	size_t place =
	    head * sizeof(struct lane_handle) % sizeof(lane->lease.lent); // in bytes, the same in book and ring
	__m128i handle =
	    _mm_insert_epi16(_mm_loadu_si128((const __m128i *)(const void *)words), (int)head, 4 + LANE_WORD_TURN / 16);

	lane->lease.head = head + 1;
	lane->lease.live++;
	_mm_storeu_si128((__m128i *)(void *)((uint8_t *)lane->lease.lent + place), handle);
	_mm_storeu_si128((__m128i *)(void *)((uint8_t *)lane->pages.primary->in + place), handle);
}

// Lends a handle whose turn is 0; the caller has seen space. The worker sees it after lane_publish, once a turn.
static inline void lane_put_words(struct lane *lane, struct lane_words words)
{
	struct lane_handle *slot = &lane->pages.primary->in[lane->lease.head % LANE_SLOTS];

	words = lease_lend(&lane->lease, words);
	words.rest &= ~((uint64_t)(LEASE_SUSPECT | LEASE_TRACED) << LANE_WORD_CODE);
	memcpy(slot, &words, sizeof(words));
}

static inline void lane_put(struct lane *lane, struct lane_handle handle)
{
	handle.turn = 0;
	lane_put_words(lane, lane_words(&handle));
}

// Shows what was lent so far to a worker that is awake. As often as it pays: lane_publish is still to come.
static inline void lane_show(struct lane *lane)
{
	if (lane->published == lane->lease.head)
		return;
	lane->published = lane->lease.head;
	ring_publish(&lane->pages.primary->in_head, lane->published);
}

// Shows what was lent and wakes who sleeps. Once a turn, also if nothing was lent: then what is owed is paid.
void lane_publish(struct lane *lane);

// Copies up to LANE_BURST handles that came back and frees their places in lane.out. How many, or -EBADMSG as above.
int lane_take(struct lane *lane, struct lane_handle *back);

// Whether anything has come back. An impossible index counts as yes: the one who looks will see it.
static inline int lane_stirs(const struct lane *lane)
{
	return ring_ready(lane->out_tail, &lane->pages.worker->out_head, LANE_SLOTS) != 0;
}

// Once the worker is certainly gone: both rings empty at 0, the four words and stats zeroed, change and report rings
// mended, generation + 1.
void lane_reset(struct lane *lane);
