// pictures.h - a shard in a region of one build, filled so that no two fields are alike; a region of another that was used before;
// and the image in which the shard goes from one to the other. For tests.
#pragma once
#include "tests/stand/stand.h"
#include "workers/loop/picture.h"

#define SHARD 7u
#define EPOCH 3u
#define SEQ 4711u

extern struct stand from, to;
extern struct lines old, new;
extern struct image *image;
extern size_t image_size;

int pictures_open(void **state); // as cmocka calls it
int pictures_close(void **state);

void pictures_fill(uint32_t step); // every step-th cell of the old region; it stands at EPOCH, SEQ
void pictures_spoil(void);         // the new region has been in use, and stands further
void pictures_use(uint32_t slot);  // gives the cell counters and tokens
struct bearer pictures_bearer(uint32_t slot);
struct line *pictures_line(const struct lines *lines, uint32_t slot, unsigned way);

void pictures_assert_equal(void); // the new region has what the old one has, and both are in step
