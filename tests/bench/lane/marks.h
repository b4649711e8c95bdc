// marks.h - says in a trace of loads and stores who is at work: a store to a mark, and from there on all is his.
//
// lines.py reads them. One thread.
#pragma once
#include <stdint.h>

enum mark { MARK_PRIMARY, MARK_WORKER, MARK_DEVICE, MARK_NOBODY, MARKS };

struct marks {
	_Alignas(64) volatile uint32_t at[MARKS][16];
};
extern struct marks marks;

static inline void mark_set(enum mark mark)
{
	marks.at[mark][0] = 1;
}
