// ctrl_stand_store.c - the store of the stand: the real one, and faults on command before it. State: struct ctrl_stand.
#include <errno.h>
#include "tests/unit/ctrl_stand.h"

static int take_fault(int *fault)
{
	int error = *fault;

	*fault = 0;
	return error;
}

static uint32_t fail_astray(void *self)
{
	struct ctrl_stand *stand = self;

	return stand->lmdb.engine->astray(stand->lmdb.self);
}

static int fail_begin(void *self)
{
	struct ctrl_stand *stand = self;
	int error = take_fault(&stand->fail_begin);

	return error ? error : stand->lmdb.engine->begin(stand->lmdb.self);
}

static int fail_put(void *self, enum store_table table, const struct store_row *row)
{
	struct ctrl_stand *stand = self;
	int error = take_fault(&stand->fail_put);

	return error ? error : stand->lmdb.engine->put(stand->lmdb.self, table, row);
}

static int fail_drop(void *self, enum store_table table, uint64_t key)
{
	struct ctrl_stand *stand = self;

	return stand->lmdb.engine->drop(stand->lmdb.self, table, key);
}

static void fail_abandon(void *self)
{
	struct ctrl_stand *stand = self;

	stand->lmdb.engine->abandon(stand->lmdb.self);
}

static int fail_commit(void *self)
{
	struct ctrl_stand *stand = self;
	int error;

	if (stand->gate)
		sem_wait(stand->gate);
	error = take_fault(&stand->fail_commit);
	if (error && error != -EUCLEAN) {
		fail_abandon(self);
		return error;
	}
	return stand->lmdb.engine->commit(stand->lmdb.self) | error;
}

static int fail_get(void *self, enum store_table table, struct store_row *row)
{
	struct ctrl_stand *stand = self;

	return stand->lmdb.engine->get(stand->lmdb.self, table, row);
}

static int fail_walk(void *self, enum store_table table, uint64_t from, store_visit *visit, void *with)
{
	struct ctrl_stand *stand = self;

	return stand->lmdb.engine->walk(stand->lmdb.self, table, from, visit, with);
}

static void fail_size(void *self, uint64_t *used, uint64_t *limit)
{
	struct ctrl_stand *stand = self;

	stand->lmdb.engine->size(stand->lmdb.self, used, limit);
}

static void fail_close(void *self)
{
	struct ctrl_stand *stand = self;

	store_close(&stand->lmdb);
}

const struct store_engine ctrl_stand_failing = { fail_astray,  fail_begin, fail_put,  fail_drop, fail_commit,
						 fail_abandon, fail_get,   fail_walk, fail_size, fail_close };
