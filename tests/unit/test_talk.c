// test_talk.c - conversations over Unix sockets: NNG's PAIR at the other end, others, peers that don't read, and peers that die while
// both are speaking.
#include <errno.h>
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/reqrep0/req.h>
#include "proto/talk.h"
#include "shared/base/clock.h"

#define MESSAGE_MAX 300000u
#define PATIENCE_NS 60000000000ull
#define DEATHS 400u

static const struct talk_terms terms = { SP_PAIR, SP_PAIR, MESSAGE_MAX };
static char folder[64], path[80], url[96];
static struct talk_door door;
static struct talk talk = TALK_NOBODY;
static uint8_t bytes[MESSAGE_MAX + 1];

static int setup(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/test-talk.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/door", folder);
	snprintf(url, sizeof(url), "ipc://%s", path);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 9));
	assert_int_equal(talk_listen(&door, path), 0);
	return 0;
}

static int teardown(void **state)
{
	talk_end(&talk);
	talk_shut(&door);
	rmdir(folder);
	return 0;
}

static void rest(void)
{
	nanosleep(&(struct timespec){ 0, 100000 }, NULL);
}

static void let_in(void)
{
	uint64_t begin = clock_ns();

	while (talk_accept(&door, &terms, &talk) && clock_ns() - begin < PATIENCE_NS)
		rest();
	assert_true(talk.fd >= 0);
}

// What talk_hear comes to in the end.
static int hear(struct talk *from, const uint8_t **message, size_t *length)
{
	uint64_t begin = clock_ns();
	int error;

	while ((error = talk_hear(from, message, length)) == -EAGAIN && clock_ns() - begin < PATIENCE_NS)
		rest();
	return error;
}

static int ends_with(void)
{
	const uint8_t *message;
	size_t length;

	return hear(&talk, &message, &length);
}

static void say(struct talk *to, const void *message, size_t length)
{
	uint8_t *room;

	assert_int_equal(talk_room(to, length, &room), 0);
	memcpy(room, message, length);
	assert_int_equal(talk_say(to, length), 0);
}

static void both_ways(nng_socket pair)
{
	static const size_t lengths[] = { 0, 1, 9, 4096, MESSAGE_MAX };
	const uint8_t *message;
	size_t length, got;

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		nng_msg *heard;
		uint64_t begin = clock_ns();

		assert_int_equal(nng_send(pair, bytes, lengths[i], 0), 0);
		assert_int_equal(hear(&talk, &message, &length), 0);
		assert_int_equal(length, lengths[i]);
		assert_memory_equal(message, bytes, length);
		say(&talk, bytes, lengths[i]);
		while (nng_recvmsg(pair, &heard, NNG_FLAG_NONBLOCK) && clock_ns() - begin < PATIENCE_NS)
			assert_int_equal(talk_flush(&talk), 0);
		got = nng_msg_len(heard);
		assert_int_equal(got, lengths[i]);
		assert_memory_equal(nng_msg_body(heard), bytes, got);
		nng_msg_free(heard);
	}
	nng_close(pair);
	assert_int_equal(ends_with(), -ECONNRESET);
}

static void a_pair_of_nngs_comes(void **state)
{
	nng_socket pair;

	nng_pair0_open(&pair);
	nng_socket_set_size(pair, NNG_OPT_RECVMAXSZ, 0);
	assert_int_equal(nng_dial(pair, url, NULL, NNG_FLAG_NONBLOCK), 0);
	let_in();
	both_ways(pair);
}

static void or_is_gone_to(void **state)
{
	nng_socket pair;
	char theirs[100];

	nng_pair0_open(&pair);
	nng_socket_set_size(pair, NNG_OPT_RECVMAXSZ, 0);
	snprintf(theirs, sizeof(theirs), "%s.nng", url);
	assert_int_equal(nng_listen(pair, theirs, NULL, 0), 0);
	assert_int_equal(talk_dial(&talk, &terms, theirs + strlen("ipc://")), 0);
	both_ways(pair);
}

static int caller(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	let_in();
	return fd;
}

static void after(const char *said, size_t length, int error)
{
	int fd = caller();

	assert_int_equal(write(fd, said, length), length);
	shutdown(fd, SHUT_WR);
	assert_int_equal(ends_with(), error);
	talk_end(&talk);
	close(fd);
}

#define GREETED "\0SP\0\0\x10\0\0"

static void nonsense_ends_it(void **state)
{
	after("\0SP\0\0\x30\0\0", 8, -EPROTO);
	after("GET / HTTP/1.1\r\n", 16, -EPROTO);
	after("\0SP\0", 4, -ECONNRESET);
	after(GREETED "\2\0\0\0\0\0\0\0\1x", 18, -EBADMSG);
	after(GREETED "\1\0\0\0\1\0\0\0\0", 17, -EMSGSIZE);
	after(GREETED "\1\xff\xff\xff\xff\xff\xff\xff\xff", 17, -EMSGSIZE);
	after(GREETED "\1\0\0\0\0\0\0\0\5part", 21, -ECONNRESET);
}

static void other_protocols_are_not_answered(void **state)
{
	nng_socket req;

	nng_req0_open(&req);
	nng_dial(req, url, NULL, NNG_FLAG_NONBLOCK);
	let_in();
	assert_int_equal(ends_with(), -EPROTO);
	talk_end(&talk);
	assert_int_equal(ends_with(), -ENOTCONN);
	nng_close(req);
}

