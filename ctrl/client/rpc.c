// rpc.c - calls in a table, those to be written in a queue. The wire is wire.c's. State: struct rpc, the caller's thread.
#include "ctrl/client/rpc.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "ctrl/client/wire.h"
#include "ctrl/kit/arena.h"
#include "proto/pack.h"
#include "proto/unpack.h"
#include "shared/base/clock.h"
#include "shared/base/spares.h"

#define VERSION 1u
#define DEADLINE_MS 5000u // where the request names none
#define RETRY_FIRST_NS 10000000ull
#define RETRY_MOST_NS 500000000ull
#define EVENTS 2
#define CACHE_LINE 64u
#define ARG_LINES 4u                     // of who made a call, that are looked at first
#define CALL_USUAL 1024u                 // bytes of a frame that most fit in: such calls' memory is used again
#define ANSWER_UNPACKED_MAX (256u << 20) // 1 MiB at most, of which each byte may be a message of its own

// A request's id on the wire: top bit, how often its place was taken (15 bits), its place (16 bits).
#define ID_END 0x80000000u
#define PLACE_BITS 16u
#define TURN_MASK 0x7fffu

struct call {
	struct wire_frame frame; // first: what the wire gives back
	rpc_done *done;          // null: nobody waits any more
	void *arg;
	uint64_t deadline_ns;
	uint32_t id;
	uint8_t bytes[]; // of the frame
};

struct rpc {
	struct wire wire;
	int epoll, timer;
	uint64_t armed_ns; // when the timer rings; 0 = it rests
	uint64_t retry_ns, pause_ns;
	int error; // why there is no connection
	bool closing;
	unsigned window, under_way;
	uint16_t *turn;      // of each place
	uint16_t *vacant;    // places nobody has, the last one given back on top
	struct call **call;  // by place
	struct spares spare; // calls of CALL_USUAL
	struct arena arena;  // of the answer that is heard
};

// ---- Calls

static unsigned place_of(uint32_t id)
{
	return id & ((1u << PLACE_BITS) - 1);
}

static struct call *call_of(const struct rpc *rpc, uint32_t id)
{
	unsigned place = place_of(id);
	struct call *call = place < rpc->window ? rpc->call[place] : NULL;

	return call && call->id == id ? call : NULL;
}

static void call_free(struct rpc *rpc, struct call *call)
{
	uint16_t place = (uint16_t)call->id;

	rpc->call[place] = NULL;
	rpc->vacant[rpc->window - rpc->under_way--] = place;
	if (call->frame.length > CALL_USUAL)
		free(call);
	else
		spares_give(&rpc->spare, call);
}

// One that is half written has to be written to its end.
static void call_end(struct rpc *rpc, struct call *call, const Shoal__Oss__Response *response, int error)
{
	rpc_done *done = call->done;
	void *arg = call->arg;

	call->done = NULL;
	if (wire_forget(&rpc->wire, &call->frame))
		call_free(rpc, call);
	if (done)
		done(arg, response, error);
}

static struct call *call_make(struct rpc *rpc, const struct pack_draft *body)
{
	size_t bytes = WIRE_HEAD + body->length;
	struct call *call = bytes > CALL_USUAL ? malloc(sizeof(*call) + bytes) : spares_take(&rpc->spare);
	uint16_t place;

	if (!call)
		return NULL;
	*call = (struct call){ .frame.bytes = call->bytes };
	place = rpc->vacant[rpc->window - ++rpc->under_way];
	rpc->turn[place] = (rpc->turn[place] + 1) & TURN_MASK;
	call->id = ID_END | (uint32_t)rpc->turn[place] << PLACE_BITS | place;
	rpc->call[place] = call;
	call->frame.length = bytes;
	wire_head_put(call->frame.bytes, call->id, body->length);
	pack_copy(body, call->frame.bytes + WIRE_HEAD);
	return call;
}

