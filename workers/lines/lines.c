// lines.c - the order of writes that makes a kill harmless.
//
// A cell is changed between `open` and `close`: open notes digest and counts without the cell in the header, then takes
// LINE_VALID away; close puts the valid cell's share back. Memory order is the program's: processes die, but one
// thread's stores to memory reach its successor in order (x86 TSO), so a compiler barrier is enough.
#include "workers/lines/lines.h"
#include <errno.h>
#include <string.h>
#include "shared/base/faults.h"
#include "workers/lines/foreign.h"
#include "workers/lines/lines_rules.h"

// Of a cell, in the address index.
struct entries {
	unsigned count;
	struct foreign_entry entry[2];
};

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

// From the fields, not the bytes: what line_write has just stored in small pieces need not be read back in large ones.
static uint16_t line_check(const struct line *line)
{
	const uint64_t words[] = { line->teid | (uint64_t)line->peer_ipv4 << 32, line->ue_ipv6,
				   line->ue_ipv4 | (uint64_t)line->rate << 32 | (uint64_t)line->mark << 48 |
				       (uint64_t)line->qfi << 56 };
	uint64_t sum = (uint64_t)(line->flags & ~LINE_VALID) << 56 ^ (uint64_t)line->reserved << 48;

	for (unsigned i = 0; i < 3; i++) {
		sum = (sum ^ words[i]) * 0xd6e8feb86659fd93ull;
		sum ^= sum >> 32;
	}
	return (uint16_t)(sum ^ sum >> 16);
}

int lines_read(const struct lines *lines, uint32_t slot, struct bearer *bearer)
{
	const struct line *up, *down;

	if (slot >= lines->shape->slots || !lines_valid(lines, slot))
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
	if (up->flags & BEARER_SHEET)
		lines_rules_read(lines, slot, bearer);
	return 0;
}

// The slot that an address of our pools, of either family, belongs to, or UINT32_MAX. Where networks share it: the wanted one, if it is
// among them.
static uint32_t pool_slot(const struct plane_net *net, uint32_t ipv4, uint64_t ipv6, uint32_t wanted)
{
	uint32_t slot = UINT32_MAX;

	for (const struct shard_pool *pool = net->pool; pool < net->pool + net->pools && slot != wanted; pool++) {
		uint32_t its = ipv4 ? shard_pool_slot4(pool, ipv4) : shard_pool_slot6(pool, ipv6);

		slot = its == UINT32_MAX ? slot : its;
	}
	return slot;
}

// The addresses that need the index, as entries of it: from outside the pools, or another cell's own. Where networks share pools' addresses
// not the latter: handles name the session's place. False: an IPv4 address is never another shard's than it hashes to.
static bool entries_of(const struct lines *lines, uint32_t slot, uint32_t ipv4, uint64_t ipv6, struct entries *entries)
{
	uint8_t shard = (uint8_t)lines->region->header->shard;
	uint32_t home4 = ipv4 ? pool_slot(lines->net, ipv4, 0, slot) : slot;
	uint32_t home6 = ipv6 ? pool_slot(lines->net, 0, ipv6, slot) : slot;
	bool apart4 = home4 != slot, apart6 = home6 != slot || (ipv6 && shard_of_ipv6(ipv6) != shard);

	if (lines->net->places) {
		apart4 = home4 == UINT32_MAX;
		apart6 = home6 == UINT32_MAX;
	}
	entries->count = 0;
	if (apart4)
		entries->entry[entries->count++] = (struct foreign_entry){ foreign_key4(ipv4), slot };
	if (apart6)
		entries->entry[entries->count++] = (struct foreign_entry){ foreign_key6(ipv6), slot };
	return home4 == UINT32_MAX || !ipv4 || shard_of_ipv4(ipv4) == shard;
}

// Those of the entries that are in the index.
static struct entries entries_live(const struct lines *lines, const struct entries *entries)
{
	struct entries live = { .count = 0 };

	for (unsigned i = 0; i < entries->count; i++)
		if (foreign_has(lines->region, lines->shape, entries->entry[i]))
			live.entry[live.count++] = entries->entry[i];
	return live;
}

