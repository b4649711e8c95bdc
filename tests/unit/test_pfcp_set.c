// test_pfcp_set.c - SMFs of a set: sessions of any, as long as there is one. Clock, socket and controller are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/pfcp_play.h"
#include "ctrl/pfcp/codec/ie_get.h"

static struct word setup_of(uint8_t last, uint32_t sequence, uint32_t stamp)
{
	struct word word = play_setup;

	word.last = last;
	word.sequence = sequence;
	word.stamp = stamp;
	word.set = "set1.smf";
	return word;
}

static struct assoc *join(struct play *play, uint8_t last)
{
	const struct word setup = setup_of(last, last, 1000);
	struct assoc *assoc;

	say(play, &setup);
	assoc = play->writing;
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, last, PFCP_CAUSE_ACCEPTED);
	assert_true(pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_UP_FUNCTION_FEATURES)) &
		    PFCP_UP_FUNCTION_FEATURES_MPAS);
	return assoc;
}

static void its_members_have_one_owner(void **state)
{
	struct play *play = *state;
	struct assoc *one = join(play, 1), *two = join(play, 2);
	const struct word deletion = { PFCP_SESSION_DELETION_REQUEST, 2, 9, 0, false, false, NULL, 5, 0, NULL };

	assert_string_equal(one->owner, two->owner);
	assert_string_equal(one->note, one->owner);
	assert_memory_equal(two->note, "pfcp:10.0.0.2#", 14);
	say(play, &deletion);
	assert_string_equal(deal_owner(play->deal), one->owner);
}

static void leave(struct play *play, uint8_t last)
{
	const struct word release = { PFCP_ASSOCIATION_RELEASE_REQUEST, last, 20, 0, true, false, NULL, 0, 0, NULL };

	say(play, &release);
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_RELEASE_RESPONSE, 20, PFCP_CAUSE_ACCEPTED);
}

static void its_sessions_go_with_the_last(void **state)
{
	struct play *play = *state;
	char owner[ASSOC_OWNER_BYTES];

	strcpy(owner, join(play, 1)->owner);
	join(play, 2);
	leave(play, 1);
	assert_int_equal(play->dropped, 0);
	assert_string_equal(play->value, "");
	ctrl_notes(play, true);
	assert_int_equal(play->node.assocs.count, 1);
	leave(play, 2);
	assert_int_equal(play->dropped, 1);
	assert_string_equal(play->drop, owner);
	node_dropped(&play->node, owner);
	ctrl_notes(play, true);
	assert_int_equal(play->node.assocs.count, 0);
}

static void a_member_that_restarts_costs_it_none(void **state)
{
	struct play *play = *state;
	struct word later = setup_of(1, 30, 2000);
	struct assoc *old = join(play, 1), *two = join(play, 2), *new;

	say(play, &later);
	new = play->writing;
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 30, PFCP_CAUSE_ACCEPTED);
	assert_string_equal(new->owner, two->owner);
	assert_string_not_equal(new->note, old->note);
	node_noted(&play->node, old, true); // leaving
	assert_int_equal(play->dropped, 0);
	play->writing = NULL;
	node_noted(&play->node, old, true); // ended
	assert_int_equal(play->node.assocs.count, 2);
}

static void alone_it_loses_them(void **state)
{
	struct play *play = *state;
	struct word later = setup_of(1, 30, 2000);
	struct assoc *old = join(play, 1);

	say(play, &later);
	assert_string_not_equal(play->writing->owner, old->owner);
	ctrl_notes(play, true);
	node_noted(&play->node, old, true);
	assert_int_equal(play->dropped, 1);
}

static void it_is_remembered(void **state)
{
	struct play *play = *state;
	char note[ASSOC_NOTE_BYTES];
	struct assoc *two;

	join(play, 1);
	join(play, 2);
	two = assoc_of_node(&play->node.assocs, "10.0.0.2");
	strcpy(note, play->value);
	two->state = ASSOC_ENDING;
	assert_true(node_found(&play->node, "pfcp:x#1", note, 5));
	two = assoc_of_node(&play->node.assocs, "10.0.0.2");
	assert_string_equal(two->note, "pfcp:x#1");
	assert_string_equal(two->owner, assoc_of_node(&play->node.assocs, "10.0.0.1")->owner);
	assert_int_equal(two->set, assoc_of_node(&play->node.assocs, "10.0.0.1")->set);
	assert_true(node_found(&play->node, "pfcp:y#1", "1 up 7 10.0.0.3 y - features=3 other=10.0.0.4 odd more=1", 5));
	assert_int_equal(assoc_of_node(&play->node.assocs, "y")->features, 3);
	assert_true(assoc_speaks(assoc_of_node(&play->node.assocs, "y"),
				 &(struct remote){ .bytes = { 10, 0, 0, 4 }, .family = 4 }));
}

