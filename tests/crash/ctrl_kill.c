// ctrl_kill.c - SIGKILL to a real shoal-ctrl at any moment while clients create, modify and delete sessions.
//
// ctrl_kill SHOAL-CTRL [KILLS]. Each client asks again with the same key until it has an answer, whoever answers; so at the end
// exactly what the clients were told must be there: nothing acknowledged lost, nothing done twice, nothing half. Every second client
// is a front end, whose sessions have an owner and no IMSI; what it keeps with them says which they are. Each has a note, too.
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/crash/ctrl_home.h"
#include "tests/crash/oss_line.h"
#include "tests/crash/starts.h"

#define CLIENTS 64u  // as many changes are under way: thousands a second
#define SESSIONS 30u // of each client
#define PATIENCE_S 30

struct client {
	pthread_t thread;
	unsigned index;
	uint64_t random, keys;
	char note[16];           // its note's name
	uint64_t noted;          // what that says; 0 = there is none
	uint64_t id[SESSIONS];   // 0 = not there
	uint32_t peer[SESSIONS]; // as last told
	uint64_t done;
};

static struct ctrl_home home;
static atomic_bool stop;
static atomic_ulong answers;
static struct client clients[CLIENTS];

static void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n(store and log are left in %s)\n", home.dir);
	kill(0, SIGTERM);
	exit(1);
}

static uint32_t draw(struct client *client, uint32_t below)
{
	client->random = client->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(client->random >> 33) % below;
}

static uint64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

static void rest_ms(unsigned ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static Shoal__Oss__Response *ask(struct oss_line *line, Shoal__Oss__Request *request)
{
	Shoal__Oss__Response *response = oss_ask(line, request, PATIENCE_S);

	if (!response)
		give_up("no answer in %d s", PATIENCE_S);
	return response;
}

struct words {
	Shoal__Oss__Session session;
	Shoal__Oss__Identity identity;
	Shoal__Oss__UeAddress ue;
	Shoal__Oss__DefaultBearer bearer;
	Shoal__Oss__Rate rate;
	char imsi[16], owner[16], front[32];
};

static bool is_front_end(const struct client *client)
{
	return client->index % 2;
}

static void words_fill(struct words *words, const struct client *client, unsigned n, uint32_t peer)
{
	shoal__oss__session__init(&words->session);
	shoal__oss__identity__init(&words->identity);
	shoal__oss__ue_address__init(&words->ue);
	shoal__oss__default_bearer__init(&words->bearer);
	shoal__oss__rate__init(&words->rate);
	snprintf(words->imsi, sizeof(words->imsi), "00101%05u%05u", client->index, n);
	snprintf(words->owner, sizeof(words->owner), "kill:%u", client->index);
	snprintf(words->front, sizeof(words->front), "%u %u %u", client->index, n, peer);
	words->identity.imsi = words->imsi;
	words->ue.want_ipv4 = true;
	words->bearer.peer_ipv4 = 0x0a010000 | peer;
	words->bearer.peer_teid = peer;
	words->bearer.uplink = &words->rate;
	words->rate.cir_bps = 1000 * (1 + peer % 7);
	words->session.identity = &words->identity;
	words->session.bearer = &words->bearer;
	if (!is_front_end(client))
		return;
	words->identity.imsi = "";
	words->session.owner = words->owner;
	words->session.front = (ProtobufCBinaryData){ strlen(words->front), (uint8_t *)words->front };
}

static void change_check(const Shoal__Oss__Response *response, const char *what)
{
	if (response->status->code)
		give_up("%s refused: %d %s: %s", what, response->status->code, response->status->field,
			response->status->message);
}

static void note_change(struct client *client, struct oss_line *line)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__NotePut put = SHOAL__OSS__NOTE_PUT__INIT;
	uint64_t key[2] = { client->index, ++client->keys };
	Shoal__Oss__Response *response;

	put.name = client->note;
	request.key = put.value = (ProtobufCBinaryData){ sizeof(key), (uint8_t *)key };
	request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_PUT;
	request.note_put = &put;
	response = ask(line, &request);
	change_check(response, "note");
	client->noted = client->keys;
	shoal__oss__response__free_unpacked(response, NULL);
}

static void change(struct client *client, struct oss_line *line, unsigned n)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	Shoal__Oss__SessionDelete delete = SHOAL__OSS__SESSION_DELETE__INIT;
	uint64_t key[2] = { client->index, ++client->keys };
	uint32_t peer = 1 + draw(client, 60000);
	Shoal__Oss__Response *response;
	struct words words;

	request.key = (ProtobufCBinaryData){ sizeof(key), (uint8_t *)key };
	words_fill(&words, client, n, peer);
	if (!client->id[n]) {
		words.session.ue = &words.ue;
		create.session = &words.session;
		request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
		request.session_create = &create;
	} else if (draw(client, 2)) {
		words.session.id = client->id[n];
		words.session.identity = is_front_end(client) ? NULL : words.session.identity;
		modify.session = &words.session;
		request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
		request.session_modify = &modify;
	} else {
		delete.id = client->id[n];
		request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
		request.session_delete = &delete;
	}
	response = ask(line, &request);
	change_check(response, request.session_create == &create ? "create" : "modify or delete");
	client->id[n] =
	    request.body_case == SHOAL__OSS__REQUEST__BODY_SESSION_DELETE ? 0 : response->session->session->id;
	client->peer[n] = peer;
	client->done++;
	atomic_fetch_add(&answers, 1);
	shoal__oss__response__free_unpacked(response, NULL);
}

