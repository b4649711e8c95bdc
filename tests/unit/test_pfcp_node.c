// test_pfcp_node.c - shoal-pfcp without sockets: heartbeats, associations and their lives. Clock, socket and controller are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/pfcp_play.h"
#include "ctrl/pfcp/codec/ie_get.h"

static struct word with(const struct word *word, uint32_t sequence, uint32_t stamp)
{
	struct word other = *word;

	other.sequence = sequence;
	other.stamp = stamp;
	return other;
}

// What else is known of the node may follow.
static void assert_noted(const struct play *play, const char *value)
{
	assert_memory_equal(play->value, value, strlen(value));
}

static void heartbeats_are_answered_before_anything_else(void **state)
{
	struct play *play = *state;
	const struct word beat = { PFCP_HEARTBEAT_REQUEST, 1, 9, 55, false, true, NULL, 0, 0, NULL };
	struct remote stranger = { .bytes = { 192, 0, 2, 1 }, .family = 4, .port = 4000 };

	say(play, &beat);
	assert_int_equal(play->header.type, PFCP_HEARTBEAT_RESPONSE);
	assert_int_equal(play->header.sequence, 9);
	assert_int_equal(pfcp_number(pfcp_first(&play->tree, NULL, PFCP_IE_RECOVERY_TIME_STAMP)), STAMP);
	say_from(play, &stranger, &beat);
	assert_int_equal(play->sent, 2);
	assert_int_equal(play->to.port, 4000);
	assert_int_equal(play->node.peers.count, 0);
}

static void an_association_is_accepted_when_ctrl_has_it(void **state)
{
	struct play *play = *state;

	say(play, &play_setup);
	assert_int_equal(play->sent, 0);
	assert_noted(play, "1 up 1000 10.0.0.1 10.0.0.1");
	assert_memory_equal(play->writing->owner, "pfcp:10.0.0.1#", 14);
	say(play, &play_setup);
	assert_int_equal(play->noted, 1);
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 7, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(pfcp_number(pfcp_first(&play->tree, NULL, PFCP_IE_RECOVERY_TIME_STAMP)), STAMP);
	assert_int_equal(
	    pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_UP_FUNCTION_FEATURES)),
	    PFCP_UP_FUNCTION_FEATURES_FTUP | PFCP_UP_FUNCTION_FEATURES_EMPU | PFCP_UP_FUNCTION_FEATURES_UEIP |
		PFCP_UP_FUNCTION_FEATURES_PDIU | PFCP_UP_FUNCTION_FEATURES_SSET | PFCP_UP_FUNCTION_FEATURES_MPAS |
		PFCP_UP_FUNCTION_FEATURES_RESPS | PFCP_UP_FUNCTION_FEATURES_PFDM | PFCP_UP_FUNCTION_FEATURES_PFDE |
		PFCP_UP_FUNCTION_FEATURES_FRRT | PFCP_UP_FUNCTION_FEATURES_UDBC | PFCP_UP_FUNCTION_FEATURES_DLBD |
		PFCP_UP_FUNCTION_FEATURES_DDND);
	say(play, &play_setup);
	assert_int_equal(play->sent, 2);
	assert_int_equal(play->noted, 1);
}

static void without_ctrl_it_is_refused_and_leaves_nothing(void **state)
{
	struct play *play = *state;

	say(play, &play_setup);
	ctrl_notes(play, false);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 7, PFCP_CAUSE_SYSTEM_FAILURE);
	assert_string_equal(play->value, ""); // whether it was written or not
	ctrl_notes(play, false);
	at(play, 2);
	assert_string_equal(play->value, "");
	ctrl_notes(play, true);
	assert_int_equal(play->node.assocs.count, 0);
	assert_true(node_due(&play->node) >= 20 * SECOND);
}

static void requests_without_association_are_refused(void **state)
{
	struct play *play = *state;
	const struct word release = { PFCP_ASSOCIATION_RELEASE_REQUEST, 1, 3, 0, true, false, NULL, 0, 0, NULL };

	ask_session(play, 2);
	assert_int_equal(play->refused, 1);
	assert_int_equal(play->cause, PFCP_CAUSE_NO_ASSOCIATION);
	assert_int_equal(play->sessions, 0);
	say(play, &release);
	assert_answered(play, PFCP_ASSOCIATION_RELEASE_RESPONSE, 3, PFCP_CAUSE_NO_ASSOCIATION);
}