static void reports_go_to_who_is_not_silent(void **state)
{
	struct play *play = *state;
	struct assoc *one = join(play, 1), *two = join(play, 2);
	struct assocs *assocs = &play->node.assocs;

	assert_false(assoc_absent(assocs, one->owner, &one->remote));
	two->silent = true;
	assert_ptr_equal(assoc_of_owner(assocs, one->owner), one);
	assert_true(assoc_absent(assocs, one->owner, &two->remote));
	one->silent = true;
	assert_false(assoc_absent(assocs, one->owner, &two->remote)); // nobody is better
	assert_non_null(assoc_of_owner(assocs, one->owner));
}

// A setup of a member that names whose sessions stay: those of the others are not its to give up.
static void what_a_member_does_not_know_is_the_others(void **state)
{
	static const uint8_t some[] = { 0, PFCP_IE_CP_PFCP_ENTITY_IP_ADDRESS, 0, 5, 2, 10, 0, 0, 9 };
	struct play *play = *state;
	struct word later = setup_of(1, 30, 2000);
	uint8_t bytes[256];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));

	join(play, 1);
	join(play, 2);
	writer.at += word_write(&later, bytes, sizeof(bytes));
	pfcp_put_bytes(&writer, PFCP_IE_PFCP_SESSION_RETENTION_INFORMATION, some, sizeof(some));
	pfcp_message_end(&writer, bytes);
	say_bytes(play, 1, bytes, (size_t)(writer.at - bytes));
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 30, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play->swept, 0);
	assert_int_equal(play->dropped, 0);
}

// Not of sets, but of what a node says of itself: who announces LOAD is told how loaded we are behind an answer.
static void who_wants_to_know_is_told_our_load(void **state)
{
	static const uint8_t accepted[] = { 0, PFCP_IE_CAUSE, 0, 1, PFCP_CAUSE_ACCEPTED };
	struct play *play = *state;
	uint8_t bytes[256] = { 1 << 5, PFCP_SESSION_DELETION_RESPONSE, 0, 9 };
	struct assoc *assoc = join(play, 1);
	struct pfcp_header header;
	size_t length;

	memcpy(bytes + 8, accepted, sizeof(accepted));
	node_load(&play->node, 40, 1700000000000);
	ask_session(play, 9);
	assert_int_equal(node_advise(&play->node, play->deal, bytes, 13, sizeof(bytes)), 13);
	assoc->features = PFCP_CP_FUNCTION_FEATURES_LOAD;
	length = node_advise(&play->node, play->deal, bytes, 13, sizeof(bytes));
	assert_int_equal(length, 13 + 4 + 8 + 5);
	assert_int_equal(pfcp_header_read(bytes, length, &header), 0);
	assert_int_equal(header.message_bytes, length);
	assert_int_equal(play->deal->plain, 13);
	assert_int_equal(node_advise(&play->node, play->deal, bytes, 13, sizeof(bytes)), 13);
	deal_answer(play->deal, bytes, length);
	ask_session(play, 9); // it can't read that: it asks again
	assert_int_equal(play->header.message_bytes, 13);
	assert_int_equal(assoc->telling.load.trial, LOAD_UNHEARD);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, play_open, play_close)
	const struct CMUnitTest tests[] = {
		ONE(its_members_have_one_owner),           ONE(its_sessions_go_with_the_last),
		ONE(a_member_that_restarts_costs_it_none), ONE(alone_it_loses_them),
		ONE(who_wants_to_know_is_told_our_load),   ONE(it_is_remembered),
		ONE(reports_go_to_who_is_not_silent),      ONE(what_a_member_does_not_know_is_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
