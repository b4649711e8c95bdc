// store_lmdb.c - the store in LMDB: crash-safe, no server, one file. One thread changes (it is the scribe's), another may read
// meanwhile; a door keeps apart what must be.
//
// Sessions and keys grow at the end (keys are big-endian running numbers), which LMDB appends without splitting pages.
// LMDB keeps no checksums, so each value begins with one, and each transaction says what the rows add up to (store_row.h). A
// failed commit closes the environment and opens it again: a failed fsync says nothing about what is on disk, and only the file can
// tell. If it cannot be opened for writing any more, reads go on from it, and each change tries again. LMDB's lock file is not used
// (store_file.h), so what it would do for readers is done here (look_renew).
#include <endian.h>
#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ctrl/store/store.h"
#include "ctrl/store/store_file.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"
#include "shared/wire/cursor.h"

struct lmdb {
	char dir[256];
	size_t map_bytes;
	int file; // keeps the file ours; not LMDB's descriptor
	MDB_env *env;
	bool read_only;       // the disk does not let us write: reads go on
	MDB_txn *change;      // the transaction under way; null = none
	MDB_txn *look;        // for get and walk: what the last commit left
	pthread_mutex_t door; // who reads, or renews `look`, or opens anew
	uint8_t *got;         // what get found
	uint32_t astray;
	uint64_t transaction; // the last one that was committed
	MDB_dbi table[STORE_TABLES];
	struct store_tally tally, next; // as committed; as changed so far
};

static int error_of(int code)
{
	if (code == MDB_MAP_FULL || code == MDB_TXN_FULL)
		return -ENOSPC;
	if (code == MDB_NOTFOUND)
		return -ENOENT;
	if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_PANIC || code == MDB_INVALID)
		return -EUCLEAN;
	return code > 0 ? -code : code ? -EIO : 0;
}

// Sets *mark to what the row adds to its table's sum.
static int row_write(struct lmdb *lmdb, enum store_table table, const struct store_row *row, unsigned flags,
		     uint64_t *mark)
{
	uint64_t name = htobe64(row->key);
	uint32_t crc = store_row_crc(table, row);
	MDB_val key = { sizeof(name), &name }, value = { STORE_CRC_BYTES + row->length, NULL };
	int code = mdb_put(lmdb->change, lmdb->table[table], &key, &value, MDB_RESERVE | flags);

	if (code)
		return code;
	memcpy(value.mv_data, &crc, STORE_CRC_BYTES);
	memcpy((uint8_t *)value.mv_data + STORE_CRC_BYTES, row->bytes, row->length);
	*mark = store_row_mark(row->key, value.mv_data, value.mv_size);
	return 0;
}

static int stamp_write(struct lmdb *lmdb)
{
	struct store_stamp stamp = { .transaction = mdb_txn_id(lmdb->change) };
	struct store_row row = { STORE_STAMP_KEY, (const uint8_t *)&stamp, sizeof(stamp) };
	uint64_t apart;

	memcpy(stamp.sum, lmdb->next.sum, sizeof(stamp.sum));
	row.length = store_stamp_bytes(&stamp);
	return row_write(lmdb, STORE_META, &row, 0, &apart);
}

// ---- Opening

static int tables_open(struct lmdb *lmdb)
{
	bool made = false;
	int code = mdb_txn_begin(lmdb->env, NULL, lmdb->read_only ? MDB_RDONLY : 0, &lmdb->change);

	for (unsigned i = 0; !code && i < STORE_TABLES; i++) {
		code = mdb_dbi_open(lmdb->change, store_table_names[i], 0, &lmdb->table[i]);
		if (code != MDB_NOTFOUND || lmdb->read_only)
			continue;
		made = true;
		code = mdb_dbi_open(lmdb->change, store_table_names[i], MDB_CREATE, &lmdb->table[i]);
	}
	lmdb->next = lmdb->tally;
	if (!code && made) {
		lmdb->transaction = mdb_txn_id(lmdb->change);
		code = stamp_write(lmdb);
	}
	if (!code)
		code = mdb_txn_commit(lmdb->change);
	else
		mdb_txn_abort(lmdb->change);
	lmdb->change = NULL;
	return code;
}

static void env_close(struct lmdb *lmdb)
{
	if (lmdb->look)
		mdb_txn_abort(lmdb->look);
	if (lmdb->env)
		mdb_env_close(lmdb->env);
	lmdb->look = NULL;
	lmdb->env = NULL;
}

