// store_walk.h - the pages of one transaction in a store's file: looked at once each, and added up.
#pragma once
#include "ctrl/store/store_layout.h"
#include "ctrl/store/store_row.h"

struct store_walk {
	// in
	const char *path; // for people
	int fd;
	bool glance; // at table meta alone, and without a word
	uint32_t page_bytes;
	uint64_t file_bytes;
	// out
	struct store_tally tally;
	struct store_stamp stamp;
	bool stamp_broken;
	// meanwhile
	uint64_t pages, transaction;
	uint8_t *taken; // a bit a page
	uint8_t *room;  // a page a level, and one for the first of what overflows
	struct tree *tree;
};

// meta: one whose own fields make sense. 0; -EUCLEAN damaged, or another -errno, with a log line.
int store_walk(struct store_walk *walk, const struct layout_meta *meta);