static void timer_arm(struct rpc *rpc, uint64_t at_ns)
{
	struct itimerspec when = { .it_value = { (time_t)(at_ns / 1000000000), (long)(at_ns % 1000000000) } };

	if (rpc->armed_ns && rpc->armed_ns <= at_ns)
		return;
	rpc->armed_ns = at_ns;
	timerfd_settime(rpc->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

int rpc_call(struct rpc *rpc, const Shoal__Oss__Request *request, rpc_done *done, void *arg)
{
	Shoal__Oss__Request message = *request;
	uint64_t wait_ms = (request->deadline_ms ? request->deadline_ms : DEADLINE_MS) + RPC_SLACK_MS;
	struct pack_draft body;
	struct call *call;

	message.version = VERSION;
	if (rpc->closing)
		return -ECANCELED;
	if (rpc->under_way == rpc->window)
		return -EAGAIN;
	pack_draft(&body, &message.base);
	if (body.length > WIRE_BODY_MAX)
		return -EMSGSIZE;
	call = call_make(rpc, &body);
	if (!call)
		return -ENOMEM;
	call->done = done;
	call->arg = arg;
	call->deadline_ns = clock_ns() + wait_ms * 1000000;
	wire_queue(&rpc->wire, &call->frame);
	timer_arm(rpc, call->deadline_ns);
	return 0;
}

unsigned rpc_under_way(const struct rpc *rpc)
{
	return rpc->under_way;
}

// ---- The wire's words

// Calls lie far apart, and nobody has looked at this one since it was made.
static void on_next(void *with, uint32_t id)
{
	const struct rpc *rpc = with;
	unsigned place = place_of(id);

	if (place < rpc->window)
		__builtin_prefetch(rpc->call[place]);
}

// Nor at who made it, who is called while the answer is unpacked. There may be less of it than that, or nothing.
static void arg_call(const void *arg)
{
	for (unsigned i = 0; i < ARG_LINES; i++)
		__builtin_prefetch((const void *)((uintptr_t)arg + i * CACHE_LINE));
}

static void on_answer(void *with, uint32_t id, const uint8_t *body, size_t length)
{
	struct rpc *rpc = with;
	struct call *call = call_of(rpc, id);
	Shoal__Oss__Response *response;

	if (!call || !call->done)
		return; // too late
	arg_call(call->arg);
	arena_reset(&rpc->arena);
	response = unpack(&shoal__oss__response__descriptor, &rpc->arena.allocator, body, length);
	if (response && response->status)
		call_end(rpc, call, response, 0);
	else
		call_end(rpc, call, NULL, -EPROTO);
}

static void on_written(void *with, struct wire_frame *frame)
{
	struct call *call = (struct call *)frame;

	if (!call->done)
		call_free(with, call);
}

// ---- The connection

// Pauses grow until ctrl has greeted.
static void retry_later(struct rpc *rpc, uint64_t now_ns, int error)
{
	rpc->error = error;
	rpc->retry_ns = now_ns + rpc->pause_ns;
	rpc->pause_ns = rpc->pause_ns * 2 < RETRY_MOST_NS ? rpc->pause_ns * 2 : RETRY_MOST_NS;
	timer_arm(rpc, rpc->retry_ns);
}

static void connection_try(struct rpc *rpc, uint64_t now_ns)
{
	int error = wire_connect(&rpc->wire);

	rpc->error = 0;
	rpc->retry_ns = 0;
	if (error)
		retry_later(rpc, now_ns, error);
}

// Everything that has no answer goes again.
static void connection_lost(struct rpc *rpc, int error)
{
	wire_close(&rpc->wire);
	for (unsigned place = 0; place < rpc->window; place++) {
		struct call *call = rpc->call[place];

		if (call && call->done)
			wire_queue(&rpc->wire, &call->frame);
		else if (call)
			call_free(rpc, call);
	}
	retry_later(rpc, clock_ns(), error);
}

static void connection_serve(struct rpc *rpc, uint32_t events)
{
	int error = 0;

	if (events & EPOLLOUT)
		error = wire_write(&rpc->wire);
	if (!error && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		error = wire_read(&rpc->wire);
	if (!error && rpc->wire.greeted)
		rpc->pause_ns = RETRY_FIRST_NS;
	if (error)
		connection_lost(rpc, error);
}

static void deadlines_look(struct rpc *rpc, uint64_t now_ns)
{
	uint64_t next_ns = rpc->retry_ns ? rpc->retry_ns : UINT64_MAX;

	for (unsigned place = 0; place < rpc->window; place++) {
		struct call *call = rpc->call[place];

		if (call && call->done && call->deadline_ns <= now_ns)
			call_end(rpc, call, NULL, rpc->error ? rpc->error : -ETIMEDOUT);
		else if (call && call->done && call->deadline_ns < next_ns)
			next_ns = call->deadline_ns;
	}
	if (next_ns < UINT64_MAX)
		timer_arm(rpc, next_ns);
}

static void timer_serve(struct rpc *rpc)
{
	uint64_t rang, now_ns = clock_ns();

	if (read(rpc->timer, &rang, sizeof(rang)) != sizeof(rang))
		return;
	rpc->armed_ns = 0;
	if (rpc->retry_ns && rpc->retry_ns <= now_ns)
		connection_try(rpc, now_ns);
	deadlines_look(rpc, now_ns);
}

void rpc_work(struct rpc *rpc)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(rpc->epoll, events, EVENTS, 0);

	for (int i = 0; i < count; i++)
		if (events[i].data.ptr == &rpc->timer)
			timer_serve(rpc);
		else if (rpc->wire.fd >= 0)
			connection_serve(rpc, events[i].events);
}

int rpc_fd(const struct rpc *rpc)
{
	return rpc->epoll;
}

// ---- Opening

static int places_open(struct rpc *rpc)
{
	rpc->turn = calloc(rpc->window, sizeof(*rpc->turn));
	rpc->vacant = calloc(rpc->window, sizeof(*rpc->vacant));
	rpc->call = calloc(rpc->window, sizeof(struct call *));
	if (!rpc->turn || !rpc->vacant || !rpc->call)
		return -ENOMEM;
	for (unsigned i = 0; i < rpc->window; i++)
		rpc->vacant[i] = (uint16_t)(rpc->window - 1 - i);
	return 0;
}

static int descriptors_open(struct rpc *rpc)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = &rpc->timer };

	rpc->epoll = epoll_create1(EPOLL_CLOEXEC);
	rpc->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (rpc->epoll < 0 || rpc->timer < 0 || epoll_ctl(rpc->epoll, EPOLL_CTL_ADD, rpc->timer, &event) < 0)
		return -errno;
	return 0;
}

