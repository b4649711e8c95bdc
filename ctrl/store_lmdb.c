// store_lmdb.c - the store in LMDB: crash-safe, no server, one file. One thread changes (it is the scribe's), another may read
// meanwhile; only the opening anew after a fault keeps them apart.
//
// Sessions and keys grow at the end (keys are big-endian running numbers), which LMDB appends without splitting pages.
// LMDB keeps no checksums, so each value begins with one. A failed commit closes the environment and opens it again: a failed
// fsync says nothing about what is on disk, and only the file can tell.
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctrl/crc.h"
#include "ctrl/store.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"
#include "shared/wire/cursor.h"

const char *const store_table_names[STORE_TABLES] = { "meta",    "sessions", "cells",  "keys",      "usage",
						      "journal", "leaving",  "closed", "quarantine" };

#define CRC_BYTES sizeof(uint32_t)

struct lmdb {
	char dir[256];
	size_t map_bytes;
	MDB_env *env;
	MDB_txn *change;      // the transaction under way; null = none
	MDB_txn *look;        // for get and walk; reset between calls, so that it keeps no old page alive
	pthread_mutex_t door; // who reads, or opens anew
	uint8_t *got;         // what get found
	MDB_dbi table[STORE_TABLES];
	uint64_t last[STORE_TABLES]; // highest key known: what lies beyond is appended
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

static int dir_check(const char *dir)
{
	struct stat stat_of;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		log_error("store.dir", "%s: %m", dir);
		return -errno;
	}
	if (stat(dir, &stat_of) < 0)
		return -errno;
	if (!S_ISDIR(stat_of.st_mode) || stat_of.st_mode & 077 || stat_of.st_uid != geteuid()) {
		log_error("store.mode", "%s: must be a directory of ours with mode 0700, is %04o of uid %u", dir,
			  stat_of.st_mode & 07777, stat_of.st_uid);
		return -EACCES;
	}
	return 0;
}

static int file_check(const char *dir, const char *name)
{
	char path[300];
	struct stat stat_of;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (stat(path, &stat_of) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISREG(stat_of.st_mode) && !(stat_of.st_mode & 077) && stat_of.st_uid == geteuid())
		return 0;
	log_error("store.mode", "%s: must be a file of ours with mode 0600, is %04o of uid %u", path,
		  stat_of.st_mode & 07777, stat_of.st_uid);
	return -EACCES;
}

// A file shorter than its own header says would end the process by SIGBUS in the middle of things. The missing end is made up:
// what belonged there fails its CRC and is named; pages never written because they were free again are no loss.
static int length_check(const struct lmdb *lmdb)
{
	struct stat stat_of;
	MDB_envinfo info;
	MDB_stat stat_db;
	off_t wanted;
	int fd;

	mdb_env_info(lmdb->env, &info);
	mdb_env_stat(lmdb->env, &stat_db);
	if (mdb_env_get_fd(lmdb->env, &fd) || fstat(fd, &stat_of) < 0)
		return -EIO;
	wanted = (off_t)(info.me_last_pgno + 1) * stat_db.ms_psize;
	if (stat_of.st_size >= wanted)
		return 0;
	log_warning("store.short", "%s/data.mdb: %lld bytes, its header says %lld", lmdb->dir,
		    (long long)stat_of.st_size, (long long)wanted);
	return ftruncate(fd, wanted) < 0 ? -errno : 0;
}

