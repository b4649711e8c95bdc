// rules_stand.h - a loop with one shard, a test as its courier, and one cell whose sheet is made here. For tests.
#pragma once
#include "tests/stand/sheets.h"
#include "tests/unit/fake_plane.h"
#include "workers/lines/lines_rules.h"
#include "workers/loop/loop.h"

#define SEAT 2u
#define SHARD 7u
#define SLOT 5u

extern struct plane_view view;
extern struct loop loop;
extern struct seat_courier_page *courier;
extern struct seat_worker_page *worker;
extern uint32_t report_tail;
extern uint64_t stands;      // where the shard stands, as far as the test has brought it
extern struct sheets sheets; // what the next sheet is; two open PDRs at first

int rules_open(void **state); // as cmocka calls it
int rules_close(void **state);
void loop_sit(void); // another loop takes the seat, and the shard

struct lines lines_of(void);
struct rest *rest(void);
struct lines_room room_now(void);

void post(struct change change);
struct change part_of(unsigned offset, unsigned bytes);
void post_parts(unsigned from, unsigned to);
struct bearer bearer_of(void);
void post_set(const struct bearer *bearer);
void visits(void);
void sheet_set(const struct bearer *bearer); // parts, SET, and all of it applied

struct report next(uint8_t kind); // the next report; it must be of this kind
void no_more(void);
void acked(const struct bearer *bearer); // that the cell is all there is

void qer_add(uint32_t id);
void urr_add(uint32_t id, uint32_t serial);
void gauge_use(unsigned i, uint64_t bytes);