int rpc_open(const char *url, unsigned window, struct rpc **made)
{
	struct rpc *rpc = calloc(1, sizeof(*rpc));
	int error;

	if (!rpc)
		return -ENOMEM;
	*rpc = (struct rpc){ .window = window, .epoll = -1, .timer = -1, .pause_ns = RETRY_FIRST_NS };
	rpc->spare = (struct spares){ .bytes = sizeof(struct call) + CALL_USUAL, .most = window };
	arena_open(&rpc->arena, ANSWER_UNPACKED_MAX);
	error = window && window <= RPC_WINDOW_MAX ? places_open(rpc) : -EINVAL;
	if (!error)
		error = descriptors_open(rpc);
	wire_open(&rpc->wire, rpc->epoll, &(const struct wire_ears){ on_next, on_answer, on_written, rpc });
	if (!error)
		error = wire_address(&rpc->wire, url);
	if (error) {
		rpc_close(rpc);
		return error;
	}
	connection_try(rpc, clock_ns());
	*made = rpc;
	return 0;
}

void rpc_close(struct rpc *rpc)
{
	rpc->closing = true;
	wire_close(&rpc->wire);
	for (unsigned place = 0; rpc->call && place < rpc->window; place++)
		if (rpc->call[place])
			call_end(rpc, rpc->call[place], NULL, -ECANCELED);
	if (rpc->timer >= 0)
		close(rpc->timer);
	if (rpc->epoll >= 0)
		close(rpc->epoll);
	arena_close(&rpc->arena);
	spares_close(&rpc->spare);
	free(rpc->call);
	free(rpc->vacant);
	free(rpc->turn);
	free(rpc);
}
