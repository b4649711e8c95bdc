// clients.c - who create, modify and delete sessions, and remember what they were told. State: struct sim.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/sim/sim.h"
#include "tests/unit/ctrl_rules.h"

#define NOTES_IN_TEN 1u

enum { WISH_NOTHING, WISH_CREATE, WISH_MODIFY, WISH_DELETE, WISH_NOTE, WISH_NO_NOTE };

static void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static unsigned index_of(const struct sim *sim, const struct client *client)
{
	return (unsigned)(client - sim->client);
}

static void wish(struct sim *sim, struct client *client)
{
	client->key = ++sim->keys;
	client->wish = 0xc6336401 + (uint32_t)sim_draw(sim, 1000);
	client->verb = client->id ? WISH_MODIFY + (unsigned)sim_draw(sim, 2) : WISH_CREATE;
	if (sim_draw(sim, 10) < NOTES_IN_TEN)
		client->verb = client->noted && sim_draw(sim, 2) ? WISH_NO_NOTE : WISH_NOTE;
}

// Every second client is a front end's peer: it has its sessions without an IMSI of their own, and keeps its last wish with them.
static bool is_peer(const struct sim *sim, const struct client *client)
{
	return index_of(sim, client) % 2;
}

static void peer_sign(const struct sim *sim, struct client *client, char owner[16], struct ctrl_session *session)
{
	snprintf(owner, 16, "sim:%u", index_of(sim, client) % 8);
	session->imsi[0] = '\0';
	session->session.owner = owner;
	session->session.front = (ProtobufCBinaryData){ sizeof(client->wish), (uint8_t *)&client->wish };
}

static const char *note_name(const struct sim *sim, const struct client *client)
{
	static char name[16];

	snprintf(name, sizeof(name), "client/%u", index_of(sim, client));
	return name;
}

static int ask_note(struct sim *sim, struct client *client)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__NotePut put = SHOAL__OSS__NOTE_PUT__INIT;
	Shoal__Oss__NoteDelete delete = SHOAL__OSS__NOTE_DELETE__INIT;
	const Shoal__Oss__Response *answer;

	put.name = delete.name = (char *)note_name(sim, client);
	put.value = (ProtobufCBinaryData){ sizeof(client->wish), (uint8_t *)&client->wish };
	request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_PUT;
	request.note_put = &put;
	if (client->verb == WISH_NO_NOTE) {
		request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_DELETE;
		request.note_delete = &delete;
	}
	answer = ctrl_stand_ask(&sim->stand, &request);
	return answer ? (int)answer->status->code : CTRL_STAND_WAITS;
}

// Every third wish is of rules that two lines can't tell.
static bool has_rules(const struct client *client)
{
	return client->wish % 3 == 0;
}

static int ask_session(struct sim *sim, struct client *client)
{
	static struct ctrl_rules rules;
	struct ctrl_session session;
	char owner[16];

	ctrl_session_init(&session, index_of(sim, client));
	session.session.id = client->verb == WISH_MODIFY ? client->id : 0;
	session.bearer.peer_ipv4 = client->wish;
	if (client->verb == WISH_MODIFY) {
		session.bearer.uplink = &session.uplink;
		session.uplink.cir_bps = 50000 + client->wish % 3;
	}
	if (has_rules(client))
		ctrl_rules_draw(&rules, &session.session, client->wish, client->wish);
	if (is_peer(sim, client))
		peer_sign(sim, client, owner, &session);
	return client->verb == WISH_MODIFY ? ctrl_stand_change(&sim->stand, &session)
					   : ctrl_stand_create(&sim->stand, &session);
}

static int ask(struct sim *sim, struct client *client)
{
	sim->stand.keys = client->key - 1; // the same key, however often
	if (client->verb == WISH_NOTE || client->verb == WISH_NO_NOTE)
		return ask_note(sim, client);
	return client->verb == WISH_DELETE ? ctrl_stand_delete(&sim->stand, client->id) : ask_session(sim, client);
}

