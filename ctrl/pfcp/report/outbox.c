// outbox.c - see outbox.h. One thread; letters belong to the outbox, from where they were listed until ctrl has them as done.
#include "ctrl/pfcp/report/outbox.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/report/outbox_parts.h"
#include "shared/base/log.h"

#define AGAIN_NS 100000000ull   // what ctrl did not take
#define FORGET_NS 1000000000ull // between looks for associations that have gone

int outbox_open(struct outbox *outbox, const struct outbox_ways *ways, uint64_t tally[TALLY_COUNT])
{
	memset(outbox, 0, offsetof(struct outbox, reader));
	outbox->ways = *ways;
	outbox->tally = tally;
	outbox->close_ns = UINT64_MAX;
	TAILQ_INIT(&outbox->piles);
	TAILQ_INIT(&outbox->asleep);
	TAILQ_INIT(&outbox->told);
	TAILQ_INIT(&outbox->closing);
	return table_open(&outbox->sessions);
}

void outbox_close(struct outbox *outbox)
{
	struct letter_list *lists[] = { &outbox->told, &outbox->closing };
	struct letter *letter;
	struct pile *pile;

	for (unsigned i = 0; i < 2; i++) // what is not told yet is found by its session
		while ((letter = TAILQ_FIRST(lists[i])) != NULL) {
			TAILQ_REMOVE(lists[i], letter, at);
			free(letter);
		}
	for (uint32_t i = 0; outbox->sessions.slots && i <= outbox->sessions.mask; i++) {
		struct letter *next;

		for (letter = outbox->sessions.slots[i].key ? outbox->sessions.slots[i].value : NULL; letter;
		     letter = next) {
			next = letter->next;
			free(letter);
		}
	}
	while ((pile = TAILQ_FIRST(&outbox->piles)) != NULL) {
		TAILQ_REMOVE(&outbox->piles, pile, all);
		free(pile);
	}
	table_close(&outbox->sessions);
}

// ---- What ctrl lists

static struct letter *letter_new(struct outbox *outbox, const Shoal__Oss__Report *report, size_t bytes)
{
	struct letter *letter = malloc(sizeof(*letter) + bytes);

	if (!letter)
		return NULL;
	*letter =
	    (struct letter){ .outbox = outbox, .number = report->number, .session = report->session, .bytes = bytes };
	memcpy(letter->body, outbox->body, bytes);
	return letter;
}

// What can't be said to anybody is done; what is not understood stays with ctrl, for another build of ours.
static void take_none(struct outbox *outbox, struct letter *letter, int error)
{
	outbox->tally[TALLY_REPORTS_VOID]++;
	log_info("pfcp.report_void", "report %llu: %s", (unsigned long long)letter->number, strerror(-error));
	if (error == -ENOENT)
		letter_told(outbox, letter);
	else
		letter_end(outbox, letter);
}

// 0; -ENOMEM: it has to be listed again.
static int take(struct outbox *outbox, struct pile *pile, const Shoal__Oss__Report *report)
{
	struct pfcp_writer writer = pfcp_writer_over(outbox->body, sizeof(outbox->body) - LETTER_MORE);
	struct report_to to = { 0 };
	int error = report_write(&outbox->reader, report, &to, &writer);
	struct letter *letter = letter_new(outbox, report, error ? 0 : (size_t)(writer.at - writer.start));

	if (!letter)
		return -ENOMEM;
	letter->pile = pile;
	letter->to = to;
	if (!error && letter_enqueue(outbox, letter)) {
		free(letter);
		return -ENOMEM;
	}
	pile->in_hand++;
	outbox->count++;
	pile->taken = report->number;
	if (error)
		take_none(outbox, letter, error);
	return 0;
}

// False: its pile has no room, and it is for later.
static bool hear_one(struct outbox *outbox, struct pile *pile, const Shoal__Oss__Report *report)
{
	bool standing = outbox->ways.standing(outbox->ways.arg, report->owner);

	if (!standing || !report->session || report->number <= pile->taken)
		return true; // its sessions go, and its reports with them; or it was listed before
	return pile->in_hand < PILE_MAX && !take(outbox, pile, report);
}

// False: there is no memory, and it has to be listed again.
static bool hear_any(struct outbox *outbox, const Shoal__Oss__Report *report)
{
	struct pile *pile = pile_of(outbox, report->owner);

	if (!pile && !outbox->ways.standing(outbox->ways.arg, report->owner))
		return true;
	if (!pile)
		pile = pile_new(outbox, report->owner);
	if (!pile)
		return false;
	pile->held = true;
	if (pile->behind || !hear_one(outbox, pile, report))
		pile->behind = pile->skipped = true;
	pile->held = false;
	pile_look(outbox, pile);
	return true;
}

static void heard_again(struct outbox *outbox, const char *owner, const Shoal__Oss__ReportListAnswer *list)
{
	struct pile *pile = pile_of(outbox, owner);
	bool room = true;

	if (!pile)
		return;
	for (size_t i = 0; list && i < list->n_reports && room; i++)
		room = hear_one(outbox, pile, list->reports[i]);
	pile->listing = false;
	pile->behind &= !list || list->next || !room || pile->skipped;
	if (!list)
		pile->list_ns = outbox->now_ns + AGAIN_NS;
	pile_look(outbox, pile);
}

