// test_rpc.c - the front ends' client against ctrl's own door, and against doors that are nobody's. One thread plays both sides.
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "ctrl/client/rpc.h"
#include "ctrl/door/oss.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define PATIENCE_NS 60000000000ull
#define CALLS 500u

static struct conf conf;
static struct refusals refusals;
static struct oss *oss; // null: ctrl is not there
static struct rpc *rpc;
static char folder[32], url[64];
static struct request *held; // not answered yet, the last one first
static unsigned taken;
static bool hold;

struct told {
	unsigned count;
	int error;
	uint64_t total;
};
static struct told told[CALLS];
static unsigned heard;

static void on_done(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct told *to = arg;

	heard++;
	to->count++;
	to->error = error;
	to->total = response && response->session_list ? response->session_list->total : 0;
}

// Says the list's `after` back as its total.
static void answer(struct request *request)
{
	Shoal__Oss__Request *asked = shoal__oss__request__unpack(NULL, request->length, request->bytes);
	Shoal__Oss__Response response = SHOAL__OSS__RESPONSE__INIT;
	Shoal__Oss__Status status = SHOAL__OSS__STATUS__INIT;
	Shoal__Oss__SessionListAnswer list = SHOAL__OSS__SESSION_LIST_ANSWER__INIT;

	assert_non_null(asked);
	assert_int_equal(asked->version, 1);
	list.total = asked->session_list->after;
	response.status = &status;
	response.body_case = SHOAL__OSS__RESPONSE__BODY_SESSION_LIST;
	response.session_list = &list;
	request->answer_bytes = shoal__oss__response__get_packed_size(&response);
	request->answer = malloc(request->answer_bytes);
	shoal__oss__response__pack(&response, request->answer);
	shoal__oss__request__free_unpacked(asked, NULL);
	request->answered(request);
}

static void on_request(void *with, struct request *request)
{
	taken++;
	request->next = held;
	held = request;
}

static void on_alarm(void *with, const char *text)
{
}

static void serve(void)
{
	if (oss)
		oss_serve(oss);
	while (held && !hold) {
		struct request *first = held;

		held = first->next; // before: an answer may bring the next request
		answer(first);
	}
}

// Both sides work until the count is reached; nobody sleeps longer than it takes the other to act.
static void until(const unsigned *count, unsigned wanted)
{
	uint64_t begin = clock_ns();

	while (*count < wanted) {
		struct pollfd fds[2] = { { rpc_fd(rpc), POLLIN, 0 }, { oss ? oss_fd(oss) : -1, POLLIN, 0 } };

		assert_true(clock_ns() - begin < PATIENCE_NS);
		poll(fds, 2, 1000);
		if (fds[0].revents)
			rpc_work(rpc);
		serve();
	}
}

static void ctrl_begins(void)
{
	assert_int_equal(oss_open(&(struct oss_needs){ &conf, &refusals, on_request, on_alarm, NULL }, &oss), 0);
}

static void ctrl_ends(void)
{
	hold = false;
	oss_close(oss);
	oss = NULL;
	while (held) { // what it had in hand goes with it
		struct request *first = held;

		held = first->next;
		free(first);
	}
}

static int ask(unsigned i, uint32_t deadline_ms, char *imsi)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;

	list.after = i;
	list.imsi_prefix = imsi;
	request.deadline_ms = deadline_ms;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	return rpc_call(rpc, &request, on_done, &told[i]);
}

static int setup(void **state)
{
	log_open("test", "error");
	snprintf(folder, sizeof(folder), "/tmp/test-rpc.XXXXXX");
	assert_non_null(mkdtemp(folder));
	conf = (struct conf){ .oss_urls = 1 };
	snprintf(url, sizeof(url), "ipc://%s/oss", folder);
	snprintf(conf.oss_url[0], sizeof(conf.oss_url[0]), "%s", url);
	snprintf(conf.event_url, sizeof(conf.event_url), "ipc://%s/events", folder);
	memset(told, 0, sizeof(told));
	held = NULL;
	hold = false;
	taken = heard = 0;
	rpc = NULL;
	ctrl_begins();
	return 0;
}

