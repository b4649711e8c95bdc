// test_store_torn.c - a store's file as a bad disk leaves it: it is opened with exactly the rows of the last commit, or it is said that
// something is wrong; nothing ends the process, nothing is wrong in silence.
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "ctrl/kit/hash.h"
#include "ctrl/store/store.h"
#include "shared/base/log.h"

#define MIB 16u
#define PAGE 4096u
#define HEADS 2u
#define NUMBER_AT 144u // of the transaction, in a header
#define ROWS 150u
#define ROUNDS 12u
#define FILE_MAX (1u << 20)

struct image {
	uint8_t bytes[FILE_MAX];
	size_t length;
};

static unsigned rounds = 1; // an argument, by hand

static struct {
	char dir[64], path[96];
	struct image now, before[ROUNDS]; // the file after the last commit, and as it was before each
	uint64_t wanted;                  // a hash of all rows
} box;

static void file_read(struct image *image)
{
	int fd = open(box.path, O_RDONLY);

	image->length = (size_t)read(fd, image->bytes, FILE_MAX);
	assert_true(image->length > 0 && image->length < FILE_MAX);
	close(fd);
}

static void file_write(const struct image *image, size_t length)
{
	int fd = open(box.path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, image->bytes, length), length);
	close(fd);
}

// ---- A store with a history: rows that come, change, grow, and go

static void row_put(struct store *store, enum store_table table, uint64_t key, uint64_t word)
{
	static uint8_t bytes[3 * PAGE];
	struct store_row row = { key, bytes, 20 + word % 300 };

	if (word % 17 == 0)
		row.length = 2 * PAGE + word % 100;
	memset(bytes, (int)word, row.length);
	assert_int_equal(store->engine->put(store->self, table, &row), 0);
}

static void round_commit(struct store *store, unsigned round)
{
	assert_int_equal(store->engine->begin(store->self), 0);
	for (unsigned i = 0; i < ROWS; i++) {
		uint64_t word = hash_u64(round, i);

		if (round == 0 || word % 9 == 0)
			row_put(store, STORE_SESSIONS, i + 1, word);
		else if (word % 9 == 1)
			store->engine->drop(store->self, STORE_SESSIONS, i + 1);
	}
	for (unsigned i = 0; i < 10; i++)
		row_put(store, STORE_CLOSED, round * 10 + i + 1, round + i);
	row_put(store, STORE_META, 1, round); // as every group does
	row_put(store, STORE_USAGE, 0, round);
	assert_int_equal(store->engine->commit(store->self), 0);
}

struct sight {
	uint64_t hash;
	unsigned damaged;
};

static int row_see(void *with, const struct store_row *row)
{
	struct sight *sight = with;

	sight->damaged += !row->bytes;
	sight->hash = hash_u64(sight->hash, row->key);
	if (row->bytes)
		sight->hash = hash_bytes(sight->hash, row->bytes, row->length);
	return 0;
}

static struct sight all_see(struct store *store)
{
	struct sight sight = { 0 };

	for (unsigned table = STORE_META + 1; table < STORE_TABLES; table++)
		assert_int_equal(store->engine->walk(store->self, (enum store_table)table, 0, row_see, &sight), 0);
	assert_int_equal(store->engine->walk(store->self, STORE_META, 1, row_see, &sight), 0);
	return sight;
}

