// release_stand.c - the session, its shard, and the primary's words. State: of the running test.
#include "tests/unit/release_stand.h"
#include <errno.h>
#include <stdlib.h>

struct grid grid;
struct push *push;
struct release *release;
struct session session;
static struct chains chains;

struct sheet *sheet_of(uint8_t action)
{
	struct sheet *sheet = calloc(1, sizeof(*sheet) + 2 * sizeof(struct sheet_far));
	struct sheet_far *far = (void *)(sheet + 1);

	sheet->fars = 2;
	far[0].action = SHEET_FORWARD;
	far[1].action = action;
	return sheet;
}

void rules_are(uint8_t action)
{
	free(session.sheet);
	session.sheet = sheet_of(action);
}

int release_stand_open(bool (*order)(void *, const Shoal__Fleet__Order *), uint64_t opened_ns)
{
	session = (struct session){ .cell = 9 };
	rules_are(SHEET_BUFFER);
	push = calloc(1, sizeof(*push));
	release = calloc(1, sizeof(*release));
	if (!push || !release || grid_open(&grid, SLOTS))
		return -ENOMEM;
	chains.grid = &grid;
	push->chains = &chains;
	grid.cells[9].session = &session;
	grid.cells[9].number = 5;
	*release = (struct release){ .grid = &grid, .push = push, .order = order, .opened_ns = opened_ns };
	return release_open(release);
}

int release_stand_close(void **state)
{
	release_close(release);
	free(session.sheet);
	free(release);
	free(push);
	grid_close(&grid);
	return 0;
}

void confirmed(uint64_t number)
{
	push->shard[9 / SLOTS].acked = chain_seq(number, CHAIN_CHANGE);
	release_applied(release, 9);
}

void says(uint32_t shard, uint32_t slot)
{
	Shoal__Fleet__Parked parked = SHOAL__FLEET__PARKED__INIT, *list = &parked;
	Shoal__Fleet__State said = SHOAL__FLEET__STATE__INIT;

	parked.shard = shard;
	parked.slot = slot;
	said.n_parked = 1;
	said.parked = &list;
	release_state(release, &said);
	release_go(release);
}