static void a_release_deletes_sessions_when_nobody_is_served(void **state)
{
	struct play *play = *state;
	const struct word release = { PFCP_ASSOCIATION_RELEASE_REQUEST, 1, 8, 0, true, false, NULL, 0, 0, NULL };
	char owner[ASSOC_OWNER_BYTES];

	associate(play);
	ask_session(play, 2);
	assert_int_equal(play->sessions, 1);
	strcpy(owner, deal_owner(play->deal));
	say(play, &release);
	assert_noted(play, "1 leaving 1000 10.0.0.1 10.0.0.1");
	ask_session(play, 4);
	assert_int_equal(play->cause, PFCP_CAUSE_NO_ASSOCIATION);
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_RELEASE_RESPONSE, 8, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play->dropped, 0);
	deal_answer(play->deal, (const uint8_t *)"", 0);
	assert_int_equal(play->dropped, 1);
	assert_string_equal(play->drop, owner);
	node_dropped(&play->node, owner);
	assert_string_equal(play->value, "");
	ctrl_notes(play, true);
	assert_int_equal(play->node.assocs.count, 0);
}

static void the_same_life_keeps_its_sessions(void **state)
{
	struct play *play = *state;
	struct word again = with(&play_setup, 8, 1000);
	struct assoc *assoc;

	associate(play);
	say(play, &again);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 8, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play->noted, 1);
	again = with(&play_setup, 9, 1000);
	say_from(play, &(struct remote){ .bytes = { 10, 9, 9, 9 }, .family = 4, .port = 99 }, &again);
	assert_noted(play, "1 up 1000 10.9.9.9 10.0.0.1");
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 9, PFCP_CAUSE_ACCEPTED);
	assoc = assoc_of_node(&play->node.assocs, "10.0.0.1");
	assert_int_equal(assoc->remote.bytes[1], 9);
	assert_int_equal(play->node.assocs.count, 1);
	assert_int_equal(play->dropped, 0);
}

static void another_life_begins_without_sessions(void **state)
{
	struct play *play = *state;
	struct word later = with(&play_setup, 8, 2000);
	struct assoc *old, *new;

	associate(play);
	old = assoc_of_node(&play->node.assocs, "10.0.0.1");
	say(play, &later);
	new = assoc_of_node(&play->node.assocs, "10.0.0.1");
	assert_ptr_not_equal(old, new);
	assert_string_not_equal(old->owner, new->owner);
	assert_ptr_equal(play->writing, new);
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 8, PFCP_CAUSE_ACCEPTED);
	ask_session(play, 9);
	assert_string_equal(deal_owner(play->deal), new->owner);
	node_noted(&play->node, old, true);
	assert_string_equal(play->drop, old->owner);
	assert_int_equal(new->state, ASSOC_UP);
}

// ---- Heartbeats of ours

static void beaten(struct play *play, uint32_t stamp)
{
	const struct word answer = {
		PFCP_HEARTBEAT_RESPONSE, 1, play->header.sequence, stamp, false, true, NULL, 0, 0, NULL
	};

	assert_int_equal(play->header.type, PFCP_HEARTBEAT_REQUEST);
	say(play, &answer);
}

static void peers_are_asked_and_their_silence_is_noticed(void **state)
{
	struct play *play = *state;
	struct assoc *assoc;
	unsigned before;

	associate(play);
	assoc = assoc_of_node(&play->node.assocs, "10.0.0.1");
	at(play, 1);
	assert_int_equal(play->to.port, 8805);
	beaten(play, 1000);
	assert_true(node_due(&play->node) == 11 * SECOND);
	before = play->sent;
	for (uint64_t second = 2; second < 20; second++)
		at(play, second);
	assert_int_equal(play->sent - before, 3);
	assert_false(assoc->silent);
	at(play, 20);
	assert_true(assoc->silent);
	assert_int_equal(assoc->state, ASSOC_UP);
	at(play, 21);
	beaten(play, 1000);
	assert_false(assoc->silent);
	assert_int_equal(play->dropped, 0);
}