// A few bytes at a time: it is the same message.
static void in_pieces(void **state)
{
	static const char said[] = GREETED "\1\0\0\0\0\0\0\0\3one\1\0\0\0\0\0\0\0\3two";
	int fd = caller();
	const uint8_t *message;
	unsigned heard = 0;
	size_t length;

	for (size_t i = 0; i < sizeof(said) - 1; i++) {
		assert_int_equal(write(fd, said + i, 1), 1);
		if (talk_hear(&talk, &message, &length))
			continue;
		assert_int_equal(length, 3);
		assert_memory_equal(message, heard++ ? "two" : "one", 3);
	}
	assert_int_equal(heard, 2);
	close(fd);
}

static void who_does_not_read_holds_up_himself(void **state)
{
	struct talk reader = TALK_NOBODY;
	unsigned said = 0, heard = 0;
	const uint8_t *message;
	uint8_t *room;
	size_t length;

	assert_int_equal(talk_dial(&reader, &terms, path), 0);
	let_in();
	assert_int_equal(talk_poll(&talk, true).events, POLLIN);
	for (; said < 1000 && !talk_room(&talk, 4096, &room); said++) {
		memset(room, (int)said, 4096);
		assert_int_equal(talk_say(&talk, 4096), 0);
	}
	assert_in_range(said, 2, 999);
	assert_true(talk_busy(&talk));
	assert_int_equal(talk_poll(&talk, false).events, POLLOUT);
	assert_int_equal(talk_room(&talk, 1, &room), -EAGAIN);
	for (; heard < said; heard++) {
		assert_int_equal(talk_flush(&talk), 0);
		assert_int_equal(hear(&reader, &message, &length), 0);
		assert_int_equal(length, 4096);
		assert_int_equal(message[4095], heard & 0xff);
	}
	assert_false(talk_busy(&talk));
	talk_end(&reader);
	assert_int_equal(talk_say(&talk, 0), -EPIPE);
}

static void one_listens(void **state)
{
	struct talk_door second;
	struct stat about;

	stat(path, &about);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(talk_listen(&second, path), -EADDRINUSE);
	close(door.fd); // as a process that dies
	assert_int_equal(talk_dial(&talk, &terms, path), -ECONNREFUSED);
	assert_int_equal(talk_listen(&door, path), 0);
	talk_shut(&door);
	assert_int_equal(talk_dial(&talk, &terms, path), -ENOENT);
	assert_int_equal(talk_room(&talk, 1, &(uint8_t *){ NULL }), -ENOTCONN);
	memset(bytes, 'x', 200);
	bytes[200] = '\0';
	assert_int_equal(talk_dial(&talk, &terms, (char *)bytes), -ENAMETOOLONG);
	assert_int_equal(talk_listen(&door, (char *)bytes), -ENAMETOOLONG);
}

static void strangers_are_closed_unread(void **state)
{
	uint64_t begin = clock_ns();
	int error = -EAGAIN;
	pid_t child;

	if (geteuid())
		skip();
	chmod(folder, 0755);
	chmod(path, 0666); // somebody was careless
	child = fork();
	if (!child) {
		// From where it stands: folders above may be closed to it. It may be shown out before it has greeted.
		if (chdir(folder) || setgid(65534) || setuid(65534))
			_exit(1);
		error = talk_dial(&talk, &terms, "door");
		if (error)
			_exit(error == -EPIPE || error == -ECONNRESET ? 0 : 3);
		_exit(hear(&talk, &(const uint8_t *){ NULL }, &(size_t){ 0 }) == -ECONNRESET ? 0 : 2);
	}
	while (error == -EAGAIN && clock_ns() - begin < PATIENCE_NS)
		error = talk_accept(&door, &terms, &talk);
	assert_int_equal(error, -EACCES);
	waitpid(child, &error, 0);
	assert_int_equal(error, 0);
}

// ---- Deaths

static unsigned descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

static void speak_for_ever(void)
{
	const uint8_t *message;
	uint8_t *room;
	size_t length;

	while (talk_dial(&talk, &terms, path))
		rest();
	for (;;) {
		if (!talk_room(&talk, 4000, &room))
			talk_say(&talk, 4000);
		talk_flush(&talk);
		talk_hear(&talk, &message, &length);
	}
}

// A courier that is shot while ctrl and it are speaking, again and again: the next one gets through, and nothing is left of the last.
static void whoever_dies_leaves_nothing_behind(void **state)
{
	unsigned before = descriptors(), heard;
	const uint8_t *message;
	uint8_t *room;
	size_t length;

	for (unsigned death = 0; death < DEATHS; death++) {
		uint64_t begin = clock_ns();
		pid_t child = fork();
		int error = 0;

		if (!child)
			speak_for_ever();
		let_in();
		for (heard = 0; error != -ECONNRESET && error != -EPIPE && clock_ns() - begin < PATIENCE_NS;) {
			if (!talk_room(&talk, 3000, &room))
				error = talk_say(&talk, 3000);
			if (!error || error == -EAGAIN)
				error = talk_flush(&talk);
			if (!error)
				error = talk_hear(&talk, &message, &length);
			if (!error && ++heard == death % 50)
				kill(child, SIGKILL);
			if (death % 50 == 0)
				kill(child, SIGKILL);
		}
		assert_true(error == -ECONNRESET || error == -EPIPE);
		talk_end(&talk);
		waitpid(child, &error, 0);
	}
	assert_int_equal(descriptors(), before);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_pair_of_nngs_comes),
		CASE(or_is_gone_to),
		CASE(nonsense_ends_it),
		CASE(other_protocols_are_not_answered),
		CASE(in_pieces),
		CASE(who_does_not_read_holds_up_himself),
		CASE(one_listens),
		CASE(strangers_are_closed_unread),
		CASE(whoever_dies_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