static int env_open(struct lmdb *lmdb, bool read_only)
{
	unsigned flags = MDB_NORDAHEAD | MDB_NOTLS | MDB_NOLOCK | (read_only ? MDB_RDONLY : 0);
	int code = mdb_env_create(&lmdb->env);

	lmdb->read_only = read_only;
	if (!code)
		code = mdb_env_set_mapsize(lmdb->env, lmdb->map_bytes);
	if (!code)
		code = mdb_env_set_maxdbs(lmdb->env, STORE_TABLES);
	if (!code)
		code = mdb_env_open(lmdb->env, lmdb->dir, flags, 0600);
	if (!code)
		code = tables_open(lmdb);
	if (!code)
		code = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &lmdb->look);
	if (!code)
		return 0;
	log_error("store.open", "%s/" STORE_FILE_NAME ": cannot be %s: %s", lmdb->dir, read_only ? "read" : "written",
		  mdb_strerror(code));
	env_close(lmdb);
	return error_of(code);
}

// 0: opened, and it is what we left there. -EUCLEAN: it is not, or nobody can say. Else the error that forbids to write; reads go on.
static int env_again(struct lmdb *lmdb)
{
	int error;

	pthread_mutex_lock(&lmdb->door);
	env_close(lmdb);
	error = store_file_look(lmdb->dir, lmdb->file);
	if (!error)
		error = env_open(lmdb, false);
	if (error && (error == -EUCLEAN || env_open(lmdb, true)))
		error = -EUCLEAN;
	if (error != -EUCLEAN && mdb_txn_id(lmdb->look) != lmdb->transaction)
		error = -EUCLEAN;
	pthread_mutex_unlock(&lmdb->door);
	return error;
}

// ---- Changes

static int lmdb_begin(void *self)
{
	struct lmdb *lmdb = self;
	int error = lmdb->read_only ? store_file_look(lmdb->dir, lmdb->file) : 0;

	if (!error && (lmdb->read_only || !lmdb->env))
		error = env_again(lmdb);
	if (error)
		return error;
	lmdb->next = lmdb->tally;
	return error_of(mdb_txn_begin(lmdb->env, NULL, 0, &lmdb->change));
}

// What is under this key will not be any more.
static int row_discount(struct lmdb *lmdb, enum store_table table, uint64_t name)
{
	uint64_t name_be = htobe64(name);
	MDB_val key = { sizeof(name_be), &name_be }, value;
	int code = mdb_get(lmdb->change, lmdb->table[table], &key, &value);

	if (!code)
		lmdb->next.sum[table] -= store_row_mark(name, value.mv_data, value.mv_size);
	return code;
}

static int lmdb_put(void *self, enum store_table table, const struct store_row *row)
{
	struct lmdb *lmdb = self;
	struct store_tally *next = &lmdb->next;
	unsigned append = row->key > next->last[table] ? MDB_APPEND : 0;
	int code = append ? MDB_NOTFOUND : row_discount(lmdb, table, row->key);
	uint64_t mark;

	if (!code || code == MDB_NOTFOUND)
		code = row_write(lmdb, table, row, append, &mark);
	if (code)
		return error_of(code);
	next->sum[table] += mark;
	next->last[table] = append ? row->key : next->last[table];
	return 0;
}

static int lmdb_drop(void *self, enum store_table table, uint64_t name)
{
	struct lmdb *lmdb = self;
	uint64_t name_be = htobe64(name);
	MDB_val key = { sizeof(name_be), &name_be };
	int code = row_discount(lmdb, table, name);

	if (!code)
		code = mdb_del(lmdb->change, lmdb->table[table], &key, NULL);
	return code == MDB_NOTFOUND ? 0 : error_of(code);
}

static void lmdb_abandon(void *self)
{
	struct lmdb *lmdb = self;

	if (lmdb->change)
		mdb_txn_abort(lmdb->change);
	lmdb->change = NULL;
}

// Here and not when somebody reads: a header that is being written must not be looked at, and LMDB, without its lock file, does
// not know which old pages a reader still needs. The next transaction begins when everybody reads this one.
static int look_renew(struct lmdb *lmdb)
{
	int code;

	pthread_mutex_lock(&lmdb->door);
	mdb_txn_reset(lmdb->look);
	code = mdb_txn_renew(lmdb->look);
	pthread_mutex_unlock(&lmdb->door);
	return code ? -EUCLEAN : 0;
}

// A transaction's number in LMDB tells, after a failed commit, whether it got in after all.
static int lmdb_commit(void *self)
{
	struct lmdb *lmdb = self;
	size_t id = mdb_txn_id(lmdb->change);
	int code = stamp_write(lmdb);

	if (code) {
		lmdb_abandon(self);
		return error_of(code);
	}
	FAULT_POINT("store.committing");
	code = mdb_txn_commit(lmdb->change);
	lmdb->change = NULL;
	FAULT_POINT("store.committed");
	if (code) {
		code = code == EIO && store_file_full(lmdb->file) ? ENOSPC : code;
		log_error("store.commit", "%s: %s; opening the store again", lmdb->dir, mdb_strerror(code));
		return env_again(lmdb) == -EUCLEAN ? -EUCLEAN : error_of(code);
	}
	lmdb->tally = lmdb->next;
	lmdb->transaction = id;
	return look_renew(lmdb);
}

