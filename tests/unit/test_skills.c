// test_skills.c - what only workers of a later build can do: refused while others serve, and told of where it is not in force.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/feed/push_inside.h"
#include "ctrl/measure/measure_trigger.h"
#include "shared/base/clock.h"
#include "tests/unit/measures_stand.h"
#include "tests/unit/world.h"

#define MBQE 1u

// The courier of this nest is there, and its workers have all shards, or none.
static void courier_comes(unsigned link, uint32_t skills, bool shards)
{
	static struct feed_hello hello;

	hello = (struct feed_hello){ .skills = skills };
	for (unsigned i = 0; i < SHARDS; i++)
		hello.stand[i].seat = shards ? (uint8_t)link : PLANE_SEAT_NONE;
	push_hello(&stand->push, link, &hello, clock_ns());
}

static int create_as(struct measures_session *session, bool wait, const char *key)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	const Shoal__Oss__Response *answer;

	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	create.session = &session->session;
	create.wait_applied = wait;
	request.key = (ProtobufCBinaryData){ key ? strlen(key) : 0, (uint8_t *)key };
	answer = ctrl_stand_ask(stand, &request);
	return answer ? (int)answer->status->code : CTRL_STAND_WAITS;
}

static int create(struct measures_session *session, bool wait)
{
	return create_as(session, wait, NULL);
}

// Another session than the stand's own.
static void another(struct measures_session *session)
{
	measures_session(session);
	session->identity.imsi = (char *)"001010000000002";
}

static void refused(int code, const char *field)
{
	assert_int_equal(code, SHOAL__OSS__CODE__UNSUPPORTED);
	assert_string_equal(stand->answer->status->field, field);
}

static void nothing_is_made_that_an_older_worker_can_not_do(void **state)
{
	Shoal__Oss__Ipv4Prefix network = SHOAL__OSS__IPV4_PREFIX__INIT, *networks[] = { &network };
	static struct measures_session session;
	uint64_t image;

	network.address = 0xc0a80900;
	network.length = 24;

	another(&session);
	courier_comes(0, 0, true);
	image = ctrl_stand_image(stand);
	session.measure[0].information = MBQE;
	refused(create(&session, false), "session.measures[0]");
	session.measure[0].information = 0;
	session.measure[0].event = true;
	session.measure[0].event_threshold = 3;
	refused(create(&session, false), "session.measures[0]");
	session.measure[0].event = session.measure[0].event_threshold = 0;
	session.forward[1].peer_teid = session.forward[1].peer_ipv4 = 0;
	session.forward[1].buffer = session.forward[1].has_buffer_packets = true;
	session.forward[1].buffer_packets = 5;
	session.match[1].framed_ipv4 = networks;
	session.match[1].n_framed_ipv4 = 1;
	refused(create(&session, false), "session.rules[1].match.framed_ipv4[0]");
	session.match[1].n_framed_ipv4 = 0;
	assert_true(ctrl_stand_image(stand) == image);
	assert_int_equal(create(&session, false), 0); // how many may wait is but suggested
	courier_comes(0, 0, true);
	assert_int_equal(stand->alarms, 0);
}

// As front ends are told.
static uint32_t missing(void)
{
	return ctrl_stand_status(stand)->skills_missing;
}

// One nest can, the other can't: either courier counts as long as it is there, and its workers as long as they have shards.
static void all_builds_in_service_count(void **state)
{
	assert_int_equal(push_skills(&stand->push), SHEET_SKILLS); // who will come can do it, or will say so
	courier_comes(0, SHEET_SKILLS, true);
	assert_int_equal(missing(), 0);
	courier_comes(1, SHEET_SKILL_BEFORE, false);
	assert_int_equal(push_skills(&stand->push), SHEET_SKILL_BEFORE);
	assert_int_equal(missing(), SHEET_SKILLS & ~SHEET_SKILL_BEFORE);
	push_goodbye(&stand->push, 1);
	assert_int_equal(push_skills(&stand->push), SHEET_SKILLS);
	courier_comes(1, SHEET_SKILL_BEFORE, true);
	push_goodbye(&stand->push, 1);
	assert_int_equal(push_skills(&stand->push), SHEET_SKILL_BEFORE);
	courier_comes(0, SHEET_SKILLS, true);
	assert_int_equal(push_skills(&stand->push), SHEET_SKILLS);
}

// A session that has it already may be changed otherwise; more it does not get.
static void what_it_has_it_keeps(void **state)
{
	measures_session(&wanted);
	wanted.session.id = id;
	wanted.measure[0].information = MBQE;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	assert_int_equal(stand->alarms, 0);
	courier_comes(0, 0, true);
	assert_int_equal(stand->alarms, 1); // it is told that one session's rules may not be in force
	wanted.forward[1].peer_teid = 78;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	wanted.measure[0].dropped_bytes = 1000;
	wanted.measure[0].triggers = MEASURE_ASK_DROTH;
	refused(measures_change(&wanted, false, NULL), "session.measures[0]");
}

