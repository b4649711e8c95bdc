// test_places.c - networks that share addresses: sessions of one address each have their lines, and a downlink packet is its handle's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "shared/wire/ip.h"
#include "tests/stand/stand.h"
#include "workers/pipe/pipe_steps.h"

enum { NOW = 77, SHARD = 9, ROW = 5, TWIN = 128 + ROW }; // slots of one address, in the pools of two networks

static struct stand stand;

// The stand's one pool becomes two halves of it, which are the same.
static int setup(void **state)
{
	struct region shards[SHARDS];
	unsigned bad;

	stand_open(&stand);
	stand.net.pools = 2;
	stand.net.places = 1;
	stand.net.pool[0].ipv4_len = 17;
	stand.net.pool[0].ipv6_len = 49;
	stand.net.pool[1] = stand.net.pool[0];
	assert_int_equal(shard_pools_lay(stand.net.pool, 2, &bad), STAND_FIRST_FOREIGN);
	memcpy(shards, stand.pipe.shard, sizeof(shards));
	pipe_init(&stand.pipe, &stand.net, &stand.rooms, &stand.shape, shards);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		pipe_own(&stand.pipe, (uint8_t)shard, &shards[shard]);
	return 0;
}

static int teardown(void **state)
{
	stand_close(&stand);
	return 0;
}

static struct bearer bearer_of(uint32_t slot)
{
	struct bearer bearer = stand_bearer(&stand, SHARD, slot);

	bearer.ue_ipv4 = shard_pool_ipv4(stand.net.pool, slot % 128, SHARD);
	bearer.ue_ipv6 = shard_pool_ipv6(stand.net.pool, slot % 128, SHARD);
	return bearer;
}

static struct bearer session(uint32_t slot)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = bearer_of(slot);

	assert_int_equal(lines_set(&lines, slot, &bearer), 0);
	return bearer;
}

static void twins_have_a_cell_each(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer wrong = bearer_of(ROW + 1), read;

	session(ROW);
	session(TWIN);
	for (uint32_t slot = ROW; slot <= TWIN; slot += 128) {
		assert_int_equal(lines_read(&lines, slot, &read), 0);
		assert_int_equal(read.peer_teid, bearer_of(slot).peer_teid);
		assert_int_equal(lines_look(&lines, slot), LINES_SOUND);
	}
	assert_int_equal(lines.region->header->foreign_used, 0);
	assert_true(stand_in_step(&lines));
	wrong.teid = bearer_of(TWIN).teid; // an IPv4 address that is steered to another shard
	wrong.ue_ipv4 = shard_pool_ipv4(stand.net.pool, ROW, SHARD + 1);
	assert_int_equal(lines_set(&lines, TWIN, &wrong), -EINVAL);
}

static struct lane_handle down4(uint32_t room, uint32_t destination, uint32_t slot)
{
	struct lane_handle handle = stand_lend_down(&stand, room, destination, 64);

	handle.hint = slot << SHARD_BITS | SHARD;
	return handle;
}

static struct lane_handle down6(uint32_t room, uint64_t destination, uint32_t slot)
{
	uint8_t bytes[STAND_USER_BYTES] = {
		0x60, [5] = STAND_USER_BYTES - IP6_HEADER, [6] = 59, [7] = 64, [8] = 0x20, [39] = 1
	};
	struct lane_handle handle;

	be64_put(bytes + 24, destination);
	handle = stand_lend(&stand, room, LANE_DOWNLINK, bytes, sizeof(bytes));
	handle.hint = slot << SHARD_BITS | SHARD;
	return handle;
}

static void goes_to(const struct lane_handle *handle, const struct bearer *bearer)
{
	assert_int_equal(handle->code, VERDICT_FORWARD);
	assert_int_equal(be32_get(stand_bytes(&stand, handle) + IP4_HEADER + UDP_HEADER + 4), bearer->peer_teid);
}