// ---- Reading

// 0: the door has to be opened again.
static int look_begin(struct lmdb *lmdb)
{
	pthread_mutex_lock(&lmdb->door);
	return lmdb->look ? 0 : (pthread_mutex_unlock(&lmdb->door), -EIO);
}

// Keys are numbers in this file, or it would not have been opened.
static void row_read(enum store_table table, const MDB_val *key, const MDB_val *value, struct store_row *row)
{
	row->key = be64_get(key->mv_data);
	store_row_read(table, value->mv_data, value->mv_size, row);
}

// The page may be written anew once the look is over.
static int got_keep(struct lmdb *lmdb, MDB_val *value)
{
	uint8_t *got = realloc(lmdb->got, value->mv_size + 1);

	if (!got)
		return -ENOMEM;
	lmdb->got = got;
	value->mv_data = memcpy(got, value->mv_data, value->mv_size);
	return 0;
}

static int lmdb_get(void *self, enum store_table table, struct store_row *row)
{
	struct lmdb *lmdb = self;
	uint64_t name = htobe64(row->key);
	MDB_val key = { sizeof(name), &name }, value;
	int error = look_begin(lmdb);

	if (error)
		return error;
	error = error_of(mdb_get(lmdb->look, lmdb->table[table], &key, &value));
	if (!error)
		error = got_keep(lmdb, &value);
	pthread_mutex_unlock(&lmdb->door);
	if (!error)
		row_read(table, &key, &value, row);
	return error;
}

static int lmdb_walk(void *self, enum store_table table, uint64_t from, store_visit *visit, void *with)
{
	struct lmdb *lmdb = self;
	uint64_t name = htobe64(from);
	MDB_val key = { sizeof(name), &name }, value;
	MDB_cursor_op step = MDB_SET_RANGE;
	MDB_cursor *cursor = NULL;
	struct store_row row;
	int error = look_begin(lmdb);
	int result = 0;

	if (error)
		return error;
	error = error_of(mdb_cursor_open(lmdb->look, lmdb->table[table], &cursor));
	while (!error && !result && !(error = error_of(mdb_cursor_get(cursor, &key, &value, step)))) {
		row_read(table, &key, &value, &row);
		result = visit(with, &row);
		step = MDB_NEXT;
	}
	mdb_cursor_close(cursor);
	pthread_mutex_unlock(&lmdb->door);
	return result ? result : error == -ENOENT ? 0 : error;
}

static void lmdb_size(void *self, uint64_t *used, uint64_t *limit)
{
	struct lmdb *lmdb = self;
	MDB_envinfo info = { 0 };
	MDB_stat stat_db = { 0 };

	*limit = lmdb->map_bytes;
	pthread_mutex_lock(&lmdb->door);
	if (lmdb->env) {
		mdb_env_info(lmdb->env, &info);
		mdb_env_stat(lmdb->env, &stat_db);
	}
	pthread_mutex_unlock(&lmdb->door);
	*used = (info.me_last_pgno + 1) * (uint64_t)stat_db.ms_psize;
}

static uint32_t lmdb_astray(void *self)
{
	struct lmdb *lmdb = self;

	return lmdb->astray;
}

static void lmdb_close(void *self)
{
	struct lmdb *lmdb = self;

	env_close(lmdb);
	close(lmdb->file);
	free(lmdb->got);
	free(lmdb);
}

static const struct store_engine lmdb_engine = {
	.astray = lmdb_astray,
	.begin = lmdb_begin,
	.put = lmdb_put,
	.drop = lmdb_drop,
	.commit = lmdb_commit,
	.abandon = lmdb_abandon,
	.get = lmdb_get,
	.walk = lmdb_walk,
	.size = lmdb_size,
	.close = lmdb_close,
};

int store_lmdb_open(struct store *store, const char *dir, uint32_t mib)
{
	struct store_checked checked;
	int error, file = store_file_open(dir, &checked);
	struct lmdb *lmdb = file < 0 ? NULL : calloc(1, sizeof(*lmdb));

	if (!lmdb)
		return file < 0 ? file : -ENOMEM;
	*lmdb = (struct lmdb){ .map_bytes = (size_t)mib << 20,
			       .file = file,
			       .door = PTHREAD_MUTEX_INITIALIZER,
			       .astray = checked.astray,
			       .transaction = checked.transaction,
			       .tally = checked.tally };
	snprintf(lmdb->dir, sizeof(lmdb->dir), "%s", dir);
	error = env_open(lmdb, false);
	if (error)
		lmdb_close(lmdb);
	else
		*store = (struct store){ &lmdb_engine, lmdb };
	return error;
}
