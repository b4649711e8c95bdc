// store_check.h - looks through a store's file before LMDB maps it.
//
// LMDB believes what it reads: a page number, a length or a count that is wrong ends the process, or makes rows vanish, or lets
// the next change write over rows that live. So everything is looked at first, with reads that fail instead of killing: both
// headers, every page of the last transaction once, keys in order, lengths inside their pages, what each table claims to have,
// and that no page in use is also listed as free.
#pragma once
#include "ctrl/store/store_row.h"

struct store_checked {
	uint64_t transaction; // the last one
	struct store_tally tally;
	uint32_t
	    astray; // tables, one bit each, whose rows are not those of the last transaction, though each may be sound
};

// fd: open for reading, path for people. 0; -EUCLEAN damaged, or another -errno, with a log line.
int store_check(int fd, const char *path, struct store_checked *checked);
