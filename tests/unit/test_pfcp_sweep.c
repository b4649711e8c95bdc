// test_pfcp_sweep.c - requests about many sessions of a node: deleted with a part of it, kept at its restart, told of to others of its set.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/rules/front.h"
#include "tests/unit/session_play.h"

// Words n, as a request about many of the owner's sessions, are served.
static void sweep(unsigned n, uint8_t type)
{
	const struct pfcp_header header = { .type = type, .sequence = n };
	static uint8_t bytes[PLAY_REQUESTS][512];
	struct pfcp_writer writer = pfcp_writer_over(bytes[n], sizeof(bytes[n]));
	uint8_t *mark;

	pfcp_message_begin(&writer, &header, &mark);
	pfcp_put_node_id(&writer, PFCP_IE_NODE_ID, &(const struct pfcp_node_id){ .address = { .has_ipv4 = true } });
	pfcp_raw(&writer, play.words[n].bytes, (size_t)(play.words[n].writer.at - play.words[n].bytes));
	pfcp_message_end(&writer, mark);
	play.deals[n] = (struct deal){
		.assoc = &play.assoc, .type = type, .bytes = bytes[n], .length = (size_t)(writer.at - writer.start)
	};
	play.swept = NULL;
	assert_int_equal(sessions_sweep(sessions, &play.deals[n]), 0);
}

static void swept(unsigned n, uint8_t cause)
{
	play_run(1000);
	assert_ptr_equal(play.swept, &play.deals[n]);
	assert_int_equal(play.swept_cause, cause);
}

static const uint8_t part[] = { 0x01, 10, 0, 0, 1, 0, 8 }, other_part[] = { 0x01, 10, 0, 0, 1, 0, 9 };

static void attach_part(const char *group)
{
	words_begin(&play.words[0]);
	words_session(&play.words[0], 7, false);
	pfcp_put_bytes(&play.words[0].writer, PFCP_IE_FQ_CSID, part, sizeof(part));
	if (*group)
		pfcp_put_text(&play.words[0].writer, PFCP_IE_GROUP_ID, group);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	play_run(100);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
}

// Session Set Deletion: only what depends on the part of the node that has failed goes.
static void a_part_of_an_owner_is_dropped(void **state)
{
	attach_part("");
	words_begin(&play.words[1]);
	pfcp_put_bytes(&play.words[1].writer, PFCP_IE_FQ_CSID, other_part, sizeof(part));
	sweep(1, PFCP_SESSION_SET_DELETION_REQUEST);
	swept(1, PFCP_CAUSE_ACCEPTED);
	assert_non_null(play.session);
	pfcp_put_bytes(&play.words[1].writer, PFCP_IE_FQ_CSID, part, sizeof(part));
	sweep(1, PFCP_SESSION_SET_DELETION_REQUEST);
	swept(1, PFCP_CAUSE_ACCEPTED);
	assert_null(play.session);
	words_begin(&play.words[0]);
	words_session(&play.words[0], 7, false);
	pfcp_put_bytes(&play.words[0].writer, PFCP_IE_FQ_CSID, part, 6);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	assert_int_equal(play_cause(), PFCP_CAUSE_MANDATORY_INCORRECT);
}

// Where ctrl can't delete now, it is not asked all the time.
static void what_cannot_be_deleted_now_is_tried_ever_again(void **state)
{
	attach_part("");
	play.stuck = true;
	play.changes = 0;
	assert_int_equal(sessions_drop(sessions, play.session->owner), 0);
	play_run(1000);
	assert_in_range(play.changes, 10, 25);
	assert_string_equal(play.dropped, "");
	play.stuck = false;
	play_run(1000);
	assert_null(play.session);
	assert_string_equal(play.dropped, play.assoc.owner);
}

static void look(const char *owner, bool owned)
{
	unsigned looks = play.looks;

	assert_int_equal(sessions_owned(sessions, owner), 0);
	play_run(1000);
	assert_int_equal(play.looks, looks + 1);
	assert_int_equal(play.owned, owned);
}

// And nothing else happens to them.
static void whether_an_owner_has_sessions_is_known(void **state)
{
	attach_part("");
	look(play.session->owner, true);
	look("pfcp:10.99.4.3#1", false);
	play.busy = 3;
	look(play.session->owner, true);
	assert_non_null(play.session);
	assert_string_equal(play.dropped, "");
}

