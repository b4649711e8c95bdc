// test_oss.c - the RPC's door: NNG clients and clients who are none, on a socket of its own. The desk here says every request back.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include "ctrl/door/caller.h"
#include "ctrl/door/oss.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define PATIENCE_NS 10000000000ull
#define REQUESTS (CALLER_WORKING_MAX + 36)

static struct conf conf;
static struct oss *oss;
static struct refusals refusals;
static char folder[32];
static struct request *held; // not answered yet
static unsigned taken;
static bool hold;

static void say_back(struct request *request)
{
	request->answer = malloc(request->length + 1);
	memcpy(request->answer, request->bytes, request->length);
	request->answer_bytes = request->length;
	request->answered(request);
}

static void on_request(void *with, struct request *request)
{
	taken++;
	request->next = held;
	held = request;
}

static void serve(void)
{
	oss_serve(oss);
	while (held && !hold) {
		struct request *first = held;

		held = first->next; // before: an answer may bring the next request
		say_back(first);
	}
}

// Serves until `done` holds; false: it never did.
static bool serve_until(bool (*done)(void *with), void *with)
{
	uint64_t begin = clock_ns();

	while (!done(with)) {
		serve();
		if (clock_ns() - begin > PATIENCE_NS)
			return false;
		nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	}
	return true;
}

static void on_alarm(void *with, const char *text)
{
}

// One that nobody has now: another run beside this one has another.
static unsigned free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, length), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static int setup(void **state)
{
	log_open("test", "error");
	snprintf(folder, sizeof(folder), "/tmp/test-oss.XXXXXX");
	assert_non_null(mkdtemp(folder));
	conf = (struct conf){ .oss_urls = 1, .doors = 1 };
	snprintf(conf.oss_url[0], sizeof(conf.oss_url[0]), "ipc://%s/oss", folder);
	snprintf(conf.event_url, sizeof(conf.event_url), "ipc://%s/events", folder);
	conf.door[0] = (struct conf_door){ .role = CONF_OPERATE, .plain = CONF_YES };
	snprintf(conf.door[0].url, sizeof(conf.door[0].url), "tcp://127.0.0.1:%u", free_port());
	refusals = (struct refusals){ 0 };
	held = NULL;
	hold = false;
	taken = 0;
	assert_int_equal(oss_open(&(struct oss_needs){ &conf, &refusals, on_request, on_alarm, NULL }, &oss), 0);
	return 0;
}

