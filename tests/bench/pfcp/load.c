// load.c - an SMF in a hurry: so many sessions made, changed and deleted with so many requests under way, beside a bare UDP echo.
//
//   bench-pfcp echo ADDRESS                             gives back what comes to port 8806
//   bench-pfcp load OWN PEER SESSIONS WINDOW ROUNDS PID...     CSV: round,variant,value (a second),cpu_ns (of those processes, for one)
//   bench-pfcp make OWN PEER SESSIONS WINDOW                   made once, and left there: how many a second
//
// One thread. A request that has no answer for three seconds is sent again, and told at the end; a refusal ends it.
#include <arpa/inet.h>
#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/message.h"
#include "shared/base/clock.h"
#include "tests/unit/pfcp_words.h"

#define ECHO_PORT 8806u
#define AGAIN_NS 3000000000ull
#define SECOND_NS 1000000000ull
#define BUFFER (4 << 20)
#define WINDOW_MAX 4096u

enum work { WORK_ECHO, WORK_ESTABLISH, WORK_MODIFY, WORK_DELETE, WORKS };

static const struct {
	const char *name;
	uint8_t type;
} works[WORKS] = { [WORK_ECHO] = { "echo", PFCP_SESSION_ESTABLISHMENT_REQUEST },
		   [WORK_ESTABLISH] = { "establishments", PFCP_SESSION_ESTABLISHMENT_REQUEST },
		   [WORK_MODIFY] = { "modifications", PFCP_SESSION_MODIFICATION_REQUEST },
		   [WORK_DELETE] = { "deletions", PFCP_SESSION_DELETION_REQUEST } };

struct place { // of a request under way
	bool busy;
	unsigned session;
	uint32_t sequence;
	uint64_t sent_ns;
	size_t bytes;
	uint8_t message[1024];
};

struct load {
	int pfcp, echo;
	uint32_t own; // address
	unsigned sessions, window, next, done, repeats;
	uint32_t sequence;
	enum work work;
	uint64_t *seid; // of each session, at the gateway
	struct place *place;
	struct words words;
	struct pfcp_tree tree;
};

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static int socket_at(const char *own, unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = BUFFER;

	if (fd < 0 || inet_pton(AF_INET, own, &address.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(own);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return fd;
}

static void connect_to(int fd, const char *peer, unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, peer, &address.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(peer);
}

static void echo_serve(const char *own)
{
	static uint8_t bytes[65536];
	int fd = socket_at(own, ECHO_PORT);

	printf("ready\n");
	fflush(stdout);
	for (;;) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		ssize_t got = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &length);

		if (got >= 0)
			sendto(fd, bytes, (size_t)got, 0, (struct sockaddr *)&from, length);
	}
}

// ---- Requests

static void node_put(struct load *load)
{
	struct pfcp_node_id node = { .kind = PFCP_NODE_ID_IPV4, .address = { .has_ipv4 = true, .ipv4 = load->own } };

	pfcp_put_node_id(&load->words.writer, PFCP_IE_NODE_ID, &node);
}

static void request_put(struct load *load, const struct place *place)
{
	words_begin(&load->words);
	switch (load->work) {
	case WORK_ECHO:
	case WORK_ESTABLISH:
		words_session(&load->words, place->session + 1, true);
		break;
	case WORK_MODIFY:
		words_handover(&load->words, 2, place->session + 1000);
		break;
	case WORK_DELETE:
	case WORKS:
		break;
	}
}

static void message_make(struct load *load, struct place *place)
{
	bool fresh = load->work <= WORK_ESTABLISH;
	struct pfcp_header header = { .type = works[load->work].type,
				      .has_seid = true,
				      .seid = fresh ? 0 : load->seid[place->session],
				      .sequence = place->sequence };
	struct pfcp_writer writer = pfcp_writer_over(place->message, sizeof(place->message));
	uint8_t *mark;

	request_put(load, place);
	pfcp_message_begin(&writer, &header, &mark);
	pfcp_raw(&writer, load->words.bytes, (size_t)(load->words.writer.at - load->words.bytes));
	pfcp_message_end(&writer, mark);
	place->bytes = (size_t)(writer.at - writer.start);
}

static int socket_of(const struct load *load)
{
	return load->work == WORK_ECHO ? load->echo : load->pfcp;
}

