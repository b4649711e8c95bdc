// test_store.c - the LMDB engine: what is written is read, damage and open doors are noticed, a full disk refuses whole.
#include <errno.h>
#include <fcntl.h>
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
#include <lmdb.h>
#include "ctrl/store/batch.h"
#include "ctrl/store/store.h"
#include "ctrl/store/store_row.h"
#include "shared/base/log.h"

struct box {
	char dir[64], data[96];
	struct store store;
};

static int setup(void **state)
{
	static struct box box;

	log_open("test", "error");
	snprintf(box.dir, sizeof(box.dir), "%s/store.XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(box.dir));
	snprintf(box.data, sizeof(box.data), "%s/data.mdb", box.dir);
	assert_int_equal(store_lmdb_open(&box.store, box.dir, 16), 0);
	*state = &box;
	return 0;
}

static int teardown(void **state)
{
	struct box *box = *state;

	store_close(&box->store);
	unlink(box->data);
	rmdir(box->dir);
	return 0;
}

static int put(struct box *box, uint64_t key, const char *text)
{
	struct store_row row = { key, (const uint8_t *)text, strlen(text) };

	return box->store.engine->put(box->store.self, STORE_SESSIONS, &row);
}

static int begin(struct box *box)
{
	return box->store.engine->begin(box->store.self);
}

static int commit(struct box *box)
{
	return box->store.engine->commit(box->store.self);
}

static bool there(struct box *box, uint64_t key, const char *text)
{
	struct store_row row = { .key = key };

	return !box->store.engine->get(box->store.self, STORE_SESSIONS, &row) && row.bytes &&
	       row.length == strlen(text) && !memcmp(row.bytes, text, row.length);
}

static void reopen(struct box *box)
{
	store_close(&box->store);
	assert_int_equal(store_lmdb_open(&box->store, box->dir, 16), 0);
}

// A start that failed closes what it had opened, and so does the end.
static void rows_that_were_never_written_can_be_closed_twice(void **state)
{
	struct store_row row = { .key = 1 };
	struct batch batch;

	batch_open(&batch);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(batch_put(&batch, STORE_SESSIONS, &row), 0);
	batch_close(&batch);
	assert_null(batch.rows);
	batch_close(&batch);
	assert_int_equal(batch_put(&batch, STORE_SESSIONS, &row), 0);
	assert_int_equal(batch.count, 1);
	batch_close(&batch);
}

static void keeps_what_is_committed(void **state)
{
	struct box *box = *state;
	struct store_row row = { .key = 4 };

	assert_int_equal(begin(box), 0);
	assert_int_equal(put(box, 1, "one"), 0);
	assert_int_equal(put(box, 3, "three"), 0);
	assert_int_equal(put(box, 2, "two"), 0); // not in order
	assert_int_equal(put(box, 3, "drei"), 0);
	assert_int_equal(commit(box), 0);
	assert_int_equal(begin(box), 0);
	assert_int_equal(put(box, 4, "four"), 0);
	assert_int_equal(box->store.engine->drop(box->store.self, STORE_SESSIONS, 1), 0);
	box->store.engine->abandon(box->store.self);
	for (unsigned round = 0; round < 2; round++) {
		assert_true(there(box, 1, "one"));
		assert_true(there(box, 2, "two"));
		assert_true(there(box, 3, "drei"));
		assert_int_equal(box->store.engine->get(box->store.self, STORE_SESSIONS, &row), -ENOENT);
		reopen(box);
	}
	assert_int_equal(begin(box), 0);
	assert_int_equal(put(box, 4, "four"), 0); // behind an abandoned one with the same key
	assert_int_equal(box->store.engine->drop(box->store.self, STORE_SESSIONS, 99), 0);
	assert_int_equal(commit(box), 0);
	assert_true(there(box, 4, "four"));
}

struct seen {
	uint64_t keys[16];
	unsigned count, damaged;
};

static int on_row(void *with, const struct store_row *row)
{
	struct seen *seen = with;

	seen->damaged += !row->bytes;
	seen->keys[seen->count++] = row->key;
	return seen->count == 3 ? 77 : 0;
}

static void walks_in_order(void **state)
{
	struct box *box = *state;
	struct seen seen = { 0 };

	assert_int_equal(begin(box), 0);
	for (uint64_t key = 1000; key > 0; key -= 100)
		assert_int_equal(put(box, key, "x"), 0);
	assert_int_equal(commit(box), 0);
	assert_int_equal(box->store.engine->walk(box->store.self, STORE_SESSIONS, 201, on_row, &seen), 77);
	assert_int_equal(seen.keys[0], 300);
	assert_int_equal(seen.keys[1], 400);
	assert_int_equal(seen.keys[2], 500);
	seen.count = 0;
	assert_int_equal(box->store.engine->walk(box->store.self, STORE_SESSIONS, 901, on_row, &seen), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(box->store.engine->walk(box->store.self, STORE_KEYS, 0, on_row, &seen), 0);
}

// Turns over one byte of the first copy of `text` in the file.
static void damage(const char *path, const char *text)
{
	static char bytes[1 << 20];
	int fd = open(path, O_RDWR);
	ssize_t length = read(fd, bytes, sizeof(bytes));
	unsigned found = 0;

	for (ssize_t at = 0; at + (ssize_t)strlen(text) <= length; at++)
		if (!memcmp(bytes + at, text, strlen(text))) {
			assert_int_equal(pwrite(fd, "?", 1, at), 1);
			found++;
		}
	close(fd);
	assert_true(found > 0);
}

static void notices_damage(void **state)
{
	struct box *box = *state;
	struct seen seen = { 0 };

	assert_int_equal(begin(box), 0);
	assert_int_equal(put(box, 1, "a sound row"), 0);
	assert_int_equal(put(box, 2, "the poor row"), 0);
	assert_int_equal(commit(box), 0);
	store_close(&box->store);
	damage(box->data, "the poor row");
	assert_int_equal(store_lmdb_open(&box->store, box->dir, 16), 0);
	assert_true(there(box, 1, "a sound row"));
	assert_false(there(box, 2, "?he poor row"));
	assert_int_equal(box->store.engine->walk(box->store.self, STORE_SESSIONS, 0, on_row, &seen), 0);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.damaged, 1);
}

static void a_full_map_refuses_and_goes_on(void **state)
{
	static char large[100000];
	struct box *box = *state;
	uint64_t key = 2;
	int error = 0;

	memset(large, 'x', sizeof(large) - 1);
	assert_int_equal(begin(box), 0);
	assert_int_equal(put(box, 1, "before"), 0);
	assert_int_equal(commit(box), 0);
	while (!error) {
		assert_int_equal(begin(box), 0);
		error = put(box, key, large);
		if (!error)
			error = commit(box);
		else
			box->store.engine->abandon(box->store.self);
		key++;
	}
	assert_int_equal(error, -ENOSPC);
	assert_true(there(box, 1, "before"));
	assert_true(there(box, key - 2, large));
	assert_false(there(box, key - 1, large));
	for (uint64_t i = 2; i < key - 1; i++) { // what is full can be emptied
		assert_int_equal(begin(box), 0);
		assert_int_equal(box->store.engine->drop(box->store.self, STORE_SESSIONS, i), 0);
		assert_int_equal(commit(box), 0);
	}
	assert_int_equal(begin(box), 0);
	assert_int_equal(put(box, key, large), 0);
	assert_int_equal(commit(box), 0);
}

static void refuses_open_doors(void **state)
{
	struct box *box = *state;
	struct store other;

	store_close(&box->store);
	assert_int_equal(chmod(box->data, 0644), 0);
	log_open("test", "none of it");
	assert_int_equal(store_lmdb_open(&other, box->dir, 16), -EACCES);
	assert_int_equal(chmod(box->data, 0600), 0);
	assert_int_equal(chmod(box->dir, 0755), 0);
	assert_int_equal(store_lmdb_open(&other, box->dir, 16), -EACCES);
	assert_int_equal(chmod(box->dir, 0700), 0);
	assert_int_equal(store_lmdb_open(&box->store, box->dir, 16), 0);
	assert_int_equal(store_lmdb_open(&other, box->dir, 16), -EWOULDBLOCK); // somebody has it
}

// A file that was cut off does not end the process.
static void survives_a_cut(void **state)
{
	struct box *box = *state;
	struct store other;
	struct stat before;

	assert_int_equal(begin(box), 0);
	assert_int_equal(put(box, 1, "one"), 0);
	assert_int_equal(commit(box), 0);
	store_close(&box->store);
	assert_int_equal(stat(box->data, &before), 0);
	assert_int_equal(truncate(box->data, before.st_size - 8192), 0);
	assert_int_equal(store_lmdb_open(&other, box->dir, 16), -EUCLEAN);
}

// Makes the file what a build leaves that knows no notes: without their table, and a stamp of nine sums.
static void notes_forget(const char *dir)
{
	uint64_t name = STORE_STAMP_KEY;
	MDB_val key = { sizeof(name), &name }, value;
	struct store_row row = { .key = name };
	struct store_stamp stamp;
	uint8_t bytes[sizeof(uint32_t) + STORE_STAMP_LEAST];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi notes, meta;
	uint32_t crc;

	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, STORE_TABLES), 0);
	assert_int_equal(mdb_env_open(env, dir, MDB_NOLOCK, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "notes", 0, &notes), 0);
	assert_int_equal(mdb_drop(txn, notes, 1), 0);
	assert_int_equal(mdb_dbi_open(txn, "meta", 0, &meta), 0);
	assert_int_equal(mdb_get(txn, meta, &key, &value), 0);
	assert_int_equal(value.mv_size, sizeof(bytes));
	store_row_read(STORE_META, value.mv_data, value.mv_size, &row);
	memcpy(&stamp, row.bytes, row.length);
	stamp.transaction = mdb_txn_id(txn);
	row.bytes = (const uint8_t *)&stamp;
	crc = store_row_crc(STORE_META, &row);
	memcpy(bytes, &crc, sizeof(crc));
	memcpy(bytes + sizeof(crc), &stamp, row.length);
	value = (MDB_val){ sizeof(bytes), bytes };
	assert_int_equal(mdb_put(txn, meta, &key, &value, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static int visit_none(void *with, const struct store_row *row)
{
	return 1;
}

static void a_store_from_before_notes_opens_whole(void **state)
{
	struct box *box = *state;
	const struct store_row note = { 1, (const uint8_t *)"note", 4 };

	assert_int_equal(begin(box), 0);
	assert_int_equal(put(box, 7, "seven"), 0);
	assert_int_equal(commit(box), 0);
	store_close(&box->store);
	notes_forget(box->dir);
	assert_int_equal(store_lmdb_open(&box->store, box->dir, 16), 0);
	assert_int_equal(box->store.engine->astray(box->store.self), 0);
	assert_true(there(box, 7, "seven"));
	assert_int_equal(box->store.engine->walk(box->store.self, STORE_NOTES, 0, visit_none, NULL), 0);
	assert_int_equal(begin(box), 0);
	assert_int_equal(box->store.engine->put(box->store.self, STORE_NOTES, &note), 0);
	assert_int_equal(commit(box), 0);
	reopen(box);
	assert_int_equal(box->store.engine->astray(box->store.self), 0);
	assert_int_equal(box->store.engine->walk(box->store.self, STORE_NOTES, 0, visit_none, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_that_were_never_written_can_be_closed_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_what_is_committed, setup, teardown),
		cmocka_unit_test_setup_teardown(walks_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(notices_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_map_refuses_and_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_open_doors, setup, teardown),
		cmocka_unit_test_setup_teardown(survives_a_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(a_store_from_before_notes_opens_whole, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
