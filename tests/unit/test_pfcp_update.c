// test_pfcp_update.c - associations that we update: what we can by now, and that we want to be released; and set up anew. Clock, socket, controller: played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/pfcp_play.h"
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "shared/wire/sheet_skill.h"

#define NOTE "1 up 1000 10.0.0.1 10.0.0.1"

// An association of an earlier build of ours, whose heartbeat is answered.
static void found(struct play *play)
{
	struct word beat = { PFCP_HEARTBEAT_RESPONSE, 1, 0, 1000, false, true, NULL, 0, 0, NULL };

	assert_true(node_found(&play->node, "pfcp:a#1", NOTE, 5));
	node_start(&play->node, SECOND);
	at(play, 1); // the heartbeat leaves first
	beat.sequence = play->header.sequence;
	if (play->header.type == PFCP_ASSOCIATION_UPDATE_REQUEST)
		beat.sequence--;
	say(play, &beat);
}

static void answered(struct play *play, uint8_t cause)
{
	const struct word answer = {
		PFCP_ASSOCIATION_UPDATE_RESPONSE, 1, play->header.sequence, 0, true, false, NULL, 0, cause, NULL
	};

	assert_int_equal(play->header.type, PFCP_ASSOCIATION_UPDATE_REQUEST);
	say(play, &answer);
}

static void who_associated_with_an_earlier_build_is_told(void **state)
{
	struct play *play = *state;
	const struct assoc *assoc;
	char note[ASSOC_NOTE_BYTES];
	unsigned before;

	found(play);
	assert_int_equal(pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_UP_FUNCTION_FEATURES)) >> 40,
			 PFCP_UP_FUNCTION_FEATURES_RESPS >> 40);
	assert_true(pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_UP_FUNCTION_FEATURES)) &
		    PFCP_UP_FUNCTION_FEATURES_SSET);
	assert_null(pfcp_first(&play->tree, NULL, PFCP_IE_PFCP_ASSOCIATION_RELEASE_REQUEST));
	answered(play, PFCP_CAUSE_ACCEPTED);
	assert_memory_equal(play->value, NOTE " - knows=", strlen(NOTE " - knows="));
	ctrl_notes(play, true);
	assoc = assoc_of_node(&play->node.assocs, "10.0.0.1");
	assert_int_equal(assoc->state, ASSOC_UP);
	before = play->sent;
	at(play, 2); // nothing but a heartbeat
	assert_true(play->sent <= before + 1);
	strcpy(note, play->value);
	assert_true(node_found(&play->node, "pfcp:b#1", note, 6));
	assert_int_equal(TAILQ_FIRST(&play->node.assocs.all)->telling.knows, assoc->telling.knows);
	assert_int_equal(play->node.tally[TALLY_UPDATES_TOLD], 1);
}

static void who_does_not_know_the_message_is_asked_once(void **state)
{
	struct play *play = *state;
	unsigned asked = 0;

	found(play);
	for (uint64_t second = 2; second < 60; second++) {
		play->header.type = 0;
		at(play, second);
		asked += play->header.type == PFCP_ASSOCIATION_UPDATE_REQUEST;
	}
	assert_true(asked <= 2); // N1 times in all
	assert_int_equal(play->node.tally[TALLY_UPDATES_REFUSED], 1);
}

// A worker of an earlier build comes, and goes: what it can't do is not announced meanwhile, to whom it was nor to who comes.
static void what_not_all_workers_can_is_not_announced(void **state)
{
	struct play *play = *state;
	const uint64_t three =
	    PFCP_UP_FUNCTION_FEATURES_FRRT | PFCP_UP_FUNCTION_FEATURES_UDBC | PFCP_UP_FUNCTION_FEATURES_DLBD;
	uint64_t all;

	found(play);
	all = pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_UP_FUNCTION_FEATURES));
	assert_true((all & three) == three);
	node_skills(&play->node, SHEET_SKILL_WAITS); // while that is under way
	answered(play, PFCP_CAUSE_ACCEPTED);
	ctrl_notes(play, true);
	at(play, 4);
	assert_true(pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_UP_FUNCTION_FEATURES)) ==
		    (all & ~PFCP_UP_FUNCTION_FEATURES_UDBC));
	answered(play, PFCP_CAUSE_ACCEPTED);
	ctrl_notes(play, true);
	node_skills(&play->node, SHEET_SKILLS);
	node_skills(&play->node, 0);
	at(play, 7);
	assert_true(pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_UP_FUNCTION_FEATURES)) == all);
	answered(play, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play->node.tally[TALLY_UPDATES_TOLD], 3);
}

static void who_associates_with_us_knows(void **state)
{
	struct play *play = *state;

	associate(play);
	assert_non_null(strstr(play->value, " - knows="));
	at(play, 1);
	assert_int_equal(play->header.type, PFCP_HEARTBEAT_REQUEST);
	assert_true(play->node.update_ns == UINT64_MAX);
}