static void *client_run(void *with)
{
	struct client *client = with;
	struct oss_line line = { home.door, -1 };

	while (!atomic_load(&stop)) {
		change(client, &line, draw(client, SESSIONS));
		if (!draw(client, 8))
			note_change(client, &line);
	}
	oss_hang_up(&line);
	return NULL;
}

// Takes a listed session off what is expected; whatever is wrong about it ends the test.
static void session_check(const Shoal__Oss__Session *session, bool *addresses)
{
	unsigned index = 0, n = 0, peer = 0;
	char front[32] = "";
	uint32_t address = session->ue->ipv4 - 0x0a2d0000;
	struct client *client = &clients[0];

	if (session->front.len < sizeof(front))
		memcpy(front, session->front.data, session->front.len);
	if ((sscanf(session->identity->imsi, "00101%5u%5u", &index, &n) != 2 &&
	     sscanf(front, "%u %u %u", &index, &n, &peer) != 3) ||
	    index >= CLIENTS || n >= SESSIONS)
		give_up("session %llu is nobody's: %s", (unsigned long long)session->id, session->identity->imsi);
	client = &clients[index];
	if (client->id[n] != session->id)
		give_up("client %u has session %llu, told was %llu", index, (unsigned long long)session->id,
			(unsigned long long)client->id[n]);
	if (session->bearer->peer_teid != client->peer[n] ||
	    session->bearer->peer_ipv4 != (0x0a010000 | client->peer[n]) ||
	    session->bearer->uplink->cir_bps != 1000 * (1 + client->peer[n] % 7))
		give_up("session %llu is not as was told", (unsigned long long)session->id);
	if (*session->owner ? peer != client->peer[n] : session->front.len)
		give_up("session %llu has words that were not told", (unsigned long long)session->id);
	if (address >= 2048 || addresses[address])
		give_up("session %llu has an address given twice", (unsigned long long)session->id);
	addresses[address] = true;
	client->id[n] = 0;
}

static void note_check(struct client *client, struct oss_line *line)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__NoteGet get = SHOAL__OSS__NOTE_GET__INIT;
	const uint64_t told[2] = { client->index, client->noted };
	Shoal__Oss__Response *response;

	get.name = client->note;
	request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_GET;
	request.note_get = &get;
	response = ask(line, &request);
	if (client->noted && (response->status->code || memcmp(response->note->note->value.data, told, sizeof(told))))
		give_up("note %s is not as was told", client->note);
	shoal__oss__response__free_unpacked(response, NULL);
}

static unsigned everything_check(void)
{
	static bool addresses[2048];
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;
	struct oss_line line = { home.door, -1 };
	unsigned seen = 0;

	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	list.limit = 1000;
	do {
		Shoal__Oss__Response *response = ask(&line, &request);

		change_check(response, "list");
		for (size_t i = 0; i < response->session_list->n_sessions; i++, seen++)
			session_check(response->session_list->sessions[i], addresses);
		list.after = response->session_list->next;
		shoal__oss__response__free_unpacked(response, NULL);
	} while (list.after);
	for (unsigned i = 0; i < CLIENTS; i++)
		for (unsigned n = 0; n < SESSIONS; n++)
			if (clients[i].id[n])
				give_up("session %llu was acknowledged and is not there",
					(unsigned long long)clients[i].id[n]);
	for (unsigned i = 0; i < CLIENTS; i++)
		note_check(&clients[i], &line);
	oss_hang_up(&line);
	return seen;
}

static unsigned rest_until_served(void)
{
	unsigned long before = atomic_load(&answers);
	unsigned ms = 0;

	for (; atomic_load(&answers) == before && ms < PATIENCE_S * 1000; ms++)
		rest_ms(1);
	return ms;
}

static pid_t kill_often(const char *program, unsigned kills)
{
	pid_t pid = ctrl_home_start(&home, program);
	int status;

	for (unsigned i = 0; i < kills; i++) {
		unsigned start_ms = rand() % 8 ? rest_until_served() : 0; // some die while they start

		starts_note(start_ms);
		rest_ms(20 + (unsigned)rand() %
				 (150 + 3 * start_ms)); // the moment is meant to be any, and most of them served
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (!WIFSIGNALED(status))
			give_up("shoal-ctrl ended by itself, see %s/log", home.dir);
		pid = ctrl_home_start(&home, program);
	}
	return pid;
}

int main(int argc, char **argv)
{
	unsigned kills = argc > 2 ? (unsigned)atoi(argv[2]) : 30, seen;
	uint64_t done = 0, begin = now_s();
	pid_t pid;

	if (argc < 2)
		return fprintf(stderr, "usage: ctrl_kill SHOAL-CTRL [KILLS]\n"), 2;
	setpgid(0, 0); // give_up ends what we started, and nothing else
	signal(SIGTERM, SIG_IGN);
	if (!ctrl_home_open(&home))
		return perror(home.dir), 1;
	srand((unsigned)getpid());
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i].index = i;
		snprintf(clients[i].note, sizeof(clients[i].note), "kill/%u", i);
		clients[i].random = (uint64_t)rand();
		pthread_create(&clients[i].thread, NULL, client_run, &clients[i]);
	}
	pid = kill_often(argv[1], kills);
	begin = now_s() - begin;
	atomic_store(&stop, true);
	for (unsigned i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
		done += clients[i].done;
	}
	seen = everything_check();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ctrl_home_sweep(&home);
	printf("%u kills, %llu changes acknowledged, %llu a second, %u sessions there, all as told\n", kills,
	       (unsigned long long)done, (unsigned long long)(done / (begin ? begin : 1)), seen);
	starts_tell();
	return done < kills; // every start has to serve
}
