// test_pfcp_fade.c - associations of nodes that are gone: they end if they have no sessions, and make room. Clock, socket and controller are
// played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/pfcp_play.h"

#define DAY 86400u

// Heartbeats go out for a while, and nobody answers. The second after it.
static uint64_t silence(struct play *play, uint64_t from)
{
	for (uint64_t second = from; second <= from + 30; second++)
		at(play, second);
	return from + 30;
}

// The association ends to its last step: its note says so, its sessions are looked for, the note goes.
static void ends(struct play *play)
{
	char owner[ASSOC_OWNER_BYTES];

	assert_non_null(play->writing);
	assert_memory_equal(play->value, "1 leaving ", 10);
	strcpy(owner, play->writing->owner);
	ctrl_notes(play, true);
	assert_string_equal(play->drop, owner);
	node_dropped(&play->node, owner);
	assert_string_equal(play->value, "");
	ctrl_notes(play, true);
}

static void who_is_silent_for_a_day_without_sessions_goes(void **state)
{
	struct play *play = *state;

	associate(play);
	at(play, silence(play, 2) + DAY - 60);
	assert_int_equal(play->looked, 0);
	at(play, DAY + 40);
	assert_int_equal(play->looked, 1);
	assert_string_equal(play->owner, assoc_of_node(&play->node.assocs, "10.0.0.1")->owner);
	at(play, DAY + 50);
	assert_int_equal(play->looked, 1); // once, until ctrl has said
	node_owns(&play->node, false);
	ends(play);
	assert_int_equal(play->node.assocs.count, 0);
	assert_int_equal(play->node.tally[TALLY_FORGOTTEN], 1);
	associate(play); // and may come back
}

static void who_has_sessions_stays(void **state)
{
	struct play *play = *state;

	associate(play);
	silence(play, 2);
	at(play, DAY + 40);
	node_owns(&play->node, true);
	at(play, DAY + 600);
	assert_int_equal(play->looked, 1);
	assert_true(node_due(&play->node) <= (DAY + 641) * SECOND);
	at(play, DAY + 641);
	assert_int_equal(play->looked, 2);
	assert_null(play->writing);
	assert_int_equal(play->node.assocs.count, 1);
}

// It does not answer, but asks.
static void who_says_anything_stays(void **state)
{
	const struct word beat = { PFCP_HEARTBEAT_REQUEST, 1, 9, 55, false, true, NULL, 0, 0, NULL };
	struct play *play = *state;

	associate(play);
	silence(play, 2);
	at(play, 3600);
	say(play, &beat);
	at(play, DAY + 1000);
	assert_int_equal(play->looked, 0);
	ask_session(play, 10);
	deal_answer(play->deal, (const uint8_t *)"", 0);
	at(play, DAY + 4000);
	assert_int_equal(play->looked, 0);
	at(play, 2 * DAY + 1001);
	assert_int_equal(play->looked, 1);
	ask_session(play, 11); // while ctrl looks
	deal_answer(play->deal, (const uint8_t *)"", 0);
	node_owns(&play->node, false);
	assert_null(play->writing);
	assert_int_equal(play->node.assocs.count, 1);
}

static void name_setup(struct play *play, unsigned number)
{
	struct word word = play_setup;
	char name[32];

	snprintf(name, sizeof(name), "smf-%u.example", number);
	word.name = name;
	word.sequence = 100 + number;
	say(play, &word);
}

// Of the nodes that fill the table the one silent longest goes first; one with sessions is passed over.
static void a_full_table_makes_room(void **state)
{
	struct play *play = *state;
	uint64_t second;

	for (unsigned i = 0; i < ASSOCS_MAX; i++) {
		name_setup(play, i);
		ctrl_notes(play, true);
		assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 100 + i, PFCP_CAUSE_ACCEPTED);
		at(play, i < 2 ? 2 + i : 3);
	}
	name_setup(play, ASSOCS_MAX);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 100 + ASSOCS_MAX, PFCP_CAUSE_NO_RESOURCES);
	second = silence(play, 4);
	assert_string_equal(play->owner, assoc_of_node(&play->node.assocs, "smf-0.example")->owner);
	node_owns(&play->node, true);
	for (unsigned i = 0; i < FADE_ROOM; i++) {
		at(play, second += 2);
		assert_int_equal(play->looked, 2 + i);
		node_owns(&play->node, false);
		if (!i)
			assert_string_equal(play->writing->node_id, "smf-1.example");
		ends(play);
	}
	at(play, second + 100);
	assert_int_equal(play->looked, 1 + FADE_ROOM); // there is room
	assert_non_null(assoc_of_node(&play->node.assocs, "smf-0.example"));
	name_setup(play, ASSOCS_MAX + 1);
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 101 + ASSOCS_MAX, PFCP_CAUSE_ACCEPTED);
}

// Its set's sessions are another's, who answers.
static void a_member_of_a_set_leaves_them_to_the_others(void **state)
{
	struct play *play = *state;
	struct word one = play_setup, two = play_setup;
	struct assoc *other;

	one.set = two.set = "set1.smf";
	two.last = 2;
	say(play, &one);
	ctrl_notes(play, true);
	say(play, &two);
	other = play->writing;
	ctrl_notes(play, true);
	silence(play, 2);
	other->silent = false;
	other->heard_ns = DAY * SECOND;
	node_tick(&play->node, (DAY + 40) * SECOND);
	assert_int_equal(play->looked, 0);
	ctrl_notes(play, true);
	assert_int_equal(play->dropped, 0);
	ctrl_notes(play, true);
	assert_int_equal(play->node.assocs.count, 1);
	assert_int_equal(play->node.tally[TALLY_FORGOTTEN], 1);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, play_open, play_close)
	const struct CMUnitTest tests[] = {
		ONE(who_is_silent_for_a_day_without_sessions_goes),
		ONE(who_has_sessions_stays),
		ONE(who_says_anything_stays),
		ONE(a_full_table_makes_room),
		ONE(a_member_of_a_set_leaves_them_to_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
