// test_accounts.c - what workers count is what ctrl says, whoever dies when: the real lines, loops and courier on one side, the real
// push, books and store on the other, and between them a transport that loses and repeats. test_accounts [SEEDS [FIRST]]. It is
// longer than the house allows because both sides and what is between them are one world.
//
// Played are the packets, the deaths and the transport (the courier's feed.h, ctrl's feed.c). Where a plane dies, what it had
// not told is lost with it: from then on the truth is what ctrl knows. All else has to be exact to the byte.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "ctrl/kit/hash.h"
#include "ctrl/session/record.h"
#include "shared/base/bell.h"
#include "tests/unit/ctrl_stand.h"
#include "tests/unit/fake_plane.h"
#include "workers/courier/courier_parts.h"
#include "workers/loop/loop.h"

#define SEATS 2u
#define IDS 2000u
#define STEPS 1500u
#define QUEUE 32u
#define SECOND_NS 1000000000ull

static uint64_t seeds = 20, seed_first = 1;

// ---- The transport

struct message {
	int length;
	uint8_t *bytes;
};

struct queue {
	struct message message[QUEUE];
	uint32_t head, tail;
};

struct feed { // as workers/courier/feed.h has it
	uint32_t connection;
};

static struct feed line;
static struct queue up, down; // to ctrl, to the courier
static struct hearing hearing;
static uint32_t connections, badness;
static bool ctrl_knows; // this connection
static uint64_t seed, chance, now_ns;

static uint32_t draw(uint32_t below)
{
	chance = chance * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(chance >> 33) % below;
}

static bool queue_put(struct queue *queue, const struct feed_word *word)
{
	struct message *message = &queue->message[queue->head % QUEUE];
	bool greeting = word->kind == FEED_HELLO || word->kind == FEED_WELCOME; // lost only with the connection

	if (queue->head - queue->tail >= QUEUE - 1)
		return false;
	message->bytes = malloc(FEED_BYTES_MAX);
	message->length = feed_encode(word, message->bytes, FEED_BYTES_MAX);
	assert_true(message->length > 0);
	if (!greeting && draw(1000) < badness) { // lost
		free(message->bytes);
		return true;
	}
	queue->head++;
	if (!greeting && draw(1000) < badness) { // comes twice
		struct message *again = &queue->message[queue->head++ % QUEUE];

		again->length = message->length;
		again->bytes = memcpy(malloc(FEED_BYTES_MAX), message->bytes, (size_t)message->length);
	}
	return true;
}

static bool queue_take(struct queue *queue, struct feed_word *word)
{
	struct message *message = &queue->message[queue->tail % QUEUE];
	const char *fault;

	if (queue->head == queue->tail)
		return false;
	queue->tail++;
	assert_int_equal(feed_decode(word, message->bytes, (size_t)message->length, &fault), 0);
	free(message->bytes);
	return true;
}

static void queue_empty(struct queue *queue)
{
	while (queue->head != queue->tail)
		free(queue->message[queue->tail++ % QUEUE].bytes);
}

int feed_open(struct feed **feed, const char *run_dir, unsigned nest)
{
	*feed = &line;
	return 0;
}

void feed_close(struct feed *feed)
{
}

void feed_tick(struct feed *feed, uint64_t at_ns)
{
}

uint32_t feed_connection(const struct feed *feed)
{
	return feed->connection;
}

int feed_receive(struct feed *feed, struct feed_word *word)
{
	return queue_take(&down, word) ? 0 : -EAGAIN;
}

int feed_send(struct feed *feed, const struct feed_word *word)
{
	return queue_put(&up, word) ? 0 : -EAGAIN;
}

void feed_flush(struct feed *feed)
{
}

bool feed_empty(const struct feed *feed)
{
	return true;
}

// ---- The world

struct sent { // what got through to whom
	uint64_t id;
	uint32_t teid, cell;
	bool deleted, lost;
	struct feed_count count;
};

static struct ctrl_stand stand;
static struct kit kit;
static struct plane_view *view = &kit.view;
static struct courier courier;
static struct loop loops[SEATS];
static struct sent sent[IDS];
static uint32_t sents;
static uint64_t losses; // planes that died

static void line_cut(void)
{
	queue_empty(&up);
	queue_empty(&down);
	push_goodbye(&stand.push, 0);
	ctrl_knows = false;
	line.connection = ++connections;
}

