// play_rules.c - sessions whose rules keep downlink packets, and leave tunnels; and ctrl, which orders what follows from it.
#include "tests/unit/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "primary/loop/release.h"
#include "shared/wire/cursor.h"

bool packet_waits(const struct packet *packet)
{
	const struct rule *rule = &w->rule[packet->shard % SHARDS][packet->cell % CELLS];

	return rule->waits || rule->held;
}

// No packet goes into a tunnel behind its End Marker.
bool marker_leaves(struct nic_frame frame)
{
	const uint8_t *ip = room_at(&w->view.rooms, frame.room) + frame.offset;
	uint32_t teid = be32_get(ip + 32);

	if (frame.length != MARKER_LENGTH || ip[29] != 254 || ip[0] != 0x45)
		return false;
	w->rule[teid >> 24][teid >> 16 & 0xff].ended = (uint16_t)(teid + 1);
	nic_free(NULL, frame.room);
	return true;
}

static void release(uint8_t shard, uint16_t slot)
{
	struct release_cell *cell = malloc(sizeof(*cell));

	*cell = (struct release_cell){ shard, slot };
	if (!post_put(&w->orders, (struct post_word){ .verb = POST_RELEASE, .list = cell, .value = 1 }))
		free(cell);
}

static void drop(uint8_t shard, uint16_t slot)
{
	struct release_drop *list = w->dropping ? NULL : malloc(sizeof(*list));

	if (!list)
		return;
	*list = (struct release_drop){ w->now_ns, shard, slot };
	if (post_put(&w->orders, (struct post_word){ .verb = POST_DROP, .list = list, .value = 1 }))
		w->dropping = list;
	else
		free(list);
}

// Nothing of the cell that was there then is left.
void rules_dropped(const void *list)
{
	struct park_out out;

	if (list != w->dropping)
		return;
	assert_false(park_take(&w->loop->park, w->dropping->shard, w->dropping->slot, w->dropping->before_ns, &out));
	w->dropping = NULL;
}

// The session leaves a tunnel, and ctrl knows that it has.
static void tunnel_changes(uint8_t shard, uint16_t cell)
{
	struct marker_order *marker = malloc(sizeof(*marker));
	uint32_t teid = (uint32_t)shard << 24 | (uint32_t)cell << 16 | w->rule[shard][cell].tunnel++;

	*marker = (struct marker_order){ .shard = shard, .copies = 1, .teid = teid, .ipv4 = 1 };
	if (post_put(&w->orders, (struct post_word){ .verb = POST_MARKERS, .list = marker, .value = 1 }))
		w->marked++;
	else
		free(marker);
}

// The order comes once the rules are in force, or is lost.
static void rule_changes(uint8_t shard, uint16_t cell)
{
	struct rule *rule = &w->rule[shard][cell];

	rule->held |= rule->waits;
	rule->waits = !rule->waits;
	if (!rule->waits && draw(8) > 0)
		release(shard, cell);
}

// What waits though nobody wants it to.
static void ctrl_looks(void)
{
	struct park_news news;

	for (uint32_t i = 0; i < w->loop->park.cells; i++)
		if (park_told(&w->loop->park, i, w->now_ns, &news) && !w->rule[news.shard][news.slot % CELLS].waits)
			release(news.shard, news.slot);
}

void rules_play(void)
{
	for (unsigned i = 0; i < CELLS && chance(w->flip); i++)
		rule_changes((uint8_t)draw(w->few ? w->few : SHARDS), (uint16_t)draw(CELLS));
	if (chance(w->drop))
		drop((uint8_t)draw(w->few ? w->few : SHARDS), (uint16_t)draw(CELLS));
	if (chance(w->flip))
		tunnel_changes((uint8_t)draw(w->few ? w->few : SHARDS), (uint16_t)draw(CELLS));
	if (draw(64) == 0)
		ctrl_looks();
}

void rules_calm(void)
{
	for (unsigned i = 0; i < SHARDS * CELLS; i++) {
		struct rule *rule = &w->rule[i / CELLS][i % CELLS];

		rule->held |= rule->waits; // ctrl sees what is parked
		rule->waits = false;
	}
}

bool rules_settled(void)
{
	uint32_t fences = 0;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		fences += w->loop->lane[seat].lease.fences;
	return w->loop->losses.count + fences == 0;
}
