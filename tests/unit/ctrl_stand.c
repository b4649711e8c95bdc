// ctrl_stand.c - the controller without sockets.
#include "tests/unit/ctrl_stand.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ctrl/kit/hash.h"
#include "ctrl/session/session.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

static void on_moving(void *with, uint32_t cell)
{
	struct ctrl_stand *stand = with;

	push_moving(&stand->push, cell);
}

static void on_left(void *with, struct session *session)
{
	struct ctrl_stand *stand = with;

	closing_leave(&stand->truth.books.closing, session);
	push_depart(&stand->push, session);
}

static void on_applied(void *with, struct session *session)
{
	struct ctrl_stand *stand = with;

	stand->applied += session != NULL;
}

static void on_departed(void *with, struct session *session)
{
	struct ctrl_stand *stand = with;

	stand->departed++;
	closing_confirm(&stand->truth.books.closing, session, stand->now_ns);
}

static void on_settled(void *with, const struct session *session, bool correction)
{
	struct ctrl_stand *stand = with;

	stand->settled++;
	stand->corrections += correction;
	stand->settled_bytes += count_total(&session->usage).uplink_bytes;
	desk_settled(&stand->desk, session);
}

static void on_final(void *with, const struct report *report)
{
	struct ctrl_stand *stand = with;

	books_report(&stand->truth.books, report, 1);
}

static void on_stands(void *with, uint8_t shard)
{
	struct ctrl_stand *stand = with;

	desk_stands(&stand->desk, shard);
}

static void on_refused(void *with, uint32_t cell, uint64_t number)
{
	struct ctrl_stand *stand = with;

	desk_refused(&stand->desk, cell, number);
}

static void on_alarm(void *with, uint8_t shard, const char *text)
{
	struct ctrl_stand *stand = with;

	stand->alarms++;
}