static void place_send(struct load *load, struct place *place)
{
	place->sent_ns = clock_ns();
	if (send(socket_of(load), place->message, place->bytes, 0) < 0)
		die("send");
}

// A sequence number says which place it was asked from.
static void place_fill(struct load *load, unsigned i)
{
	struct place *place = &load->place[i];

	place->busy = load->next < load->sessions;
	if (!place->busy)
		return;
	place->session = load->next++;
	place->sequence = (place->sequence + WINDOW_MAX) & PFCP_SEQUENCE_MAX;
	message_make(load, place);
	place_send(load, place);
}

// ---- Answers

static void accepted(struct load *load, const struct place *place, const struct pfcp_header *header)
{
	struct pfcp_fault fault;
	struct pfcp_fseid up;
	unsigned cause;

	if (pfcp_read(PFCP_MESSAGE(header->type), header->body, header->bytes, &load->tree, &fault)) {
		fprintf(stderr, "an answer that can't be read: %s\n", fault.text);
		exit(EXIT_FAILURE);
	}
	cause = (unsigned)pfcp_number(pfcp_first(&load->tree, NULL, PFCP_IE_CAUSE));
	if (cause != PFCP_CAUSE_ACCEPTED) {
		fprintf(stderr, "%s: refused with cause %u\n", works[load->work].name, cause);
		exit(EXIT_FAILURE);
	}
	if (load->work == WORK_ESTABLISH && !pfcp_get_fseid(pfcp_first(&load->tree, NULL, PFCP_IE_F_SEID), &up))
		load->seid[place->session] = up.seid;
}

static void heartbeat_answer(struct load *load, const struct pfcp_header *request)
{
	const struct pfcp_header header = { .type = PFCP_HEARTBEAT_RESPONSE, .sequence = request->sequence };
	uint8_t bytes[64], *mark;
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));

	pfcp_message_begin(&writer, &header, &mark);
	pfcp_put_u32(&writer, PFCP_IE_RECOVERY_TIME_STAMP, 1000);
	pfcp_message_end(&writer, mark);
	if (send(load->pfcp, bytes, (size_t)(writer.at - writer.start), 0) < 0)
		die("send");
}

static void heard(struct load *load, const uint8_t *bytes, size_t length)
{
	struct pfcp_header header;
	struct place *place;

	if (pfcp_header_read(bytes, length, &header))
		return;
	if (header.type == PFCP_HEARTBEAT_REQUEST) {
		heartbeat_answer(load, &header);
		return;
	}
	place = &load->place[header.sequence % WINDOW_MAX % load->window];
	if (!place->busy || place->sequence != header.sequence)
		return;
	if (load->work != WORK_ECHO)
		accepted(load, place, &header);
	load->done++;
	place_fill(load, (unsigned)(place - load->place));
}

static void look_again(struct load *load)
{
	uint64_t now_ns = clock_ns();

	for (unsigned i = 0; i < load->window; i++)
		if (load->place[i].busy && now_ns - load->place[i].sent_ns > AGAIN_NS) {
			load->repeats++;
			place_send(load, &load->place[i]);
		}
}

