// lines_rules.c - rooms for rules: nothing of one is followed before it is known to lie within it. State: the shard's memory.
#include "workers/lines/lines_rules.h"
#include <errno.h>
#include <string.h>
#include "shared/base/faults.h"

#define LINE_BYTES 64u
#define HOLD_SECONDS 1u // how long packets wait at most for those that waited before them, should nobody let these go

static void barrier(void)
{
	atomic_signal_fence(memory_order_seq_cst); // as in lines.c
}

// Where the parts behind a sheet begin, and where all ends.
struct ends {
	uint32_t tokens, gauges, end;
};

static struct ends ends_of(const struct sheet *sheet)
{
	uint32_t tokens =
	    ((uint32_t)sizeof(struct ruled) + sheet_all_bytes(sheet) + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
	uint32_t gauges = tokens + sheet->qers * LINE_WAYS * (uint32_t)sizeof(struct ruled_tokens);

	return (struct ends){ tokens, gauges, gauges + sheet->urrs * (uint32_t)sizeof(struct ruled_gauge) };
}

bool lines_rules_fit(const struct region_shape *shape, const struct sheet *sheet)
{
	return ends_of(sheet).end <= shape->sheet * LINE_BYTES;
}

static struct ruled *room_of(const struct region *region, const struct region_shape *shape, uint32_t slot,
			     uint32_t which)
{
	bool there = which - 1 < 2 && shape->sheet * LINE_BYTES >= sizeof(struct ruled) + sizeof(struct sheet);

	return there ? region_room(region, shape, slot, which - 1) : NULL;
}

// The counts are read once: from then on nothing that is written there leads elsewhere.
static bool room_open(struct ruled *ruled, const struct region_shape *shape, struct sheet *counts,
		      struct lines_room *room)
{
	struct ends ends;