static void a_later_stamp_in_a_heartbeat_ends_the_life(void **state)
{
	struct play *play = *state;
	const struct word beat = { PFCP_HEARTBEAT_REQUEST, 1, 9, 3000, false, true, NULL, 0, 0, NULL };
	struct assoc *assoc;

	associate(play);
	assoc = assoc_of_node(&play->node.assocs, "10.0.0.1");
	at(play, 1);
	beaten(play, 900); // an old one on a long way
	assert_int_equal(assoc->state, ASSOC_UP);
	at(play, 2);
	say(play, &beat); // anybody could have said that
	assert_int_equal(assoc->state, ASSOC_UP);
	at(play, 2);
	beaten(play, 3000);
	assert_int_equal(assoc->state, ASSOC_LEAVING);
	ctrl_notes(play, true);
	assert_int_equal(play->dropped, 1);
}

static void an_answer_from_elsewhere_is_none(void **state)
{
	struct play *play = *state;
	struct word answer = { PFCP_HEARTBEAT_RESPONSE, 2, 0, 3000, false, true, NULL, 0, 0, NULL };

	associate(play);
	at(play, 1);
	answer.sequence = play->header.sequence;
	say(play, &answer);
	answer.last = 1;
	answer.sequence++;
	say(play, &answer);
	assert_int_equal(play->node.tally[TALLY_UNEXPECTED], 2);
	assert_int_equal(assoc_of_node(&play->node.assocs, "10.0.0.1")->state, ASSOC_UP);
}

// ---- Associations that we ask for

static void called(struct play *play, uint8_t cause, uint32_t stamp)
{
	const struct word answer = {
		PFCP_ASSOCIATION_SETUP_RESPONSE, 3, play->header.sequence, stamp, true, true, NULL, 0, cause, NULL
	};

	assert_int_equal(play->header.type, PFCP_ASSOCIATION_SETUP_REQUEST);
	say(play, &answer);
}

static void who_waits_to_be_asked_is_asked_until_it_associates(void **state)
{
	struct play *play = *state;

	at(play, 1);
	assert_int_equal(play->to.bytes[3], 3);
	assert_int_equal(play->to.port, 8805);
	assert_int_equal(pfcp_number(pfcp_first(&play->tree, NULL, PFCP_IE_RECOVERY_TIME_STAMP)), STAMP);
	assert_true(pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_UP_FUNCTION_FEATURES)) &
		    PFCP_UP_FUNCTION_FEATURES_FTUP);
	for (uint64_t second = 2; second < 10; second++)
		at(play, second);
	assert_int_equal(play->sent, 3);
	at(play, 10); // nobody answers
	assert_int_equal(play->node.tally[TALLY_CALLS_FAILED], 1);
	assert_true(node_due(&play->node) == 20 * SECOND);
	at(play, 20);
	called(play, PFCP_CAUSE_REJECTED, 5000);
	assert_int_equal(play->node.tally[TALLY_CALLS_FAILED], 2);
	assert_int_equal(play->node.assocs.count, 0);
	at(play, 30);
	called(play, PFCP_CAUSE_ACCEPTED, 5000);
	assert_noted(play, "1 up 5000 10.0.0.3 10.0.0.3");
	ctrl_notes(play, true);
	assert_int_equal(assoc_of_node(&play->node.assocs, "10.0.0.3")->state, ASSOC_UP);
	assert_int_equal(play->node.tally[TALLY_BEGUN], 1);
}

static void who_is_here_is_not_asked_and_who_has_left_is(void **state)
{
	struct play *play = *state;
	struct word setup = with(&play_setup, 7, 5000);
	const struct word release = { PFCP_ASSOCIATION_RELEASE_REQUEST, 3, 8, 0, true, false, NULL, 0, 0, NULL };
	unsigned before;

	setup.last = 3;
	at(play, 1);
	called(play, PFCP_CAUSE_ACCEPTED, 5000);
	say(play, &setup); // it has asked, too
	assert_int_equal(play->noted, 1);
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 7, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play->node.assocs.count, 1);
	at(play, 2);
	assert_int_equal(play->header.type, PFCP_HEARTBEAT_REQUEST);
	say(play, &release);
	ctrl_notes(play, true);
	before = play->sent;
	at(play, 3);
	assert_int_equal(play->sent, before + 1);
	called(play, PFCP_CAUSE_ACCEPTED, 5000);
	assert_memory_equal(play->writing->owner, "pfcp:10.0.0.3#", 14);
	assert_int_equal(play->node.assocs.count, 2);
}