static void told(struct sim *sim, struct client *client)
{
	if (client->verb == WISH_NOTE || client->verb == WISH_NO_NOTE) {
		client->noted = client->verb == WISH_NOTE ? client->wish : 0;
		return;
	}
	if (client->verb == WISH_CREATE) {
		const Shoal__Oss__Session *session = sim->stand.answer->session->session;

		client->id = session->id;
		client->ipv4 = session->ue->ipv4;
		client->teid = session->teid;
		client->slot = session->slot;
		client->shard = (uint8_t)session->shard;
		client->forwarded = 0;
	} else if (client->verb == WISH_DELETE) {
		for (unsigned room = 0; room < sizeof(sim->payer) / sizeof(*sim->payer); room++)
			if (sim->payer[room] == client)
				sim->payer[room] = NULL;
		client->id = 0;
	}
	client->peer = client->wish;
}

// Refused for a failing store or a full pool: nothing has been done. Nobody is answered where nobody knows what has been done: ctrl ends, and the
// next one is asked the same. Anything else is a fault.
static void asks(struct sim *sim, unsigned which)
{
	struct client *client = &sim->client[which];
	int code = ask(sim, client);

	if (code == CTRL_STAND_WAITS && sim->stand.truth.scribe.lost)
		return;
	sim->answers++;
	if (code == SHOAL__OSS__CODE__OK)
		told(sim, client);
	else if (code != SHOAL__OSS__CODE__STORE_FAILED && code != SHOAL__OSS__CODE__POOL_EXHAUSTED)
		give_up("client %u, verb %u: refused with %d, %s", which, client->verb, code,
			sim->stand.answer->status->message);
	client->verb = WISH_NOTHING;
}

void clients_work(struct sim *sim)
{
	unsigned which = (unsigned)sim_draw(sim, SIM_CLIENTS);

	if (!sim->client[which].verb)
		wish(sim, &sim->client[which]);
	if (!sim_do(sim, asks, which) || sim->stand.truth.scribe.lost)
		ctrl_kill(sim);
}

bool clients_done(const struct sim *sim)
{
	for (unsigned i = 0; i < SIM_CLIENTS; i++)
		if (sim->client[i].verb)
			return false;
	return true;
}

static void check_note(struct sim *sim, const struct client *client)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__NoteGet get = SHOAL__OSS__NOTE_GET__INIT;
	const Shoal__Oss__Response *answer;
	uint32_t noted = 0;

	get.name = (char *)note_name(sim, client);
	request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_GET;
	request.note_get = &get;
	answer = ctrl_stand_ask(&sim->stand, &request);
	if (!answer->status->code && answer->note->note->value.len == sizeof(noted))
		memcpy(&noted, answer->note->note->value.data, sizeof(noted));
	if (noted != client->noted)
		give_up("client %u: its note is not as acknowledged", index_of(sim, client));
}

static void check_one(struct sim *sim, const struct client *client, bool counted)
{
	const Shoal__Oss__Session *session;
	uint32_t peer;
	uint64_t told, slack = sim->deaths * LANE_BURST;

	if (!client->id)
		return;
	session = ctrl_stand_get(&sim->stand, client->id);
	if (!session)
		give_up("client %u: session %llu was acknowledged and is gone", index_of(sim, client),
			(unsigned long long)client->id);
	peer = session->bearer ? session->bearer->peer_ipv4 : session->rules[1]->forward->peer_ipv4;
	if (peer != client->peer)
		give_up("client %u: session %llu is not as acknowledged", index_of(sim, client),
			(unsigned long long)client->id);
	if (is_peer(sim, client) && (session->front.len != sizeof(client->peer) ||
				     memcmp(session->front.data, &client->peer, sizeof(client->peer))))
		give_up("client %u: what was kept with its session is not as acknowledged", index_of(sim, client));
	told = session->usage ? session->usage->downlink_packets : 0;
	if (counted && (told > client->forwarded + slack || told + slack < client->forwarded))
		give_up("client %u: %llu packets counted, %llu forwarded, %u deaths of workers", index_of(sim, client),
			(unsigned long long)told, (unsigned long long)client->forwarded, sim->deaths);
}

void clients_check(struct sim *sim, bool counted)
{
	unsigned living = 0;

	for (unsigned i = 0; i < SIM_CLIENTS; i++) {
		check_one(sim, &sim->client[i], counted);
		check_note(sim, &sim->client[i]);
		living += sim->client[i].id != 0;
	}
	if (sim->stand.truth.sessions.by_id.count != living)
		give_up("%u sessions in the store, %u acknowledged", sim->stand.truth.sessions.by_id.count, living);
}
