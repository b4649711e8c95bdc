// lines.c - the order of writes that makes a kill harmless.
//
// A cell is changed between `open` and `close`: open notes digest and counts without the cell in the header, then takes
// LINE_VALID away; close puts the valid cell's share back. Memory order is the program's: processes die, but one
// thread's stores to memory reach its successor in order (x86 TSO), so a compiler barrier is enough.
#include "workers/lines.h"
#include <errno.h>
#include <string.h>
#include "shared/base/faults.h"
#include "workers/foreign.h"

#define LIVE_MAX 2u // addresses of a session

static void barrier(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

static void words_store(struct region_header *header, uint64_t digest, uint32_t sessions)
{
	atomic_store_explicit(&header->digest, digest, memory_order_relaxed);
	atomic_store_explicit(&header->sessions, sessions, memory_order_relaxed);
}

static struct line *line_of(const struct lines *lines, uint32_t slot, unsigned way)
{
	return (way == LINE_UPLINK ? lines->region->uplink : lines->region->downlink) + slot;
}

static bool cell_valid(const struct lines *lines, uint32_t slot)
{
	return line_of(lines, slot, LINE_UPLINK)->flags & line_of(lines, slot, LINE_DOWNLINK)->flags & LINE_VALID;
}

static uint16_t line_check(const struct line *line)
{
	uint64_t words[3], sum = 0;

	memcpy(words, line, sizeof(words));
	words[0] ^= (uint64_t)(line->flags & ~LINE_VALID) << 56 ^ (uint64_t)line->reserved << 48;
	for (unsigned i = 0; i < 3; i++) {
		sum = (sum ^ words[i]) * 0xd6e8feb86659fd93ull;
		sum ^= sum >> 32;
	}
	return (uint16_t)(sum ^ sum >> 16);
}

int lines_read(const struct lines *lines, uint32_t slot, struct bearer *bearer)
{
	const struct line *up, *down;

	if (slot >= lines->shape->slots || !cell_valid(lines, slot))
		return -ENOENT;
	up = line_of(lines, slot, LINE_UPLINK);
	down = line_of(lines, slot, LINE_DOWNLINK);
	*bearer = (struct bearer){
		.ue_ipv6 = down->ue_ipv6,
		.ue_ipv4 = down->ue_ipv4,
		.teid = up->teid,
		.peer_teid = down->teid,
		.peer_ipv4 = down->peer_ipv4,
		.uplink = { up->rate, up->mark, up->flags & BEARER_FLAGS },
		.downlink = { down->rate, down->mark, down->flags & BEARER_FLAGS },
		.qfi = down->qfi,
	};
	return 0;
}

// The addresses the downlink line names that need the index, as entries.
static unsigned entries_of(const struct lines *lines, uint32_t slot, uint32_t ipv4, uint64_t ipv6,
			   struct foreign_entry *entries)
{
	bool pooled4 = !ipv4, pooled6 = !ipv6;
	unsigned count = 0;

	for (unsigned i = 0; i < lines->net->pools; i++) {
		pooled4 |= shard_pool_slot4(&lines->net->pool[i], ipv4) != UINT32_MAX;
		pooled6 |= shard_pool_slot6(&lines->net->pool[i], ipv6) != UINT32_MAX;
	}
	if (!pooled4)
		entries[count++] = (struct foreign_entry){ foreign_key4(ipv4), slot };
	if (!pooled6)
		entries[count++] = (struct foreign_entry){ foreign_key6(ipv6), slot };
	return count;
}

// Entries of the index that point to the cell, as its downlink line says.
static unsigned entries_live(const struct lines *lines, uint32_t slot, struct foreign_entry *live)
{
	const struct line *down = line_of(lines, slot, LINE_DOWNLINK);
	struct foreign_entry entries[LIVE_MAX];
	unsigned count = entries_of(lines, slot, down->ue_ipv4, down->ue_ipv6, entries), kept = 0;

	for (unsigned i = 0; i < count; i++)
		if (foreign_has(lines->region, lines->shape, entries[i]))
			live[kept++] = entries[i];
	return kept;
}

uint64_t lines_share(const struct lines *lines, uint32_t slot, uint32_t *sessions)
{
	struct bearer bearer;

	*sessions = 0;
	if (lines->region->rest[slot].sweep != lines->region->header->sweep || lines_read(lines, slot, &bearer))
		return 0;
	*sessions = 1;
	return bearer_digest(slot, &bearer);
}

static void cell_open(const struct lines *lines, uint32_t slot)
{
	struct region_header *header = lines->region->header;
	struct foreign_entry live[LIVE_MAX];
	uint32_t sessions;

	header->pending_digest = header->digest ^ lines_share(lines, slot, &sessions);
	header->pending_sessions = header->sessions - sessions;
	header->pending_foreign = header->foreign_used - entries_live(lines, slot, live);
	barrier();
	FAULT_POINT("cell.noted");
	header->pending = slot + 1;
	barrier();
	FAULT_POINT("cell.opened");
}

static void cell_hide(const struct lines *lines, uint32_t slot)
{
	for (unsigned way = 0; way < LINE_WAYS; way++)
		line_of(lines, slot, way)->flags &= (uint8_t)~LINE_VALID;
	barrier();
	FAULT_POINT("cell.hidden");
}

static void cell_close(const struct lines *lines, uint32_t slot)
{
	struct region_header *header = lines->region->header;
	struct foreign_entry live[LIVE_MAX];
	uint32_t sessions;
	uint64_t share = lines_share(lines, slot, &sessions);

	barrier();
	FAULT_POINT("cell.closing");
	words_store(header, header->pending_digest ^ share, header->pending_sessions + sessions);
	FAULT_POINT("cell.summed");
	header->foreign_used = header->pending_foreign + entries_live(lines, slot, live);
	barrier();
	header->pending = 0;
	barrier();
	FAULT_POINT("cell.closed");
}

static void index_remove(const struct lines *lines, uint32_t slot)
{
	struct foreign_entry live[LIVE_MAX];
	unsigned count = entries_live(lines, slot, live);

	for (unsigned i = 0; i < count; i++)
		foreign_remove(lines->region, lines->shape, live[i]);
	barrier();
	FAULT_POINT("index.removed");
}

static void index_add(const struct lines *lines, const struct foreign_entry *entries, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		foreign_add(lines->region, lines->shape, entries[i]);
	barrier();
	FAULT_POINT("index.added");
}

void lines_adopt(const struct lines *lines)
{
	uint32_t slot = lines->region->header->pending - 1;

	if (slot >= lines->shape->slots)
		return;
	if (!cell_valid(lines, slot)) {
		cell_hide(lines, slot);
		index_remove(lines, slot);
	}
	cell_close(lines, slot);
}

// A pool address belongs to one cell only; the packet path looks for it nowhere else.
static bool place_good(const struct lines *lines, uint32_t slot, const struct bearer *bearer)
{
	const struct plane_net *net = lines->net;
	uint8_t shard = (uint8_t)lines->region->header->shard;

	for (unsigned i = 0; i < net->pools; i++) {
		uint32_t slot4 = shard_pool_slot4(&net->pool[i], bearer->ue_ipv4);
		uint32_t slot6 = shard_pool_slot6(&net->pool[i], bearer->ue_ipv6);

		if (bearer->ue_ipv4 && slot4 != UINT32_MAX &&
		    (slot4 != slot || shard_of_ipv4(bearer->ue_ipv4) != shard))
			return false;
		if (bearer->ue_ipv6 && slot6 != UINT32_MAX &&
		    (slot6 != slot || shard_of_ipv6(bearer->ue_ipv6) != shard))
			return false;
	}
	return shard_of_teid(bearer->teid) == shard && shard_slot_of_teid(bearer->teid, net->slot_bits) == slot;
}

static bool bearer_good(const struct lines *lines, uint32_t slot, const struct bearer *bearer)
{
	const char *field;

	return slot < lines->shape->slots && bearer_check(bearer, &field) == 0 &&
	       bearer->uplink.rate < lines->shape->rates && bearer->downlink.rate < lines->shape->rates &&
	       place_good(lines, slot, bearer);
}

// What the packet path need not ask of each packet: address there, gate open, colours not looked at, downlink the peer known.
static uint8_t plain_flags(const struct bearer *bearer, const struct bearer_way *way)
{
	if (way->flags & (BEARER_GATE_CLOSED | BEARER_COLOUR_AWARE) || (way == &bearer->downlink && !bearer->peer_ipv4))
		return 0;
	return (bearer->ue_ipv4 ? LINE_PLAIN4 : 0) | (bearer->ue_ipv6 ? LINE_PLAIN6 : 0);
}

static void line_write(struct line *line, const struct bearer *bearer, const struct bearer_way *way, uint32_t teid)
{
	line->teid = teid;
	line->peer_ipv4 = bearer->peer_ipv4;
	line->ue_ipv6 = bearer->ue_ipv6;
	line->ue_ipv4 = bearer->ue_ipv4;
	line->rate = way->rate;
	line->mark = way->mark;
	line->qfi = bearer->qfi;
	line->flags = way->flags | plain_flags(bearer, way);
	line->reserved = 0;
	line->check = line_check(line);
}

int lines_set(const struct lines *lines, uint32_t slot, const struct bearer *bearer)
{
	struct line *up, *down;
	struct foreign_entry entries[LIVE_MAX];
	unsigned count;

	if (!bearer_good(lines, slot, bearer))
		return -EINVAL;
	count = entries_of(lines, slot, bearer->ue_ipv4, bearer->ue_ipv6, entries);
	if (!foreign_room(lines->region, lines->shape, entries, count))
		return -ENOSPC;
	up = line_of(lines, slot, LINE_UPLINK);
	down = line_of(lines, slot, LINE_DOWNLINK);
	cell_open(lines, slot);
	cell_hide(lines, slot);
	index_remove(lines, slot);
	if (lines->region->rest[slot].teid != bearer->teid)
		lines_count_begin(lines, slot, bearer->teid);
	line_write(up, bearer, &bearer->uplink, bearer->teid);
	FAULT_POINT("line.uplink");
	line_write(down, bearer, &bearer->downlink, bearer->peer_teid);
	barrier();
	FAULT_POINT("line.downlink");
	index_add(lines, entries, count);
	lines->region->rest[slot].sweep = lines->region->header->sweep;
	down->flags |= LINE_VALID;
	barrier();
	FAULT_POINT("line.half_valid");
	up->flags |= LINE_VALID;
	cell_close(lines, slot);
	return 0;
}

int lines_clear(const struct lines *lines, uint32_t slot, uint32_t teid, struct lines_count *final)
{
	if (slot >= lines->shape->slots)
		return -EINVAL;
	lines_count(lines->region, slot, final);
	if (!final->teid || (teid && teid != final->teid))
		return 0;
	cell_open(lines, slot);
	cell_hide(lines, slot);
	index_remove(lines, slot);
	cell_close(lines, slot);
	return 1;
}

bool lines_validate_slot(const struct lines *lines, uint32_t slot)
{
	const struct line *up = line_of(lines, slot, LINE_UPLINK), *down = line_of(lines, slot, LINE_DOWNLINK);
	struct bearer bearer;

	if (slot >= lines->shape->slots || !((up->flags | down->flags) & LINE_VALID))
		return true;
	if (lines_read(lines, slot, &bearer) == 0 && bearer_good(lines, slot, &bearer) && up->check == line_check(up) &&
	    down->check == line_check(down) && up->ue_ipv4 == down->ue_ipv4 && up->ue_ipv6 == down->ue_ipv6)
		return true;
	cell_open(lines, slot);
	cell_hide(lines, slot);
	index_remove(lines, slot);
	cell_close(lines, slot);
	return false;
}

// Both directions whole, and of the same subscriber: then place and ranges are what lines_set has checked.
static bool cell_sound(const struct lines *lines, uint32_t slot)
{
	const struct line *up = line_of(lines, slot, LINE_UPLINK), *down = line_of(lines, slot, LINE_DOWNLINK);

	return up->flags & down->flags & LINE_VALID && up->check == line_check(up) && down->check == line_check(down) &&
	       up->ue_ipv4 == down->ue_ipv4 && up->ue_ipv6 == down->ue_ipv6;
}

enum lines_found lines_look(const struct lines *lines, uint32_t slot)
{
	const struct line *down = line_of(lines, slot, LINE_DOWNLINK);
	struct foreign_entry entries[LIVE_MAX];
	enum lines_found found = LINES_SOUND;
	unsigned count;

	if (!cell_sound(lines, slot))
		return lines_validate_slot(lines, slot) ? LINES_SOUND : LINES_LOST;
	if (slot < lines->shape->slots - lines->shape->foreign)
		return LINES_SOUND;
	count = entries_of(lines, slot, down->ue_ipv4, down->ue_ipv6, entries);
	for (unsigned i = 0; i < count; i++) {
		if (foreign_has(lines->region, lines->shape, entries[i]))
			continue;
		foreign_add(lines->region, lines->shape, entries[i]);
		found = LINES_MENDED;
	}
	return found;
}

static bool entry_sound(const struct lines *lines, uint32_t key, uint32_t slot)
{
	const struct line *down = line_of(lines, slot, LINE_DOWNLINK);

	return slot < lines->shape->slots && down->flags & LINE_VALID &&
	       (key == foreign_key4(down->ue_ipv4) || key == foreign_key6(down->ue_ipv6));
}

bool lines_look_bucket(const struct lines *lines, uint32_t bucket)
{
	struct region_bucket *at = &lines->region->index[bucket];
	bool sound = true;

	for (unsigned i = 0; i < sizeof(at->key) / sizeof(at->key[0]); i++) {
		if (!at->key[i] || entry_sound(lines, at->key[i], at->slot[i]))
			continue;
		at->key[i] = 0;
		sound = false;
	}
	return sound;
}

void lines_sum_set(const struct lines *lines, uint64_t digest, uint32_t sessions)
{
	words_store(lines->region->header, digest, sessions);
}

void lines_sweep_begin(const struct lines *lines)
{
	struct region_header *header = lines->region->header;

	header->sweep++;
	header->sweep_next = 0;
	words_store(header, 0, 0);
}

int lines_sweep_end(const struct lines *lines, unsigned budget, uint32_t *slot)
{
	struct region_header *header = lines->region->header;

	for (; header->sweep_next < lines->shape->slots; header->sweep_next++) {
		uint32_t next = header->sweep_next;

		if (cell_valid(lines, next) && lines->region->rest[next].sweep != header->sweep) {
			*slot = next;
			return 1;
		}
		if (budget-- == 0)
			return -EAGAIN;
	}
	return 0;
}
