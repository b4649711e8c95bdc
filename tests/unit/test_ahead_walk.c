// test_ahead_walk.c - clients that create, modify and delete by lot, over a disk that takes its time and fails, and deaths between.
//
// What a client was told holds: done is done, refused is undone. Who hears nothing asks again with the same key, or twice. In the end, and whenever
// nothing of a client is under way, its session is as it was told, in memory and after a start.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/kit/hash.h"
#include "tests/unit/ctrl_stand.h"

#define CLIENTS 24u
#define SEEDS 30u
#define STEPS 4000u
#define BYTES_MAX 512u

enum verb { NOTHING, CREATE, MODIFY, DELETE };

#define TIMES 2u

struct client;
struct asked {
	struct request request; // first
	struct client *who;
	bool waiting;
};

struct client {
	struct asked asked[TIMES];
	uint8_t bytes[BYTES_MAX];
	enum verb verb; // asked; without anybody who waits: ctrl has died since
	bool done;      // says one of the answers
	uint64_t key, id, was;
	uint32_t wish, peer;
};

static struct ctrl_stand stand;
static struct inbox nowhere; // of a scribe without a thread: batches are written when the walk wants it
static struct client client[CLIENTS];
static uint64_t seed, lot, keys;
static unsigned aheads;

static uint32_t draw(uint32_t below)
{
	lot = hash_u64(lot, 1);
	return (uint32_t)(lot >> 33) % below;
}

static bool waits(const struct client *who)
{
	return who->asked[0].waiting || who->asked[1].waiting;
}

static void on_answer(struct request *request)
{
	struct asked *asked = (struct asked *)request;
	struct client *who = asked->who;
	Shoal__Oss__Response *answer = shoal__oss__response__unpack(NULL, request->answer_bytes, request->answer);

	assert_true(answer && asked->waiting);
	asked->waiting = false;
	if (answer->status->code) {
		assert_int_equal(answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	} else if (who->verb == DELETE) {
		who->id = 0;
	} else {
		assert_true((who->verb == CREATE && !who->done) || answer->session->session->id == who->id);
		who->id = answer->session->session->id;
		who->peer = who->wish;
	}
	who->done |= !answer->status->code;
	if (!waits(who))
		who->verb = NOTHING;
	shoal__oss__response__free_unpacked(answer, NULL);
	free(request->answer);
}

static size_t request_write(struct client *who)
{
	Shoal__Oss__Request message = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	Shoal__Oss__SessionDelete delete = SHOAL__OSS__SESSION_DELETE__INIT;
	struct ctrl_session session;

	ctrl_session_init(&session, (unsigned)(who - client));
	session.bearer.peer_ipv4 = who->wish;
	session.bearer.uplink = &session.uplink;
	session.uplink.cir_bps = 50000 + who->wish % 3;
	message.version = 1;
	message.key = (ProtobufCBinaryData){ sizeof(who->key), (uint8_t *)&who->key };
	if (who->verb == CREATE) {
		create.session = &session.session;
		message.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
		message.session_create = &create;
	} else if (who->verb == MODIFY) {
		session.session.id = who->was;
		session.session.identity = NULL;
		session.session.ue = NULL;
		modify.session = &session.session;
		message.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
		message.session_modify = &modify;
	} else {
		delete.id = who->was;
		message.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
		message.session_delete = &delete;
	}
	assert_true(shoal__oss__request__get_packed_size(&message) <= BYTES_MAX);
	return shoal__oss__request__pack(&message, who->bytes);
}

static void ask(struct client *who)
{
	struct asked *asked = &who->asked[who->asked[0].waiting];

	if (asked->waiting)
		return;
	if (who->verb == NOTHING) {
		who->done = false;
		who->was = who->id;
		who->verb = !who->id ? CREATE : draw(3) ? DELETE : MODIFY;
		who->wish = 0xc6330000 + draw(1000);
		who->key = ++keys << 8 | 0xa5;
	}
	*asked = (struct asked){ .who = who, .waiting = true };
	asked->request = (struct request){ .bytes = who->bytes, .length = request_write(who), .answered = on_answer };
	desk_take(&stand.desk, &asked->request);
	desk_run(&stand.desk);
	aheads += stand.truth.ledger.count > stand.truth.ledger.handed.entries && scribe_busy(&stand.truth.scribe);
}

static void disk_does(void)
{
	struct scribe *scribe = &stand.truth.scribe;

	if (!scribe_busy(scribe))
		return;
	stand.fail_commit = draw(20) ? 0 : -EIO;
	scribe->error = batch_write(scribe->batch, scribe->store);
	stand.fail_commit = 0;
	scribe->written.run(&scribe->written);
}

// What is with the disk is written, or not.
static void ctrl_dies(void)
{
	struct scribe *scribe = &stand.truth.scribe;

	if (scribe_busy(scribe) && draw(2))
		assert_int_equal(batch_write(scribe->batch, scribe->store), 0);
	ctrl_stand_restart(&stand);
	stand.truth.scribe.inbox = &nowhere;
	for (unsigned i = 0; i < CLIENTS; i++)
		client[i].asked[0].waiting = client[i].asked[1].waiting = false;
}

static void all_hold(void)
{
	unsigned sure = 0, living = 0;

	for (unsigned i = 0; i < CLIENTS; i++) {
		const struct client *who = &client[i];
		const struct session *session = session_by_id(&stand.truth.sessions, who->id);

		if (who->verb != NOTHING)
			continue;
		sure++;
		living += who->id != 0;
		if (!session != !who->id || (session && session->bearer.peer_ipv4 != who->peer))
			fail_msg("seed %llu: client %u was told otherwise", (unsigned long long)seed, i);
	}
	if (sure == CLIENTS)
		assert_int_equal(stand.truth.sessions.by_id.count, living);
}

static void step(void)
{
	uint32_t what = draw(100);

	if (what < 60)
		ask(&client[draw(CLIENTS)]);
	else if (what < 85)
		disk_does();
	else if (what < 95)
		desk_run(&stand.desk);
	else if (what < 98)
		stand.truth.scribe.since_ns -= draw(2) ? DESK_SLOW_NS : DESK_PATIENCE_NS;
	else if (what == 98)
		ctrl_dies();
	all_hold();
}

static void all_is_answered(void)
{
	for (unsigned turn = 0; turn < 1000; turn++) {
		bool left = false;

		for (unsigned i = 0; i < CLIENTS; i++) {
			if (client[i].verb != NOTHING && !waits(&client[i]))
				ask(&client[i]);
			left |= client[i].verb != NOTHING;
		}
		if (!left && !scribe_busy(&stand.truth.scribe))
			return;
		desk_run(&stand.desk);
		disk_does();
	}
	fail_msg("seed %llu: somebody waits for ever", (unsigned long long)seed);
}

static void what_was_said_holds(void **state)
{
	for (seed = 0; seed < SEEDS; seed++) {
		memset(client, 0, sizeof(client));
		lot = hash_u64(seed, 77);
		ctrl_stand_open(&stand);
		stand.truth.scribe.inbox = &nowhere;
		for (unsigned n = 0; n < STEPS; n++)
			step();
		all_is_answered();
		all_hold();
		ctrl_stand_restart(&stand);
		all_hold();
		ctrl_stand_close(&stand);
	}
	assert_true(aheads > SEEDS * 10); // or nothing was tried
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_was_said_holds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
