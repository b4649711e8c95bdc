// world_change.c - sessions come, change and go, and the disk may take its time over that.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/session/session.h"
#include "tests/unit/world.h"

// The disk takes its time over the change that follows, and now and then refuses it.
static void disk_begins(struct world *world)
{
	if (world->walks && world_draw(world, 2))
		world->stand.truth.scribe.inbox = &world->nowhere;
}

// Meanwhile feeds go on. code: of a change that was not written at all.
static int disk_ends(struct world *world, int code)
{
	static void (*const parts[])(struct world *) = { world_ctrl_sends, world_owners_hear, world_ctrl_hears,
							 world_time_passes, world_hellos };
	struct scribe *scribe = &world->stand.truth.scribe;

	scribe->inbox = NULL;
	if (!scribe_busy(scribe))
		return code;
	for (unsigned n = world_draw(world, 8); n; n--)
		parts[world_draw(world, world->badness ? 5 : 4)](world);
	world->stand.fail_commit = world_draw(world, 16) ? 0 : -EIO;
	scribe->error = batch_write(scribe->batch, scribe->store);
	world->stand.fail_commit = 0;
	scribe->written.run(&scribe->written);
	return (int)world->stand.answer->status->code;
}

// Whether it was done; nothing else than the disk refuses it, and for a creation want of places.
static bool done(struct world *world, int code, bool creates)
{
	code = disk_ends(world, code);
	assert_true(!code || code == SHOAL__OSS__CODE__STORE_FAILED ||
		    (creates && (code == SHOAL__OSS__CODE__POOL_EXHAUSTED || code == SHOAL__OSS__CODE__LIMIT)));
	return !code;
}

void world_create(struct world *world)
{
	struct ctrl_session session;

	ctrl_session_init(&session, world->created++);
	session.ue.want_ipv6 = world_draw(world, 2);
	session.bearer.uplink = &session.uplink;
	session.uplink.cir_bps = world_draw(world, 4) ? 1000 * (1 + world_draw(world, 12)) : 0;
	if (world_draw(world, 2))
		ctrl_rules_draw(&world->rules, &session.session, world_draw(world, 1000), 0xc6330001);
	if (world->ids_count == 512)
		return;
	disk_begins(world);
	if (done(world, ctrl_stand_create(&world->stand, &session), true))
		world->ids[world->ids_count++] = world->stand.answer->session->session->id;
}

void world_change(struct world *world, bool delete)
{
	uint32_t i = world_draw(world, world->ids_count + 1);
	struct ctrl_session session;

	if (i == world->ids_count)
		return;
	disk_begins(world);
	if (!delete &&world_draw(world, 2)) {
		ctrl_session_init(&session, 0);
		session.session.id = world->ids[i];
		ctrl_rules_draw(&world->rules, &session.session, world_draw(world, 1000), 0xc6330002);
		done(world, ctrl_stand_change(&world->stand, &session), false);
		return;
	}
	if (!delete) {
		disk_ends(world, ctrl_stand_modify(&world->stand, world->ids[i], 0xc6330000 + world_draw(world, 999),
						   1000 * (1 + world_draw(world, 12))));
		return;
	}
	if (done(world, ctrl_stand_delete(&world->stand, world->ids[i]), false))
		world->ids[i] = world->ids[--world->ids_count];
}