static void refusal_comes(uint32_t cell, uint64_t number)
{
	static struct feed_reports reports;

	reports.count = 1;
	reports.report[0] = (struct report){ .kind = REPORT_REFUSED, .seq = chain_seq(number, CHAIN_CHANGE) };
	reports.report[0].shard = cell_shard(&stand->truth.grid, cell);
	reports.report[0].slot = cell_slot(&stand->truth.grid, cell);
	push_reports(&stand->push, 0, &reports, clock_ns());
}

// Who waits for a change that the worker refuses is told so, and of no other.
static void a_refusal_is_the_answer(void **state)
{
	static struct measures_session session;
	uint32_t first = session_by_id(&stand->truth.sessions, id)->cell;
	uint32_t cell, asked, mine = ctrl_stand_get(stand, id)->ue->ipv4;
	unsigned answers;

	another(&session);
	for (session.ue.ipv4 = 0x0a2d0001;
	     shard_of_ipv4(session.ue.ipv4) != shard_of_teid(teid) || session.ue.ipv4 == mine; session.ue.ipv4++)
		assert_in_range(session.ue.ipv4, 0x0a2d0000, 0x0a2d03fe);
	asked = session.ue.ipv4;
	courier_comes(0, SHEET_SKILLS, true);
	session.measure[0].information = MBQE;
	assert_int_equal(create_as(&session, true, "once"), CTRL_STAND_WAITS);
	cell = session_by_id(&stand->truth.sessions, id + 1)->cell;
	measures_session(&wanted);
	wanted.session.id = id;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	answers = stand->answers;
	refusal_comes(first, stand->truth.grid.cells[first].number);
	assert_int_equal(stand->answers, answers);
	refusal_comes(cell, stand->truth.grid.cells[cell].number);
	assert_int_equal(stand->answers, answers + 1);
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__NOT_APPLIED_YET);
	assert_false(stand->answer->session->session->applied);
	assert_false(ctrl_stand_get(stand, id + 1)->applied);
	for (unsigned i = 0; i < SHARDS; i++)
		push_advance(&stand->push, (uint8_t)i, chain_seq(stand->truth.chains.chain[i].number, CHAIN_CHANGE),
			     clock_ns());
	another(&session); // the same again
	session.ue.ipv4 = asked;
	session.measure[0].information = MBQE;
	assert_int_equal(create_as(&session, true, "once"), SHOAL__OSS__CODE__NOT_APPLIED_YET);
	assert_int_equal(stand->answer->session->session->id, id + 1);
}

// The change that is refused may be the past already: what is newer goes on its way.
static void an_old_refusal_stops_no_shard(void **state)
{
	uint32_t cell = session_by_id(&stand->truth.sessions, id)->cell;
	uint8_t shard = cell_shard(&stand->truth.grid, cell);
	uint64_t number;

	courier_comes(0, SHEET_SKILLS, true);
	number = stand->truth.grid.cells[cell].number;
	measures_session(&wanted);
	wanted.session.id = id;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	assert_true(stand->truth.grid.cells[cell].number > number);
	refusal_comes(cell, number);
	assert_int_equal(stand->push.shard[shard].phase, PUSH_REPLAY);
	assert_true(stand->truth.grid.cells[cell].digest);
}

static void all_say(struct world *world)
{
	for (unsigned turn = 0; turn < 100 || push_waiting(&world->stand.push); turn++) {
		assert_true(turn < 2000);
		world_ctrl_sends(world);
		world_owners_hear(world);
		world_ctrl_hears(world);
		world_time_passes(world);
	}
}

// Shards go to a build that refuses all sheets, and back: nothing stays behind.
static void what_one_build_refused_another_gets(void **state)
{
	static struct world world;
	uint64_t all;

	world_open(&world, 5, 0);
	world.apart = true;
	world.unskilled[1] = true;
	world_hellos(&world);
	for (unsigned i = 0; i < 300; i++)
		world_create(&world);
	world_settle(&world);
	all = push_applied(&world.stand.push);
	assert_int_equal(world.stand.alarms, 0);
	for (unsigned i = 0; i < SHARDS; i++)
		world_goes(&world, (uint8_t)i, LUGGAGE_NONE);
	all_say(&world);
	assert_true(push_applied(&world.stand.push) < all);
	assert_true(world.stand.alarms > 0);
	for (unsigned i = 0; i < SHARDS; i++)
		world_goes(&world, (uint8_t)i, LUGGAGE_NONE);
	world_settle(&world);
	assert_true(push_applied(&world.stand.push) == all);
	assert_int_equal(push_skills(&world.stand.push), 0); // its courier is there still
	ctrl_stand_close(&world.stand);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, measures_one, measures_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_made_that_an_older_worker_can_not_do),
		CASE(all_builds_in_service_count),
		CASE(what_it_has_it_keeps),
		CASE(a_refusal_is_the_answer),
		CASE(an_old_refusal_stops_no_shard),
		cmocka_unit_test(what_one_build_refused_another_gets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
