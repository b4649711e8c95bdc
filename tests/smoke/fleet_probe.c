// fleet_probe.c - gives the primary orders that cannot be, over fleet.ipc, and looks at its reasons. fleet_probe URL
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

#include "proto/fleet.pb-c.h"
#include "shared/wire/shard.h"

#define WAIT_MS 30000

static nng_socket dial;
static int failed;

static Shoal__Fleet__Answer *ask(const uint8_t *bytes, size_t length)
{
	Shoal__Fleet__Answer *answer = NULL;
	nng_msg *message;

	if (nng_msg_alloc(&message, 0) || nng_msg_append(message, bytes, length) || nng_sendmsg(dial, message, 0))
		return NULL;
	if (nng_recvmsg(dial, &message, 0))
		return NULL;
	answer = shoal__fleet__answer__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
	nng_msg_free(message);
	return answer;
}

// The answer has this error, and its text names the field.
static void expect(const uint8_t *bytes, size_t length, int error, const char *names)
{
	Shoal__Fleet__Answer *answer = ask(bytes, length);

	if (!answer || answer->error != error || !strstr(answer->message, names)) {
		printf("wanted %d and '%s', got %d: %s\n", error, names, answer ? answer->error : -1,
		       answer ? answer->message : "no answer");
		failed = 1;
	}
	shoal__fleet__answer__free_unpacked(answer, NULL);
}

static void order(Shoal__Fleet__Order *with, int error, const char *names)
{
	uint8_t bytes[1024];

	with->version = 1;
	expect(bytes, shoal__fleet__order__pack(with, bytes), error, names);
}

static void seat(uint32_t number, int verb, uint32_t nest, int error, const char *names)
{
	Shoal__Fleet__SeatOrder body = SHOAL__FLEET__SEAT_ORDER__INIT;
	Shoal__Fleet__Order with = SHOAL__FLEET__ORDER__INIT;

	body.seat = number;
	body.verb = verb;
	body.nest = nest;
	body.guest = number == 15;
	with.body_case = SHOAL__FLEET__ORDER__BODY_SEAT;
	with.seat = &body;
	order(&with, error, names);
}

static void move(uint32_t shard, uint32_t to, int error, const char *names)
{
	Shoal__Fleet__Move body = SHOAL__FLEET__MOVE__INIT;
	Shoal__Fleet__Order with = SHOAL__FLEET__ORDER__INIT;

	body.shard = shard;
	body.seat = to;
	with.body_case = SHOAL__FLEET__ORDER__BODY_MOVE;
	with.move = &body;
	order(&with, error, names);
}

static void nest(int verb, uint32_t number, const char *path, int error, const char *names)
{
	Shoal__Fleet__NestOrder body = SHOAL__FLEET__NEST_ORDER__INIT;
	Shoal__Fleet__Order with = SHOAL__FLEET__ORDER__INIT;

	body.verb = verb;
	body.nest = number;
	body.path = (char *)path;
	with.body_case = SHOAL__FLEET__ORDER__BODY_NEST;
	with.nest = &body;
	order(&with, error, names);
}

static void trace(Shoal__Fleet__TraceKey key, unsigned times, const char *names)
{
	Shoal__Fleet__TraceKey *keys[2] = { &key, &key };
	Shoal__Fleet__Traces body = SHOAL__FLEET__TRACES__INIT;
	Shoal__Fleet__Order with = SHOAL__FLEET__ORDER__INIT;

	body.n_keys = times;
	body.keys = keys;
	with.body_case = SHOAL__FLEET__ORDER__BODY_TRACES;
	with.traces = &body;
	order(&with, EINVAL, names);
}

static void ask_traces(void)
{
	Shoal__Fleet__TraceKey key = SHOAL__FLEET__TRACE_KEY__INIT;

	key.number = 5, key.teid = 1, key.snap = 64, key.per_second = 10;
	trace(key, 2, "keys.place");
	key.place = 8;
	trace(key, 1, "keys.place");
	key.place = 7, key.snap = 4096;
	trace(key, 1, "keys.snap");
	key.snap = 1, key.per_second = 100001;
	trace(key, 1, "keys.per_second");
	key.per_second = 1, key.teid = 0;
	trace(key, 1, "keys.teid");
	key.teid = 1, key.number = 0;
	trace(key, 1, "keys.number");
}

static void drop(uint64_t number, uint32_t shard, uint32_t slot, int error, const char *names)
{
	Shoal__Fleet__DropCell cell = SHOAL__FLEET__DROP_CELL__INIT, *list = &cell;
	Shoal__Fleet__Drop body = SHOAL__FLEET__DROP__INIT;
	Shoal__Fleet__Order with = SHOAL__FLEET__ORDER__INIT;

	cell.shard = shard;
	cell.slot = slot;
	body.number = number;
	body.n_cells = 1;
	body.cells = &list;
	with.body_case = SHOAL__FLEET__ORDER__BODY_DROP;
	with.drop = &body;
	order(&with, error, names);
}

static void ask_all(void)
{
	seat(16, SHOAL__FLEET__SEAT_VERB__SEAT_START, 0, EINVAL, "seat 16");
	seat(1, 77, 0, EINVAL, "verb 77");
	seat(1, SHOAL__FLEET__SEAT_VERB__SEAT_START, 2, EINVAL, "nest 2");
	seat(7, SHOAL__FLEET__SEAT_VERB__SEAT_START, 1, ENOENT, "nest 1");
	seat(15, SHOAL__FLEET__SEAT_VERB__SEAT_START, 0, EINVAL, "guest");
	seat(15, SHOAL__FLEET__SEAT_VERB__SEAT_DRAIN, 0, EINVAL, "seat 15");
	seat(9, SHOAL__FLEET__SEAT_VERB__SEAT_DRAIN, 0, ENOENT, "seat 9");
	seat(9, SHOAL__FLEET__SEAT_VERB__SEAT_JOIN, 0, ENOENT, "seat 9");
	move(256, 0, EINVAL, "shard 256");
	move(1, 15, EINVAL, "seat 15");
	move(1, 9, ENOENT, "seat 9");
	nest(77, 0, "", EINVAL, "verb 77");
	nest(SHOAL__FLEET__NEST_VERB__NEST_RETIRE, 9, "", EINVAL, "nest 9");
	nest(SHOAL__FLEET__NEST_VERB__NEST_RETIRE, 0, "", EBUSY, "nest 0");
	nest(SHOAL__FLEET__NEST_VERB__NEST_HOME, 1, "", EBUSY, "nest 1");
	nest(SHOAL__FLEET__NEST_VERB__NEST_LOAD, 0, "bin/sh", EPERM, "path");
	nest(SHOAL__FLEET__NEST_VERB__NEST_LOAD, 0, "/tmp", EPERM, "path");
	ask_traces();
	drop(0, 0, 0, EINVAL, "number");
	drop(1, SHARDS, 0, EINVAL, "shard");
	drop(1, 0, 1u << 16, EINVAL, "slot");
	expect((const uint8_t *)"\xff\xff\xff", 3, EBADMSG, "not an order");
	expect((const uint8_t *)"", 0, EPROTONOSUPPORT, "version");
}

int main(int argc, char **argv)
{
	if (argc != 2 || nng_req0_open(&dial) || nng_socket_set_ms(dial, NNG_OPT_SENDTIMEO, WAIT_MS) ||
	    nng_socket_set_ms(dial, NNG_OPT_RECVTIMEO, WAIT_MS) || nng_dial(dial, argv[1], NULL, 0)) {
		fputs("no connection\n", stderr);
		return 2;
	}
	ask_all();
	return failed;
}