static void put_ipv4(unsigned n, unsigned type, uint32_t ipv4)
{
	const struct pfcp_address address = { .has_ipv4 = true, .ipv4 = ipv4 };

	pfcp_put_address(&play.words[n].writer, type, &address);
}

// A setup that names whose sessions stay: who is not named loses them.
static void whose_sessions_are_not_known_any_more_loses_them(void **state)
{
	uint8_t *mark;

	attach_part("");
	for (unsigned i = 0; i < 2; i++) {
		assert_non_null(play.session);
		words_begin(&play.words[1]);
		pfcp_put_u32(&play.words[1].writer, PFCP_IE_RECOVERY_TIME_STAMP, 1);
		pfcp_begin(&play.words[1].writer, PFCP_IE_PFCP_SESSION_RETENTION_INFORMATION, &mark);
		put_ipv4(1, PFCP_IE_CP_PFCP_ENTITY_IP_ADDRESS, 0x0a000063);
		if (!i)
			put_ipv4(1, PFCP_IE_CP_PFCP_ENTITY_IP_ADDRESS, WORDS_CP);
		pfcp_end(&play.words[1].writer, mark);
		sweep(1, PFCP_ASSOCIATION_SETUP_REQUEST);
		swept(1, PFCP_CAUSE_ACCEPTED);
	}
	assert_null(play.session);
}

#define OTHER_SMF 0x0a000003u

// What names sessions: a part of a node, a group, or who has them.
enum naming { BY_PART, BY_GROUP, BY_ADDRESS, BY_OTHERS };

static void change_put(unsigned n, enum naming by, uint32_t to)
{
	struct pfcp_writer *writer = &play.words[n].writer;
	uint8_t *mark;

	pfcp_begin(writer, PFCP_IE_PFCP_SESSION_CHANGE_INFO, &mark);
	pfcp_put_bytes(writer, PFCP_IE_FQ_CSID, by == BY_PART ? part : other_part, sizeof(part));
	pfcp_put_text(writer, PFCP_IE_GROUP_ID, by == BY_GROUP ? "two" : "tw");
	put_ipv4(n, PFCP_IE_CP_IP_ADDRESS, by == BY_ADDRESS ? WORDS_CP : 1);
	put_ipv4(n, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS, to);
	pfcp_end(writer, mark);
}

static void move(unsigned n, enum naming by, uint32_t to)
{
	words_begin(&play.words[n]);
	change_put(n, by, to);
	sweep(n, PFCP_SESSION_SET_MODIFICATION_REQUEST);
	swept(n, PFCP_CAUSE_ACCEPTED);
}

static struct front kept(void)
{
	static struct pfcp_tree tree;
	struct front front;

	assert_int_equal(front_read(&front, play.session->front.data, play.session->front.len, &tree), 0);
	return front;
}

static void others_hear_of_what_is_named(void **state)
{
	static const enum naming by[] = { BY_PART, BY_GROUP, BY_ADDRESS };
	unsigned rules, moves = 0;

	attach_part("two");
	rules = (unsigned)play.session->n_rules;
	move(1, BY_OTHERS, OTHER_SMF);
	assert_int_equal(play.moves, 0);
	assert_false(kept().elsewhere.has_ipv4);
	for (unsigned i = 0; i < 3; i++) {
		move(1, by[i], OTHER_SMF + i);
		assert_int_equal(play.moves, ++moves);
		assert_int_equal(kept().elsewhere.ipv4, OTHER_SMF + i);
		assert_int_equal(play.to.elsewhere.ipv4, OTHER_SMF + i);
		assert_int_equal(play.to.cp.seid, 7);
		assert_int_equal(play.session->n_rules, rules);
		assert_int_equal(kept().group_bytes, 4 + 3);
		move(1, by[i], OTHER_SMF + i); // it is so already
		assert_int_equal(play.moves, moves);
	}
	move(1, BY_PART, WORDS_CP); // whose it is
	assert_int_equal(play.moves, moves + 1);
	assert_false(kept().elsewhere.has_ipv4);
}

