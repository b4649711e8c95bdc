// test_pfcp_resources.c - where tunnels may end, told as TS 29.244 8.2.82 had it until release 16, when an association is set up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/pfcp_play.h"

#define SECOND 1000000000ull

// As scapy writes it: ASSOSI, ASSONI, V4, 10.0.3.1, internet.example, access.
static const uint8_t first[] = "\x61\x0a\x00\x03\x01\x08internet\x07"
			       "example";

static const struct pfcp_ie *told(const struct play *play)
{
	return pfcp_first(&play->tree, NULL, PFCP_IE_USER_PLANE_IP_RESOURCE_INFORMATION);
}

static unsigned count(const struct play *play)
{
	unsigned count = 0;

	for (const struct pfcp_ie *ie = told(play); ie; ie = pfcp_again(&play->tree, ie))
		count++;
	return count;
}

static void assert_told(const struct play *play)
{
	assert_non_null(told(play));
	assert_int_equal(told(play)->length, sizeof(first));
	assert_memory_equal(told(play)->value, first, sizeof(first));
}

static void who_asks_hears_of_all_whatever_our_name(void **state)
{
	struct play *play = *state;

	play->node.setting.id = (struct pfcp_node_id){ .kind = PFCP_NODE_ID_NAME };
	for (unsigned i = 0; i < 100; i++)
		play->node.setting.id.name[i] = i % 50 == 49 && i != 99 ? '.' : 'n';
	play->node.setting.gtpu.has_ipv6 = true;
	associate(play);
	assert_int_equal(play->header.type, PFCP_ASSOCIATION_SETUP_RESPONSE);
	assert_int_equal(count(play), 4);
	assert_int_equal(told(play)->value[0], 0x63);
	assert_int_equal(told(play)->length, sizeof(first) + 16);
}

static void who_is_refused_hears_nothing(void **state)
{
	struct play *play = *state;

	say(play, &play_setup);
	ctrl_notes(play, false);
	assert_int_equal(play->header.type, PFCP_ASSOCIATION_SETUP_RESPONSE);
	assert_int_equal(count(play), 0);
}

static void others_hear_with_what_we_can(void **state)
{
	struct play *play = *state;

	associate(play);
	assert_told(play);
	node_skills(&play->node, UINT32_MAX);
	node_tick(&play->node, 2 * SECOND);
	while (play->header.type != PFCP_ASSOCIATION_UPDATE_REQUEST && play->sent < 9)
		node_tick(&play->node, play->node.now_ns + SECOND);
	assert_int_equal(play->header.type, PFCP_ASSOCIATION_UPDATE_REQUEST);
	assert_told(play);
}

static void who_is_asked_hears_it_too(void **state)
{
	struct play *play = *state;

	node_tick(&play->node, SECOND);
	assert_int_equal(play->header.type, PFCP_ASSOCIATION_SETUP_REQUEST);
	assert_int_equal(count(play), 1);
	assert_told(play);
}

static void without_being_configured_nobody_hears(void **state)
{
	struct play *play = *state;

	associate(play);
	assert_int_equal(count(play), 0);
}

int main(void)
{
#define OF(name, open) cmocka_unit_test_setup_teardown(name, open, play_close)
	const struct CMUnitTest tests[] = {
		OF(who_asks_hears_of_all_whatever_our_name, play_open_telling),
		OF(who_is_refused_hears_nothing, play_open_telling),
		OF(others_hear_with_what_we_can, play_open_telling),
		OF(who_is_asked_hears_it_too, play_open_calling),
		OF(without_being_configured_nobody_hears, play_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