static void plane_fit(void)
{
	struct plane *plane = view->plane;

	plane->shape.slots = stand.truth.grid.slots;
	plane->shape.foreign = 4;
	plane->net.slot_bits = stand.truth.grid.slot_bits;
	plane->net.pools = stand.truth.place.pools;
	memcpy(plane->net.pool, stand.truth.place.pool, plane->net.pools * sizeof(plane->net.pool[0]));
	plane->born_ns = 1000000000ull * draw(1000); // clocks are set back and forth
}

static void shard_goes(uint8_t shard, unsigned seat)
{
	for (unsigned i = 0; i < SEATS; i++)
		if (i != seat)
			tenure_give(&loops[i].tenure, shard, false);
	atomic_store(&view->plane->owner[shard], (uint8_t)seat);
	tenure_take(&loops[seat].tenure, shard, false);
}

static void worker_sits(unsigned seat)
{
	static const struct loop_wires no_wires = { -1, -1, -1, -1 };

	loop_open(&loops[seat], view, seat, &no_wires);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		if (atomic_load(&view->plane->owner[shard]) == seat)
			tenure_take(&loops[seat].tenure, (uint8_t)shard, false);
}

static void courier_starts(void)
{
	assert_int_equal(courier_open(&courier, &kit, ""), 0);
	line_cut();
}

static void plane_starts(void)
{
	fake_plane_make(view);
	plane_fit();
	for (unsigned shard = 0; shard < SHARDS; shard++)
		atomic_store(&view->plane->owner[shard], (uint8_t)(shard % SEATS));
	for (unsigned seat = 0; seat < SEATS; seat++)
		worker_sits(seat);
	courier_starts();
}

static struct feed_count stored_total;
static uint64_t stored_id;

static int closed_visit(void *with, const struct store_row *row)
{
	struct arena *arena = with;
	Shoal__Store__Closed *stored = record_closed(row, arena);
	struct count count;

	assert_non_null(stored);
	if (stored->session->id == stored_id) { // the latest holds
		record_count(stored, &count);
		stored_total = count_total(&count);
	}
	return 0;
}

// What ctrl says this session has used.
static struct feed_count closed_total(const struct sent *of)
{
	struct arena arena;

	arena_open(&arena, 1u << 26);
	stored_id = of->id;
	stored_total = (struct feed_count){ 0 };
	stand.truth.store.engine->walk(stand.truth.store.self, STORE_CLOSED, 0, closed_visit, &arena);
	arena_close(&arena);
	return stored_total;
}

static struct feed_count known_total(const struct sent *of)
{
	const struct session *session = session_by_id(&stand.truth.sessions, of->id);

	return session ? count_total(&session->usage) : closed_total(of);
}

// ctrl writes down what it knows; deletions whose counters died with the plane are settled by it.
static void plane_dies(void)
{
	courier_close(&courier);
	line_cut();
	fake_plane_free(view);
	plane_starts();
	for (unsigned i = 0; i < 3; i++)
		books_flush(&stand.truth.books, 1);
	for (uint32_t i = 0; i < sents; i++)
		if (!sent[i].deleted)
			sent[i].count = known_total(&sent[i]);
		else if (table_get(&stand.truth.books.closing.leaving, sent[i].teid))
			sent[i].lost = true; // it depends on what was under way
	losses++;
}

static void packets_pass(void)
{
	struct sent *to = &sent[draw(sents)];
	struct region *region = &view->shards[cell_shard(&stand.truth.grid, to->cell)];
	uint32_t slot = cell_slot(&stand.truth.grid, to->cell), bytes = 1 + draw(100000);
	struct line *uplink = &region->uplink[slot], *downlink = &region->downlink[slot];

	if (!(uplink->flags & LINE_VALID) || uplink->teid != to->teid)
		return;
	uplink->packets++;
	uplink->bytes += bytes;
	downlink->packets += 2;
	downlink->bytes += 3ull * bytes;
	region->rest[slot].red_packets[LINE_UPLINK]++;
	to->count.uplink_packets++;
	to->count.uplink_bytes += bytes;
	to->count.downlink_packets += 2;
	to->count.downlink_bytes += 3ull * bytes;
	to->count.red_packets++;
}

