// test_pfcp_load.c - load and overload as CP functions are told them: to whom, when, and in which order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/node/load.h"

#define SECOND 1000000000ull
#define WALL_MS 1700000000000ull
#define BOTH (PFCP_CP_FUNCTION_FEATURES_LOAD | PFCP_CP_FUNCTION_FEATURES_OVRL)

static struct pfcp_tree tree;
static struct load_told told;

// What is put: the metric of the group, or -1; *sequence.
static int said(const struct load *load, uint64_t features, uint64_t now_ns, unsigned group, uint32_t *sequence)
{
	static uint8_t body[LOAD_BYTES + 5]; // the tree is of it
	static const uint8_t head[] = { 0, PFCP_IE_CAUSE, 0, 1, PFCP_CAUSE_ACCEPTED };
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));
	const struct pfcp_ie *ie;
	struct pfcp_fault fault;

	memcpy(body, head, sizeof(head));
	writer.at += sizeof(head);
	load_put(load, features, &told, now_ns, &writer);
	assert_false(writer.full);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_DELETION_RESPONSE), body,
				   (size_t)(writer.at - writer.start), &tree, &fault),
			 0);
	ie = pfcp_first(&tree, NULL, group);
	if (!ie)
		return -1;
	*sequence = (uint32_t)pfcp_number(pfcp_first(&tree, ie, PFCP_IE_SEQUENCE_NUMBER));
	return (int)pfcp_number(pfcp_first(&tree, ie, PFCP_IE_METRIC));
}

#define LCI PFCP_IE_LOAD_CONTROL_INFORMATION
#define OCI PFCP_IE_OVERLOAD_CONTROL_INFORMATION

static void load_is_told_when_it_changes(void **state)
{
	struct load load = { 0 };
	uint32_t first = 0, next = 0;

	told = (struct load_told){ 0 };
	assert_int_equal(said(&load, BOTH, SECOND, LCI, &first), -1); // nothing is known yet
	load_is(&load, 30, WALL_MS);
	assert_int_equal(said(&load, 0, SECOND, LCI, &first), -1); // it did not announce LOAD
	assert_int_equal(said(&load, BOTH, SECOND, LCI, &first), 30);
	assert_int_equal(said(&load, BOTH, SECOND, LCI, &first), -1);
	load_is(&load, 33, WALL_MS + 5000);
	assert_int_equal(said(&load, BOTH, SECOND, LCI, &first), -1);
	load_is(&load, 35, WALL_MS + 5000);
	assert_int_equal(said(&load, BOTH, SECOND, LCI, &next), 35);
	assert_true(next > first);
	first = next;
	load_is(&load, 135, WALL_MS); // the clock was set back
	assert_int_equal(said(&load, BOTH, SECOND, LCI, &next), 100);
	assert_true(next > first);
	assert_int_equal(said(&load, BOTH, 61 * SECOND, LCI, &first), 100); // the answer may have been lost
	assert_int_equal(first, next);
	load_is(&load, 0, WALL_MS);
	load_is(&load, 2, WALL_MS);
	assert_int_equal(said(&load, BOTH, 61 * SECOND, LCI, &next), 0);
}

static void overload_is_told_while_it_lasts_and_taken_back(void **state)
{
	struct load load = { 0 };
	uint32_t first = 0, next = 0;

	told = (struct load_told){ 0 };
	load_waits(&load, 511, 2048, WALL_MS);
	assert_int_equal(said(&load, BOTH, SECOND, OCI, &first), -1);
	load_waits(&load, 1024, 2048, WALL_MS);
	assert_int_equal(said(&load, PFCP_CP_FUNCTION_FEATURES_LOAD, SECOND, OCI, &first), -1);
	assert_int_equal(said(&load, BOTH, SECOND, OCI, &first), 50);
	assert_int_equal(said(&load, BOTH, SECOND, OCI, &next), 50);
	assert_int_equal(first, next);
	assert_int_equal(pfcp_seconds(pfcp_first(&tree, pfcp_first(&tree, NULL, OCI), PFCP_IE_TIMER)), 10);
	load_waits(&load, 0, 2048, WALL_MS + 1000);
	assert_int_equal(said(&load, BOTH, SECOND, OCI, &next), 0);
	assert_true(next > first);
	assert_int_equal(said(&load, BOTH, SECOND, OCI, &next), -1);
}

#define REQUEST 77u

static void who_does_not_ask_again_has_heard(void **state)
{
	struct load_told peer = { 0 };

	assert_false(load_may(&peer, false, SECOND)); // a report is of no use to who can't read it
	assert_true(load_may(&peer, true, SECOND));
	load_tried(&peer, REQUEST, SECOND);
	assert_false(load_may(&peer, true, 10 * SECOND)); // not before it is known
	assert_true(load_may(&peer, true, 11 * SECOND));
	assert_true(load_may(&peer, false, 11 * SECOND));
	load_tried(&peer, REQUEST, 11 * SECOND);
	load_unheard(&peer, REQUEST); // a datagram was lost
	assert_true(load_may(&peer, true, 11 * SECOND));
}

static void who_asks_twice_again_is_left_alone(void **state)
{
	struct load_told peer = { 0 };

	load_tried(&peer, REQUEST, SECOND);
	load_unheard(&peer, REQUEST + 1); // another answer's
	load_unheard(&peer, REQUEST);
	assert_false(load_may(&peer, true, 11 * SECOND));
	assert_true(load_may(&peer, true, 61 * SECOND));
	assert_false(load_may(&peer, false, 61 * SECOND));
	load_tried(&peer, REQUEST, 61 * SECOND);
	load_unheard(&peer, REQUEST);
	assert_false(load_may(&peer, true, 3600 * SECOND));
	assert_false(load_may(&peer, false, 3600 * SECOND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_is_told_when_it_changes),
		cmocka_unit_test(overload_is_told_while_it_lasts_and_taken_back),
		cmocka_unit_test(who_does_not_ask_again_has_heard),
		cmocka_unit_test(who_asks_twice_again_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