void outbox_heard(struct outbox *outbox, const char *owner, const Shoal__Oss__ReportListAnswer *list)
{
	if (*owner) {
		heard_again(outbox, owner, list);
		return;
	}
	outbox->list_ns = outbox->now_ns + AGAIN_NS;
	for (size_t i = 0; list && i < list->n_reports; i++) {
		if (!hear_any(outbox, list->reports[i]))
			return;
		outbox->after = list->reports[i]->number;
	}
	if (list && list->n_reports)
		outbox->list_ns = outbox->now_ns;
}

// ---- An association that stands no more: whoever deletes its sessions hears what they have used.

static void forget(struct outbox *outbox, struct pile *pile)
{
	struct letter *letter;

	pile->behind = false;
	pile->held = true;
	while ((letter = TAILQ_FIRST(&pile->ready)) != NULL) {
		TAILQ_REMOVE(&pile->ready, letter, at);
		letter_dequeue(outbox, letter);
		letter_end(outbox, letter);
	}
	pile->held = false;
	pile_look(outbox, pile);
}

static void forget_some(struct outbox *outbox)
{
	struct pile *pile, *next;

	if (outbox->forget_ns > outbox->now_ns)
		return;
	outbox->forget_ns = outbox->now_ns + FORGET_NS;
	for (pile = TAILQ_FIRST(&outbox->piles); pile; pile = next) {
		next = TAILQ_NEXT(pile, all);
		if (!outbox->ways.standing(outbox->ways.arg, pile->owner))
			forget(outbox, pile);
	}
}

// ---- Time

static void catch_up(struct outbox *outbox, struct pile *pile)
{
	if (!pile->behind || pile->listing || pile->in_hand > PILE_MAX / 2 || pile->list_ns > outbox->now_ns)
		return;
	pile->skipped = false;
	pile->listing = !outbox->ways.list(outbox->ways.arg, pile->owner, pile->taken);
	if (!pile->listing)
		pile->list_ns = outbox->now_ns + AGAIN_NS;
}

static void piles_look(struct outbox *outbox)
{
	struct pile *pile;

	TAILQ_FOREACH(pile, &outbox->piles, all)
	{
		pile_ask(outbox, pile);
		catch_up(outbox, pile);
	}
}

static void wake(struct outbox *outbox)
{
	struct letter *letter;

	while ((letter = TAILQ_FIRST(&outbox->asleep)) && letter->wake_ns <= outbox->now_ns) {
		TAILQ_REMOVE(&outbox->asleep, letter, at);
		letter_ready(letter);
	}
}

static void close_some(struct outbox *outbox)
{
	uint64_t numbers[CLOSING_MAX];
	struct letter *letter;
	unsigned some = 0;

	if (outbox->close_ns > outbox->now_ns || TAILQ_EMPTY(&outbox->told))
		return;
	while (some < CLOSING_MAX && (letter = TAILQ_FIRST(&outbox->told))) {
		TAILQ_REMOVE(&outbox->told, letter, at);
		TAILQ_INSERT_TAIL(&outbox->closing, letter, at);
		numbers[some++] = letter->number;
	}
	outbox->close_ns = UINT64_MAX;
	if (outbox->ways.close(outbox->ways.arg, numbers, some))
		outbox_closed(outbox, false);
}

void outbox_closed(struct outbox *outbox, bool done)
{
	struct letter *letter;

	if (!done) {
		TAILQ_CONCAT(&outbox->closing, &outbox->told, at);
		TAILQ_CONCAT(&outbox->told, &outbox->closing, at);
		outbox->close_ns = outbox->now_ns + AGAIN_NS;
		return;
	}
	while ((letter = TAILQ_FIRST(&outbox->closing)) != NULL) {
		TAILQ_REMOVE(&outbox->closing, letter, at);
		letter_end(outbox, letter);
	}
	outbox->close_ns = TAILQ_EMPTY(&outbox->told) ? UINT64_MAX : outbox->now_ns;
}

void outbox_tick(struct outbox *outbox, uint64_t now_ns)
{
	outbox->now_ns = now_ns;
	wake(outbox);
	forget_some(outbox);
	piles_look(outbox);
	close_some(outbox);
	if (outbox->list_ns > now_ns)
		return;
	outbox->list_ns = outbox->ways.list(outbox->ways.arg, "", outbox->after) ? now_ns + AGAIN_NS : UINT64_MAX;
}

static uint64_t pile_due(const struct outbox *outbox, const struct pile *pile)
{
	bool may_ask = !TAILQ_EMPTY(&pile->ready) && pile->asked < pile->may_ask && outbox->asked < ASKED_MAX;
	bool may_list = pile->behind && !pile->listing && pile->in_hand <= PILE_MAX / 2;

	uint64_t ask_ns = may_ask ? pile->wake_ns : UINT64_MAX, list_ns = may_list ? pile->list_ns : UINT64_MAX;

	return ask_ns < list_ns ? ask_ns : list_ns;
}

uint64_t outbox_due(const struct outbox *outbox)
{
	uint64_t due = outbox->list_ns < outbox->close_ns ? outbox->list_ns : outbox->close_ns;
	const struct letter *letter = TAILQ_FIRST(&outbox->asleep);
	const struct pile *pile;

	if (letter && letter->wake_ns < due)
		due = letter->wake_ns;
	if (!TAILQ_EMPTY(&outbox->piles) && outbox->forget_ns < due)
		due = outbox->forget_ns;
	TAILQ_FOREACH(pile, &outbox->piles, all)
	if (pile_due(outbox, pile) < due)
		due = pile_due(outbox, pile);
	return due;
}