static int teardown(void **state)
{
	if (rpc)
		rpc_close(rpc);
	if (oss)
		ctrl_ends();
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

static void each_call_hears_its_own_answer_once(void **state)
{
	assert_int_equal(rpc_open(url, CALLS, &rpc), 0);
	for (unsigned round = 1; round <= 3; round++) {
		for (unsigned i = 0; i < CALLS; i++)
			assert_int_equal(ask(i, 60000, ""), 0);
		assert_int_equal(ask(0, 0, ""), -EAGAIN);
		assert_int_equal(rpc_under_way(rpc), CALLS);
		until(&heard, round * CALLS);
		assert_int_equal(rpc_under_way(rpc), 0);
		for (unsigned i = 0; i < CALLS; i++) {
			assert_int_equal(told[i].count, round);
			assert_int_equal(told[i].error, 0);
			assert_int_equal(told[i].total, i);
		}
	}
	assert_int_equal(taken, 3 * CALLS);
}

static unsigned again;

static void asks_again(void *arg, const Shoal__Oss__Response *response, int error)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;

	assert_non_null(response);
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	if (++again < 100)
		assert_int_equal(rpc_call(rpc, &request, asks_again, NULL), 0);
}

static void one_may_ask_out_of_an_answer(void **state)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;

	again = 0;
	assert_int_equal(rpc_open(url, 1, &rpc), 0);
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	assert_int_equal(rpc_call(rpc, &request, asks_again, NULL), 0);
	until(&again, 100);
}

static void ctrl_may_come_later(void **state)
{
	ctrl_ends();
	assert_int_equal(rpc_open(url, 8, &rpc), 0);
	assert_int_equal(ask(3, 60000, ""), 0);
	rpc_work(rpc);
	ctrl_begins();
	until(&heard, 1);
	assert_int_equal(told[3].error, 0);
	assert_int_equal(told[3].total, 3);
}

static void what_had_no_answer_is_sent_to_the_next_ctrl(void **state)
{
	assert_int_equal(rpc_open(url, 64, &rpc), 0);
	hold = true;
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(ask(i, 60000, ""), 0);
	until(&taken, 40);
	ctrl_ends();
	assert_int_equal(heard, 0);
	for (unsigned i = 40; i < 64; i++)
		assert_int_equal(ask(i, 60000, ""), 0);
	ctrl_begins();
	until(&heard, 64);
	assert_int_equal(taken, 40 + 64);
	for (unsigned i = 0; i < 64; i++)
		assert_true(told[i].count == 1 && !told[i].error && told[i].total == i);
}

static void a_deadline_ends_the_waiting_and_late_words_are_nobodys(void **state)
{
	assert_int_equal(rpc_open(url, 2, &rpc), 0);
	hold = true;
	assert_int_equal(ask(1, 1, ""), 0);
	until(&heard, 1);
	assert_int_equal(told[1].error, -ETIMEDOUT);
	assert_int_equal(rpc_under_way(rpc), 0);
	hold = false;
	assert_int_equal(ask(2, 60000, ""), 0); // in the same place
	serve();                                // the late answer comes first
	until(&heard, 2);
	assert_int_equal(told[1].count, 1);
	assert_int_equal(told[2].total, 2);
}

// Larger than a socket takes: half of it is out when it is given up, and the stream stays in step.
static void one_given_up_half_written_goes_out_whole(void **state)
{
	static char large[900000];

	assert_int_equal(rpc_open(url, 2, &rpc), 0);
	memset(large, '1', sizeof(large) - 1);
	assert_int_equal(ask(1, 1, large), 0);
	while (!heard) { // ctrl reads nothing meanwhile
		poll(&(struct pollfd){ rpc_fd(rpc), POLLIN, 0 }, 1, 1000);
		rpc_work(rpc);
	}
	assert_int_equal(told[1].error, -ETIMEDOUT);
	assert_int_equal(rpc_under_way(rpc), 1); // its bytes
	assert_int_equal(ask(2, 60000, ""), 0);
	until(&heard, 2);
	assert_int_equal(told[2].total, 2);
	assert_int_equal(taken, 2);
	assert_int_equal(rpc_under_way(rpc), 0);
}