// ---- Start

// Which of our addresses a node speaks with is known after a restart, too.
static void they_hear_from_whom_they_know(void **state)
{
	static const struct conf_address own[] = { { { 10, 0, 0, 100 }, 4, 32 }, { { 10, 0, 1, 100 }, 4, 32 } };
	struct play *play = *state;
	struct remote from = host(1);

	play->node.assocs.own = own;
	play->node.assocs.own_count = 2;
	from.socket = 1;
	say_from(play, &from, &play_setup);
	assert_noted(play, "1 up 1000 10.0.0.1 10.0.0.1 10.0.1.100");
	ctrl_notes(play, true);
	at(play, 1);
	assert_int_equal(play->header.type, PFCP_HEARTBEAT_REQUEST);
	assert_int_equal(play->to.socket, 1);
	assert_true(node_found(&play->node, "pfcp:b#1", "1 up 1000 10.0.0.2 b 10.0.1.100", 5));
	assert_int_equal(assoc_of_node(&play->node.assocs, "b")->remote.socket, 1);
	assert_true(node_found(&play->node, "pfcp:c#1", "1 up 1000 10.0.0.3 c 10.9.9.9", 5));
	assert_int_equal(assoc_of_node(&play->node.assocs, "c")->remote.socket, REMOTE_ANY);
	assert_true(node_found(&play->node, "pfcp:d#1", "1 up 1000 10.0.0.4 d", 5)); // of an earlier build
	assert_int_equal(assoc_of_node(&play->node.assocs, "d")->remote.socket, REMOTE_ANY);
}

static void associations_are_as_they_were(void **state)
{
	struct play *play = *state;

	assert_true(node_found(&play->node, "pfcp:a#1", "1 up 1000 10.0.0.1 10.0.0.1", 5));
	assert_true(node_found(&play->node, "pfcp:a#2", "1 up 2000 10.0.0.1 10.0.0.1", 6));
	assert_true(node_found(&play->node, "pfcp:b#1", "1 leaving 1000 10.0.0.2 smf.example", 7));
	assert_false(node_found(&play->node, "pfcp:c#1", "2 up 1 x y", 8));
	assert_false(node_found(&play->node, "pfcp:c#1", "1 up 1 nowhere y", 8));
	node_start(&play->node, SECOND);
	assert_string_equal(assoc_of_node(&play->node.assocs, "10.0.0.1")->owner, "pfcp:a#2");
	assert_string_equal(play->drop, "pfcp:b#1");
	assert_string_equal(play->writing->owner, "pfcp:a#1");
	assert_memory_equal(play->value, "1 leaving", 9);
	ctrl_notes(play, true);
	assert_string_equal(play->drop, "pfcp:a#1");
	ask_session(play, 2);
	assert_string_equal(deal_owner(play->deal), "pfcp:a#2");
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, play_open, play_close)
#define CALLING(name) cmocka_unit_test_setup_teardown(name, play_open_calling, play_close)
	const struct CMUnitTest tests[] = {
		ONE(heartbeats_are_answered_before_anything_else),
		ONE(an_association_is_accepted_when_ctrl_has_it),
		ONE(without_ctrl_it_is_refused_and_leaves_nothing),
		ONE(requests_without_association_are_refused),
		ONE(a_release_deletes_sessions_when_nobody_is_served),
		ONE(the_same_life_keeps_its_sessions),
		ONE(another_life_begins_without_sessions),
		ONE(peers_are_asked_and_their_silence_is_noticed),
		ONE(a_later_stamp_in_a_heartbeat_ends_the_life),
		ONE(an_answer_from_elsewhere_is_none),
		CALLING(who_waits_to_be_asked_is_asked_until_it_associates),
		CALLING(who_is_here_is_not_asked_and_who_has_left_is),
		ONE(they_hear_from_whom_they_know),
		ONE(associations_are_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
