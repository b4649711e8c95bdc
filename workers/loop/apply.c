// apply.c - the chain rule of change.h, carried out. State: struct apply, the loop thread's; the shards' headers.
#include "workers/loop/apply.h"
#include <errno.h>
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "workers/loop/coming.h"

// One change posts at most the last counts of a session's URRs and its own, and a visit at most APPLY_VISIT answers at its end.
#define APPLY_SPACE (SHEET_URRS + 1 + APPLY_VISIT)

// What a visit owes the courier: one answer a shard, however many changes it saw.
struct answers {
	unsigned count;
	struct {
		uint8_t shard, kind;
	} answer[APPLY_VISIT];
};

void apply_open(struct apply *apply, struct tenure *tenure, struct reports *reports, struct seat seat)
{
	uint32_t tail = ring_resume(&seat.worker->change_tail);

	*apply = (struct apply){
		.tenure = tenure, .reports = reports, .seat = seat, .tail = tail, .fetched = tail, .asked = tail
	};
}

// A gap says all an ack says, and more: the higher kind wins.
static void answer_note(struct answers *answers, uint8_t shard, uint8_t kind)
{
	unsigned i = 0;

	while (i < answers->count && answers->answer[i].shard != shard)
		i++;
	if (i == answers->count) {
		answers->answer[i].shard = shard;
		answers->answer[i].kind = kind;
		answers->count++;
	} else if (kind > answers->answer[i].kind) {
		answers->answer[i].kind = kind;
	}
}

static void stand_post(struct apply *apply, uint8_t shard, uint8_t kind)
{
	struct region_header *header = apply->tenure->view->shards[shard].header;
	struct report *report = reports_next(apply->reports);

	report->kind = kind;
	report->shard = shard;
	report->epoch = atomic_load_explicit(&header->epoch, memory_order_relaxed);
	report->seq = atomic_load_explicit(&header->seq, memory_order_relaxed);
	report->digest = atomic_load_explicit(&header->digest, memory_order_relaxed);
	report->slot = atomic_load_explicit(&header->sessions, memory_order_relaxed);
}

static void refusal_post(struct apply *apply, const struct change *change)
{
	struct report *report = reports_next(apply->reports);

	report->kind = REPORT_REFUSED;
	report->shard = change->shard;
	report->slot = change->slot;
	report->epoch = change->epoch;
	report->seq = change->seq;
	apply->refused++;
}

static struct report last_report(const struct change *change, uint32_t slot)
{
	struct report report = { .kind = REPORT_FINAL, .shard = change->shard, .slot = slot };

	report.epoch = change->epoch;
	report.seq = change->seq;
	return report;
}

// The last counts of the cell's URRs that do not go on in `next` (null: none does).
static void gauges_post(struct apply *apply, const struct report *report, const struct lines_count *count,
			const struct lines_room *room, const struct sheet *next)
{
	for (unsigned i = 0; i < room->sheet->urrs && i < SHEET_URRS; i++) {
		struct lines_gauge gauge = lines_gauge(room, i);

		if (!next || !lines_rules_has(next, &room->parts.urr[i]))
			reports_gauge(apply->reports, *report, count, &gauge, apply->tenure->view->plane);
	}
	reports_publish(apply->reports);
}

static void final_post(struct apply *apply, const struct lines *lines, const struct change *change, uint32_t slot,
		       const struct lines_count *count)
{
	struct report report = last_report(change, slot);
	struct lines_room room;

	if (lines->region->rest[slot].ruled && lines_rules_live(lines, slot, &room))
		gauges_post(apply, &report, count, &room, NULL);
	reports_final(apply->reports, report, count);
}

static int cell_clear(struct apply *apply, const struct lines *lines, const struct change *change, uint32_t slot,
		      uint32_t teid)
{
	struct lines_count count;
	int cleared = lines_clear(lines, slot, teid, &count);

	if (cleared > 0)
		final_post(apply, lines, change, slot, &count);
	return cleared < 0 ? cleared : 0;
}

// What the cell counts ends here. Whoever was in it before is counted first: ctrl may have forgotten to ask, and could not any more
// later. The session itself may stay: where its rules are spoilt, what its URRs have counted is not to be had.
static void life_end(struct apply *apply, struct lines *lines, const struct change *change)
{
	struct lines_count last;
	uint64_t now_ns;

	if (lines_count(lines->region, change->slot, &last))
		final_post(apply, lines, change, change->slot, &last);
	now_ns = plane_wall_ns(apply->tenure->view->plane, clock_ticks());
	lines->life = now_ns > change->life ? now_ns : change->life + 1;
	if (last.teid && last.teid == change->bearer.teid)
		lines_count_begin(lines, change->slot, last.teid);
}

