// test_caller.c - one connection: what comes in pieces of any size becomes the requests it was, and memory is kept for what came alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "ctrl/door/call.h"
#include "ctrl/door/oss.h"
#include "shared/wire/cursor.h"

#define FLOOD 600u
#define LENGTH(i) (1 + (i)*7919u % 3000) // of a body
#define ROOM (FLOOD * 4096u)

static const char greeting[] = "\0SP\0\0\x30\0\0";
static struct request *first;
static struct listener listener;
static struct caller_desk desk;
static struct caller *caller;
static int far; // the client's end

static void take(void *with, struct request *request)
{
	request->next = first;
	first = request;
}

static void answered(void *with, struct caller *whose)
{
}

// Each request is said back.
static void answer_all(void)
{
	while (first) {
		struct request *request = first;

		first = request->next;
		request->answer = malloc(request->length);
		memcpy(request->answer, request->bytes, request->length);
		request->answer_bytes = request->length;
		request->answered(request);
	}
}

static int setup(void **state)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	listener = (struct listener){ .requests = true, .ipc = true };
	desk = (struct caller_desk){ .take = take,
				     .answered = answered,
				     .buffered_max = OSS_BUFFERED_MAX,
				     .unread_max = OSS_UNREAD_MAX,
				     .calls = CALLS_NONE };
	first = NULL;
	far = ends[1];
	caller = caller_make(ends[0], &listener, 0);
	assert_non_null(caller);
	return 0;
}

static int teardown(void **state)
{
	caller_free(caller, &desk);
	assert_int_equal(desk.buffered, 0);
	assert_int_equal(desk.unread, 0);
	spares_close(&desk.calls);
	close(far);
	return 0;
}

static size_t request_put(uint8_t *at, unsigned i)
{
	*at = 1;
	be64_put(at + 1, 4 + LENGTH(i));
	be32_put(at + 9, 0x80000000u | i);
	memset(at + 13, (int)i, LENGTH(i));
	return 13 + LENGTH(i);
}

static void turn(void)
{
	assert_int_equal(caller_read(caller, &desk, 0), 0);
	answer_all();
	assert_int_equal(caller_resume(caller, &desk, 0), 0);
	assert_int_equal(caller_write(caller), 0);
}

// Sends it in pieces of at most so many bytes, as fast as answers come. Returns what came.
static uint8_t *exchange(const uint8_t *out, size_t bytes, size_t piece)
{
	uint8_t *in = malloc(ROOM);
	size_t sent = 0, got = 0;

	while (got < bytes) {
		ssize_t step = send(far, out + sent, bytes - sent < piece ? bytes - sent : piece, MSG_DONTWAIT);

		sent += step > 0 ? (size_t)step : 0;
		turn();
		step = recv(far, in + got, ROOM - got, MSG_DONTWAIT);
		got += step > 0 ? (size_t)step : 0;
	}
	assert_int_equal(got, bytes);
	return in;
}

static void all_said_back(const uint8_t *in)
{
	uint8_t *one = malloc(4096);
	bool seen[FLOOD] = { false };

	in += 8;
	for (unsigned i = 0; i < FLOOD; i++) {
		unsigned id = be32_get(in + 9) & 0xffff;
		size_t bytes;

		assert_true(id < FLOOD && !seen[id]);
		seen[id] = true;
		bytes = request_put(one, id);
		assert_memory_equal(in, one, bytes);
		in += bytes;
	}
	free(one);
}

static void a_flood_is_taken_whole(void **state)
{
	static const size_t pieces[] = { 700, 4096, 5000, 65536, ROOM };
	uint8_t *out = malloc(ROOM), *at = out + 8, *in;

	memcpy(out, greeting, 8);
	for (unsigned i = 0; i < FLOOD; i++)
		at += request_put(at, i);
	for (unsigned i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		setup(state);
		in = exchange(out, (size_t)(at - out), pieces[i]);
		all_said_back(in);
		assert_int_equal(desk.buffered, 0);
		free(in);
		teardown(state);
	}
	free(out);
}

// However much was read at once: the rest that waits for more has no more room than who sends little gets.
static void half_a_request_keeps_little(void **state)
{
	static uint8_t out[8 + 65536];
	uint8_t *at = out + 8;

	setup(state);
	memcpy(out, greeting, 8);
	for (unsigned i = 0; at < out + sizeof(out) - 4096; i++)
		at += request_put(at, i);
	at += request_put(at, 1) / 2;
	assert_int_equal(send(far, out, (size_t)(at - out), 0), at - out);
	turn();
	assert_in_range(caller->have, 1, 4095);
	assert_int_equal(desk.buffered, 4096);
	teardown(state);
}

// Others have as many answers to read as there may be in all: this one gets its own, a few at a time.
static void where_too_much_is_unread_each_has_few(void **state)
{
	static uint8_t out[65536], in[65536];
	size_t bytes, got = 0;
	uint8_t *at = out + 8;

	setup(state);
	memcpy(out, greeting, 8);
	for (unsigned i = 0; i < 10 * CALLER_WORKING_FEW; i++)
		at += request_put(at, 0); // short ones
	bytes = (size_t)(at - out);
	desk.unread = desk.unread_max;
	assert_int_equal(send(far, out, bytes, 0), bytes);
	assert_int_equal(caller_read(caller, &desk, 0), 0);
	assert_int_equal(caller->working, CALLER_WORKING_FEW);
	for (unsigned i = 0; i < 20 && got < bytes; i++) {
		ssize_t step;

		assert_in_range(caller->working, 1, CALLER_WORKING_FEW);
		turn();
		step = recv(far, in + got, sizeof(in) - got, MSG_DONTWAIT);
		got += step > 0 ? (size_t)step : 0;
	}
	assert_int_equal(got, bytes);
	desk.unread -= desk.unread_max;
	teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_is_taken_whole),
		cmocka_unit_test(half_a_request_keeps_little),
		cmocka_unit_test(where_too_much_is_unread_each_has_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
