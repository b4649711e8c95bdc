// test_poison.c - a packet that kills whoever works on it: two deaths, then its session is set apart, and nobody else is hurt.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "shared/base/log.h"
#include "tests/unit/play.h"

#define SHARD 77u
#define TEID (0xabcd0000u | SHARD)

static uint64_t verdict(unsigned v)
{
	return w->loop->tally.verdict[v];
}

static void begin(uint64_t seed)
{
	world_make(seed);
	for (unsigned i = 0; i < 400; i++)
		world_turn(0);
}

static void others_lost_nothing(void)
{
	world_calms();
	for (unsigned i = 0; i < SHARDS; i++)
		if (i != SHARD)
			assert_int_equal(w->next_seq[i][0], w->sent_seq[i][0]);
}

static void two_deaths_then_it_is_set_apart(void **state)
{
	for (uint64_t seed = 1; seed <= 25; seed++) {
		begin(seed);
		w->poison = TEID;
		for (unsigned i = 0; i < 4000; i++)
			world_turn((unsigned)draw(24));
		assert_int_equal(deaths_of(w->loop), 2);
		assert_int_equal(verdict(VERDICT_POISON), 1);
		assert_true(verdict(VERDICT_QUARANTINED) > 0);
		assert_int_equal(w->loop->quarantine.count, 1);
		assert_int_equal(w->loop->quarantine.suspect[0].teid, TEID);
		assert_int_equal(w->loop->quarantine.refused[0], verdict(VERDICT_QUARANTINED));
		assert_int_equal(w->records[0].taken, 1);
		assert_int_equal(w->records[0].suspect.teid, TEID);
		assert_int_equal(w->records[0].first.signal, 11);
		assert_int_equal(w->records[0].second.signal, 11);
		assert_int_equal(w->records[0].length, 186);
		others_lost_nothing();
		assert_int_equal(w->next_seq[SHARD][0] - w->sent_seq[SHARD][0],
				 verdict(VERDICT_QUARANTINED) + verdict(VERDICT_POISON));
		world_free();
	}
}

// Kills from outside meanwhile: they make nobody suspect, and save nobody.
static void unrelated_kills_hurt_no_innocent(void **state)
{
	for (uint64_t seed = 1; seed <= 25; seed++) {
		begin(seed);
		w->poison = TEID;
		w->kill = 60;
		for (unsigned i = 0; i < 3000; i++)
			world_turn((unsigned)draw(24));
		assert_int_equal(verdict(VERDICT_POISON), 1);
		assert_int_equal(w->loop->quarantine.count, 1);
		others_lost_nothing();
		world_free();
	}
}

static void released_it_flows_again(void **state)
{
	uint64_t sent;

	begin(1);
	w->poison = TEID;
	for (unsigned i = 0; i < 4000; i++)
		world_turn((unsigned)draw(24));
	w->poison = 0;
	quarantine_replace(&w->loop->quarantine, NULL, 0, 0); // from before the loop's own addition was heard of
	assert_int_equal(w->loop->quarantine.count, 1);
	quarantine_replace(&w->loop->quarantine, NULL, 0, 1);
	assert_int_equal(w->loop->quarantine.count, 0);
	sent = w->sent_seq[SHARD][0];
	for (unsigned i = 0; i < 4000; i++)
		world_turn((unsigned)draw(24));
	assert_true(w->sent_seq[SHARD][0] > sent);
	others_lost_nothing();
	world_free();
}

// A seat with suspects to try is lent nothing else, and they are lent one at a time.
static void suspects_are_alone(void **state)
{
	begin(1);
	w->poison = TEID;
	for (unsigned i = 0; i < 4000; i++) {
		world_turn((unsigned)draw(24));
		for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
			if (w->loop->lane[seat].lease.suspects > 0)
				assert_int_equal(w->loop->lane[seat].lease.live, 1);
	}
	others_lost_nothing();
	world_free();
}