	memcpy(counts, ruled + 1, sizeof(*counts));
	ends = ends_of(counts);
	if (counts->urrs > SHEET_URRS || counts->qers > SHEET_QERS || counts->bytes != sheet_all_bytes(counts) ||
	    ends.end > shape->sheet * LINE_BYTES)
		return false;
	*room = (struct lines_room){
		.ruled = ruled,
		.sheet = (const struct sheet *)(ruled + 1),
		.parts = sheet_parts_behind(counts, (const struct sheet *)(ruled + 1) + 1),
		.tokens = (struct ruled_tokens *)((uint8_t *)ruled + ends.tokens),
		.gauges = (struct ruled_gauge *)((uint8_t *)ruled + ends.gauges),
		.end = ends.end,
	};
	return ruled->bytes == counts->bytes && ruled->tokens == ends.tokens && ruled->gauges == ends.gauges &&
	       ruled->end == ends.end;
}

bool lines_rules_find(const struct lines *lines, uint32_t slot, uint32_t which, struct lines_room *room)
{
	struct ruled *ruled = room_of(lines->region, lines->shape, slot, which);
	struct sheet counts;

	return ruled && room_open(ruled, lines->shape, &counts, room);
}

bool lines_rules_are(const struct lines *lines, uint32_t slot, uint32_t which, const struct bearer *bearer)
{
	struct lines_room room;

	return lines_rules_find(lines, slot, which, &room) && room.ruled->teid == bearer->teid &&
	       room.ruled->bytes == bearer->sheet_bytes && room.ruled->sum == bearer->sheet_sum &&
	       sheet_sum(room.sheet, bearer->sheet_bytes) == bearer->sheet_sum;
}

void lines_rules_read(const struct lines *lines, uint32_t slot, struct bearer *bearer)
{
	const struct ruled *ruled = room_of(lines->region, lines->shape, slot, lines->region->rest[slot].ruled);

	if (!ruled)
		return;
	bearer->sheet_bytes = ruled->bytes;
	bearer->sheet_sum = ruled->sum;
}

bool lines_rules_live(const struct lines *lines, uint32_t slot, struct lines_room *room)
{
	const struct rest *rest = &lines->region->rest[slot];

	return lines_rules_find(lines, slot, rest->ruled, room) && rest->teid && room->ruled->teid == rest->teid &&
	       sheet_sum(room->sheet, room->ruled->bytes) == room->ruled->sum;
}

bool lines_rules_has(const struct sheet *sheet, const struct sheet_urr *urr)
{
	const struct sheet_urr *own = sheet_parts(sheet).urr;

	for (unsigned i = 0; i < sheet->urrs; i++)
		if (own[i].id == urr->id && own[i].serial == urr->serial)
			return true;
	return false;
}

// Tokens go on with the QER's id. Fresh ones are "full, whatever the rate", as a line's (lines_count.c).
static void tokens_write(struct ruled_tokens *to, const struct sheet *sheet, const struct lines_room *from)
{
	const struct sheet_qer *qer = sheet_parts(sheet).qer;

	for (unsigned i = 0; i < sheet->qers; i++) {
		unsigned old = 0, olds = from ? from->sheet->qers : 0;

		while (old < olds && from->parts.qer[old].id != qer[i].id)
			old++;
		for (unsigned way = 0; way < LINE_WAYS; way++)
			to[i * LINE_WAYS + way] = old < olds
						      ? from->tokens[old * LINE_WAYS + way]
						      : (struct ruled_tokens){ .tc = UINT64_MAX, .te = UINT64_MAX };
	}
}

static void gauges_write(struct ruled_gauge *to, const struct sheet *sheet, const struct lines_room *from)
{
	const struct sheet_urr *urr = sheet_parts(sheet).urr;

	for (unsigned i = 0; i < sheet->urrs; i++) {
		unsigned old = 0, olds = from ? from->sheet->urrs : 0;

		while (old < olds &&
		       (from->parts.urr[old].id != urr[i].id || from->parts.urr[old].serial != urr[i].serial))
			old++;
		to[i] = old < olds ? from->gauges[old] : (struct ruled_gauge){ .serial = urr[i].serial };
	}
}

// Whether packets to the subscriber may be waiting for the radio side.
static bool waits(const struct sheet *sheet, const struct sheet_parts *parts)
{
	for (unsigned i = 0; i < sheet->pdrs; i++)
		if (sheet->way[SHEET_DOWNLINK] >> i & 1 && parts->pdr[i].far < sheet->fars &&
		    parts->far[parts->pdr[i].far].action == SHEET_BUFFER)
			return true;
	return false;
}

static uint64_t held_until(const struct lines *lines, const struct sheet *sheet, const struct lines_room *from)
{
	struct sheet_parts parts = sheet_parts(sheet);

	if (!from || waits(sheet, &parts))
		return 0;
	return waits(from->sheet, &from->parts) ? lines->now + lines->net->clock_hz * HOLD_SECONDS
						: from->ruled->held_until;
}

uint32_t lines_rules_write(const struct lines *lines, uint32_t slot, uint32_t teid, const struct sheet *sheet,
			   const struct lines_room *from)
{
	uint32_t which = lines->region->rest[slot].ruled == 1 ? 2 : 1;
	struct ruled *to = room_of(lines->region, lines->shape, slot, which);
	struct ends ends = ends_of(sheet);

	to->turn++; // who reads gauges there sees that it is not what it was
	to->teid = 0;
	barrier();
	FAULT_POINT("rules.begun");
	memcpy(to + 1, sheet, sheet->bytes);
	tokens_write((struct ruled_tokens *)((uint8_t *)to + ends.tokens), sheet, from);
	gauges_write((struct ruled_gauge *)((uint8_t *)to + ends.gauges), sheet, from);
	FAULT_POINT("rules.written");
	to->sum = sheet_sum(sheet, sheet->bytes);
	to->bytes = sheet->bytes;
	to->tokens = (uint16_t)ends.tokens;
	to->gauges = (uint16_t)ends.gauges;
	to->end = (uint16_t)ends.end;
	to->told = from ? from->ruled->told : 0;
	to->held_until = held_until(lines, sheet, from);
	to->aside = from ? from->ruled->aside : 0;
	barrier();
	to->teid = teid;
	FAULT_POINT("rules.whole");
	return which;
}

void lines_rules_begin(const struct lines *lines, uint32_t slot)
{
	uint32_t which = lines->region->rest[slot].ruled;
	struct lines_room room;

	if (!which || !lines_rules_find(lines, slot, which, &room))
		return;
	for (unsigned i = 0; i < room.sheet->urrs && i < SHEET_URRS; i++)
		room.gauges[i] = (struct ruled_gauge){ .serial = room.gauges[i].serial };
}

struct lines_gauge lines_gauge(const struct lines_room *room, unsigned urr)
{
	const volatile struct ruled_gauge *gauge = &room->gauges[urr];
	struct lines_gauge out = { .urr = room->parts.urr[urr].id, .serial = room->parts.urr[urr].serial };

	for (unsigned way = 0; way < LINE_WAYS; way++) {
		out.packets[way] = gauge->packets[way];
		out.bytes[way] = gauge->bytes[way];
	}
	out.first = gauge->first;
	out.last = gauge->last;
	return out;
}

uint32_t lines_rules_aside(const struct region *region, const struct region_shape *shape, uint32_t slot)
{
	uint32_t which = ((const volatile struct rest *)&region->rest[slot])->ruled;
	const volatile struct ruled *ruled = which ? room_of(region, shape, slot, which) : NULL;

	return ruled ? (uint32_t)ruled->aside : 0;
}

int lines_gauges(const struct region *region, const struct region_shape *shape, uint32_t slot,
		 struct lines_gauge out[SHEET_URRS])
{
	const volatile struct rest *rest = &region->rest[slot];
	uint32_t which = rest->ruled, teid = rest->teid, turn;
	uint64_t life = rest->life;
	struct lines_room room;
	struct sheet counts;
	struct ruled *ruled;

	if (!which)
		return 0;
	ruled = room_of(region, shape, slot, which);
	if (!ruled)
		return 0;
	turn = ((const volatile struct ruled *)ruled)->turn;
	atomic_thread_fence(memory_order_acquire);
	if (!room_open(ruled, shape, &counts, &room) || ruled->teid != teid)
		return -EAGAIN;
	for (unsigned i = 0; i < counts.urrs; i++)
		out[i] = lines_gauge(&room, i);
	atomic_thread_fence(memory_order_acquire);
	if (rest->ruled != which || rest->teid != teid || rest->life != life ||
	    ((const volatile struct ruled *)ruled)->turn != turn)
		return -EAGAIN;
	return counts.urrs;
}