// rules: of the session that goes on; null: its lines have counted until now.
static void life_goes_on(struct apply *apply, const struct lines *lines, const struct change *change,
			 const struct lines_room *rules, const struct sheet *next)
{
	struct report report = last_report(change, change->slot);
	struct lines_count count;
	bool counted = lines_count(lines->region, change->slot, &count);

	if (rules)
		gauges_post(apply, &report, &count, rules, next);
	else if (counted)
		reports_ways(apply->reports, report, &count, apply->tenure->view->plane);
}

// With a sheet, or where there was one.
static int cell_rule(struct apply *apply, struct lines *lines, const struct change *change)
{
	const struct rest *rest = &lines->region->rest[change->slot];
	struct lines_room room, *rules = NULL;
	const struct sheet *sheet = NULL;
	int error = change->bearer.sheet_bytes ? coming_sheet(lines, change, &sheet) : 0;

	if (error)
		return error;
	if (lines_rules_live(lines, change->slot, &room) && rest->teid == change->bearer.teid)
		rules = &room;
	if (rules)
		life_goes_on(apply, lines, change, rules, sheet);
	else if (rest->ruled || !change->bearer.teid || rest->teid != change->bearer.teid)
		life_end(apply, lines, change);
	else if (sheet->urrs)
		life_goes_on(apply, lines, change, NULL, sheet);
	lines->now = clock_ticks();
	if (sheet)
		lines->ruled = lines_rules_write(lines, change->slot, change->bearer.teid, sheet, rules);
	return lines_set(lines, change->slot, &change->bearer);
}

static int cell_set(struct apply *apply, struct lines *lines, const struct change *change)
{
	if (change->slot >= lines->shape->slots)
		return -EINVAL;
	if (change->bearer.sheet_bytes || lines->region->rest[change->slot].ruled)
		return cell_rule(apply, lines, change);
	if (!change->bearer.teid || lines->region->rest[change->slot].teid != change->bearer.teid)
		life_end(apply, lines, change);
	return lines_set(lines, change->slot, &change->bearer);
}

// One step; -EAGAIN until no cell is left that the snapshot did not name.
static int sweep_step(struct apply *apply, const struct lines *lines, const struct change *change)
{
	uint32_t slot;

	for (unsigned i = 0; i < APPLY_VISIT && reports_space(apply->reports) >= APPLY_SPACE; i++) {
		int found = lines_sweep_end(lines, APPLY_SLICE, &slot);

		if (found <= 0)
			return found;
		FAULT_POINT("sweep.found");
		cell_clear(apply, lines, change, slot, 0);
	}
	return -EAGAIN;
}

static int verb_apply(struct apply *apply, const struct change *change)
{
	struct lines lines = tenure_lines(apply->tenure, change->shard);

	switch (change->verb) {
	case CHANGE_SET:
		return cell_set(apply, &lines, change);
	case CHANGE_PART:
		return coming_take(&lines, change);
	case CHANGE_CLEAR:
		return cell_clear(apply, &lines, change, change->slot, change->bearer.teid);
	case CHANGE_RATE:
		return lines_rate_set(&lines, change->rate_index, &change->rate);
	case CHANGE_SWEEP_BEGIN:
		lines_sweep_begin(&lines);
		return 0;
	case CHANGE_SWEEP_END:
		return sweep_step(apply, &lines, change);
	default:
		return -EINVAL;
	}
}

// What the chain says about this change: REPORT_NONE = it is the next one.
static uint8_t chain_judge(const struct apply *apply, const struct change *change)
{
	struct region_header *header = apply->tenure->view->shards[change->shard].header;
	uint64_t seq;

	if (!tenure_has(apply->tenure, change->shard))
		return REPORT_NOT_MINE;
	if (change->epoch < atomic_load_explicit(&header->epoch, memory_order_relaxed))
		return REPORT_GAP;
	if (change->verb == CHANGE_SWEEP_BEGIN)
		return REPORT_NONE;
	seq = atomic_load_explicit(&header->seq, memory_order_relaxed);
	if (change->verb == CHANGE_PART && change->prev == seq)
		return REPORT_NONE;
	if (change->seq <= seq)
		return REPORT_ACK;
	return change->prev == seq ? REPORT_NONE : REPORT_GAP;
}

// 0, or -EAGAIN: the change is not done yet and stays where it is.
static int change_apply(struct apply *apply, const struct change *change, struct answers *answers)
{
	struct region_header *header = apply->tenure->view->shards[change->shard].header;
	uint8_t verdict = chain_judge(apply, change);
	int error;

	if (verdict != REPORT_NONE) {
		answer_note(answers, change->shard, verdict);
		return 0;
	}
	error = verb_apply(apply, change);
	if (error == -EAGAIN)
		return error;
	if (error == -ENODATA) {
		answer_note(answers, change->shard, REPORT_GAP);
		return 0;
	}
	if (error) {
		refusal_post(apply, change);
		return 0;
	}
	if (change->verb == CHANGE_PART)
		return 0; // it is the SET's answer that counts
	FAULT_POINT("change.done");
	atomic_store_explicit(&header->epoch, change->epoch, memory_order_relaxed);
	FAULT_POINT("change.epoch");
	atomic_store_explicit(&header->seq, change->seq, memory_order_release);
	FAULT_POINT("change.applied");
	apply->applied++;
	answer_note(answers, change->shard, REPORT_ACK);
	return 0;
}