static double work(struct load *load, enum work work)
{
	static uint8_t bytes[65536];
	uint64_t began_ns = clock_ns();
	struct pollfd poll_for;

	load->work = work;
	load->next = load->done = 0;
	poll_for = (struct pollfd){ socket_of(load), POLLIN, 0 };
	for (unsigned i = 0; i < load->window; i++)
		place_fill(load, i);
	while (load->done < load->sessions) {
		ssize_t got = recv(poll_for.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (got >= 0)
			heard(load, bytes, (size_t)got);
		else if (!poll(&poll_for, 1, 1000))
			look_again(load);
	}
	return (double)load->sessions * (double)SECOND_NS / (double)(clock_ns() - began_ns);
}

static void associate(struct load *load)
{
	const struct pfcp_header header = { .type = PFCP_ASSOCIATION_SETUP_REQUEST, .sequence = 1 };
	uint8_t bytes[1024], *mark;
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	struct pfcp_header answer = { 0 };
	ssize_t got;

	words_begin(&load->words);
	node_put(load);
	pfcp_message_begin(&writer, &header, &mark);
	pfcp_raw(&writer, load->words.bytes, (size_t)(load->words.writer.at - load->words.bytes));
	pfcp_put_u32(&writer, PFCP_IE_RECOVERY_TIME_STAMP, 1000);
	pfcp_message_end(&writer, mark);
	if (send(load->pfcp, bytes, (size_t)(writer.at - writer.start), 0) < 0)
		die("send");
	while (answer.type != PFCP_ASSOCIATION_SETUP_RESPONSE) {
		got = recv(load->pfcp, bytes, sizeof(bytes), 0);
		if (got < 0 || pfcp_header_read(bytes, (size_t)got, &answer))
			die("association");
		if (answer.type == PFCP_HEARTBEAT_REQUEST)
			heartbeat_answer(load, &answer);
	}
}

// Nanoseconds that a process has run, all of its threads together.
static uint64_t process_ns(const char *pid)
{
	char name[300];
	uint64_t all = 0, ns;
	struct dirent *entry;
	DIR *tasks;

	snprintf(name, sizeof(name), "/proc/%s/task", pid);
	tasks = opendir(name);
	if (!tasks)
		die(name);
	while ((entry = readdir(tasks)) != NULL) {
		FILE *file;

		snprintf(name, sizeof(name), "/proc/%.16s/task/%.16s/schedstat", pid, entry->d_name);
		file = *entry->d_name == '.' ? NULL : fopen(name, "r");
		if (file && fscanf(file, "%" SCNu64, &ns) == 1)
			all += ns;
		if (file)
			fclose(file);
	}
	closedir(tasks);
	return all;
}

static uint64_t processes_ns(char **pids)
{
	uint64_t all = 0;

	for (; *pids; pids++)
		all += process_ns(*pids);
	return all;
}

static void round_run(struct load *load, unsigned round, char **pids)
{
	for (enum work kind = WORK_ECHO; kind < WORKS; kind++) {
		uint64_t before_ns = processes_ns(pids);
		double rate = work(load, kind);

		printf("%u,%s,%.0f,%.0f\n", round, works[kind].name, rate,
		       (double)(processes_ns(pids) - before_ns) / load->sessions);
	}
	fflush(stdout);
}

// words: OWN PEER SESSIONS WINDOW. Associated.
static struct load *load_open(char **words)
{
	struct load *load = calloc(1, sizeof(*load));
	struct in_addr own;

	if (!load || inet_pton(AF_INET, words[0], &own) != 1)
		die(words[0]);
	load->own = ntohl(own.s_addr);
	load->sessions = (unsigned)atoi(words[2]);
	load->window = (unsigned)atoi(words[3]);
	load->seid = calloc(load->sessions, sizeof(*load->seid));
	load->place = calloc(WINDOW_MAX, sizeof(*load->place));
	if (!load->seid || !load->place || !load->window || load->window > WINDOW_MAX)
		die("sessions, window");
	for (unsigned i = 0; i < WINDOW_MAX; i++)
		load->place[i].sequence = i;
	load->pfcp = socket_at(words[0], PFCP_PORT);
	load->echo = socket_at(words[0], ECHO_PORT);
	connect_to(load->pfcp, words[1], PFCP_PORT);
	connect_to(load->echo, words[1], ECHO_PORT);
	associate(load);
	return load;
}

static int make_run(char **words)
{
	struct load *load = load_open(words);

	printf("%.0f\n", work(load, WORK_ESTABLISH));
	fprintf(stderr, "%u requests were sent again\n", load->repeats);
	return EXIT_SUCCESS;
}

static int load_run(char **words)
{
	struct load *load = load_open(words);
	unsigned rounds = (unsigned)atoi(words[4]);

	printf("round,variant,value,cpu_ns\n");
	for (unsigned round = 0; round < rounds; round++)
		round_run(load, round, words + 5);
	fprintf(stderr, "%u requests were sent again\n", load->repeats);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "echo"))
		echo_serve(argv[2]);
	if (argc >= 7 && !strcmp(argv[1], "load"))
		return load_run(argv + 2);
	if (argc == 6 && !strcmp(argv[1], "make"))
		return make_run(argv + 2);
	fprintf(stderr, "usage: bench-pfcp echo ADDRESS | load OWN PEER SESSIONS WINDOW ROUNDS [PID...] | make OWN "
			"PEER SESSIONS WINDOW\n");
	return 2;
}
