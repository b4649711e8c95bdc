// picture.h - a shard as an image, and back: how it goes between builds whose regions are laid out differently (image.h).
//
// For the loop that holds the shard, at its fences: the writer gives it up, the reader has just taken it over. An image lies in
// memory that neighbours write: what it says is checked like a peer's word.
#pragma once
#include <stdbool.h>
#include "workers/lines/lines.h"

// Writes the shard's cells, counters, tokens and rates. Cells and rates that fail their own check are
// left out; the reader then stands at sequence 0.
void picture_write(const struct lines *lines, struct image *image);

// Replaces the region by the image. 0; -ENOENT: there is no whole image of this shard, and nothing was done. What does not fit the
// region is left out, and the shard then stands at sequence 0, so that ctrl sends it again. Killed in between, it stands there too.
int picture_read(const struct lines *lines, struct image *image);

// Whether no build with other lines has had the shard since this region was settled last: its counters go on.
bool picture_current(const struct image *image, uint8_t shard);
void picture_settle(struct image *image, uint8_t shard);

// The shard is taken, so an image of it is old now.
void picture_unmake(struct image *image, uint8_t shard);
