// test_pfcp_refusals.c - what shoal-pfcp does not take: strangers, other versions, services it has not, floods, and messages that make no
// sense. Clock, socket and controller are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/pfcp_play.h"
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"

static void strangers_are_refused_at_a_limited_rate(void **state)
{
	struct play *play = *state;
	struct remote stranger = { .bytes = { 192, 0, 2, 1 }, .family = 4, .port = 4000 };
	struct word word = play_setup;

	for (word.sequence = 1; word.sequence <= 25; word.sequence++)
		say_from(play, &stranger, &word);
	assert_int_equal(play->sent, 10);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 10, PFCP_CAUSE_REJECTED);
	assert_int_equal(play->node.tally[TALLY_STRANGERS], 25);
	assert_int_equal(play->node.tally[TALLY_MUTED], 15);
	at(play, 2);
	say_from(play, &stranger, &word);
	assert_int_equal(play->sent, 11);
	word = (struct word){ PFCP_SESSION_DELETION_REQUEST, 0, 1, 0, false, false, NULL, 5, 0, NULL };
	say_from(play, &stranger, &word);
	assert_int_equal(play->sent, 11);
	assert_int_equal(play->refused, 0);
	assert_int_equal(play->noted, 0);
	assert_int_equal(play->node.peers.count, 0);
}

// Applications are changed by those who are associated, and from where they are.
static void strangers_provision_nothing(void **state)
{
	struct play *play = *state;
	struct word pfds = { PFCP_PFD_MANAGEMENT_REQUEST, 1, 8, 0, false, false, NULL, 0, 0, NULL };
	const struct pfcp_fault accepted = { .cause = PFCP_CAUSE_ACCEPTED };

	say(play, &pfds);
	assert_answered(play, PFCP_PFD_MANAGEMENT_RESPONSE, 8, PFCP_CAUSE_NO_ASSOCIATION);
	associate(play);
	pfds = (struct word){ PFCP_PFD_MANAGEMENT_REQUEST, 2, 9, 0, true, false, "10.0.0.1", 0, 0, NULL };
	say(play, &pfds);
	assert_answered(play, PFCP_PFD_MANAGEMENT_RESPONSE, 9, PFCP_CAUSE_NO_ASSOCIATION);
	assert_int_equal(play->provided, 0);
	for (unsigned named = 0; named < 2; named++) {
		pfds = (struct word){ PFCP_PFD_MANAGEMENT_REQUEST, 1, 10 + named, 0, named, false, NULL, 0, 0, NULL };
		say(play, &pfds);
		assert_int_equal(play->provided, named + 1);
		node_provisioned(&play->node, play->deal, &accepted);
		assert_answered(play, PFCP_PFD_MANAGEMENT_RESPONSE, 10 + named, PFCP_CAUSE_ACCEPTED);
	}
}

// The message with an FQ-CSID behind it; its new length.
static size_t part_put(uint8_t bytes[128], size_t length, const uint8_t *part, size_t part_bytes)
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, 128);

	writer.at += length;
	pfcp_put_bytes(&writer, PFCP_IE_FQ_CSID, part, part_bytes);
	pfcp_message_end(&writer, bytes);
	return (size_t)(writer.at - bytes);
}

// A Session Set Deletion that names no part, or none that makes sense, deletes nothing.
static void a_part_has_to_be_named(void **state)
{
	static const uint8_t cut[] = { 0x01, 10, 0, 0, 1, 0 }, part[] = { 0x01, 10, 0, 0, 1, 0, 7 };
	struct play *play = *state;
	struct word word = { PFCP_SESSION_SET_DELETION_REQUEST, 1, 8, 0, true, false, NULL, 0, 0, NULL };
	uint8_t bytes[128];
	size_t length = word_write(&word, bytes, sizeof(bytes));

	say(play, &word);
	assert_answered(play, PFCP_SESSION_SET_DELETION_RESPONSE, 8, PFCP_CAUSE_NO_ASSOCIATION);
	associate(play);
	word.sequence++;
	say(play, &word);
	assert_answered(play, PFCP_SESSION_SET_DELETION_RESPONSE, 9, PFCP_CAUSE_CONDITIONAL_MISSING);
	assert_int_equal(pfcp_number(pfcp_first(&play->tree, NULL, PFCP_IE_OFFENDING_IE)), PFCP_IE_FQ_CSID);
	word.sequence++;
	length = word_write(&word, bytes, sizeof(bytes));
	say_bytes(play, 1, bytes, part_put(bytes, length, cut, sizeof(cut)));
	assert_answered(play, PFCP_SESSION_SET_DELETION_RESPONSE, 10, PFCP_CAUSE_MANDATORY_INCORRECT);
	assert_int_equal(play->swept, 0);
	word.sequence++;
	length = word_write(&word, bytes, sizeof(bytes));
	say_bytes(play, 1, bytes, part_put(bytes, length, part, sizeof(part)));
	assert_int_equal(play->swept, 1);
	assert_int_equal(play->header.sequence, 10);
	node_swept(&play->node, play->deal, PFCP_CAUSE_ACCEPTED);
	assert_answered(play, PFCP_SESSION_SET_DELETION_RESPONSE, 11, PFCP_CAUSE_ACCEPTED);
}

