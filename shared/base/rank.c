// rank.c - the kernel's words for it. No state.
#include "shared/base/rank.h"
#include <sched.h>

// It can't fail but where a filter forbids the call; then all are equal, as before.
static void rank_take(int policy)
{
	const struct sched_param none = { 0 };

	sched_setscheduler(0, policy, &none);
}

void rank_house(void)
{
	rank_take(SCHED_BATCH);
}

void rank_packets(void)
{
	rank_take(SCHED_OTHER);
}
