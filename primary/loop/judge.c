// judge.c - reckons with samples of a worker's CPU clock. Pure; the watcher's thread.
#include "primary/loop/judge.h"

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void judge_open(struct judge *judge, uint64_t tick_ns, const struct judge_sample *first)
{
	*judge = (struct judge){ .tick_ns = smaller(tick_ns, JUDGE_TICK_MAX_NS), .last = *first };
	if (judge->tick_ns < JUDGE_TICK_MIN_NS)
		judge->tick_ns = JUDGE_TICK_MIN_NS;
}

static enum judge_verdict judge_stands(const struct judge *judge, char state)
{
	bool tick = judge->stood_ns >= judge->tick_ns, long_enough = judge->stood_ns >= JUDGE_STOOD_NS;

	switch (state) {
	case 'T':
		return long_enough ? JUDGE_STOPPED : tick ? JUDGE_LATE : JUDGE_NONE;
	case 'S':
		return long_enough ? JUDGE_BLOCKED : tick ? JUDGE_LATE : JUDGE_NONE;
	case 'R':
	case 'D':
		return long_enough ? JUDGE_STARVED : JUDGE_NONE;
	default:
		return JUDGE_NONE; // it is dying
	}
}

static enum judge_verdict judge_runs(const struct judge *judge)
{
	uint64_t ran_ns = judge->ran_ns + judge->tick_ns / JUDGE_GRACE;

	if (ran_ns >= JUDGE_TICKS * judge->tick_ns)
		return JUDGE_LOOPS;
	return ran_ns >= judge->tick_ns ? JUDGE_LATE : JUDGE_NONE;
}

// Who was pushed off its core most of the time ran with cold caches, and the clock counts the pushing too.
static uint64_t judge_ran(uint64_t ran_ns, uint64_t passed_ns, uint64_t tick_ns)
{
	return ran_ns < passed_ns / 2 ? ran_ns / JUDGE_SPARSE : smaller(ran_ns, tick_ns);
}

enum judge_verdict judge_look(struct judge *judge, const struct judge_sample *now)
{
	uint64_t ran_ns = now->run_ns - judge->last.run_ns, passed_ns = now->now_ns - judge->last.now_ns;
	enum judge_verdict runs, stands;

	judge->ran_ns += judge_ran(ran_ns, smaller(passed_ns, JUDGE_LOOK_NS), judge->tick_ns);
	if (ran_ns || now->state != judge->last.state)
		judge->stood_ns = 0;
	else
		judge->stood_ns += smaller(passed_ns, JUDGE_LOOK_NS);
	judge->last = *now;
	if (now->traced)
		return JUDGE_TRACED;
	runs = judge_runs(judge);
	stands = judge_stands(judge, now->state);
	return runs > stands ? runs : stands;
}
