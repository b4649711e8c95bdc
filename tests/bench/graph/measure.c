// measure.c - what a packet costs in each form: ns over slices that take turns, and how long one is under way.
//
// usage: bench-forms LCORES SESSIONS ROUNDS FORM[@LCORE]...     LCORES as the EAL's --lcores; the first twice: the control
//        bench-forms LCORES SESSIONS count FORM                 one slice for callgrind, both halves on one core
//        bench-forms kinds                                      what forms there are in this build
// Prints lines of "round,variant,value" in ns: per packet over a slice; and, as "FORM p50" and "FORM p99", from a packet's
// arrival to its end where bursts come at half the fused loop's rate. Forms that serve on the same core share a plane.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"
#include "tests/bench/graph/forms.h"
#include "tests/bench/graph/plane.h"
#include "tests/bench/tables/chance.h"

#define FORMS_MAX 8
#define CORES_MAX 4
#define ROUNDS 24u // of a slice, and two more before it that are not timed
#define WARM 16u   // rounds before what is counted
#define PACED 16u  // rounds of a latency slice
#define BURSTS (PLANE_ROUND / LANE_BURST)

static struct forms_plane planes[CORES_MAX];
static struct form forms[FORMS_MAX];
static unsigned count, sessions;
static uint64_t hz;
static struct lane_handle handles[PLANE_ROUND];
static uint64_t in[BURSTS], out[PLANE_ROUND], waits[PACED * PLANE_ROUND];

static struct forms_plane *plane_of(const struct form *form)
{
	return &planes[form->lcore];
}

static bool all_forwarded(void)
{
	for (unsigned i = 0; i < PLANE_ROUND; i++)
		if (handles[i].code != VERDICT_FORWARD)
			return false;
	return true;
}

// Each burst to its end before the next, so that no function of a form runs inside another: for callgrind. Before that every session
// has had packets, by no form: its first one goes the long way.
static void count_run(struct form *form)
{
	for (unsigned round = 0; round < WARM; round++) {
		forms_plane_round(plane_of(form), handles);
		for (unsigned i = 0; i < PLANE_ROUND; i += LANE_BURST)
			pipe_burst(form->pipe, handles + i, LANE_BURST, clock_ticks());
	}
	forms_plane_round(plane_of(form), handles);
	form_begin(form, handles, NULL);
	for (unsigned i = 0; i < BURSTS; i++) {
		form->kind->feed(form, LANE_BURST);
		while (form->kind->done(form) < form->fed)
			form->kind->wait(form);
	}
	form->kind->end(form);
	if (!all_forwarded())
		exit(1);
}

// Ticks from the first burst's arrival to the last one's end.
static uint64_t round_run(struct form *form)
{
	uint64_t from, ticks;

	forms_plane_round(plane_of(form), handles);
	form_begin(form, handles, NULL);
	from = clock_ticks();
	for (unsigned i = 0; i < BURSTS; i++)
		form->kind->feed(form, LANE_BURST);
	while (form->kind->done(form) < PLANE_ROUND)
		form->kind->wait(form);
	ticks = clock_ticks() - from;
	form->kind->end(form);
	if (!all_forwarded())
		exit(1);
	return ticks;
}

static double slice_ns(struct form *form)
{
	uint64_t ticks = 0;

	for (unsigned i = 0; i < ROUNDS + 2; i++) {
		uint64_t spent = round_run(form);

		ticks += i < 2 ? 0 : spent;
	}
	return (double)ticks * 1e9 / (double)hz / (ROUNDS * PLANE_ROUND);
}