static void ctrl_word(struct feed_word *word)
{
	uint64_t number = word->kind == FEED_REPORTS ? word->reports.number : word->usages.number;

	if (word->kind == FEED_HELLO) {
		hearing = (struct hearing){ 0 };
		push_hello(&stand.push, 0, &word->hello, now_ns);
		ctrl_knows = true;
		word->kind = FEED_WELCOME;
		word->welcome = (struct feed_welcome){ stand.push.epoch, 1 };
		queue_put(&down, word);
		return;
	}
	if (word->kind == FEED_REPORTS)
		push_reports(&stand.push, 0, &word->reports, now_ns);
	for (uint32_t i = 0; word->kind == FEED_USAGE && i < word->usages.count; i++)
		books_usage(&stand.truth.books, &word->usages.usage[i], 1);
	if (ctrl_knows && !hearing_take(&hearing, number))
		line_cut();
}

static void ctrl_hears(void)
{
	static struct feed_word word;

	for (uint32_t n = draw(4); n > 0 && queue_take(&up, &word); n--)
		ctrl_word(&word);
}

static void ctrl_speaks(void)
{
	static struct feed_word word;
	uint64_t number = ctrl_knows ? hearing_due(&hearing, &stand.truth.books.progress, now_ns) : 0;

	if (!ctrl_knows || up.head - up.tail >= QUEUE - 2 || down.head - down.tail >= QUEUE - 2)
		return;
	if (number) {
		word.kind = FEED_HEARD;
		word.heard.number = number;
		queue_put(&down, &word);
		hearing_tell(&hearing, now_ns);
	}
	word.kind = FEED_BATCH;
	push_fill(&stand.push, 0, &word.batch, now_ns);
	if (word.batch.count)
		queue_put(&down, &word);
}

static void courier_works(void)
{
	courier.usage_at_ns = draw(4) ? UINT64_MAX : 0;
	courier_turn(&courier);
}

// What follows may be with the disk for a while.
static void disk_begins(void)
{
	static struct inbox nowhere;

	if (badness && sents && draw(2))
		stand.truth.scribe.inbox = &nowhere;
}

// Meanwhile packets and feeds go on. code: what was answered, unless it waits for the disk.
static int disk_ends(int code)
{
	struct scribe *scribe = &stand.truth.scribe;

	scribe->inbox = NULL;
	if (!scribe_busy(scribe))
		return code;
	for (uint32_t n = draw(12); n > 0; n--) {
		packets_pass();
		loop_turn(&loops[draw(SEATS)]);
		courier_works();
		ctrl_hears();
		ctrl_speaks();
	}
	scribe->error = batch_write(scribe->batch, scribe->store);
	scribe->written.run(&scribe->written);
	return code == CTRL_STAND_WAITS ? (int)stand.answer->status->code : code;
}

static void session_comes(void)
{
	const Shoal__Oss__Session *made;
	struct ctrl_session session;

	ctrl_session_init(&session, (unsigned)(sents + 1));
	if (sents == IDS)
		return;
	disk_begins();
	if (disk_ends(ctrl_stand_create(&stand, &session)))
		return;
	made = stand.answer->session->session;
	sent[sents] = (struct sent){ .id = made->id, .teid = made->teid };
	sent[sents++].cell = cell_at(&stand.truth.grid, (uint8_t)made->shard, made->slot);
}

static void session_goes(void)
{
	struct sent *who = &sent[draw(sents)];

	if (who->deleted)
		return;
	disk_begins();
	if (!disk_ends(ctrl_stand_delete(&stand, who->id)))
		who->deleted = true;
}

static void time_passes(uint64_t ns)
{
	now_ns += ns;
	stand.now_ns = now_ns;
	push_tick(&stand.push, now_ns);
	disk_begins();
	books_turn(&stand.truth.books, now_ns, 1);
	disk_ends(0);
}

static void disaster(void)
{
	switch (draw(8)) {
	case 0: // ctrl is shot
		stand.fail_begin = stand.fail_put = stand.fail_commit = 0;
		ctrl_stand_restart(&stand);
		stand.truth.books.meter.limit = 1; // folds all the time
		line_cut();
		break;
	case 1: // the courier
		courier_close(&courier);
		courier_starts();
		break;
	case 2: // a worker
		worker_sits(draw(SEATS));
		break;
	case 3:
		stand.fail_begin = -ENOSPC;
		break;
	case 4:
		stand.fail_put = -EIO;
		break;
	case 5:
		stand.fail_commit = -EIO;
		break;
	case 6:
		line_cut();
		break;
	default:
		if (!draw(4))
			plane_dies();
	}
}

