// place_play.c - lays three pools, and plays sessions that live in their cells. State: place, grid.
#include "tests/unit/place_play.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct place place;
struct grid grid;

int place_play_open(void **state)
{
	struct conf conf = { .pools = 3, .foreign_slots = 2 };
	unsigned bad;
	int slots;

	conf.pool[0] = (struct conf_pool){ "internet", 0x0a2d0000, 23, 0x20010db800450000, 54, "" }; // 2 and 4 rows: 2
	conf.pool[1] = (struct conf_pool){ "ims", 0, 0, 0x20010db800990000, 56, "" };                // 1 row
	conf.pool[2] = (struct conf_pool){ "internet", 0x0a300000, 24, 0, 0, "" };                   // 1 row
	slots = place_lay(&place, &conf, &bad);
	assert_int_equal(slots, 2 + 1 + 1 + 2);
	assert_int_equal(grid_open(&grid, (uint32_t)slots), 0);
	place.grid = &grid;
	place_fill(&place);
	return 0;
}

int place_play_close(void **state)
{
	grid_close(&grid);
	return 0;
}

uint32_t place_play_take(struct place_wish *wish, int *error)
{
	uint32_t cell = place_find(&place, wish, error);

	if (cell != CELL_NONE) {
		place_take(&place, cell);
		grid.cells[cell].session = (struct session *)&grid; // any: it is not looked into
	}
	return cell;
}

void place_play_give(uint32_t cell)
{
	grid.cells[cell].session = NULL;
	place_give(&place, cell);
}