enum { PART = 1, BAD_PART = 2, TO = 4, TO_NOBODY = 8, TO_IPV6 = 16, GROUP = 32, ADDRESS = 64 };

// A Session Set Modification with a Change Info of these.
static void change_say(struct play *play, uint32_t sequence, unsigned holds)
{
	static const uint8_t part[] = { 0x01, 10, 0, 0, 1, 0, 7 };
	struct pfcp_address to = { .has_ipv4 = true, .ipv4 = holds & TO_NOBODY ? 0xc0000207 : 0x0a000002 };
	struct word word = { PFCP_SESSION_SET_MODIFICATION_REQUEST, 1, sequence, 0, true, false, NULL, 0, 0, NULL };
	uint8_t bytes[256], *mark;
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));

	if (holds & TO_IPV6)
		to = (struct pfcp_address){ .has_ipv6 = true, .ipv6 = { 0xfd } };
	writer.at += word_write(&word, bytes, sizeof(bytes));
	pfcp_begin(&writer, PFCP_IE_PFCP_SESSION_CHANGE_INFO, &mark);
	if (holds & (PART | BAD_PART))
		pfcp_put_bytes(&writer, PFCP_IE_FQ_CSID, part, sizeof(part) - (holds & BAD_PART ? 1 : 0));
	if (holds & GROUP)
		pfcp_put_text(&writer, PFCP_IE_GROUP_ID, "g");
	if (holds & ADDRESS)
		pfcp_put_address(&writer, PFCP_IE_CP_IP_ADDRESS, &to);
	if (holds & (TO | TO_NOBODY | TO_IPV6))
		pfcp_put_address(&writer, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS, &to);
	pfcp_end(&writer, mark);
	pfcp_message_end(&writer, bytes);
	say_bytes(play, 1, bytes, (size_t)(writer.at - bytes));
}

// A Session Set Modification says which sessions, and who is to hear of them: somebody whom we may speak with.
static void who_hears_of_a_part_has_to_be_named(void **state)
{
	static const struct {
		unsigned holds;
		uint8_t cause;
		uint16_t offending;
	} bad[] = { { PART, PFCP_CAUSE_MANDATORY_MISSING, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS },
		    { PART | TO_NOBODY, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS },
		    { PART | TO_IPV6, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS },
		    { BAD_PART | TO, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_FQ_CSID },
		    { TO, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_FQ_CSID } };
	static const unsigned good[] = { PART | TO, GROUP | TO, ADDRESS | TO };
	struct play *play = *state;
	uint32_t sequence = 20;

	change_say(play, sequence, PART | TO);
	assert_answered(play, PFCP_SESSION_SET_MODIFICATION_RESPONSE, sequence, PFCP_CAUSE_NO_ASSOCIATION);
	associate(play);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		change_say(play, ++sequence, bad[i].holds);
		assert_answered(play, PFCP_SESSION_SET_MODIFICATION_RESPONSE, sequence, bad[i].cause);
		assert_int_equal(pfcp_number(pfcp_first(&play->tree, NULL, PFCP_IE_OFFENDING_IE)), bad[i].offending);
	}
	assert_int_equal(play->swept, 0);
	for (unsigned i = 0; i < 3; i++) {
		change_say(play, ++sequence, good[i]);
		assert_int_equal(play->swept, i + 1);
		node_swept(&play->node, play->deal, i ? PFCP_CAUSE_ACCEPTED : PFCP_CAUSE_NO_RESOURCES);
		assert_answered(play, PFCP_SESSION_SET_MODIFICATION_RESPONSE, sequence,
				i ? PFCP_CAUSE_ACCEPTED : PFCP_CAUSE_NO_RESOURCES);
	}
}

