// test_pfcp_where.c - to which of a CP function's addresses a session report goes. Peers, clock and controller are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/outbox_play.h"

static const uint8_t standing6[16] = { 10, 1 }, own6[16] = { 10, 2 }, strange6[16] = { 11, 2 };

// A report of a session whose CP function has this address, and where it went.
static const struct remote *told(struct world *world, uint64_t number, const struct pfcp_address *cp)
{
	const struct wish wish = { ONE_OWNER, number, number };
	const struct front front = { .cp = { 0xc0ffee, *cp } };
	Shoal__Oss__Report report = made(world, &wish);
	unsigned before = world->asked;

	report.front.len = (size_t)front_write(&front, &world->rules, world->front, sizeof(world->front));
	hear_from(world, "", &report, 0);
	tick(world, 1);
	assert_int_equal(world->asked, before + 1);
	answer(world, before, PFCP_CAUSE_ACCEPTED);
	return &world->question[before].question.to;
}

static struct pfcp_address both(uint32_t ipv4, const uint8_t ipv6[16])
{
	struct pfcp_address address = { .has_ipv4 = true, .ipv4 = ipv4, .has_ipv6 = true };

	memcpy(address.ipv6, ipv6, sizeof(address.ipv6));
	return address;
}

static void to_its_own_of_the_family_that_is_spoken(void **state)
{
	struct pfcp_address cp = both(0x0a000009, own6);
	struct world *world = *state;
	const struct remote *to = told(world, 1, &cp);

	assert_int_equal(to->family, 4);
	assert_memory_equal(to->bytes, ((const uint8_t[]){ 10, 0, 0, 9 }), 4);
	world->remote[0] = (struct remote){ .family = 6 };
	memcpy(world->remote[0].bytes, standing6, sizeof(standing6));
	to = told(world, 2, &cp);
	assert_int_equal(to->family, 6);
	assert_memory_equal(to->bytes, own6, sizeof(own6));
	cp.has_ipv6 = false; // of the other family alone: where it associated from
	assert_memory_equal(told(world, 3, &cp)->bytes, standing6, sizeof(standing6));
}

static void where_it_associated_from_if_nobody_may_be_there(void **state)
{
	struct pfcp_address cp = both(0x0b000009, strange6);
	struct world *world = *state;

	assert_memory_equal(told(world, 1, &cp)->bytes, world->remote[0].bytes, 4);
	world->remote[0] = (struct remote){ .family = 6 };
	memcpy(world->remote[0].bytes, standing6, sizeof(standing6));
	assert_memory_equal(told(world, 2, &cp)->bytes, standing6, sizeof(standing6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(to_its_own_of_the_family_that_is_spoken, world_open, world_close),
		cmocka_unit_test_setup_teardown(where_it_associated_from_if_nobody_may_be_there, world_open,
						world_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