static void conf_fill(struct conf *conf)
{
	*conf = (struct conf){ .gtpu_address = 0xc0000201, .ports = 1, .pools = 2, .foreign_slots = 4, .rates = 16 };
	conf->store_mib = 64;
	conf->rules_bytes = 8192;
	conf->closed_max = 1000;
	conf->port[0].addresses = 1;
	conf->port[0].address[0] = (struct conf_address){ { 192, 0, 2, 1 }, 4, 24 };
	conf->pool[0] = (struct conf_pool){ "internet", 0x0a2d0000, 22, 0x20010db800450000, 54, "" };
	conf->pool[1] = (struct conf_pool){ "ims", 0, 0, 0x20010db800990000, 56, "" };
	// Memory where there is: what is tried here is our order of things, not the disk's speed.
	snprintf(conf->store_dir, sizeof(conf->store_dir), "%s/ctrl-stand.%d.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid()); // deploy/lib/meson-tests looks for it
	assert(mkdtemp(conf->store_dir));
}

static void on_quarantine(void *with, uint64_t session, const char *text)
{
	struct ctrl_stand *stand = with;

	stand->told++;
}

int ctrl_stand_try(struct ctrl_stand *stand, bool salvage)
{
	struct store store = { &stand->engine, stand };
	int error = store_lmdb_open(&stand->lmdb, stand->conf.store_dir, stand->conf.store_mib);

	stand->engine = ctrl_stand_failing;
	if (!error)
		error = truth_open(&stand->truth, &stand->conf, &store, salvage);
	if (error)
		return error;
	stand->truth.ledger.hooks = (struct ledger_hooks){ stand, on_moving, on_left };
	stand->push.hooks =
	    (struct push_hooks){ stand, on_applied, on_departed, on_stands, on_alarm, on_final, NULL, on_refused };
	push_open(&stand->push, &stand->truth.chains, stand->truth.rates, stand->truth.load.starts);
	stand->truth.books.closing.settled = on_settled;
	stand->truth.books.closing.with = stand;
	closing_depart(&stand->truth.books.closing, &stand->push);
	stand->desk = (struct desk){ .conf = &stand->conf,
				     .store = &stand->truth.store,
				     .scribe = &stand->truth.scribe,
				     .load = &stand->truth.load,
				     .ledger = &stand->truth.ledger,
				     .keys = &stand->truth.keys,
				     .push = &stand->push };
	stand->desk.upgrade = &stand->upgrade;
	stand->quarantine = (struct quarantine){
		.scribe = &stand->truth.scribe, .sessions = &stand->truth.sessions, .tell = on_quarantine, .with = stand
	};
	error = quarantine_open(&stand->quarantine, salvage);
	if (error)
		return error;
	stand->desk.quarantine = &stand->quarantine;
	stand->traces.sessions = &stand->truth.sessions;
	stand->desk.traces = &stand->traces;
	desk_open(&stand->desk);
	return 0;
}

void ctrl_stand_open(struct ctrl_stand *stand)
{
	*stand = (struct ctrl_stand){ 0 };
	log_open("test", "error");
	conf_fill(&stand->conf);
	assert(!ctrl_stand_try(stand, false));
}

void ctrl_stand_keep(struct ctrl_stand *stand)
{
	struct books *books = &stand->truth.books;

	stand->now_ns += CLOSING_PATIENCE_NS;
	do {
		stand->now_ns += 1000000000;
		books_turn(books, stand->now_ns, 1);
	} while (books_wait_ms(books, stand->now_ns) < INT32_MAX);
}

static void departed_free(struct ctrl_stand *stand)
{
	for (uint32_t i = 0; i < stand->truth.grid.slots * SHARDS; i++) {
		struct cell *cell = &stand->truth.grid.cells[i];

		while (cell->departed) {
			struct session *next = cell->departed->departed;

			session_free(cell->departed);
			cell->departed = next;
		}
	}
}

void ctrl_stand_down(struct ctrl_stand *stand)
{
	departed_free(stand);
	desk_close(&stand->desk);
	quarantine_close(&stand->quarantine);
	truth_close(&stand->truth);
}

void ctrl_stand_restart(struct ctrl_stand *stand)
{
	ctrl_stand_down(stand);
	assert(!ctrl_stand_try(stand, false));
}

void ctrl_stand_close(struct ctrl_stand *stand)
{
	char path[300];

	ctrl_stand_down(stand);
	if (stand->answer)
		shoal__oss__response__free_unpacked(stand->answer, NULL);
	snprintf(path, sizeof(path), "%s/data.mdb", stand->conf.store_dir);
	unlink(path);
	rmdir(stand->conf.store_dir);
}

struct asked {
	struct request request; // first
	struct ctrl_stand *stand;
	uint8_t *bytes;
};

static void on_answer(struct request *request)
{
	struct asked *asked = (struct asked *)request;
	struct ctrl_stand *stand = asked->stand;

	if (stand->answer)
		shoal__oss__response__free_unpacked(stand->answer, NULL);
	stand->answer = shoal__oss__response__unpack(NULL, request->answer_bytes, request->answer);
	assert(stand->answer);
	stand->answers++;
	free(request->answer);
	free(asked->bytes);
	free(asked);
}

const Shoal__Oss__Response *ctrl_stand_send(struct ctrl_stand *stand, const void *bytes, size_t length)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	unsigned answers = stand->answers;

	asked->bytes = malloc(length + 1);
	if (length)
		memcpy(asked->bytes, bytes, length);
	asked->stand = stand;
	asked->request = (struct request){ .bytes = asked->bytes, .length = length, .arrived_ns = clock_ns() };
	asked->request.answered = on_answer;
	asked->request.pass = stand->pass;
	desk_take(&stand->desk, &asked->request);
	do
		desk_run(&stand->desk);
	while (desk_busy(&stand->desk));
	return stand->answers > answers ? stand->answer : NULL;
}

const Shoal__Oss__Response *ctrl_stand_ask(struct ctrl_stand *stand, Shoal__Oss__Request *request)
{
	const Shoal__Oss__Response *answer;
	uint64_t key = ++stand->keys << 8 | 0xa5;
	bool fresh = !request->key.len;
	size_t length;
	uint8_t *bytes;

	request->version = 1;
	if (fresh)
		request->key = (ProtobufCBinaryData){ sizeof(key), (uint8_t *)&key };
	length = shoal__oss__request__get_packed_size(request);
	bytes = malloc(length);
	shoal__oss__request__pack(request, bytes);
	if (fresh)
		request->key = (ProtobufCBinaryData){ 0 };
	answer = ctrl_stand_send(stand, bytes, length);
	free(bytes);
	return answer;
}

static int code_of(const Shoal__Oss__Response *answer)
{
	return answer ? (int)answer->status->code : CTRL_STAND_WAITS;
}