// The first that names it counts; a busy controller, a full disk, and a request about the session meanwhile change nothing.
static void it_is_moved_whatever_happens_meanwhile(void **state)
{
	attach_part("two");
	words_begin(&play.words[1]);
	change_put(1, BY_OTHERS, OTHER_SMF + 1);
	change_put(1, BY_GROUP, OTHER_SMF);
	change_put(1, BY_PART, OTHER_SMF + 2);
	sweep(1, PFCP_SESSION_SET_MODIFICATION_REQUEST);
	play.served = 2;
	play.busy = 3;
	play.disk = SHOAL__OSS__CODE__STORE_FAILED;
	play_handover(2, 0x99);
	swept(1, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(kept().elsewhere.ipv4, OTHER_SMF);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x99);
	play_handover(3, 0x9a);
	play_run(100);
	assert_int_equal(kept().elsewhere.ipv4, OTHER_SMF); // it stays, whoever changes it
}

// What has been listed, and is gone when it is looked at.
static void a_session_that_goes_meanwhile_is_moved_by_nobody(void **state)
{
	attach_part("");
	words_begin(&play.words[1]);
	change_put(1, BY_PART, OTHER_SMF);
	sweep(1, PFCP_SESSION_SET_MODIFICATION_REQUEST);
	sessions_tick(sessions, ++play.now_ms * PLAY_NS);
	assert_true(play_step()); // the list
	shoal__oss__session__free_unpacked(play.session, NULL);
	play.session = NULL;
	swept(1, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.moves, 0);
}

static void who_takes_it_over_hears_of_it(void **state)
{
	struct pfcp_fseid cp = { 9, { .has_ipv4 = true, .ipv4 = OTHER_SMF } };

	attach_part("");
	move(1, BY_PART, OTHER_SMF);
	words_begin(&play.words[2]);
	pfcp_put_fseid(&play.words[2].writer, PFCP_IE_F_SEID, &cp);
	play_say(2, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(100);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(kept().cp.seid, 9);
	assert_false(kept().elsewhere.has_ipv4);
	assert_int_equal(play.moves, 2);
	assert_int_equal(play.to.cp.address.ipv4, OTHER_SMF);
	assert_false(play.to.elsewhere.has_ipv4);
}

static void an_earlier_controller_says_that_it_can_not(void **state)
{
	attach_part("");
	play.disk = SHOAL__OSS__CODE__BAD_REQUEST;
	words_begin(&play.words[1]);
	change_put(1, BY_PART, OTHER_SMF);
	sweep(1, PFCP_SESSION_SET_MODIFICATION_REQUEST);
	swept(1, PFCP_CAUSE_SYSTEM_FAILURE);
	assert_int_equal(play.moves, 0);
}

// Where ctrl is not heard from, or is busy for longer than anybody waits, the session is looked at again in another round.
static void what_cannot_be_moved_now_is_tried_ever_again(void **state)
{
	attach_part("");
	for (unsigned busy = 0; busy < 2; busy++) {
		words_begin(&play.words[1]);
		change_put(1, BY_PART, OTHER_SMF + busy);
		sweep(1, PFCP_SESSION_SET_MODIFICATION_REQUEST);
		sessions_tick(sessions, ++play.now_ms * PLAY_NS);
		assert_true(play_step()); // the list
		play.silent = !busy;
		play.busy = busy ? 10000 : 0;
		play_run(busy ? 10000 : 0);
		assert_null(play.swept);
		assert_int_equal(play.moves, busy);
		play.busy = 0;
		swept(1, PFCP_CAUSE_ACCEPTED);
		assert_int_equal(play.moves, busy + 1);
		assert_int_equal(kept().elsewhere.ipv4, OTHER_SMF + busy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_part_of_an_owner_is_dropped, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_cannot_be_deleted_now_is_tried_ever_again, play_open, play_close),
		cmocka_unit_test_setup_teardown(whose_sessions_are_not_known_any_more_loses_them, play_open,
						play_close),
		cmocka_unit_test_setup_teardown(whether_an_owner_has_sessions_is_known, play_open, play_close),
		cmocka_unit_test_setup_teardown(others_hear_of_what_is_named, play_open, play_close),
		cmocka_unit_test_setup_teardown(it_is_moved_whatever_happens_meanwhile, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_cannot_be_moved_now_is_tried_ever_again, play_open, play_close),
		cmocka_unit_test_setup_teardown(a_session_that_goes_meanwhile_is_moved_by_nobody, play_open,
						play_close),
		cmocka_unit_test_setup_teardown(who_takes_it_over_hears_of_it, play_open, play_close),
		cmocka_unit_test_setup_teardown(an_earlier_controller_says_that_it_can_not, play_open, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