static int tables_open(struct lmdb *lmdb)
{
	int code = mdb_txn_begin(lmdb->env, NULL, 0, &lmdb->change);

	for (unsigned i = 0; !code && i < STORE_TABLES; i++) {
		MDB_cursor *cursor;
		MDB_val key, value;

		code = mdb_dbi_open(lmdb->change, store_table_names[i], MDB_CREATE, &lmdb->table[i]);
		lmdb->last[i] = 0;
		if (code || (code = mdb_cursor_open(lmdb->change, lmdb->table[i], &cursor)))
			break;
		code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
		if (!code && key.mv_size == sizeof(uint64_t))
			lmdb->last[i] = be64_get(key.mv_data);
		mdb_cursor_close(cursor);
		code = code == MDB_NOTFOUND ? 0 : code;
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

static int env_open(struct lmdb *lmdb)
{
	int code = mdb_env_create(&lmdb->env);
	int error;

	if (!code)
		code = mdb_env_set_mapsize(lmdb->env, lmdb->map_bytes);
	if (!code)
		code = mdb_env_set_maxdbs(lmdb->env, STORE_TABLES);
	if (!code)
		code = mdb_env_open(lmdb->env, lmdb->dir, MDB_NORDAHEAD | MDB_NOTLS, 0600);
	error = code ? error_of(code) : length_check(lmdb);
	if (!error)
		error = error_of(tables_open(lmdb));
	if (!error)
		error = error_of(mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &lmdb->look));
	if (error) {
		log_error("store.open", "%s: %s", lmdb->dir, code ? mdb_strerror(code) : "damaged or not writable");
		env_close(lmdb);
		return error;
	}
	mdb_txn_reset(lmdb->look);
	return 0;
}

static int env_again(struct lmdb *lmdb)
{
	int error;

	pthread_mutex_lock(&lmdb->door);
	env_close(lmdb);
	error = env_open(lmdb);
	pthread_mutex_unlock(&lmdb->door);
	return error;
}

// 0: look_end has to follow.
static int look_begin(struct lmdb *lmdb)
{
	int error;

	pthread_mutex_lock(&lmdb->door);
	error = lmdb->env ? error_of(mdb_txn_renew(lmdb->look)) : -EIO;
	if (error)
		pthread_mutex_unlock(&lmdb->door);
	return error;
}

static void look_end(struct lmdb *lmdb)
{
	mdb_txn_reset(lmdb->look);
	pthread_mutex_unlock(&lmdb->door);
}

static uint32_t row_crc(enum store_table table, const struct store_row *row)
{
	return crc_bytes(crc_word(table, row->key), row->bytes, row->length);
}

// Fills *row from what lies there; bytes null if it is not what was written.
static void row_read(enum store_table table, const MDB_val *key, const MDB_val *value, struct store_row *row)
{
	uint32_t crc;

	*row = (struct store_row){ 0 };
	if (key->mv_size != sizeof(uint64_t))
		return;
	row->key = be64_get(key->mv_data);
	if (value->mv_size < CRC_BYTES)
		return;
	memcpy(&crc, value->mv_data, CRC_BYTES);
	row->bytes = (const uint8_t *)value->mv_data + CRC_BYTES;
	row->length = value->mv_size - CRC_BYTES;
	if (crc != row_crc(table, row))
		row->bytes = NULL;
}

static int lmdb_begin(void *self)
{
	struct lmdb *lmdb = self;

	if (!lmdb->env && env_again(lmdb) < 0)
		return -EIO;
	return error_of(mdb_txn_begin(lmdb->env, NULL, 0, &lmdb->change));
}

static int lmdb_put(void *self, enum store_table table, const struct store_row *row)
{
	struct lmdb *lmdb = self;
	uint64_t name = htobe64(row->key);
	uint32_t crc = row_crc(table, row);
	MDB_val key = { sizeof(name), &name }, value = { CRC_BYTES + row->length, NULL };
	unsigned append = row->key > lmdb->last[table] ? MDB_APPEND : 0;
	int code = mdb_put(lmdb->change, lmdb->table[table], &key, &value, MDB_RESERVE | append);

	if (code)
		return error_of(code);
	memcpy(value.mv_data, &crc, CRC_BYTES);
	memcpy((uint8_t *)value.mv_data + CRC_BYTES, row->bytes, row->length);
	if (append)
		lmdb->last[table] = row->key;
	return 0;
}

static int lmdb_drop(void *self, enum store_table table, uint64_t name)
{
	struct lmdb *lmdb = self;
	uint64_t name_be = htobe64(name);
	MDB_val key = { sizeof(name_be), &name_be };
	int code = mdb_del(lmdb->change, lmdb->table[table], &key, NULL);

	return code == MDB_NOTFOUND ? 0 : error_of(code);
}

static void lmdb_abandon(void *self)
{
	struct lmdb *lmdb = self;

	if (lmdb->change)
		mdb_txn_abort(lmdb->change);
	lmdb->change = NULL;
	env_again(lmdb); // `last` may have run ahead; opening finds it again
}

// A transaction's number in LMDB tells, after a failed commit, whether it got in after all.
static int lmdb_commit(void *self)
{
	struct lmdb *lmdb = self;
	size_t id = mdb_txn_id(lmdb->change);
	MDB_envinfo info;
	int code;

	FAULT_POINT("store.committing");
	code = mdb_txn_commit(lmdb->change);
	lmdb->change = NULL;
	FAULT_POINT("store.committed");
	if (!code)
		return 0;
	log_error("store.commit", "%s: %s; opening the store again", lmdb->dir, mdb_strerror(code));
	if (env_again(lmdb) < 0)
		return -EUCLEAN;
	mdb_env_info(lmdb->env, &info);
	return info.me_last_txnid >= id ? -EUCLEAN : error_of(code);
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
	look_end(lmdb);
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
	look_end(lmdb);
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

static void lmdb_close(void *self)
{
	struct lmdb *lmdb = self;

	env_close(lmdb);
	free(lmdb->got);
	free(lmdb);
}

static const struct store_engine lmdb_engine = {
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
	struct lmdb *lmdb = calloc(1, sizeof(*lmdb));
	int error = lmdb ? dir_check(dir) : -ENOMEM;

	if (!error)
		error = file_check(dir, "data.mdb");
	if (!error)
		error = file_check(dir, "lock.mdb");
	if (!error) {
		snprintf(lmdb->dir, sizeof(lmdb->dir), "%s", dir);
		lmdb->map_bytes = (size_t)mib << 20;
		pthread_mutex_init(&lmdb->door, NULL);
		error = env_open(lmdb);
	}
	if (error) {
		free(lmdb);
		return error;
	}
	*store = (struct store){ &lmdb_engine, lmdb };
	return 0;
}