// Alone, so the long way, and in a burst.
static void a_packet_is_its_handles(void **state)
{
	const struct bearer one = session(ROW), other = session(TWIN);

	for (unsigned many = 0; many < 2; many++) {
		struct lane_handle handles[4] = { down4(0, one.ue_ipv4, ROW), down4(1, one.ue_ipv4, TWIN),
						  down6(2, one.ue_ipv6, ROW), down6(3, one.ue_ipv6, TWIN) };

		for (unsigned i = 0; i < 4 && !many; i++)
			pipe_burst(&stand.pipe, &handles[i], 1, NOW);
		if (many)
			stand_burst(&stand, handles, 4, NOW);
		for (unsigned i = 0; i < 4; i++)
			goes_to(&handles[i], i % 2 ? &other : &one);
	}
}

// Addresses that are other places' own, the same ones in both networks: the handle says the place, and nothing is looked for.
static void a_session_may_have_those_of_other_places(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer apart[2];

	for (unsigned twin = 0; twin < 2; twin++) {
		uint32_t slot = twin ? TWIN + 3 : ROW;

		apart[twin] = bearer_of(slot);
		apart[twin].ue_ipv4 = shard_pool_ipv4(stand.net.pool, ROW + 1, SHARD);
		apart[twin].ue_ipv6 = shard_pool_ipv6(stand.net.pool, ROW + 2, SHARD + 7);
		assert_int_equal(lines_set(&lines, slot, &apart[twin]), 0);
		assert_true(lines_validate_slot(&lines, slot));
		assert_int_equal(lines_look(&lines, slot), LINES_SOUND);
	}
	assert_int_equal(lines.region->header->foreign_used, 0);
	assert_true(stand_in_step(&lines));
	for (unsigned many = 0; many < 2; many++) {
		struct lane_handle handles[4] = { down4(0, apart[0].ue_ipv4, ROW), down4(1, apart[0].ue_ipv4, TWIN + 3),
						  down6(2, apart[0].ue_ipv6, ROW),
						  down6(3, apart[0].ue_ipv6, TWIN + 3) };

		for (unsigned i = 0; i < 4 && !many; i++)
			pipe_burst(&stand.pipe, &handles[i], 1, NOW);
		if (many)
			stand_burst(&stand, handles, 4, NOW);
		for (unsigned i = 0; i < 4; i++)
			goes_to(&handles[i], &apart[i % 2]);
	}
}

// All of a burst, of either family, are found by their handles, before anybody looks at a packet.
static void in_bursts_places_are_found_at_once(void **state)
{
	const struct bearer one = session(ROW);
	struct lane_handle handles[LANE_BURST] = { down4(0, one.ue_ipv4, ROW), down4(1, one.ue_ipv4, TWIN),
						   down6(2, one.ue_ipv6, ROW), down6(3, one.ue_ipv6, TWIN) };
	static struct pipe_sorted sorted;
	const struct region *region = &stand.pipe.shard[SHARD];

	pipe_sort(&stand.pipe, handles, LANE_BURST, &sorted);
	assert_int_equal(sorted.way[LINE_DOWNLINK], 0xf);
	assert_int_equal(sorted.elsewhere, 0);
	for (unsigned i = 0; i < 4; i++)
		assert_ptr_equal(stand.pipe.bank.lines + sorted.line[i], region->downlink + (i % 2 ? TWIN : ROW));
}

static void who_has_another_address_is_not_meant(void **state)
{
	const struct bearer one = session(ROW);

	for (unsigned many = 0; many < 2; many++) {
		struct lane_handle handles[4] = { down4(0, one.ue_ipv4, TWIN), down4(1, one.ue_ipv4 + 256, ROW),
						  down6(2, one.ue_ipv6, TWIN), down6(3, one.ue_ipv6, 0xffff) };

		for (unsigned i = 0; i < 4 && !many; i++)
			pipe_burst(&stand.pipe, &handles[i], 1, NOW);
		if (many)
			stand_burst(&stand, handles, 4, NOW);
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(handles[i].code, VERDICT_NO_SESSION);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(twins_have_a_cell_each, setup, teardown),
		cmocka_unit_test_setup_teardown(a_packet_is_its_handles, setup, teardown),
		cmocka_unit_test_setup_teardown(a_session_may_have_those_of_other_places, setup, teardown),
		cmocka_unit_test_setup_teardown(in_bursts_places_are_found_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(who_has_another_address_is_not_meant, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
