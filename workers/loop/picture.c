// picture.c - writes and reads images of shards. No state; the loop thread, between two packets.
#include "workers/loop/picture.h"
#include <errno.h>
#include <string.h>
#include "workers/lines/lines_rules.h"

static void barrier(void)
{
	atomic_signal_fence(memory_order_seq_cst); // as in lines.c: the order of stores is what outlives us
}

static struct line *line_of(const struct region *region, uint32_t slot, unsigned way)
{
	return (way == LINE_UPLINK ? region->uplink : region->downlink) + slot;
}

static void *room_of(const struct lines *lines, struct image *image, uint32_t slot)
{
	const struct region_shape *shape = lines->shape;

	return image_room(image, shape->rates, shape->slots, shape->sheet, slot);
}

static struct image_way way_write(const struct line *line, const struct lines_count *count, unsigned way)
{
	return (struct image_way){
		.packets = count->packets[way],
		.bytes = count->bytes[way],
		.red_packets = count->red_packets[way],
		.red_bytes = count->red_bytes[way],
		.tokens_at = line->tokens_at,
		.tc = line->tc,
		.te = line->te,
	};
}

// Of a cell whose rules are sound.
static void rules_write(const struct lines *lines, uint32_t slot, struct image *image, struct image_cell *cell)
{
	struct lines_room room;

	if (!lines_rules_live(lines, slot, &room))
		return;
	memcpy(room_of(lines, image, slot), room.ruled, room.end);
	cell->rules = room.end;
}

static void cell_write(const struct lines *lines, uint32_t slot, struct image *image)
{
	struct image_cell *cell = image_cells(image, lines->shape->rates) + slot;
	const struct region *region = lines->region;
	struct lines_count count;

	*cell = (struct image_cell){ 0 };
	lines_validate_slot(lines, slot);
	if (lines_read(lines, slot, &cell->bearer))
		return;
	lines_count(region, slot, &count);
	cell->life = count.life;
	cell->unswept = region->rest[slot].sweep != region->header->sweep;
	if (cell->bearer.sheet_bytes)
		rules_write(lines, slot, image, cell);
	for (unsigned way = 0; way < LINE_WAYS; way++)
		cell->way[way] = way_write(line_of(region, slot, way), &count, way);
}

// False: one was not sound, and is not among them.
static bool rates_write(const struct lines *lines, struct image_rate *rates)
{
	uint64_t byte_tokens = 8 * lines->net->clock_hz;
	bool sound = true;

	for (uint32_t i = 0; i < lines->shape->rates; i++) {
		const struct region_rate *rate = &lines->region->rates[i];

		sound &= lines_look_rate(lines, i);
		rates[i] = (struct image_rate){ .cir_bps = rate->cir_bps };
		rates[i].cbs_bytes = (uint32_t)(rate->cbs / byte_tokens);
		rates[i].ebs_bytes = (uint32_t)(rate->ebs / byte_tokens);
	}
	return sound;
}

void picture_write(const struct lines *lines, struct image *image)
{
	struct region_header *header = lines->region->header;
	struct image_cell *cells;
	bool sound;

	atomic_store_explicit(&image->whole, 0, memory_order_relaxed);
	barrier(); // whoever sees a cell of this image sees that it is not whole
	image->magic = IMAGE_MAGIC;
	image->version = IMAGE_VERSION;
	image->shard = header->shard;
	image->slots = lines->shape->slots;
	image->rates = lines->shape->rates;
	image->unswept = 0;
	sound = rates_write(lines, image_rates(image));
	cells = image_cells(image, image->rates);
	for (uint32_t slot = 0; slot < lines->shape->slots; slot++) {
		cell_write(lines, slot, image);
		image->unswept += cells[slot].unswept != 0;
	}
	image->epoch = sound ? atomic_load_explicit(&header->epoch, memory_order_relaxed) : 0;
	image->seq = sound ? atomic_load_explicit(&header->seq, memory_order_relaxed) : 0;
	image->digest = atomic_load_explicit(&header->digest, memory_order_relaxed);
	atomic_store_explicit(&image->whole, header->shard + 1,
			      memory_order_release); // pairs with image_fits
}

// Its size is ours, whatever the image says of itself.
static bool image_fits(const struct lines *lines, const struct image *image)
{
	uint32_t shard = lines->region->header->shard;

	return atomic_load_explicit(&image->whole, memory_order_acquire) == shard + 1 && image->magic == IMAGE_MAGIC &&
	       image->version == IMAGE_VERSION && image->shard == shard && image->slots == lines->shape->slots &&
	       image->rates == lines->shape->rates;
}

static void header_set(struct region_header *header, uint64_t epoch, uint64_t seq)
{
	atomic_store_explicit(&header->epoch, epoch, memory_order_relaxed);
	atomic_store_explicit(&header->seq, seq, memory_order_release);
}

// Counters of no session first: a courier reads on while they go.
static void cells_empty(const struct lines *lines)
{
	const struct region *region = lines->region;
	uint32_t slots = lines->shape->slots;

	memset(region->rest, 0, slots * sizeof(*region->rest));
	barrier();
	memset(region->uplink, 0, slots * sizeof(*region->uplink));
	memset(region->downlink, 0, slots * sizeof(*region->downlink));
}

