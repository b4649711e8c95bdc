// push_hear.c - what comes back: reports, hellos, and by which link each shard's owner speaks.
#include <stdio.h>
#include "ctrl/feed/push_inside.h"
#include "ctrl/session/session.h"
#include "shared/wire/sheet_skill.h"

#define GAP_REST_NS 100000000ull  // a second GAP at the same place is the echo of what was sent before the first
#define ROUTE_REST_NS 20000000ull // so long after a shard has come to a link, the other's words about it are late ones
#define ROUTE_QUIET_NS 2000000000ull // an owner speaks once a second: a link silent for so long has none

// An owner that has everything must have the same.
static void digest_compare(struct push *push, uint8_t index, const struct report *report, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[index];
	const struct chain *chain = &push->chains->chain[index];

	if (shard->phase != PUSH_REPLAY || chain_number(report->seq) != chain->number || report->seq != shard->acked)
		return;
	if (report->digest == chain->digest || now_ns - shard->swept_ns < SECOND_NS)
		return;
	push_alarm(push, index, "has drifted from the store; it is sent again");
	push_sweep(push, index, now_ns);
}

// True if the report is about the present of its shard.
static bool report_fresh(const struct push *push, const struct report *report)
{
	const struct push_shard *shard = &push->shard[report->shard];

	return shard->phase != PUSH_SILENT && report->epoch >= shard->epoch;
}

// The owner is in the middle of a sweep that we took for ended: a BEGIN came to it twice.
static bool sweep_reopened(struct push *push, const struct report *report, uint64_t now_ns)
{
	if (push->shard[report->shard].phase != PUSH_REPLAY || !chain_sweeping(report->seq))
		return false;
	push_sweep(push, report->shard, now_ns);
	return true;
}

// The owner stands below what it confirmed. In the course of things that is an old report; when all has been quiet, the truth.
static void relapse_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[report->shard];

	if (shard->head != shard->tail || now_ns - shard->heard_ns < SECOND_NS)
		return;
	if (!sweep_reopened(push, report, now_ns))
		push_stand(push, report->shard, report->seq);
}

static void ack_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	const struct push_shard *shard = &push->shard[report->shard];

	if (!report_fresh(push, report))
		return;
	if (report->seq < shard->acked) {
		relapse_hear(push, report, now_ns);
		return;
	}
	if (sweep_reopened(push, report, now_ns))
		return;
	if (chain_number(report->seq) > push->chains->chain[report->shard].number) {
		push_alarm(push, report->shard, "is ahead of the store; the store wins");
		push_sweep(push, report->shard, now_ns);
		return;
	}
	push_advance(push, report->shard, report->seq, now_ns);
	digest_compare(push, report->shard, report, now_ns);
}

static void gap_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[report->shard];

	if (!report_fresh(push, report))
		return;
	if (shard->gap == report->seq && now_ns - shard->gap_ns < GAP_REST_NS)
		return;
	shard->gap = report->seq;
	shard->gap_ns = now_ns;
	if (sweep_reopened(push, report, now_ns))
		return;
	if (report->seq < shard->acked) // it has lost what it had
		push_stand(push, report->shard, report->seq);
	else
		ack_hear(push, report, now_ns);
	push_rewind(push, report->shard);
}

// The owner will never take this change: go on without it, and say so.
static void refusal_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[report->shard];
	const struct cell *cells = push_cells(push);
	uint64_t number = chain_number_about(report->seq);
	uint32_t i = shard->unacked;
	bool there;
	char text[96];

	if (!report_fresh(push, report) || report->seq <= shard->acked)
		return;
	while (i != CELL_NONE && cells[i].number < number)
		i = cells[i].newer;
	snprintf(text, sizeof(text), "refused change %llu of cell %u", (unsigned long long)report->seq, report->slot);
	push_alarm(push, report->shard, text);
	there = i != CELL_NONE && cells[i].number == number;
	if (there && cells[i].digest)
		chain_refuse(push->chains, i);
	else if (there || !number)
		shard->phase = PUSH_SILENT; // nothing to leave out: wait for another owner
	push_rewind(push, report->shard);   // what is not there any more has changed again since: that is next
	shard->heard_ns = now_ns;
	if (there && cells[i].refused && push->hooks.refused)
		push->hooks.refused(push->hooks.with, i, number);
}

