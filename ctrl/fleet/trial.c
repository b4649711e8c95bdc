// trial.c - adds up what seats did, and compares.
#include "ctrl/fleet/trial.h"
#include <stdio.h>
#include <string.h>

struct window {
	uint64_t packets, busy_ticks, clock_hz;
};

// Fences are none of the network's packets.
static bool verdict_counts(unsigned verdict)
{
	return verdict != VERDICT_CUT && verdict != VERDICT_OWNED;
}

static bool verdict_good(unsigned verdict)
{
	return verdict == VERDICT_FORWARD || verdict == VERDICT_ANSWERED || !verdict_counts(verdict);
}

static void seat_note(struct trial_seat *seat, const Shoal__Fleet__Seat *said)
{
	size_t verdicts = said->n_verdicts < VERDICT_COUNT ? said->n_verdicts : VERDICT_COUNT;

	*seat = (struct trial_seat){ .seen = true, .generation = said->generation, .busy_ticks = said->busy_ticks };
	memcpy(seat->verdict, said->verdicts, verdicts * sizeof(*said->verdicts));
}

static void seat_add(struct trial_side *side, struct window *window, const struct trial_seat *before,
		     const struct trial_seat *now)
{
	if (!before->seen || before->generation != now->generation || now->busy_ticks < before->busy_ticks)
		return;
	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		uint64_t more = now->verdict[i] - before->verdict[i];

		if (!verdict_counts(i) || now->verdict[i] < before->verdict[i])
			continue;
		side->verdict[i] += more;
		side->packets += more;
		window->packets += more;
	}
	window->busy_ticks += now->busy_ticks - before->busy_ticks;
}

static void cost_note(const struct trial *trial, struct trial_side *side, const struct window *window)
{
	double ns = (double)window->busy_ticks / (double)window->packets / ((double)window->clock_hz * 1e-9);

	if (!trial->windows || ns < side->ns)
		side->ns = ns;
}

static void windows_note(struct trial *trial, const struct window *old, const struct window *new)
{
	if (old->packets < TRIAL_WINDOW_PACKETS || new->packets < TRIAL_WINDOW_PACKETS)
		return;
	cost_note(trial, &trial->old, old);
	cost_note(trial, &trial->new, new);
	trial->windows++;
}

void trial_take(struct trial *trial, const Shoal__Fleet__State *state, uint32_t old, uint32_t new)
{
	struct window windows[2] = { { 0 } };

	for (size_t i = 0; i < state->n_seats; i++) {
		const Shoal__Fleet__Seat *said = state->seats[i];
		bool is_new = said->seat < PLANE_SEATS && new >> said->seat & 1;
		struct trial_seat before;

		if (said->seat >= PLANE_SEATS || !((old | new) >> said->seat & 1))
			continue;
		before = trial->seat[said->seat];
		seat_note(&trial->seat[said->seat], said);
		windows[is_new].clock_hz = said->clock_hz;
		seat_add(is_new ? &trial->new : &trial->old, &windows[is_new], &before, &trial->seat[said->seat]);
	}
	windows_note(trial, &windows[0], &windows[1]);
}

static double percent(const struct trial_side *side, unsigned verdict)
{
	return side->packets ? 100.0 * (double)side->verdict[verdict] / (double)side->packets : 0;
}

static bool refuses_more(const struct trial *trial, char *why, size_t max)
{
	for (unsigned i = 0; trial->new.packets >= TRIAL_PACKETS &&i < VERDICT_COUNT; i++) {
		double was = percent(&trial->old, i), is = percent(&trial->new, i);

		if (verdict_good(i) || trial->new.verdict[i] < TRIAL_REFUSALS)
			continue;
		if (is <= 2 * was + TRIAL_MARGIN_PERMILLE / 10.0)
			continue;
		snprintf(why, max, "the new build says %s to %.1f %% of its packets, the old one to %.1f %%",
			 verdict_name(i), is, was);
		return true;
	}
	return false;
}

bool trial_condemns(const struct trial *trial, char *why, size_t max)
{
	if (refuses_more(trial, why, max))
		return true;
	if (trial->windows < TRIAL_WINDOWS || trial->new.ns <= 2 * trial->old.ns + TRIAL_MARGIN_NS)
		return false;
	snprintf(why, max, "a packet costs the new build %.1f us, more than twice the old one's %.1f us",
		 trial->new.ns / 1000, trial->old.ns / 1000);
	return true;
}