static int teardown(void **state)
{
	hold = false;
	serve();
	oss_close(oss);
	assert_int_equal(access(conf.oss_url[0] + 6, F_OK), -1); // takes its door with it
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

struct asking {
	nng_ctx context[REQUESTS];
	nng_aio *aio[REQUESTS];
	unsigned count;
	_Atomic unsigned done;
};

static void on_done(void *with)
{
	struct asking *asking = with;

	atomic_fetch_add(&asking->done, 1);
}

static bool all_done(void *with)
{
	struct asking *asking = with;

	return atomic_load(&asking->done) == asking->count;
}

static void ask_all(struct asking *asking, nng_socket req, size_t bytes)
{
	atomic_store(&asking->done, 0);
	for (unsigned i = 0; i < asking->count; i++) {
		nng_msg *message;

		assert_int_equal(nng_msg_alloc(&message, bytes), 0);
		memset(nng_msg_body(message), (int)i, bytes);
		assert_int_equal(nng_ctx_open(&asking->context[i], req), 0);
		assert_int_equal(nng_aio_alloc(&asking->aio[i], on_done, asking), 0);
		nng_aio_set_msg(asking->aio[i], message);
		nng_ctx_send(asking->context[i], asking->aio[i]);
	}
	assert_true(serve_until(all_done, asking));
	atomic_store(&asking->done, 0);
	for (unsigned i = 0; i < asking->count; i++) {
		assert_int_equal(nng_aio_result(asking->aio[i]), 0);
		nng_ctx_recv(asking->context[i], asking->aio[i]);
	}
}

static void hear_all(struct asking *asking, size_t bytes)
{
	assert_true(serve_until(all_done, asking));
	for (unsigned i = 0; i < asking->count; i++) {
		nng_msg *message;

		assert_int_equal(nng_aio_result(asking->aio[i]), 0);
		message = nng_aio_get_msg(asking->aio[i]);
		assert_int_equal(nng_msg_len(message), bytes);
		assert_int_equal(*(uint8_t *)nng_msg_body(message), (uint8_t)i);
		nng_msg_free(message);
		nng_aio_free(asking->aio[i]);
		nng_ctx_close(asking->context[i]);
	}
}

static nng_socket dial(const char *url)
{
	nng_socket req;

	assert_int_equal(nng_req0_open(&req), 0);
	nng_socket_set_size(req, NNG_OPT_RECVMAXSZ, 2u << 20);
	assert_int_equal(nng_dial(req, url, NULL, NNG_FLAG_NONBLOCK), 0);
	return req;
}

// Twice as many requests at once as one connection may have in hand.
static void answers_nng_clients(void **state)
{
	static struct asking asking;

	for (unsigned door = 0; door < 2; door++) {
		nng_socket req = dial(door ? conf.door[0].url : conf.oss_url[0]);

		asking.count = REQUESTS;
		ask_all(&asking, req, 3000);
		hear_all(&asking, 3000);
		asking.count = 3;
		ask_all(&asking, req, CALLER_MESSAGE_MAX - 4); // the largest there is
		hear_all(&asking, CALLER_MESSAGE_MAX - 4);
		nng_close(req);
	}
}

static int connect_raw(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { 5, 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, conf.oss_url[0] + 6);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

struct peer {
	int fd;
	char bytes[256];
	ssize_t got;
};

static bool heard_or_closed(void *with)
{
	struct peer *peer = with;

	peer->got = recv(peer->fd, peer->bytes, sizeof(peer->bytes), MSG_DONTWAIT);
	return peer->got >= 0 || errno == ECONNRESET;
}

static bool is_closed(void *with)
{
	struct peer *peer = with;

	while (heard_or_closed(peer))
		if (peer->got <= 0)
			return true;
	return false;
}

static const char greeting[] = "\0SP\0\0\x30\0\0";

static void nonsense_is_sent_away(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} nonsense[] = {
		{ "GET / HTTP/1.0\r\n\r\n", 18 },
		{ "\0SP\0\0\x10\0\0", 8 },                      // PAIR, not REQ
		{ "\0SP\0\0\x30\0\0\2\0\0\0\0\0\0\0\0", 17 },   // no message
		{ "\0SP\0\0\x30\0\0\1\0\0\0\0\0\x10\0\1", 17 }, // 1 MiB and a byte
		{ "\0SP\0\0\x30\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff", 17 },
		{ "\0SP\0\0\x30\0\0\1\0\0\0\0\0\0\0\0", 17 },         // no request id
		{ "\0SP\0\0\x30\0\0\1\0\0\0\0\0\0\0\4\0\0\0\0", 21 }, // its end missing
	};

	for (unsigned i = 0; i < sizeof(nonsense) / sizeof(*nonsense); i++) {
		struct peer peer = { .fd = connect_raw() };

		assert_true(send(peer.fd, nonsense[i].bytes, nonsense[i].length, MSG_NOSIGNAL) > 0);
		assert_true(serve_until(is_closed, &peer));
		close(peer.fd);
	}
	assert_int_equal(taken, 0);
}

static void half_a_message_has_its_time(void **state)
{
	struct peer silent = { .fd = connect_raw() }, half = { .fd = connect_raw() }, idle = { .fd = connect_raw() };

	assert_int_equal(send(half.fd, greeting, 8, 0), 8);
	assert_int_equal(send(half.fd, "\1\0\0\0\0\0\0\1\0abc", 12, 0), 12);
	assert_int_equal(send(idle.fd, greeting, 8, 0), 8);
	assert_true(serve_until(heard_or_closed, &half));
	assert_true(serve_until(heard_or_closed, &idle));
	assert_memory_equal(idle.bytes, "\0SP\0\0\x31\0\0", 8);
	serve();
	oss_tick(oss, clock_ns());
	assert_false(is_closed(&silent));
	oss_tick(oss, clock_ns() + OSS_PATIENCE_NS + 1);
	assert_true(is_closed(&silent));
	assert_true(is_closed(&half));
	assert_false(is_closed(&idle));
	close(silent.fd);
	close(half.fd);
	close(idle.fd);
}

static bool is_taken(void *with)
{
	return taken > 0;
}

static void a_client_may_leave_before_its_answer(void **state)
{
	struct peer peer = { .fd = connect_raw() };

	hold = true;
	assert_int_equal(send(peer.fd, "\0SP\0\0\x30\0\0\1\0\0\0\0\0\0\0\6\x80\0\0\1hi", 23, 0), 23);
	assert_true(serve_until(is_taken, NULL));
	assert_int_equal(held->length, 2);
	close(peer.fd);
	serve();
	hold = false;
	serve(); // answered to nobody
}

static bool is_loaded(void *with)
{
	return taken == CALLER_WORKING_MAX;
}

static bool all_taken(void *with)
{
	return taken == REQUESTS;
}

// As many in hand as may be: the others, which have come in one piece with them, get their turn all the same.
static void what_has_come_gets_its_turn(void **state)
{
	static const char request[15] = "\1\0\0\0\0\0\0\0\6\x80\0\0\1hi";
	static char bytes[8 + REQUESTS * sizeof(request)];
	struct peer peer = { .fd = connect_raw() };

	memcpy(bytes, greeting, 8);
	for (unsigned i = 0; i < REQUESTS; i++)
		memcpy(bytes + 8 + i * sizeof(request), request, sizeof(request));
	assert_int_equal(send(peer.fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	hold = true;
	assert_true(serve_until(is_loaded, NULL));
	serve();
	assert_int_equal(taken, CALLER_WORKING_MAX);
	hold = false;
	assert_true(serve_until(all_taken, NULL));
	close(peer.fd);
}

// A client that sends and never reads is not read any more, and stops nobody.
static void a_client_that_does_not_read_costs_little(void **state)
{
	static char message[8 + 9 + 4 + 100000] = "\0SP\0\0\x30\0\0\1\0\0\0\0\0\1\x86\xa4\x80";
	static struct asking asking;
	struct peer deaf = { .fd = connect_raw() };
	nng_socket req;

	assert_int_equal(send(deaf.fd, message, 8, 0), 8);
	for (unsigned i = 0; i < 1000; i++) {
		size_t at = 8;

		while (at < sizeof(message)) {
			ssize_t sent = send(deaf.fd, message + at, sizeof(message) - at, MSG_DONTWAIT | MSG_NOSIGNAL);

			serve();
			if (sent < 0)
				break;
			at += (size_t)sent;
		}
		if (at < sizeof(message))
			break;
	}
	assert_in_range(taken, 1, 2 * CALLER_ANSWERS_MAX / 100000);
	req = dial(conf.oss_url[0]);
	asking.count = 1;
	ask_all(&asking, req, 10);
	hear_all(&asking, 10);
	nng_close(req);
	close(deaf.fd);
}

static void the_door_is_the_owners(void **state)
{
	struct stat stat_of;

	assert_int_equal(stat(conf.oss_url[0] + 6, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_nng_clients, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_is_sent_away, setup, teardown),
		cmocka_unit_test_setup_teardown(half_a_message_has_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(a_client_may_leave_before_its_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(what_has_come_gets_its_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(a_client_that_does_not_read_costs_little, setup, teardown),
		cmocka_unit_test_setup_teardown(the_door_is_the_owners, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