static void what_is_missing_is_named(void **state)
{
	struct play *play = *state;
	const struct word nameless = { PFCP_ASSOCIATION_SETUP_REQUEST, 1, 3, 0, false, true, NULL, 0, 0, NULL };
	const struct word empty = { PFCP_SESSION_SET_DELETION_REQUEST, 1, 4, 0, false, false, NULL, 0, 0, NULL };

	say(play, &nameless);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 3, PFCP_CAUSE_MANDATORY_MISSING);
	assert_int_equal(play->noted, 0);
	say(play, &empty);
	assert_answered(play, PFCP_SESSION_SET_DELETION_RESPONSE, 4, PFCP_CAUSE_MANDATORY_MISSING);
	assert_int_equal(pfcp_number(pfcp_first(&play->tree, NULL, PFCP_IE_OFFENDING_IE)), PFCP_IE_NODE_ID);
	assert_int_equal(play->node.tally[TALLY_FAULTY], 2);
}

static void what_only_a_user_plane_says_gets_no_answer(void **state)
{
	struct play *play = *state;
	static const uint8_t types[] = { PFCP_NODE_REPORT_REQUEST,          PFCP_SESSION_REPORT_REQUEST,
					 PFCP_HEARTBEAT_RESPONSE,           PFCP_ASSOCIATION_SETUP_RESPONSE,
					 PFCP_SESSION_DELETION_RESPONSE,    PFCP_VERSION_NOT_SUPPORTED_RESPONSE,
					 PFCP_SESSION_MODIFICATION_RESPONSE };

	for (unsigned i = 0; i < sizeof(types); i++) {
		const struct word word = { types[i], 1, i, 0, false, false, NULL, 0, 0, NULL };

		say(play, &word);
	}
	assert_int_equal(play->sent, 0);
	assert_int_equal(play->node.tally[TALLY_UNEXPECTED], sizeof(types));
}

static void another_version_is_told_so(void **state)
{
	struct play *play = *state;
	uint8_t bytes[64];
	size_t length = word_write(&play_setup, bytes, sizeof(bytes));

	bytes[0] = (uint8_t)(2 << 5);
	say_bytes(play, 1, bytes, length);
	assert_int_equal(play->sent, 1);
	assert_int_equal(play->header.type, PFCP_VERSION_NOT_SUPPORTED_RESPONSE);
	assert_int_equal(play->header.sequence, 7);
	bytes[1] = PFCP_VERSION_NOT_SUPPORTED_RESPONSE;
	say_bytes(play, 1, bytes, length);
	assert_int_equal(play->sent, 1);
	assert_int_equal(play->node.tally[TALLY_VERSION], 2);
}

static void nonsense_gets_no_answer(void **state)
{
	struct play *play = *state;
	uint8_t bytes[64];
	size_t length = word_write(&play_setup, bytes, sizeof(bytes));

	for (size_t cut = 0; cut < length; cut++)
		say_bytes(play, 1, bytes, cut);
	assert_int_equal(play->node.tally[TALLY_MALFORMED], length);
	bytes[1] = 99;
	say_bytes(play, 1, bytes, length);
	bytes[1] = 255;
	say_bytes(play, 1, bytes, length);
	bytes[1] = 0;
	say_bytes(play, 1, bytes, length);
	assert_int_equal(play->node.tally[TALLY_UNKNOWN], 3);
	bytes[1] = PFCP_SESSION_ESTABLISHMENT_REQUEST; // without a SEID
	say_bytes(play, 1, bytes, length);
	assert_int_equal(play->node.tally[TALLY_MALFORMED], length + 1);
	assert_int_equal(play->sent, 0);
	assert_int_equal(play->refused, 0);
}

