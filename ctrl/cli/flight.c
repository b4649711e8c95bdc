// flight.c - several requests under way on one connection. Owned by its caller; one thread.
#include "ctrl/cli/flight.h"

#include <time.h>

#define BUSY_PAUSE_NS 50000000l

int flight_open(struct flight *flight, nng_socket socket, unsigned window)
{
	for (flight->window = 0; flight->window < window; flight->window++) {
		struct flight_lane *lane = &flight->lane[flight->window];
		int error;

		*lane = (struct flight_lane){ 0 };
		error = nng_ctx_open(&lane->context, socket);
		if (error)
			return error;
		error = nng_aio_alloc(&lane->aio, NULL, NULL);
		if (error) {
			nng_ctx_close(lane->context);
			return error;
		}
		nng_aio_set_timeout(lane->aio, (nng_duration)flight->timeout_ms);
	}
	return 0;
}

void flight_close(struct flight *flight)
{
	for (unsigned i = 0; i < flight->window; i++) {
		struct flight_lane *lane = &flight->lane[i];

		nng_aio_stop(lane->aio);
		nng_aio_free(lane->aio);
		nng_ctx_close(lane->context);
		if (lane->copy)
			nng_msg_free(lane->copy);
	}
	flight->window = 0;
}

// Hands a copy of the lane's request to the connection and begins to wait for the answer.
static int launch(struct flight_lane *lane)
{
	nng_msg *message;
	int error = nng_msg_dup(&message, lane->copy);

	if (error)
		return error;
	nng_aio_set_msg(lane->aio, message);
	nng_ctx_send(lane->context, lane->aio);
	nng_aio_wait(lane->aio);
	error = nng_aio_result(lane->aio);
	if (error) {
		nng_msg_free(nng_aio_get_msg(lane->aio));
		return error;
	}
	nng_ctx_recv(lane->context, lane->aio);
	return 0;
}

static Shoal__Oss__Response *await(struct flight_lane *lane, int *error)
{
	Shoal__Oss__Response *response;
	nng_msg *answer;

	nng_aio_wait(lane->aio);
	*error = nng_aio_result(lane->aio);
	if (*error)
		return NULL;
	answer = nng_aio_get_msg(lane->aio);
	response = client_unpack(answer);
	nng_msg_free(answer);
	*error = response ? 0 : NNG_EPROTO;
	return response;
}

// ctrl may say it is busy for as long as one request may take; then that is the answer.
static Shoal__Oss__Response *await_patiently(struct flight_lane *lane, unsigned timeout_ms, int *error)
{
	static const struct timespec pause = { .tv_nsec = BUSY_PAUSE_NS };
	Shoal__Oss__Response *response = await(lane, error);

	for (unsigned ms = 0; response && response->status->code == SHOAL__OSS__CODE__BUSY && ms < timeout_ms;
	     ms += BUSY_PAUSE_NS / 1000000) {
		client_free(response);
		nanosleep(&pause, NULL);
		*error = launch(lane);
		response = *error ? NULL : await(lane, error);
	}
	return response;
}

static void land(struct flight *flight, unsigned i)
{
	struct flight_lane *lane = &flight->lane[i];
	Shoal__Oss__Response *response;
	int error;

	if (!lane->flying)
		return;
	response = await_patiently(lane, flight->timeout_ms, &error);
	lane->flying = false;
	nng_msg_free(lane->copy);
	lane->copy = NULL;
	flight->landed(flight->arg, i, response, error);
	client_free(response);
}

unsigned flight_lane(struct flight *flight)
{
	land(flight, flight->next);
	return flight->next;
}

int flight_send(struct flight *flight, nng_msg *message)
{
	struct flight_lane *lane = &flight->lane[flight->next];
	int error;

	lane->copy = message;
	error = launch(lane);
	if (error) {
		nng_msg_free(lane->copy);
		lane->copy = NULL;
		return error;
	}
	lane->flying = true;
	flight->next = (flight->next + 1) % flight->window;
	return 0;
}

void flight_drain(struct flight *flight)
{
	for (unsigned i = 0; i < flight->window; i++)
		land(flight, (flight->next + i) % flight->window);
}