// What the owner could not put right by itself, it gets again: at once, where nothing is on its way that will show it anyhow.
static void lost_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	static const char *const words[] = {
		[LOST_CELL] = "cell %u was spoilt; the shard is sent again",
		[LOST_RATE] = "rate %u was spoilt; the shard is sent again",
		[LOST_SUM] = "its digest was not that of its cells; it is sent again",
		[LOST_INDEX] = "the index had lost cell %u; repaired",
		[LOST_HEADER] = "its header was overwritten; repaired",
	};
	struct push_shard *shard = &push->shard[report->shard];
	bool again = report->digest == LOST_CELL || report->digest == LOST_RATE || report->digest == LOST_SUM;
	char text[96];

	if (report->digest >= sizeof(words) / sizeof(words[0]) || !report_fresh(push, report))
		return;
	if (again && (shard->phase != PUSH_REPLAY || now_ns - shard->swept_ns < SECOND_NS))
		return;
	snprintf(text, sizeof(text), words[report->digest], report->slot);
	push_alarm(push, report->shard, text);
	if (again)
		push_sweep(push, report->shard, now_ns);
}

static void report_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	if (report->kind == REPORT_ACK)
		ack_hear(push, report, now_ns);
	else if (report->kind == REPORT_GAP)
		gap_hear(push, report, now_ns);
	else if (report->kind == REPORT_REFUSED)
		refusal_hear(push, report, now_ns);
	else if (report->kind == REPORT_LOST)
		lost_hear(push, report, now_ns);
}

static bool is_beyond(const struct session *session, uint32_t skills)
{
	if (session->apart && !(skills & SHEET_SKILL_APART))
		return true;
	return session->sheet && sheet_beyond(session->sheet, skills, NULL);
}

// What the owner's build has no skill for it refuses, or serves without: somebody has to know.
static void skills_compare(const struct push *push, uint8_t index)
{
	uint32_t skills = push->shard[index].skills | SHEET_SKILL_HINTS;
	const struct cell *cells = push_cells(push);
	unsigned sessions = 0;
	char text[96];

	if (!(SHEET_SKILLS & ~skills))
		return;
	for (uint32_t i = push->chains->chain[index].oldest; i != CELL_NONE; i = cells[i].newer) {
		const struct session *session = cells[i].session;

		sessions += session && is_beyond(session, skills);
	}
	if (!sessions)
		return;
	snprintf(text, sizeof(text),
		 "is served by a build that does not say it knows the rules or addresses of %u sessions", sessions);
	push_alarm(push, index, text);
}

static void stand_judge(struct push *push, uint8_t index, const struct feed_stand *stand, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[index];
	const struct chain *chain = &push->chains->chain[index];
	uint64_t number = chain_number(stand->seq);
	bool whole = number != chain->number || stand->digest == chain->digest;

	skills_compare(push, index);
	shard->heard_ns = now_ns;
	shard->window = FEED_WINDOW;
	shard->patience_ns = SECOND_NS;
	shard->gap = UINT64_MAX;
	shard->epoch = 0;
	if (chain_pardon(push->chains, index)) {
		push_sweep(push, index, now_ns);
		return;
	}
	if (number <= chain->number && whole && !chain_sweeping(stand->seq)) {
		uint64_t known = shard->acked;

		shard->phase = PUSH_REPLAY;
		if (stand->seq >= known && known) // tells who waits for it
			push_advance(push, index, stand->seq, now_ns);
		push_stand(push, index, stand->seq);
		if (push->hooks.stands)
			push->hooks.stands(push->hooks.with, index);
		return;
	}
	if (number > chain->number)
		push_alarm(push, index, "is ahead of the store; the store wins");
	else if (!whole)
		push_alarm(push, index, "differs from the store; it is sent again");
	push_sweep(push, index, now_ns);
}