void ctrl_session_init(struct ctrl_session *session, unsigned n)
{
	shoal__oss__session__init(&session->session);
	shoal__oss__identity__init(&session->identity);
	shoal__oss__ue_address__init(&session->ue);
	shoal__oss__default_bearer__init(&session->bearer);
	shoal__oss__rate__init(&session->uplink);
	shoal__oss__rate__init(&session->downlink);
	snprintf(session->imsi, sizeof(session->imsi), "001%012u", n);
	session->identity.imsi = session->imsi;
	session->ue.want_ipv4 = true;
	session->bearer.peer_ipv4 = 0xc6336401;
	session->bearer.peer_teid = n + 1;
	session->session.identity = &session->identity;
	session->session.ue = &session->ue;
	session->session.bearer = &session->bearer;
}

int ctrl_stand_create(struct ctrl_stand *stand, struct ctrl_session *session)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;

	create.session = &session->session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	return code_of(ctrl_stand_ask(stand, &request));
}

const Shoal__Oss__StatusAnswer *ctrl_stand_status(struct ctrl_stand *stand)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__StatusGet get = SHOAL__OSS__STATUS_GET__INIT;

	request.body_case = SHOAL__OSS__REQUEST__BODY_STATUS_GET;
	request.status_get = &get;
	return ctrl_stand_ask(stand, &request)->status_answer;
}

int ctrl_stand_create_as(struct ctrl_stand *stand, struct ctrl_session *session, const char *key, uint32_t deadline_ms)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;

	create.session = &session->session;
	request.key = (ProtobufCBinaryData){ strlen(key), (uint8_t *)key };
	request.deadline_ms = deadline_ms;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	return code_of(ctrl_stand_ask(stand, &request));
}

const Shoal__Oss__Session *ctrl_stand_get(struct ctrl_stand *stand, uint64_t id)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionGet body = SHOAL__OSS__SESSION_GET__INIT;
	const Shoal__Oss__Response *answer;

	body.id = id;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_GET;
	request.session_get = &body;
	answer = ctrl_stand_ask(stand, &request);
	return !answer || answer->status->code ? NULL : answer->session->session;
}

int ctrl_stand_delete(struct ctrl_stand *stand, uint64_t id)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionDelete delete = SHOAL__OSS__SESSION_DELETE__INIT;

	delete.id = id;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = &delete;
	return code_of(ctrl_stand_ask(stand, &request));
}

int ctrl_stand_change(struct ctrl_stand *stand, struct ctrl_session *session)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;

	session->session.identity = NULL;
	session->session.ue = NULL;
	modify.session = &session->session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	return code_of(ctrl_stand_ask(stand, &request));
}

int ctrl_stand_modify(struct ctrl_stand *stand, uint64_t id, uint32_t peer, uint64_t cir_bps)
{
	struct ctrl_session session;

	ctrl_session_init(&session, 0);
	session.session.id = id;
	session.bearer.peer_ipv4 = peer;
	session.bearer.uplink = &session.uplink;
	session.uplink.cir_bps = cir_bps;
	return ctrl_stand_change(stand, &session);
}

uint64_t ctrl_stand_image(const struct ctrl_stand *stand)
{
	const struct truth *truth = &stand->truth;
	const struct sessions *sessions = &truth->sessions;
	uint64_t image = truth->ledger.next_session + sessions->by_id.count + truth->keys.next;

	image = hash_u64(image, sessions->by_identity.count);
	for (unsigned i = 0; i < truth->notes.count; i++)
		image = hash_bytes(image + truth->notes.list[i].number, truth->notes.list[i].name,
				   strlen(truth->notes.list[i].name));
	image = hash_u64(image, (uint64_t)truth->ledger.exceptions << 32 | sessions->by_ipv4.count);
	for (unsigned i = 0; i < SHARD_POOLS_MAX; i++)
		image = hash_u64(image, sessions->by_ipv6[i].count);
	for (uint32_t i = 0; i < truth->grid.slots * SHARDS; i++) {
		const struct cell *cell = &truth->grid.cells[i];

		image = hash_u64(image, cell->number ^ (uint64_t)cell->queued << 60);
		image = hash_u64(image, cell->digest);
		image = hash_u64(image, cell->session ? cell->session->id ^ cell->session->owner : 0);
		image = hash_u64(image, (uint64_t)cell->teid << 32 | cell->newer);
		if (cell->session)
			image = hash_bytes(image + cell->session->made, &cell->session->bearer,
					   sizeof(cell->session->bearer));
	}
	for (uint16_t i = 1; i < stand->conf.rates; i++)
		image = hash_u64(image, rates_users(truth->rates, i) * 1000003ull);
	for (unsigned i = 0; i < SHARDS; i++) {
		image = hash_u64(image, truth->ledger.number[i]);
		image = hash_u64(image, truth->chains.chain[i].digest ^ truth->chains.chain[i].number);
	}
	return image;
}