static void answers_post(struct apply *apply, const struct answers *answers)
{
	for (unsigned i = 0; i < answers->count; i++)
		stand_post(apply, answers->answer[i].shard, answers->answer[i].kind);
	reports_publish(apply->reports);
	reports_ring(apply->reports);
}

static unsigned changes_ready(const struct apply *apply)
{
	int ready = ring_ready(apply->tail, &apply->seat.courier->change_head, CHANGE_SLOTS);

	return ready < 0 ? 0 : (unsigned)ready;
}

bool apply_waiting(const struct apply *apply)
{
	return changes_ready(apply) > 0 && reports_space(apply->reports) >= APPLY_SPACE;
}

static const struct change *change_at(const struct apply *apply, uint32_t index)
{
	return &apply->seat.courier->changes[index % CHANGE_SLOTS];
}

// Calls a line here by a load: after a burst all miss buffers may be taken, and the processor then drops prefetches.
static void touch(const void *line)
{
	(void)*(const volatile uint8_t *)line;
}

// A hint only: nothing of the change is believed.
static void cell_fetch(const struct apply *apply, const struct change *change)
{
	const struct region *region = &apply->tenure->pipe->shard[change->shard];
	uint32_t slot = change->slot;

	if (!region->header || slot >= apply->tenure->view->plane->shape.slots)
		return;
	touch(region->uplink + slot);
	touch(region->downlink + slot);
	touch(region->rest + slot);
	touch(region->header);
	touch(&region->header->pending_digest);
}

// Changes come closer by one step a visit: their own lines, written by another core, are asked for at one visit, their cells' at
// the next, and at the one after that nothing is far away.
static void look_ahead(struct apply *apply)
{
	uint32_t head = apply->tail + changes_ready(apply);

	for (; apply->fetched != apply->asked; apply->fetched++)
		cell_fetch(apply, change_at(apply, apply->fetched));
	for (; apply->asked != head && apply->asked - apply->fetched < APPLY_BETWEEN; apply->asked++) {
		const struct change *change = change_at(apply, apply->asked);

		__builtin_prefetch(change);
		__builtin_prefetch(&change->life);
	}
}

// True: the change is done, and may leave the ring.
static bool change_take(struct apply *apply, struct answers *answers)
{
	struct change change = *change_at(apply, apply->tail); // a copy: what is checked is what is used
	int left;

	FAULT_POINT("change.peeked");
	left = change_apply(apply, &change, answers);
	if (tenure_has(apply->tenure, change.shard))
		tenure_note(apply->tenure, change.shard);
	return left != -EAGAIN;
}

static unsigned visit(struct apply *apply, unsigned most)
{
	struct answers answers;
	unsigned done = 0, ready = most ? changes_ready(apply) : 0;

	if (ready < most)
		most = ready;
	if (!most)
		return 0;
	answers.count = 0;
	while (done < most && reports_space(apply->reports) >= APPLY_SPACE) {
		done++;
		if (!change_take(apply, &answers))
			break;
		apply->tail++;
	}
	if (!done)
		return 0;
	FAULT_POINT("answers.due");
	answers_post(apply, &answers); // before the changes leave the ring
	FAULT_POINT("answers.posted");
	ring_publish(&apply->seat.worker->change_tail, apply->tail);
	FAULT_POINT("changes.left");
	return done;
}

unsigned apply_visit(struct apply *apply)
{
	unsigned done = visit(apply, APPLY_VISIT);

	apply->asked = apply->fetched = apply->tail;
	return done;
}

unsigned apply_between(struct apply *apply)
{
	uint32_t near = apply->fetched - apply->tail;
	unsigned done;

	if (++apply->bursts % APPLY_EVERY)
		return 0;
	done = visit(apply, near < APPLY_BETWEEN ? near : APPLY_BETWEEN);
	look_ahead(apply);
	return done;
}

void apply_stand(struct apply *apply)
{
	if (reports_space(apply->reports) < REPORT_SLOTS / 2)
		return;
	for (unsigned shard = 0; shard < SHARDS; shard++)
		if (tenure_has(apply->tenure, (uint8_t)shard))
			stand_post(apply, (uint8_t)shard, REPORT_ACK);
	reports_publish(apply->reports);
	reports_ring(apply->reports);
}