static int setup(void **state)
{
	struct store store;

	(void)state;
	log_open("test", "error");
	snprintf(box.dir, sizeof(box.dir), "%s/torn.XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(box.dir));
	snprintf(box.path, sizeof(box.path), "%s/data.mdb", box.dir);
	assert_int_equal(store_lmdb_open(&store, box.dir, MIB), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		file_read(&box.before[round]);
		round_commit(&store, round);
	}
	box.wanted = all_see(&store).hash;
	store_close(&store);
	file_read(&box.now);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(box.path);
	rmdir(box.dir);
	return 0;
}

// ---- What becomes of it

enum outcome { WHOLE, TOLD, REFUSED, OUTCOMES };

static enum outcome outcome_of(const struct image *image, size_t length)
{
	struct store store;
	struct sight sight;
	uint32_t astray;

	file_write(image, length);
	if (store_lmdb_open(&store, box.dir, MIB))
		return REFUSED;
	sight = all_see(&store);
	astray = store.engine->astray(store.self);
	if (!sight.damaged && !astray)
		assert_true(sight.hash == box.wanted);
	round_commit(&store, ROUNDS); // what was opened can be written too
	store_close(&store);
	return sight.damaged || astray ? TOLD : WHOLE;
}

static void opens_what_is_whole(void **state)
{
	(void)state;
	assert_int_equal(outcome_of(&box.now, box.now.length), WHOLE);
}

static void notices_each_byte_that_matters(void **state)
{
	static struct image torn;
	unsigned count[OUTCOMES] = { 0 };

	(void)state;
	torn = box.now;
	for (unsigned round = 0; round < rounds; round++)
		for (size_t at = round; at < torn.length; at += at % PAGE < 64 ? 1 : 191) {
			uint8_t flip = (uint8_t)(1u << hash_u64(round, at) % 8);

			torn.bytes[at] ^= round % 2 ? 0xff : flip;
			count[outcome_of(&torn, torn.length)]++;
			torn.bytes[at] = box.now.bytes[at];
		}
	printf("bytes: %u did not matter, %u told, %u refused\n", count[WHOLE], count[TOLD], count[REFUSED]);
	assert_true(count[TOLD] > 100 && count[REFUSED] > 100);
}

// What a page held before some commit, from sector to sector.
static enum outcome outcome_of_old(const struct image *before, size_t page, unsigned from, unsigned until)
{
	static struct image torn;

	if (!memcmp(box.now.bytes + page + from, before->bytes + page + from, until - from))
		return WHOLE;
	torn = box.now;
	memcpy(torn.bytes + page + from, before->bytes + page + from, until - from);
	return outcome_of(&torn, torn.length);
}

// The disk wrote only some sectors of a page, or none; the rest is what was there before. Headers apart: they lie in one sector, and
// one that was not written is a commit that was not made. What the workers know of it then is an alarm (push_hear.c).
static void notices_each_page_that_is_old_or_half_old(void **state)
{
	unsigned count[OUTCOMES] = { 0 };

	(void)state;
	for (unsigned round = 1; round < ROUNDS; round++)
		for (size_t page = HEADS * PAGE; page < box.before[round].length; page += PAGE) {
			unsigned cut = 512 + 512 * (unsigned)(hash_u64(round, page) % 7);

			count[outcome_of_old(&box.before[round], page, 0, PAGE)]++;
			count[outcome_of_old(&box.before[round], page, 0, cut)]++;
			count[outcome_of_old(&box.before[round], page, cut, PAGE)]++;
		}
	printf("pages: %u did not matter, %u told, %u refused\n", count[WHOLE], count[TOLD], count[REFUSED]);
	assert_true(count[TOLD] > 0 && count[REFUSED] > 0);
}

static uint8_t *page_with(struct image *image, const void *bytes, size_t length)
{
	uint8_t *at = memmem(image->bytes, image->length, bytes, length);

	assert_non_null(at);
	return image->bytes + (size_t)(at - image->bytes) / PAGE * PAGE;
}

// A row that changes and keeps its length: its page, as it was some commits ago, is sound in itself.
static void notices_a_row_that_is_sound_but_old(void **state)
{
	static const uint8_t *const texts[] = { (const uint8_t *)"the row as it was",
						(const uint8_t *)"the row as it is." };
	static struct image older, torn;
	struct store_row row = { 5, texts[0], 17 };
	uint8_t *page;
	struct store store;

	(void)state;
	file_write(&box.now, box.now.length);
	assert_int_equal(store_lmdb_open(&store, box.dir, MIB), 0);
	for (unsigned i = 0; i < 2; i++) {
		file_read(&older);
		row.bytes = texts[i];
		assert_int_equal(store.engine->begin(store.self), 0);
		assert_int_equal(store.engine->put(store.self, STORE_QUARANTINE, &row), 0);
		assert_int_equal(store.engine->commit(store.self), 0);
	}
	store_close(&store);
	file_read(&torn);
	page = page_with(&torn, texts[1], 17);
	memcpy(page + sizeof(uint64_t), page_with(&older, texts[0], 17) + sizeof(uint64_t), PAGE - sizeof(uint64_t));
	assert_int_equal(outcome_of(&torn, torn.length), TOLD);
}

// The number in a header decides which of the two counts.
static void notices_a_header_with_another_number(void **state)
{
	static struct image torn;
	uint64_t number, other;

	(void)state;
	for (unsigned head = 0; head < HEADS; head++) {
		memcpy(&number, box.now.bytes + head * PAGE + NUMBER_AT, sizeof(number));
		for (unsigned i = 0; i < 64 + 8; i++) {
			other = i < 64 ? number ^ 1ull << i : number - 4 + i % 8;
			torn = box.now;
			memcpy(torn.bytes + head * PAGE + NUMBER_AT, &other, sizeof(other));
			assert_true((outcome_of(&torn, torn.length) == WHOLE) == (other == number));
		}
	}
}

static void notices_a_cut(void **state)
{
	(void)state;
	for (size_t length = 0; length < box.now.length; length += PAGE)
		assert_int_equal(outcome_of(&box.now, length), REFUSED);
}

static void refuses_what_is_no_store(void **state)
{
	static struct image other;

	(void)state;
	other.length = 8 * PAGE;
	for (unsigned kind = 0; kind < 3; kind++) {
		memset(other.bytes, kind ? 0xff : 0, other.length);
		if (kind == 2)
			memcpy(other.bytes,
			       "\x7f"
			       "ELF",
			       4);
		assert_int_equal(outcome_of(&other, other.length), REFUSED);
	}
	unlink(box.path);
	assert_int_equal(mkdir(box.path, 0700), 0);
	assert_int_equal(store_lmdb_open(&(struct store){ 0 }, box.dir, MIB), -EACCES);
	rmdir(box.path);
}

// One writes what the other reads: a build that knows nothing of sums has changed the store meanwhile.
static void takes_a_store_that_an_older_build_wrote(void **state)
{
	struct store store;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi meta;
	uint64_t one = htobe64(1), none = 0;
	MDB_val key = { 8, &one }, stamp = { 8, &none }, value = { 4, "old" };

	for (unsigned drop = 0; drop < 2; drop++) {
		file_write(&box.now, box.now.length);
		assert_int_equal(mdb_env_create(&env), 0);
		mdb_env_set_maxdbs(env, STORE_TABLES);
		assert_int_equal(mdb_env_open(env, box.dir, MDB_NOLOCK, 0600), 0);
		assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
		assert_int_equal(mdb_dbi_open(txn, "meta", 0, &meta), 0);
		assert_int_equal(mdb_put(txn, meta, &key, &value, 0), 0);
		assert_int_equal(drop ? mdb_del(txn, meta, &stamp, NULL) : 0, 0);
		assert_int_equal(mdb_txn_commit(txn), 0);
		mdb_env_close(env);
		(void)state;
		assert_int_equal(store_lmdb_open(&store, box.dir, MIB), 0);
		assert_int_equal(store.engine->astray(store.self), 0);
		store_close(&store);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_what_is_whole),
		cmocka_unit_test(notices_each_byte_that_matters),
		cmocka_unit_test(notices_each_page_that_is_old_or_half_old),
		cmocka_unit_test(notices_a_header_with_another_number),
		cmocka_unit_test(notices_a_cut),
		cmocka_unit_test(refuses_what_is_no_store),
		cmocka_unit_test(takes_a_store_that_an_older_build_wrote),
		cmocka_unit_test(notices_a_row_that_is_sound_but_old),
	};

	if (argc > 1)
		rounds = (unsigned)atoi(argv[1]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
