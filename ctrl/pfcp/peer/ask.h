// ask.h - what we ask peers: sent N1 times, every T1, until an answer comes (TS 29.244 6.4).
//
// The clock is told; datagrams leave through `send`. One thread. A question that was asked ends in `done` exactly once: with its answer,
// or with null after N1 times T1; asks_forget ends it without. Bounded by ASKS_MAX.
#pragma once
#include <stddef.h>
#include <sys/queue.h>
#include "ctrl/pfcp/codec/message.h"
#include "ctrl/pfcp/peer/deal.h"

#define ASKS_MAX 4096u

// arg: of the asks; about: of the question.
typedef void ask_done(void *arg, void *about, const struct pfcp_header *answer);

struct ask;
TAILQ_HEAD(ask_list, ask);

struct asks {
	uint64_t t1_ns;
	unsigned n1;
	uint32_t sequence; // of the last question
	unsigned count;
	uint64_t repeats; // sent again
	remote_send *send;
	void *arg;
	struct table by_sequence;
	struct ask_list all; // the first to be sent again first: each waits for T1
};

struct question {
	struct remote to;
	uint8_t type; // of the request
	const uint8_t *bytes;
	size_t length;
	ask_done *done;
	void *about;
};

int asks_open(struct asks *asks, uint64_t t1_ns, unsigned n1); // 0 or -ENOMEM; send and arg are the caller's to set
void asks_close(struct asks *asks);                            // without `done`

// The sequence number to be written into the next question.
uint32_t asks_sequence(const struct asks *asks);
int asks_send(struct asks *asks, const struct question *question, uint64_t now_ns); // 0, -ENOBUFS, -ENOMEM
// Whether the answer was for one of ours: by its sequence, its type, and whence it comes.
bool asks_answer(struct asks *asks, const struct remote *from, const struct pfcp_header *answer);
void asks_forget(struct asks *asks, const void *about);

void asks_tick(struct asks *asks, uint64_t now_ns);
uint64_t asks_due(const struct asks *asks);
