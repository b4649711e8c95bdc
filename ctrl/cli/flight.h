// flight.h - several requests under way on one connection, so that work on the next one overlaps the answer to the last.
//
// Each of `window` lanes is an NNG context with one request under way; lanes are used in turn, so answers are delivered in
// the order of the requests. Owned by its caller; one thread. A connection that breaks is dialled again by NNG and the
// requests are sent again: they must carry a key.
#pragma once
#include <stdbool.h>

#include "ctrl/cli/client.h"

#define FLIGHT_WINDOW_MAX 16u

// One answer: response is null if none came (error is NNG's). `lane` is what flight_lane returned for the request.
typedef void flight_landed(void *arg, unsigned lane, const Shoal__Oss__Response *response, int error);

struct flight_lane {
	nng_ctx context;
	nng_aio *aio;
	nng_msg *copy; // of the request, to send again when ctrl is busy
	bool flying;
};

struct flight {
	unsigned window, next;
	unsigned timeout_ms;
	flight_landed *landed;
	void *arg;
	struct flight_lane lane[FLIGHT_WINDOW_MAX];
};

// 0 or an NNG error; flight_close is due in both cases.
int flight_open(struct flight *flight, nng_socket socket, unsigned window);
void flight_close(struct flight *flight); // abandons what is under way

// The lane the next request takes, after the answer that was due on it is delivered. Blocks until then.
unsigned flight_lane(struct flight *flight);

// Sends on that lane; the message is gone afterwards. 0 or an NNG error.
int flight_send(struct flight *flight, nng_msg *message);

// Delivers every answer still due.
void flight_drain(struct flight *flight);