// The same of the addresses that the cell's downlink line names.
static struct entries cell_entries(const struct lines *lines, uint32_t slot)
{
	const struct line *down = line_of(lines, slot, LINE_DOWNLINK);
	struct entries all;

	entries_of(lines, slot, down->ue_ipv4, down->ue_ipv6, &all);
	return entries_live(lines, &all);
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

// foreign: how many entries of the index are the cell's.
static void cell_open(const struct lines *lines, uint32_t slot, unsigned foreign)
{
	struct region_header *header = lines->region->header;
	uint32_t sessions;

	header->pending_digest = header->digest ^ lines_share(lines, slot, &sessions);
	header->pending_sessions = header->sessions - sessions;
	header->pending_foreign = header->foreign_used - foreign;
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

// With what the cell comes to now.
static void cell_close(const struct lines *lines, uint64_t share, uint32_t sessions, unsigned foreign)
{
	struct region_header *header = lines->region->header;

	barrier();
	FAULT_POINT("cell.closing");
	words_store(header, header->pending_digest ^ share, header->pending_sessions + sessions);
	FAULT_POINT("cell.summed");
	header->foreign_used = header->pending_foreign + foreign;
	barrier();
	header->pending = 0;
	barrier();
	FAULT_POINT("cell.closed");
}

static void index_remove(const struct lines *lines, const struct entries *entries)
{
	for (unsigned i = 0; i < entries->count; i++)
		foreign_remove(lines->region, lines->shape, entries->entry[i]);
	barrier();
	FAULT_POINT("index.removed");
}

static void index_add(const struct lines *lines, const struct entries *entries)
{
	for (unsigned i = 0; i < entries->count; i++)
		foreign_add(lines->region, lines->shape, entries->entry[i]);
	barrier();
	FAULT_POINT("index.added");
}

static void cell_empty(const struct lines *lines, uint32_t slot)
{
	struct entries live = cell_entries(lines, slot);

	cell_open(lines, slot, live.count);
	cell_hide(lines, slot);
	index_remove(lines, &live);
	cell_close(lines, 0, 0, 0);
}

void lines_adopt(const struct lines *lines)
{
	uint32_t slot = lines->region->header->pending - 1, sessions;
	struct entries live;
	uint64_t share;

	if (slot >= lines->shape->slots)
		return;
	live = cell_entries(lines, slot);
	if (!lines_valid(lines, slot)) {
		cell_hide(lines, slot);
		index_remove(lines, &live);
		live.count = 0;
	}
	share = lines_share(lines, slot, &sessions);
	cell_close(lines, share, sessions, live.count);
}

// Whether the bearer belongs there, and its entries.
static bool bearer_good(const struct lines *lines, uint32_t slot, const struct bearer *bearer, struct entries *entries)
{
	const char *field;

	return slot < lines->shape->slots && bearer_check(bearer, &field) == 0 &&
	       bearer->uplink.rate < lines->shape->rates && bearer->downlink.rate < lines->shape->rates &&
	       shard_of_teid(bearer->teid) == (uint8_t)lines->region->header->shard &&
	       shard_slot_of_teid(bearer->teid, lines->net->slot_bits) == slot &&
	       entries_of(lines, slot, bearer->ue_ipv4, bearer->ue_ipv6, entries);
}

// What the packet path need not ask of each packet: address there, gate open, colours not looked at, downlink the peer known.
static uint8_t plain_flags(const struct bearer *bearer, const struct bearer_way *way)
{
	if (way->flags & (BEARER_GATE_CLOSED | BEARER_COLOUR_AWARE | BEARER_SHEET) ||
	    (way == &bearer->downlink && !bearer->peer_ipv4))
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
	struct entries gone, come;
	struct line *up, *down;
	unsigned foreign;
	bool stay;

	if (!bearer_good(lines, slot, bearer, &come) ||
	    (bearer->sheet_bytes && !lines_rules_are(lines, slot, lines->ruled, bearer)))
		return -EINVAL;
	up = line_of(lines, slot, LINE_UPLINK);
	down = line_of(lines, slot, LINE_DOWNLINK);
	stay = down->ue_ipv4 == bearer->ue_ipv4 && down->ue_ipv6 == bearer->ue_ipv6;
	gone = stay ? entries_live(lines, &come) : cell_entries(lines, slot);
	stay &= gone.count == come.count;
	if (!stay && !foreign_make_room(lines->region, lines->shape, come.entry, come.count))
		return -ENOSPC;
	foreign = come.count;
	cell_open(lines, slot, gone.count);
	cell_hide(lines, slot);
	if (stay)
		gone.count = come.count = 0;
	index_remove(lines, &gone);
	if (lines->region->rest[slot].teid != bearer->teid)
		lines_count_begin(lines, slot, bearer->teid);
	lines->region->rest[slot].ruled = bearer->sheet_bytes ? lines->ruled : 0;
	line_write(up, bearer, &bearer->uplink, bearer->teid);
	FAULT_POINT("line.uplink");
	line_write(down, bearer, &bearer->downlink, bearer->peer_teid);
	barrier();
	FAULT_POINT("line.downlink");
	index_add(lines, &come);
	lines->region->rest[slot].sweep = lines->region->header->sweep;
	down->flags |= LINE_VALID;
	barrier();
	FAULT_POINT("line.half_valid");
	up->flags |= LINE_VALID;
	cell_close(lines, bearer_digest(slot, bearer), 1, foreign);
	return 0;
}

int lines_clear(const struct lines *lines, uint32_t slot, uint32_t teid, struct lines_count *final)
{
	if (slot >= lines->shape->slots)
		return -EINVAL;
	lines_count(lines->region, slot, final);
	if (!final->teid || (teid && teid != final->teid))
		return 0;
	cell_empty(lines, slot);
	return 1;
}

// Of a valid cell.
static bool rules_sound(const struct lines *lines, uint32_t slot)
{
	struct lines_room room;

	return !(line_of(lines, slot, LINE_UPLINK)->flags & BEARER_SHEET) || lines_rules_live(lines, slot, &room);
}

bool lines_validate_slot(const struct lines *lines, uint32_t slot)
{
	const struct line *up = line_of(lines, slot, LINE_UPLINK), *down = line_of(lines, slot, LINE_DOWNLINK);
	struct entries entries;
	struct bearer bearer;

	if (slot >= lines->shape->slots || !((up->flags | down->flags) & LINE_VALID))
		return true;
	if (lines_read(lines, slot, &bearer) == 0 && bearer_good(lines, slot, &bearer, &entries) &&
	    rules_sound(lines, slot) && up->check == line_check(up) && down->check == line_check(down) &&
	    up->ue_ipv4 == down->ue_ipv4 && up->ue_ipv6 == down->ue_ipv6)
		return true;
	cell_empty(lines, slot);
	return false;
}

// Both directions whole, and of the same subscriber: then place and ranges are what lines_set has checked.
static bool cell_sound(const struct lines *lines, uint32_t slot)
{
	const struct line *up = line_of(lines, slot, LINE_UPLINK), *down = line_of(lines, slot, LINE_DOWNLINK);

	return up->flags & down->flags & LINE_VALID && up->check == line_check(up) && down->check == line_check(down) &&
	       up->ue_ipv4 == down->ue_ipv4 && up->ue_ipv6 == down->ue_ipv6 && rules_sound(lines, slot);
}

enum lines_found lines_look(const struct lines *lines, uint32_t slot)
{
	const struct line *down = line_of(lines, slot, LINE_DOWNLINK);
	enum lines_found found = LINES_SOUND;
	struct entries entries;

	if (!cell_sound(lines, slot))
		return lines_validate_slot(lines, slot) ? LINES_SOUND : LINES_LOST;
	entries_of(lines, slot, down->ue_ipv4, down->ue_ipv6, &entries);
	for (unsigned i = 0; i < entries.count; i++) {
		if (foreign_has(lines->region, lines->shape, entries.entry[i]))
			continue;
		foreign_make_room(lines->region, lines->shape, &entries.entry[i], 1);
		foreign_add(lines->region, lines->shape, entries.entry[i]);
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