// Where networks share addresses, downlink the place counts, whichever key was told.
static void a_place_is_a_key_too(void **state)
{
	static struct networks networks = {
		.count = 2,
		.pools = 2,
		.slot_bits = 4,
		.places = true,
		.pool = { { { .ipv4 = 0x0a2d0000, .ipv4_len = 24, .first_slot = 0, .rows = 1 }, 1 },
			  { { .ipv4 = 0x0a2d0000, .ipv4_len = 24, .first_slot = 1, .rows = 1 }, 2 } }
	};
	const uint32_t address = 0x0a2d0007, hint = 1u << SHARD_BITS | shard_of_ipv4(address);
	struct lane_handle down = { .code = LANE_DOWNLINK, .hint = hint, .length = IP4_HEADER }, slow = {
		.code = LANE_LOCAL, .hint = 2u << LANE_POOL, .port = LANE_SIDE_ACCESS, .length = IP4_HEADER
	};
	struct quarantine_suspect list[] = { { .teid = 1u << 16 | hint, .ipv4 = address } };
	struct quarantine *q = calloc(1, sizeof(*q));
	uint8_t packet[IP4_HEADER] = { 0x45 };

	assert_int_equal(quarantine_init(q, 4), 0);
	q->networks = &networks;
	quarantine_replace(q, list, 1, 0);
	assert_int_equal(quarantine_teid(q, 1u << 16 | hint), 0);
	assert_int_equal(quarantine_down(q, address_ipv4(address), hint), 0);
	assert_int_equal(quarantine_down(q, address_ipv4(address), hint ^ 1u << SHARD_BITS),
			 QUARANTINE_NONE); // of the other network
	be32_put(packet + 16, address);
	assert_int_equal(quarantine_whose(q, &down, packet).place, hint + 1);
	be32_put(packet + 12, address);
	be32_put(packet + 16, 0);
	assert_int_equal(quarantine_whose(q, &slow, packet).place, hint + 1);
	slow.hint = 1u << LANE_POOL;
	assert_int_equal(quarantine_whose(q, &slow, packet).place, (hint ^ 1u << SHARD_BITS) + 1);
	slow.port = 1;
	assert_int_equal(quarantine_whose(q, &slow, packet).place, 0);
	quarantine_replace(q, list, 0, 0);
	assert_int_equal(quarantine_add(q, &(struct quarantine_suspect){ .place = hint + 1 }), 1);
	assert_int_equal(quarantine_add(q, &(struct quarantine_suspect){ .place = hint + 1 }), 0);
	assert_int_equal(quarantine_down(q, address_ipv4(address), hint), 0);
	quarantine_fini(q);
	free(q);
}

static void a_table_replaces_the_old_one(void **state)
{
	struct quarantine_suspect list[QUARANTINE_MAX] = { { .teid = 5, .ipv4 = 0x0a2d0001 },
							   { .ipv6 = 0x20010db8ull << 32 } };
	struct quarantine *q = calloc(1, sizeof(*q));

	assert_int_equal(quarantine_init(q, 4), 0);
	quarantine_replace(q, list, 2, 0);
	assert_int_equal(quarantine_teid(q, 5), 0);
	assert_int_equal(quarantine_teid(q, sheet_tunnel_teid(5, 9, 4)), 0); // by any of its TEIDs
	assert_int_equal(quarantine_teid(q, 5 ^ 1u << 16), QUARANTINE_NONE);
	assert_int_equal(quarantine_down(q, address_ipv4(0x0a2d0001), 0), 0);
	assert_int_equal(quarantine_down(q, (struct address){ 0x20010db8ull << 32, 0 }, 0), 1);
	assert_int_equal(quarantine_teid(q, 0x0a2d0001), QUARANTINE_NONE);
	quarantine_count(q, 1);
	assert_int_equal(quarantine_add(q, &list[1]), 0); // is there
	assert_int_equal(quarantine_add(q, &(struct quarantine_suspect){ 0 }), 0);
	assert_int_equal(quarantine_add(q, &(struct quarantine_suspect){ .teid = 9 }), 1);
	quarantine_replace(q, list + 1, 1, 0);
	assert_int_equal(q->count, 2);
	assert_int_equal(q->refused[0], 1); // goes along
	assert_int_equal(quarantine_teid(q, 5), QUARANTINE_NONE);
	assert_int_equal(quarantine_teid(q, 9), 1);
	for (unsigned i = 0; i < QUARANTINE_MAX; i++)
		list[i] = (struct quarantine_suspect){ .teid = 1000 + i };
	quarantine_replace(q, list, QUARANTINE_MAX, 1);
	assert_int_equal(quarantine_teid(q, 1000 + QUARANTINE_MAX - 1), QUARANTINE_MAX - 1);
	assert_int_equal(quarantine_add(q, &(struct quarantine_suspect){ .teid = 7 }), 0); // full
	quarantine_fini(q);
	free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_deaths_then_it_is_set_apart), cmocka_unit_test(unrelated_kills_hurt_no_innocent),
		cmocka_unit_test(released_it_flows_again),         cmocka_unit_test(suspects_are_alone),
		cmocka_unit_test(a_table_replaces_the_old_one),    cmocka_unit_test(a_place_is_a_key_too),
	};

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