// The session may know what SEID its peer has for it.
static void whose_request_is_faulty_is_known_all_the_same(void **state)
{
	struct play *play = *state;
	uint8_t bytes[] = {
		0x21, PFCP_SESSION_MODIFICATION_REQUEST, 0, 17, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 9, 0, 0, 57, 0, 9, 1
	};

	say_bytes(play, 1, bytes, sizeof(bytes));
	assert_int_equal(play->refused, 1);
	assert_string_equal(play->owner, "");
	associate(play);
	bytes[14]++;
	say_bytes(play, 1, bytes, sizeof(bytes));
	assert_int_equal(play->refused, 2);
	assert_string_equal(play->owner, assoc_of_node(&play->node.assocs, "10.0.0.1")->owner);
	assert_int_equal(assoc_of_node(&play->node.assocs, "10.0.0.1")->served, 0);
	assert_int_equal(play->sessions, 0);
	assert_int_equal(play->node.tally[TALLY_FAULTY], 2);
}

// Every message of the protocol, cut off at every byte though its header says it is whole: something is answered or counted, no more.
static void cut_bodies_cost_an_answer(void **state)
{
	struct play *play = *state;
	uint8_t bytes[64];
	size_t length = word_write(&play_setup, bytes, sizeof(bytes));

	for (size_t cut = 8; cut < length; cut++) {
		bytes[3] = (uint8_t)(cut - 4);
		bytes[6] = (uint8_t)cut;
		say_bytes(play, 1, bytes, cut);
		assert_int_equal(play->sent, cut - 7);
		assert_int_not_equal(told_cause(play), PFCP_CAUSE_ACCEPTED);
	}
	assert_int_equal(play->noted, 0);
}

static void bundled_messages_are_all_heard(void **state)
{
	struct play *play = *state;
	const struct word beat = { PFCP_HEARTBEAT_REQUEST, 1, 9, 55, false, true, NULL, 0, 0, NULL };
	uint8_t bytes[256];
	size_t length = word_write(&beat, bytes, sizeof(bytes));

	bytes[0] |= 4; // FO
	length += word_write(&beat, bytes + length, sizeof(bytes) - length);
	length += word_write(&play_setup, bytes + length, sizeof(bytes) - length);
	say_bytes(play, 1, bytes, length);
	assert_int_equal(play->sent, 2); // what stands behind a message that nothing follows is not looked at
	assert_int_equal(play->noted, 0);
}

static void a_flood_is_congestion_for_its_peer_alone(void **state)
{
	struct play *play = *state;
	struct word other = play_setup;
	struct word word = { PFCP_SESSION_DELETION_REQUEST, 1, 0, 0, false, false, NULL, 5, 0, NULL };
	struct remote from = host(1);
	unsigned served, flood = 5000;
	uint8_t bytes[64];

	associate(play);
	for (word.sequence = 10; word.sequence < 10 + flood; word.sequence++)
		node_datagram(&play->node, &from, bytes, word_write(&word, bytes, sizeof(bytes)));
	assert_int_equal(play->header.type, PFCP_SESSION_DELETION_RESPONSE);
	assert_int_equal(told_cause(play), PFCP_CAUSE_CONGESTION);
	served = flood - (unsigned)play->node.tally[TALLY_CONGESTED];
	assert_int_equal(play->node.tally[TALLY_SESSION], served);
	assert_int_equal(play->sent, 1 + play->node.tally[TALLY_CONGESTED]);
	other.last = 2;
	say(play, &other); // among the first that are served
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 7, PFCP_CAUSE_ACCEPTED);
	assert_true(play->sessions < served);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, play_open, play_close)
	const struct CMUnitTest tests[] = {
		ONE(strangers_are_refused_at_a_limited_rate),
		ONE(strangers_provision_nothing),
		ONE(a_part_has_to_be_named),
		ONE(who_hears_of_a_part_has_to_be_named),
		ONE(what_is_missing_is_named),
		ONE(what_only_a_user_plane_says_gets_no_answer),
		ONE(another_version_is_told_so),
		ONE(nonsense_gets_no_answer),
		ONE(whose_request_is_faulty_is_known_all_the_same),
		ONE(cut_bodies_cost_an_answer),
		ONE(bundled_messages_are_all_heard),
		ONE(a_flood_is_congestion_for_its_peer_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