static void they_are_asked_to_release(void **state)
{
	const struct word release = { PFCP_ASSOCIATION_RELEASE_REQUEST, 3, 8, 0, true, false, NULL, 0, 0, NULL };
	struct word setup = play_setup;
	struct play *play = *state;
	unsigned before;

	setup.last = 3;
	say(play, &setup);
	ctrl_notes(play, true);
	at(play, 1);
	node_leave(&play->node);
	at(play, 1);
	assert_int_equal(play->header.type, PFCP_ASSOCIATION_UPDATE_REQUEST);
	assert_true(pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_PFCP_ASSOCIATION_RELEASE_REQUEST)) &
		    PFCP_PFCP_ASSOCIATION_RELEASE_REQUEST_SARR);
	setup = (struct word){ .type = PFCP_ASSOCIATION_UPDATE_RESPONSE, .last = 3, .with_node = true };
	setup.sequence = play->header.sequence;
	setup.cause = PFCP_CAUSE_ACCEPTED;
	say(play, &setup);
	ctrl_notes(play, true);
	say(play, &release);
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_RELEASE_RESPONSE, 8, PFCP_CAUSE_ACCEPTED);
	before = play->sent;
	for (uint64_t second = 2; second < 60; second++)
		at(play, second);
	assert_int_equal(play->sent, before); // it is not asked to come back
}

// ---- Sessions that are kept

static size_t retaining(const struct word *word, const uint8_t *which, size_t length, uint8_t bytes[256])
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, 256);

	writer.at += word_write(word, bytes, 256);
	pfcp_put_bytes(&writer, PFCP_IE_PFCP_SESSION_RETENTION_INFORMATION, which, length);
	pfcp_message_end(&writer, bytes);
	return (size_t)(writer.at - bytes);
}

// It is set up again, and its sessions are what they were.
static void kept(struct play *play, unsigned sequence)
{
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, sequence, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_PFCPASRSP_FLAGS)),
			 PFCP_PFCPASRSP_FLAGS_PSREI);
	assert_int_equal(play->node.tally[TALLY_RESTARTED], 0);
}

// As it asks (PFCP Session Retention Information), though it was started anew.
static void who_knows_its_sessions_keeps_them(void **state)
{
	struct play *play = *state;
	struct word later = play_setup;
	uint8_t bytes[256];

	associate(play);
	later.sequence = 8;
	later.stamp = 2000;
	assert_null(pfcp_first(&play->tree, NULL, PFCP_IE_PFCPASRSP_FLAGS));
	say_bytes(play, 1, bytes, retaining(&later, NULL, 0, bytes));
	assert_memory_equal(play->value, "1 up 2000 ", 10);
	ctrl_notes(play, true);
	kept(play, 8);
	later.sequence = 9;
	say_bytes(play, 1, bytes, retaining(&later, NULL, 0, bytes)); // nothing new
	kept(play, 9);
}

static const uint8_t some[] = { 0, PFCP_IE_CP_PFCP_ENTITY_IP_ADDRESS, 0, 5, 2, 10, 0, 0, 1 };

// It is in its new life at once, and answered when those that are not named are gone, and that is noted.
static void who_knows_some_of_them_keeps_those(void **state)
{
	const struct word beat = { PFCP_HEARTBEAT_REQUEST, 1, 20, 2000, false, true, NULL, 0, 0, NULL };
	struct play *play = *state;
	struct word later = play_setup;
	uint8_t bytes[256];

	associate(play);
	later.sequence = 8;
	later.stamp = 2000;
	say_bytes(play, 1, bytes, retaining(&later, some, sizeof(some), bytes));
	assert_int_equal(play->swept, 1);
	ctrl_notes(play, true);
	say(play, &beat); // its new stamp is no news
	assert_int_equal(play->header.sequence, 20);
	node_swept(&play->node, play->deal, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play->header.sequence, 20);
	assert_memory_equal(play->value, "1 up 2000 ", 10);
	ctrl_notes(play, true);
	kept(play, 8);
	assert_int_equal(play->dropped, 0);
	later.sequence = 9;
	say_bytes(play, 1, bytes, retaining(&later, some, sizeof(some), bytes)); // we may have died before the end
	assert_int_equal(play->swept, 2);
}

static void who_leaves_meanwhile_keeps_none(void **state)
{
	const struct word release = { PFCP_ASSOCIATION_RELEASE_REQUEST, 1, 9, 0, true, false, NULL, 0, 0, NULL };
	struct play *play = *state;
	struct word later = play_setup;
	uint8_t bytes[256];

	associate(play);
	later.sequence = 8;
	say_bytes(play, 1, bytes, retaining(&later, some, sizeof(some), bytes));
	say(play, &release);
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_RELEASE_RESPONSE, 9, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play->dropped, 0);
	node_swept(&play->node, play->deal, PFCP_CAUSE_ACCEPTED);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 8, PFCP_CAUSE_SYSTEM_FAILURE);
	assert_int_equal(play->dropped, 1);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, play_open, play_close)
	const struct CMUnitTest tests[] = {
		ONE(who_associated_with_an_earlier_build_is_told),
		ONE(who_does_not_know_the_message_is_asked_once),
		ONE(what_not_all_workers_can_is_not_announced),
		ONE(who_associates_with_us_knows),
		ONE(who_knows_its_sessions_keeps_them),
		ONE(who_knows_some_of_them_keeps_those),
		ONE(who_leaves_meanwhile_keeps_none),
		cmocka_unit_test_setup_teardown(they_are_asked_to_release, play_open_calling, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