static int by_size(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

// Bursts arrive every `gap` ticks, whatever the form is doing: what it is late with counts.
static void paced_round(struct form *form, uint64_t gap, uint64_t *wait)
{
	uint64_t due;

	forms_plane_round(plane_of(form), handles);
	form_begin(form, handles, out);
	due = clock_ticks() + gap;
	for (unsigned i = 0; i < BURSTS; i++, due += gap) {
		while (clock_ticks() < due)
			__builtin_ia32_pause();
		in[i] = due;
		form->kind->feed(form, LANE_BURST);
		for (unsigned p = i * LANE_BURST; !form->kind->split && p < (i + 1) * LANE_BURST; p++)
			out[p] = clock_ticks();
	}
	form->kind->end(form);
	for (unsigned i = 0; i < PLANE_ROUND; i++)
		wait[i] = out[i] - in[i / LANE_BURST];
}

static double wait_ns(double share)
{
	return (double)waits[(size_t)(share * PACED * PLANE_ROUND)] * 1e9 / (double)hz;
}

static void latency_print(struct form *form, unsigned number, const char *name, double fused_ns)
{
	uint64_t gap = (uint64_t)(2 * fused_ns * LANE_BURST * (double)hz / 1e9);

	paced_round(form, gap, waits);
	for (unsigned i = 0; i < PACED; i++)
		paced_round(form, gap, waits + (size_t)i * PLANE_ROUND);
	qsort(waits, PACED * PLANE_ROUND, sizeof(*waits), by_size);
	printf("%u,%s p50,%.1f\n%u,%s p99,%.1f\n", number, name, wait_ns(0.5), number, name, wait_ns(0.99));
}

static bool form_make(struct form *form, char *word)
{
	char *at = strchr(word, '@'), name[32];

	snprintf(name, sizeof(name), "%.*s", at ? (int)(at - word) : 31, word);
	*form = (struct form){ .kind = form_kind_named(name), .lcore = at ? (unsigned)atoi(at + 1) : 0 };
	if (!form->kind || form->lcore >= CORES_MAX)
		return false;
	form->pipe = &plane_of(form)->pipe;
	if (!plane_of(form)->sessions && !forms_plane_open(plane_of(form), sessions, clock_ticks()))
		return false;
	return !form->kind->open(form);
}

// By chance: a form finds the caches as the one before it left them, so none may mostly follow the same other.
static void order_shuffle(unsigned *order, uint64_t *seed)
{
	for (unsigned k = 0; k < count; k++) {
		unsigned place = chance_below(seed, k + 1);

		order[k] = order[place];
		order[place] = k;
	}
}

// The first form's best slice says how fast bursts may come.
static void measure(unsigned rounds, char **names)
{
	double fused = slice_ns(&forms[0]);
	uint64_t seed = 0x9e3779b97f4a7c15ull;
	unsigned order[FORMS_MAX];

	printf("round,variant,value\n");
	for (unsigned i = 0; i < rounds; i++) {
		order_shuffle(order, &seed);
		for (unsigned k = 0; k < count; k++) {
			unsigned which = order[k];
			double ns = slice_ns(&forms[which]);

			printf("%u,%s%s,%.3f\n", i, names[which], which == 1 ? " again" : "", ns);
			fused = !which && ns < fused ? ns : fused;
			if (which != 1)
				latency_print(&forms[which], i, names[which], fused);
		}
	}
}

int main(int argc, char **argv)
{
	bool counts = argc > 4 && !strcmp(argv[3], "count");

	if (argc == 2 && !strcmp(argv[1], "kinds")) {
		for (unsigned i = 0; form_kinds[i]; i++)
			printf("%s\n", form_kinds[i]->name);
		return 0;
	}
	sessions = argc > 4 ? (unsigned)atoi(argv[2]) : 0;
	if (argc < 5 || argc - 4 > FORMS_MAX || sessions < 1024 || sessions & (sessions - 1))
		return 2;
	if (!forms_eal(argv[1]))
		return 1;
	hz = clock_hz();
	for (; count < (unsigned)argc - 4; count++)
		if (!form_make(&forms[count], argv[4 + count])) {
			fprintf(stderr, "bench-forms: no form %s here\n", argv[4 + count]);
			return 1;
		}
	if (counts)
		count_run(&forms[0]);
	else
		measure((unsigned)atoi(argv[3]), argv + 4);
	return 0;
}
