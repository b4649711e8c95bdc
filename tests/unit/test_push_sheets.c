// test_push_sheets.c - sheets on their way to a shard's owner: whole, in order, and before the SET that names them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/world.h"

// Between whatever else is sent: pieces in order, all about one place of the chain, and then at once the SET they belong to.
static void pieces_come_directly_before_their_set(void **state)
{
	static struct world world;
	unsigned sheets = 0;

	world_open(&world, 98, 0);
	world_hellos(&world);
	for (unsigned i = 0; i < 100; i++)
		world_create(&world);
	for (unsigned turn = 0; turn < 100; turn++) {
		uint32_t bytes = 0;

		push_fill(&world.stand.push, 0, &world.batch, world.now_ns);
		for (uint32_t i = 0; i < world.batch.count; i++) {
			const struct change *change = &world.batch.change[i], *last = change - 1;

			if (change->verb == CHANGE_PART) {
				assert_int_equal(change->part.offset, bytes);
				assert_true(change->prev == change->seq);
				assert_true(!bytes || (last->slot == change->slot && last->prev == change->prev));
				bytes += change->part.bytes;
				continue;
			}
			assert_true(!bytes || change->verb == CHANGE_SET);
			assert_true(!bytes || (last->slot == change->slot && last->prev == change->prev));
			assert_int_equal(change->verb == CHANGE_SET ? change->bearer.sheet_bytes : 0, bytes);
			sheets += bytes != 0;
			bytes = 0;
		}
		assert_int_equal(bytes, 0);
		for (unsigned i = 0; i < SHARDS; i++)
			assert_true(world.stand.push.shard[i].head - world.stand.push.shard[i].tail <= FEED_WINDOW);
		for (uint32_t i = 0; i < world.batch.count; i++)
			world_take(&world, &world.batch.change[i], world.batch.epoch);
		world_ctrl_hears(&world);
	}
	assert_true(sheets > 20);
	assert_int_equal(push_waiting(&world.stand.push), 0);
	assert_int_equal(world.stand.alarms, 0);
	ctrl_stand_close(&world.stand);
}

// After silence few changes are sent at once, but what belongs together goes whole.
static void a_narrow_window_stops_no_sheet(void **state)
{
	static struct world world;
	struct ctrl_session session;
	uint32_t count;

	world_open(&world, 97, 0);
	ctrl_session_init(&session, 1);
	do
		ctrl_rules_draw(&world.rules, &session.session, ++world.created, 0xc6330001);
	while (session.session.n_rules < CTRL_RULES_MAX);
	assert_int_equal(ctrl_stand_create(&world.stand, &session), 0);
	world_hellos(&world);
	push_fill(&world.stand.push, 0, &world.batch, world.now_ns);
	count = world.batch.count;
	assert_true(count > 16);
	world.now_ns += 2 * SECOND_NS;
	push_tick(&world.stand.push, world.now_ns);
	push_fill(&world.stand.push, 0, &world.batch, world.now_ns);
	assert_int_equal(world.batch.count, count);
	world_settle(&world);
	ctrl_stand_close(&world.stand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_come_directly_before_their_set),
		cmocka_unit_test(a_narrow_window_stops_no_sheet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
