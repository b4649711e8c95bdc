// store_check.c - the headers of a store's file, and what its last transaction says of itself. Pure but for reading.
#include "ctrl/store/store_check.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctrl/store/store_walk.h"
#include "shared/base/log.h"

const char *const store_table_names[STORE_TABLES] = { "meta",       "sessions", "cells",   "keys",
						      "usage",      "journal",  "leaving", "closed",
						      "quarantine", "notes",    "reports", "measures" };

#define PAGE_BYTES_MIN 512u
#define PAGE_BYTES_MAX 65536u
#define NAMED_BY_PATH 0x4000u // the one flag LMDB may have kept from whoever made the file

struct head {
	struct layout_page page;
	struct layout_meta meta;
};

static int foreign(const char *path, unsigned page, const char *what)
{
	log_error("store.torn", "%s: header %u %s", path, page, what);
	return -EUCLEAN;
}

static int head_read(const struct store_walk *walk, unsigned page, struct head *head)
{
	const struct layout_meta *meta = &head->meta;
	ssize_t got = pread(walk->fd, head, sizeof(*head), (off_t)page * walk->page_bytes);

	if (got < 0) {
		got = -errno;
		log_error("store.read", "%s: %s", walk->path, strerror((int)-got));
		return (int)got;
	}
	if (got != sizeof(*head))
		return foreign(walk->path, page, "is missing: the file was cut off");
	if (meta->magic != LAYOUT_MAGIC || meta->version != LAYOUT_VERSION)
		return foreign(walk->path, page, "is not that of a store");
	if (head->page.number != page || head->page.flags != LAYOUT_META || meta->tables.flags ||
	    (meta->free.flags & ~NAMED_BY_PATH) != LAYOUT_INTEGER_KEYS || meta->free.pad < PAGE_BYTES_MIN ||
	    meta->free.pad > PAGE_BYTES_MAX || (meta->free.pad & (meta->free.pad - 1)))
		return foreign(walk->path, page, "is damaged");
	if (meta->last_page < 1 || meta->last_page > UINT32_MAX)
		return foreign(walk->path, page, "names a last page that cannot be");
	return 0;
}

// Transaction n writes header n % 2, so the other one is that of n - 1.
static bool heads_agree(const struct layout_meta *newer, const struct layout_meta *older, unsigned page)
{
	if (!newer->transaction)
		return !older->transaction;
	return newer->transaction == older->transaction + 1 && newer->transaction % 2 == page;
}

static uint32_t astray(const struct store_walk *walk, const char *why)
{
	log_error("store.astray", "%s: %s", walk->path, why);
	return (1u << STORE_TABLES) - 1;
}

// A build that knows no stamps leaves the last one as it was; but it has written table meta since, at its start.
static uint32_t tables_astray(const struct store_walk *walk)
{
	const struct store_stamp *stamp = &walk->stamp;
	uint32_t tables = 0;

	if (walk->stamp_broken)
		return astray(walk, "the row that tells what the others add up to is damaged");
	if (!stamp->transaction)
		return 0;
	if (stamp->transaction > walk->transaction ||
	    (stamp->transaction < walk->transaction && stamp->sum[STORE_META] == walk->tally.sum[STORE_META]))
		return astray(walk, "its header is not that of its last transaction");
	if (stamp->transaction < walk->transaction) {
		log_warning("store.unsummed",
			    "%s: last written by a build that keeps no sums; whether rows are missing is not known",
			    walk->path);
		return 0;
	}
	for (unsigned i = 0; i < STORE_TABLES; i++)
		tables |= (uint32_t)(stamp->sum[i] != walk->tally.sum[i]) << i;
	return tables;
}

// What the older header leads to must be older: else it is the newer one's, with a number that was damaged.
static uint32_t older_check(struct store_walk *walk, const struct layout_meta *older)
{
	walk->glance = true;
	if (!store_walk(walk, older) && walk->stamp.transaction > older->transaction)
		return astray(walk, "one of its headers names a transaction that was not its own");
	return 0;
}

int store_check(int fd, const char *path, struct store_checked *checked)
{
	struct store_walk walk = { .path = path, .fd = fd }, glance;
	struct stat stat_of;
	struct head head[LAYOUT_METAS];
	unsigned newer;
	int error = fstat(fd, &stat_of) < 0 ? -errno : head_read(&walk, 0, &head[0]);

	if (error)
		return error;
	walk.page_bytes = head[0].meta.free.pad;
	walk.file_bytes = (uint64_t)stat_of.st_size;
	glance = walk;
	error = head_read(&walk, 1, &head[1]);
	if (error)
		return error;
	newer = head[1].meta.transaction > head[0].meta.transaction;
	if (head[0].meta.free.pad != head[1].meta.free.pad ||
	    !heads_agree(&head[newer].meta, &head[!newer].meta, newer))
		return foreign(path, newer, "and the other one do not belong together");
	error = store_walk(&walk, &head[newer].meta);
	if (error)
		return error;
	*checked = (struct store_checked){ head[newer].meta.transaction, walk.tally, tables_astray(&walk) };
	checked->astray |= older_check(&glance, &head[!newer].meta);
	return 0;
}