static void without_ctrl_a_deadline_says_so(void **state)
{
	ctrl_ends();
	assert_int_equal(rpc_open(url, 2, &rpc), 0);
	assert_int_equal(ask(1, 1, ""), 0);
	until(&heard, 1);
	assert_int_equal(told[1].error, -ENOENT);
}

static void closing_tells_everybody(void **state)
{
	assert_int_equal(rpc_open(url, 8, &rpc), 0);
	hold = true;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(ask(i, 0, ""), 0);
	until(&taken, 8);
	rpc_close(rpc);
	rpc = NULL;
	for (unsigned i = 0; i < 8; i++)
		assert_true(told[i].count == 1 && told[i].error == -ECANCELED);
}

static void refuses_what_cannot_be(void **state)
{
	static char large[1100000], far[200] = "ipc://";

	memset(large, '1', sizeof(large) - 1);
	memset(far + 6, 'x', 150);
	assert_int_equal(rpc_open("tls+tcp://192.0.2.1:4711", 1, &rpc), -EPROTONOSUPPORT);
	assert_int_equal(rpc_open(far, 1, &rpc), -ENAMETOOLONG);
	assert_int_equal(rpc_open(url, 0, &rpc), -EINVAL);
	assert_int_equal(rpc_open(url, RPC_WINDOW_MAX + 1, &rpc), -EINVAL);
	assert_int_equal(rpc_open(url, 1, &rpc), 0);
	assert_int_equal(ask(1, 0, large), -EMSGSIZE);
	assert_int_equal(rpc_under_way(rpc), 0);
}

// Whoever listens there greets as somebody else, says nonsense or hangs up: the caller hears of it at the deadline, and no earlier.
static void a_stranger_costs_only_time(void **state)
{
	static const char *const words[] = { "\0SP\0\0\x10\0\0", "HTTP/1.1 400", "",
					     "\0SP\0\0\x31\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff",
					     "\0SP\0\0\x31\0\0\x01\0\0\0\0\0\0\0\x02\xff\xff" };
	static const size_t lengths[] = { 8, 12, 0, 17, 19 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int door = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	unsigned came = 0;
	int opened[64];

	ctrl_ends();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", url + 6);
	assert_int_equal(bind(door, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(door, 8), 0);
	assert_int_equal(rpc_open(url, 2, &rpc), 0);
	assert_int_equal(ask(1, 2000, ""), 0);
	while (!heard) {
		struct pollfd fds[2] = { { rpc_fd(rpc), POLLIN, 0 }, { door, POLLIN, 0 } };
		int fd;

		poll(fds, 2, 1000);
		rpc_work(rpc);
		fd = accept(door, NULL, NULL);
		if (fd < 0)
			continue;
		assert_int_equal(write(fd, words[came % 5], lengths[came % 5]), (ssize_t)lengths[came % 5]);
		opened[came++] = fd;
		if (!lengths[(came - 1) % 5]) // the others are left to the caller to hang up on
			shutdown(fd, SHUT_RDWR);
		assert_true(came < 64);
	}
	assert_true(came >= 5);
	while (came > 0)
		close(opened[--came]);
	assert_true(told[1].error == -EPROTO || told[1].error == -ECONNRESET || told[1].error == -EPIPE);
	close(door);
	unlink(url + 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_call_hears_its_own_answer_once, setup, teardown),
		cmocka_unit_test_setup_teardown(one_may_ask_out_of_an_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(ctrl_may_come_later, setup, teardown),
		cmocka_unit_test_setup_teardown(what_had_no_answer_is_sent_to_the_next_ctrl, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deadline_ends_the_waiting_and_late_words_are_nobodys, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_given_up_half_written_goes_out_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(without_ctrl_a_deadline_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(closing_tells_everybody, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_cannot_be, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stranger_costs_only_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