static void region_empty(const struct lines *lines)
{
	struct region_header *header = lines->region->header;

	header_set(header, 0, 0);
	barrier(); // whoever takes over from us finds a cell missing at sequence 0 only
	header->sweep = header->sweep_next = header->foreign_used = header->pending = 0;
	atomic_store_explicit(&header->digest, 0, memory_order_relaxed);
	atomic_store_explicit(&header->sessions, 0, memory_order_relaxed);
	if (lines->shape->sheet)
		region_coming(lines->region, lines->shape)->bytes = 0;
	memset(lines->region->index, 0, lines->shape->buckets * sizeof(*lines->region->index));
	memset(lines->region->rates, 0, lines->shape->rates * sizeof(*lines->region->rates));
	cells_empty(lines);
}

static bool rates_read(const struct lines *lines, const struct image_rate *rates)
{
	bool sound = true;

	for (uint32_t i = 0; i < lines->shape->rates; i++) {
		const struct bearer_rate rate = { rates[i].cir_bps, rates[i].cbs_bytes, rates[i].ebs_bytes };

		if (rate.cir_bps && lines_rate_set(lines, i, &rate))
			sound = false;
	}
	return sound;
}

// Into the cell's first room. What is checked is what has been copied. False: they are not there, or not sound.
static bool rules_read(const struct lines *lines, uint32_t slot, const void *from, const struct image_cell *cell)
{
	uint8_t *to = (uint8_t *)region_room(lines->region, lines->shape, slot, 0);
	struct lines_room room;
	const char *field;

	if (!cell->rules || cell->rules > lines->shape->sheet * UINT64_C(64))
		return false;
	memcpy(to, from, cell->rules);
	return lines_rules_find(lines, slot, 1, &room) && room.end == cell->rules &&
	       !sheet_check(room.sheet, room.ruled->bytes, &field);
}

static bool cell_read(const struct lines *lines, uint32_t slot, struct image *image, const struct image_cell *cell)
{
	struct lines_count count = { .teid = cell->bearer.teid, .life = cell->life };
	struct lines with = *lines;

	if (cell->bearer.sheet_bytes && !rules_read(lines, slot, room_of(lines, image, slot), cell))
		return false;
	with.ruled = 1;

	for (unsigned way = 0; way < LINE_WAYS; way++) {
		count.packets[way] = cell->way[way].packets;
		count.bytes[way] = cell->way[way].bytes;
		count.red_packets[way] = cell->way[way].red_packets;
		count.red_bytes[way] = cell->way[way].red_bytes;
	}
	lines_count_restore(lines, slot, &count);
	for (unsigned way = 0; way < LINE_WAYS; way++) {
		struct line *line = line_of(lines->region, slot, way);

		line->tokens_at = cell->way[way].tokens_at;
		line->tc = cell->way[way].tc;
		line->te = cell->way[way].te;
	}
	if (!lines_set(&with, slot, &cell->bearer))
		return true;
	lines->region->rest[slot] = (struct rest){ 0 };
	return false;
}

// Those that were SET since the sweep under way began, or the others. False: one did not fit.
static bool cells_read(const struct lines *lines, struct image *image, bool unswept)
{
	const struct image_cell *cells = image_cells(image, lines->shape->rates);
	bool sound = true;

	for (uint32_t slot = 0; slot < lines->shape->slots; slot++) {
		struct image_cell cell;

		if (!cells[slot].bearer.teid || (cells[slot].unswept != 0) != unswept)
			continue;
		cell = cells[slot]; // a copy: what is checked is what is used
		sound &= cell_read(lines, slot, image, &cell);
	}
	return sound;
}

int picture_read(const struct lines *lines, struct image *image)
{
	struct region_header *header = lines->region->header;
	uint64_t epoch, seq, digest;
	bool sound;

	if (!image_fits(lines, image))
		return -ENOENT;
	epoch = image->epoch;
	seq = image->seq;
	digest = image->digest;
	region_empty(lines);
	sound = rates_read(lines, image_rates(image));
	if (image->unswept)
		sound &= cells_read(lines, image, true);
	lines_sweep_begin(lines);
	sound &= cells_read(lines, image, false);
	if (sound && atomic_load_explicit(&header->digest, memory_order_relaxed) == digest)
		header_set(header, epoch, seq);
	return 0;
}

bool picture_current(const struct image *image, uint8_t shard)
{
	uint32_t home = atomic_load_explicit(&image->home[shard], memory_order_acquire);

	return !home || home == image_home(plane_lines);
}

void picture_settle(struct image *image, uint8_t shard)
{
	atomic_store_explicit(&image->home[shard], image_home(plane_lines), memory_order_release);
}

// Another seat may be writing another shard's image at this moment.
void picture_unmake(struct image *image, uint8_t shard)
{
	uint32_t whole = shard + 1u;

	atomic_compare_exchange_strong(&image->whole, &whole, 0);
}