static void step(void)
{
	uint32_t what = draw(100);

	if (what < 8)
		session_comes();
	else if (what < 12)
		session_goes();
	else if (what < 45)
		packets_pass();
	else if (what < 55)
		loop_turn(&loops[draw(SEATS)]);
	else if (what < 68)
		courier_works();
	else if (what < 80)
		ctrl_hears();
	else if (what < 88)
		ctrl_speaks();
	else if (what < 92)
		shard_goes((uint8_t)draw(SHARDS), draw(SEATS));
	else if (what < 99 || !badness)
		time_passes(draw(200) * 1000000ull);
	else
		disaster();
}

static bool all_told(void)
{
	return courier.welcomed && courier.unheard.said == courier.unheard.heard && !courier_reports_wait(&courier) &&
	       !push_waiting(&stand.push) && !stand.push.departed && !stand.truth.books.closing.leaving.count;
}

static void settle(void)
{
	uint64_t passes = 0;

	badness = 0;
	stand.fail_begin = stand.fail_put = stand.fail_commit = 0;
	for (unsigned turn = 0; turn < 20000; turn++) {
		for (unsigned seat = 0; seat < SEATS; seat++)
			loop_turn(&loops[seat]);
		courier.usage_at_ns = turn % 8 ? UINT64_MAX : 0;
		courier_turn(&courier);
		ctrl_hears();
		ctrl_speaks();
		time_passes(turn % 16 ? 5000000 : SECOND_NS);
		passes += all_told();
		if (passes > 40)
			return;
	}
	fail_msg("seed %llu: does not come to rest", (unsigned long long)seed);
}

static void accounts_compare(bool exact)
{
	for (uint32_t i = 0; i < sents; i++) {
		struct feed_count is = known_total(&sent[i]);
		const struct feed_count *was = &sent[i].count;

		if (sent[i].lost)
			continue;
		if (is.uplink_bytes > was->uplink_bytes || (exact && memcmp(&is, was, sizeof(is))))
			fail_msg("seed %llu, session %llu%s: %llu packets, %llu bytes sent; ctrl says %llu, %llu",
				 (unsigned long long)seed, (unsigned long long)sent[i].id,
				 sent[i].deleted ? " (deleted)" : "", (unsigned long long)was->uplink_packets,
				 (unsigned long long)was->uplink_bytes, (unsigned long long)is.uplink_packets,
				 (unsigned long long)is.uplink_bytes);
	}
}

static void world_begins(uint32_t how_bad)
{
	chance = hash_u64(seed, 7);
	now_ns = SECOND_NS;
	badness = how_bad;
	sents = 0;
	ctrl_stand_open(&stand);
	stand.now_ns = now_ns;
	for (unsigned i = 0; i < NEST_BELLS; i++)
		kit.bell[i] = bell_make();
	plane_starts();
	session_comes();
}

static void world_ends(void)
{
	courier_close(&courier);
	queue_empty(&up);
	queue_empty(&down);
	fake_plane_free(view);
	for (unsigned i = 0; i < NEST_BELLS; i++)
		close(kit.bell[i]);
	ctrl_stand_close(&stand);
}

static void totals_are_what_was_sent(void **state)
{
	uint64_t deleted = 0;

	for (seed = seed_first; seed < seed_first + seeds; seed++) {
		world_begins(1 + (uint32_t)(seed % 3) * 5);
		for (unsigned i = 0; i < STEPS; i++) {
			step();
			if (i % 100 == 0)
				accounts_compare(false);
		}
		settle();
		accounts_compare(true);
		for (uint32_t i = 0; i < sents; i++)
			deleted += sent[i].deleted;
		world_ends();
	}
	print_message("%llu deletions, %llu dead planes\n", (unsigned long long)deleted, (unsigned long long)losses);
	assert_true(deleted > seeds * 5 && losses > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(totals_are_what_was_sent) };

	seeds = argc > 1 ? strtoull(argv[1], NULL, 0) : seeds;
	seed_first = argc > 2 ? strtoull(argv[2], NULL, 0) : seed_first;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