// The store is an old copy; workers must believe it all the same.
static void epoch_raise(struct push *push, uint64_t epoch)
{
	if (epoch > push->epoch)
		push->epoch = epoch;
}

static void route_take(struct push *push, unsigned link, uint8_t index, const struct feed_stand *stand, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[index];

	shard->link = (uint8_t)link;
	shard->skills = push->skills[link];
	shard->routed_ns = shard->said_ns = now_ns;
	stand_judge(push, index, stand, now_ns);
}

// Nobody speaks for it now: nothing is sent until somebody does.
static void route_lose(struct push_shard *shard)
{
	shard->link = PUSH_LINK_NONE;
	shard->phase = PUSH_SILENT;
	shard->head = shard->tail = 0;
}

// True if the link is the one that speaks for the shard. If it is not, but says where the shard stands, then perhaps the shard's
// owner is of its nest now: the shard follows it, unless this is a late word of the nest that it has just left.
static bool route_hear(struct push *push, unsigned link, const struct report *report, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[report->shard];
	struct feed_stand stand = { .epoch = report->epoch, .seq = report->seq, .digest = report->digest };
	bool late = report->kind == REPORT_GAP ? now_ns - shard->routed_ns < ROUTE_REST_NS
					       : now_ns - shard->said_ns < ROUTE_QUIET_NS;

	if (shard->link == link) {
		shard->said_ns = now_ns;
		return true;
	}
	if (report->kind != REPORT_GAP && report->kind != REPORT_ACK)
		return false;
	if (!push->connected[link] || (shard->link != PUSH_LINK_NONE && late))
		return false;
	epoch_raise(push, report->epoch);
	route_take(push, link, report->shard, &stand, now_ns);
	return false; // all of it is heard
}

static bool of_packets(uint8_t kind)
{
	return kind == REPORT_FINAL || kind == REPORT_GAUGE || kind == REPORT_DATA;
}

static bool of_peers(uint8_t kind)
{
	return kind == REPORT_ECHO || kind == REPORT_TUNNEL;
}

void push_reports(struct push *push, unsigned link, const struct feed_reports *reports, uint64_t now_ns)
{
	for (uint32_t i = 0; i < reports->count; i++) {
		const struct report *report = &reports->report[i];

		if (of_peers(report->kind)) {
			if (push->hooks.peer)
				push->hooks.peer(push->hooks.with, report);
			continue;
		}
		if (of_packets(report->kind) &&
		    push->hooks.final) // whoever says it: it is the last word about its session
			push->hooks.final(push->hooks.with, report);
		else if (route_hear(push, link, report, now_ns))
			report_hear(push, report, now_ns);
	}
}

void push_hello(struct push *push, unsigned link, const struct feed_hello *hello, uint64_t now_ns)
{
	push->connected[link] = true;
	push->skills[link] = hello->skills;
	for (unsigned i = 0; i < SHARDS; i++)
		epoch_raise(push, hello->stand[i].epoch);
	for (unsigned i = 0; i < SHARDS; i++) {
		if (hello->stand[i].seat != PLANE_SEAT_NONE)
			route_take(push, link, (uint8_t)i, &hello->stand[i], now_ns);
		else if (push->shard[i].link == link)
			route_lose(&push->shard[i]);
	}
}

void push_goodbye(struct push *push, unsigned link)
{
	push->connected[link] = false;
	for (unsigned i = 0; i < SHARDS; i++)
		if (push->shard[i].link == link)
			route_lose(&push->shard[i]);
}
