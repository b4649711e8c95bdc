// store_walk.c - the pages of one transaction, from the roots down. Nothing read is taken on trust; the state is the caller's struct.
#include "ctrl/store/store_walk.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shared/base/log.h"

#define LEVELS 40u // of the tree of tables and one table

enum tree_kind { TREE_FREE, TREE_TABLES, TREE_ROWS };

struct key {
	const uint8_t *bytes; // null: no bound
	size_t length;
};

struct tree {
	enum tree_kind kind;
	int table;     // TREE_ROWS: which; -1 = one of another build
	unsigned base; // level of its root
	struct layout_tree claim, seen;
};

static int damaged(const struct store_walk *walk, uint64_t page, const char *what)
{
	if (!walk->glance)
		log_error("store.torn", "%s: page %llu %s", walk->path, (unsigned long long)page, what);
	return -EUCLEAN;
}

static uint8_t *room_at(const struct store_walk *walk, unsigned level)
{
	return walk->room + (size_t)level * walk->page_bytes;
}

static int bytes_read(const struct store_walk *walk, void *bytes, size_t length, uint64_t page)
{
	ssize_t got = pread(walk->fd, bytes, length, (off_t)(page * walk->page_bytes));

	if (got == (ssize_t)length)
		return 0;
	if (got >= 0)
		return damaged(walk, page, "is beyond the end of the file: it was cut off");
	got = -errno;
	log_error("store.read", "%s: page %llu: %s", walk->path, (unsigned long long)page, strerror((int)-got));
	return (int)got;
}

static bool is_taken(const struct store_walk *walk, uint64_t page)
{
	return walk->taken[page / 8] >> page % 8 & 1;
}

// Each page has one use.
static int pages_take(struct store_walk *walk, uint64_t first, uint64_t count)
{
	if (first < LAYOUT_METAS || first >= walk->pages || count > walk->pages - first)
		return damaged(walk, first, "is named, but there is none of that number");
	for (uint64_t page = first; page < first + count; page++) {
		if (is_taken(walk, page))
			return damaged(walk, page, "is in two places, or in use and free");
		walk->taken[page / 8] |= (uint8_t)(1u << page % 8);
	}
	return 0;
}

// ---- Nodes

static int key_compare(const struct store_walk *walk, const struct key *left, const struct key *right)
{
	size_t common = left->length < right->length ? left->length : right->length;
	uint64_t words[2];
	int order;

	if (walk->tree->kind == TREE_FREE) {
		memcpy(&words[0], left->bytes, sizeof(uint64_t));
		memcpy(&words[1], right->bytes, sizeof(uint64_t));
		return words[0] < words[1] ? -1 : words[0] > words[1];
	}
	order = memcmp(left->bytes, right->bytes, common);
	return order ? order : left->length < right->length ? -1 : left->length > right->length;
}

static unsigned nodes_of(const struct layout_page *page)
{
	return (unsigned)((page->lower - LAYOUT_PAGE_HEAD) / sizeof(uint16_t));
}

static int header_check(const struct store_walk *walk, const struct layout_page *page, uint64_t number)
{
	if (page->number != number)
		return damaged(walk, number, "says it is another one");
	if (page->flags != LAYOUT_BRANCH && page->flags != LAYOUT_LEAF)
		return damaged(walk, number, "is neither branch nor leaf");
	if (page->lower < LAYOUT_PAGE_HEAD + sizeof(uint16_t) || page->lower > page->upper ||
	    page->upper > walk->page_bytes || page->lower % sizeof(uint16_t))
		return damaged(walk, number, "has a wrong number of entries");
	return 0;
}

static const struct layout_node *node_at(const struct layout_page *page, unsigned i)
{
	uint32_t at = ((const uint16_t *)(page + 1))[i];

	return (const void *)((const uint8_t *)page + at);
}

// 0: it is not inside its page.
static uint32_t node_bytes(const struct store_walk *walk, const struct layout_page *page, unsigned i)
{
	const struct layout_node *node = node_at(page, i);
	uint64_t at = (uint64_t)((const uint8_t *)node - (const uint8_t *)page), bytes = sizeof(*node);

	if (at < page->upper || at % 2 || at + bytes > walk->page_bytes)
		return 0;
	bytes += node->key_bytes;
	if (page->flags == LAYOUT_LEAF)
		bytes += node->flags & LAYOUT_BIG ? sizeof(uint64_t) : layout_value_bytes(node);
	bytes += bytes % 2;
	return at + bytes <= walk->page_bytes ? (uint32_t)bytes : 0;
}

// Entries fill the end of their page without gaps.
static int nodes_check(const struct store_walk *walk, const struct layout_page *page)
{
	uint32_t used = 0;

	for (unsigned i = 0; i < nodes_of(page); i++) {
		uint32_t bytes = node_bytes(walk, page, i);

		if (!bytes)
			return damaged(walk, page->number, "has an entry that is not inside it");
		used += bytes;
	}
	return used == walk->page_bytes - page->upper
		   ? 0
		   : damaged(walk, page->number, "has gaps, or entries in one place");
}

static struct key key_of(const struct layout_node *node)
{
	return (struct key){ (const uint8_t *)(node + 1), node->key_bytes };
}

// ---- Values

// Takes the pages of a value that does not fit its leaf; the first is read into the last level's room.
static int big_take(struct store_walk *walk, uint64_t number, uint32_t length)
{
	struct layout_page *page = (struct layout_page *)room_at(walk, LEVELS);
	uint64_t wanted = (LAYOUT_PAGE_HEAD - 1 + (uint64_t)length) / walk->page_bytes + 1;
	int error;

	if (number < LAYOUT_METAS || number >= walk->pages)
		return damaged(walk, number, "is named, but there is none of that number");
	error = bytes_read(walk, page, walk->page_bytes, number);
	if (error)
		return error;
	if (page->number != number || page->flags != LAYOUT_OVERFLOW || page->pages < wanted)
		return damaged(walk, number, "is not the large row it should be");
	if ((number + page->pages) * walk->page_bytes > walk->file_bytes)
		return damaged(walk, number, "is of a row that the end of the file cuts off");
	walk->tree->seen.overflows += page->pages;
	return pages_take(walk, number, page->pages);
}

static int free_list_check(struct store_walk *walk, uint64_t page, const uint64_t *list, size_t length)
{
	int error = 0;

	if (length < sizeof(*list) || length % sizeof(*list) || list[0] > length / sizeof(*list) - 1)
		return damaged(walk, page, "has a list of free pages with a wrong length");
	for (uint64_t i = 1; !error && i <= list[0]; i++) {
		if (i > 1 && list[i] >= list[i - 1])
			return damaged(walk, page, "has a list of free pages out of order");
		error = pages_take(walk, list[i], 1);
	}
	return error;
}

static int free_visit(struct store_walk *walk, uint64_t page, const struct layout_node *node)
{
	size_t length = layout_value_bytes(node);
	const uint8_t *value = (const uint8_t *)(node + 1) + node->key_bytes;
	uint64_t transaction, big = 0, *list;
	int error = 0;

	memcpy(&transaction, node + 1, sizeof(transaction));
	if (!transaction || transaction > walk->transaction)
		return damaged(walk, page, "lists free pages of no transaction");
	if (node->flags & LAYOUT_BIG) {
		memcpy(&big, value, sizeof(big));
		error = big_take(walk, big, (uint32_t)length);
	}
	list = error ? NULL : malloc(length + sizeof(*list));
	if (!list)
		return error ? error : -ENOMEM;
	if (!big)
		memcpy(list, value, length);
	else if (pread(walk->fd, list, length, (off_t)(big * walk->page_bytes + LAYOUT_PAGE_HEAD)) != (ssize_t)length)
		error = damaged(walk, big, "cannot be read");
	if (!error)
		error = free_list_check(walk, page, list, length);
	free(list);
	return error;
}

static void stamp_read(struct store_walk *walk, const void *value, size_t length)
{
	struct store_row row = { .key = STORE_STAMP_KEY };

	store_row_read(STORE_META, value, length, &row);
	walk->stamp_broken = !row.bytes || row.length < STORE_STAMP_LEAST || row.length % sizeof(uint64_t);
	if (!walk->stamp_broken)
		memcpy(&walk->stamp, row.bytes, row.length < sizeof(walk->stamp) ? row.length : sizeof(walk->stamp));
}

static int row_visit(struct store_walk *walk, const struct layout_node *node)
{
	struct store_tally *tally = &walk->tally;
	size_t length = layout_value_bytes(node);
	const uint8_t *value = (const uint8_t *)(node + 1) + node->key_bytes;
	int table = walk->tree->table, error = 0;
	uint64_t key, big;

	memcpy(&key, node + 1, sizeof(key));
	key = be64toh(key);
	if (node->flags & LAYOUT_BIG) {
		memcpy(&big, value, sizeof(big));
		error = big_take(walk, big, (uint32_t)length);
		value = room_at(walk, LEVELS) + LAYOUT_PAGE_HEAD;
	}
	if (error || table < 0)
		return error;
	if (store_is_stamp((enum store_table)table, key)) {
		stamp_read(walk, value, node->flags & LAYOUT_BIG ? 0 : length);
		return 0;
	}
	tally->sum[table] += store_row_mark(key, value, length);
	tally->last[table] = key > tally->last[table] ? key : tally->last[table];
	return 0;
}

// ---- Trees

static int tree_walk(struct store_walk *walk, struct tree *tree);

static int table_of(const struct key *name)
{
	for (int table = 0; table < STORE_TABLES; table++)
		if (strlen(store_table_names[table]) == name->length &&
		    !memcmp(store_table_names[table], name->bytes, name->length))
			return table;
	return -1;
}

static int table_visit(struct store_walk *walk, uint64_t page, const struct layout_node *node, unsigned level)
{
	struct key name = key_of(node);
	struct tree *above = walk->tree, tree = { .kind = TREE_ROWS, .table = table_of(&name), .base = level + 1 };
	int error;

	if (node->flags != LAYOUT_TREE || layout_value_bytes(node) != sizeof(tree.claim))
		return damaged(walk, page, "has something that is not a table");
	if (walk->glance && tree.table != STORE_META)
		return 0;
	memcpy(&tree.claim, (const uint8_t *)(node + 1) + node->key_bytes, sizeof(tree.claim));
	if (tree.claim.flags)
		return damaged(walk, page, "has a table of a kind that Shoal does not make");
	error = tree_walk(walk, &tree);
	walk->tree = above;
	return error;
}

static int leaf_visit(struct store_walk *walk, uint64_t page, const struct layout_node *node, unsigned level)
{
	walk->tree->seen.entries++;
	if (walk->tree->kind == TREE_TABLES)
		return table_visit(walk, page, node, level);
	if (node->flags & ~LAYOUT_BIG)
		return damaged(walk, page, "has a row of a kind that Shoal does not write");
	return walk->tree->kind == TREE_FREE ? free_visit(walk, page, node) : row_visit(walk, node);
}

static bool key_fits(const struct store_walk *walk, const struct key *key, const struct key *from,
		     const struct key *until)
{
	if (walk->tree->kind != TREE_TABLES && key->length != sizeof(uint64_t))
		return false;
	if (from->bytes && key_compare(walk, key, from) < 0)
		return false;
	return !until->bytes || key_compare(walk, key, until) < 0;
}

static int page_walk(struct store_walk *walk, uint64_t number, const struct key *bounds, unsigned level);

// What hangs under the branch's entry i: its keys go from the entry's own (the first has none) to the next one's.
static int child_walk(struct store_walk *walk, uint64_t number, const struct key *bounds, unsigned level, unsigned i)
{
	const struct layout_page *page = (const void *)room_at(walk, level);
	const struct layout_node *node = node_at(page, i);
	bool last = i + 1 == nodes_of(page);
	struct key below[2] = { bounds[0], bounds[1] };

	if (i)
		below[0] = key_of(node);
	if (!last)
		below[1] = key_of(node_at(page, i + 1));
	if ((i && !key_fits(walk, &below[0], &bounds[0], &bounds[1])) ||
	    (!last && !key_fits(walk, &below[1], &below[0], &bounds[1])))
		return damaged(walk, number, "has keys out of order");
	return page_walk(walk, layout_child(node), below, level + 1);
}

static int leaf_walk(struct store_walk *walk, uint64_t number, const struct key *bounds, unsigned level)
{
	const struct layout_page *page = (const void *)room_at(walk, level);
	struct key last = { 0 };
	int error = 0;

	walk->tree->seen.leaves++;
	if (level - walk->tree->base + 1 != walk->tree->claim.depth)
		return damaged(walk, number, "is not as deep in its tree as it should be");
	for (unsigned i = 0; !error && i < nodes_of(page); i++) {
		const struct layout_node *node = node_at(page, i);
		struct key key = key_of(node);

		if (!key_fits(walk, &key, &bounds[0], &bounds[1]) || (i && key_compare(walk, &key, &last) <= 0))
			return damaged(walk, number, "has keys out of order");
		last = key;
		error = leaf_visit(walk, number, node, level);
	}
	return error;
}

static int page_walk(struct store_walk *walk, uint64_t number, const struct key *bounds, unsigned level)
{
	const struct layout_page *page = (const void *)room_at(walk, level);
	int error = level < LEVELS ? pages_take(walk, number, 1) : damaged(walk, number, "is too deep in its tree");

	if (!error)
		error = bytes_read(walk, room_at(walk, level), walk->page_bytes, number);
	if (!error)
		error = header_check(walk, page, number);
	if (!error)
		error = nodes_check(walk, page);
	if (error || page->flags == LAYOUT_LEAF)
		return error ? error : leaf_walk(walk, number, bounds, level);
	walk->tree->seen.branches++;
	for (unsigned i = 0; !error && i < nodes_of(page); i++)
		error = child_walk(walk, number, bounds, level, i);
	return error;
}

static int tree_walk(struct store_walk *walk, struct tree *tree)
{
	static const struct key open[2];
	const struct layout_tree *claim = &tree->claim, *seen = &tree->seen;
	int error = 0;

	walk->tree = tree;
	if (claim->root != LAYOUT_NO_PAGE)
		error = page_walk(walk, claim->root, open, tree->base);
	if (error || (claim->branches == seen->branches && claim->leaves == seen->leaves &&
		      claim->overflows == seen->overflows && claim->entries == seen->entries))
		return error;
	return damaged(walk, claim->root, "is the root of a table that does not have what it claims");
}

int store_walk(struct store_walk *walk, const struct layout_meta *meta)
{
	struct tree tables = { .kind = TREE_TABLES, .table = -1, .claim = meta->tables };
	struct tree free_pages = { .kind = TREE_FREE, .table = -1, .claim = meta->free };
	int error;

	walk->pages = meta->last_page + 1;
	walk->transaction = meta->transaction;
	walk->taken = calloc(walk->pages / 8 + 1, 1);
	walk->room = malloc((size_t)(LEVELS + 1) * walk->page_bytes);
	error = walk->taken && walk->room ? tree_walk(walk, &tables) : -ENOMEM;
	if (!error && !walk->glance)
		error = tree_walk(walk, &free_pages);
	if (!error && !walk->glance && meta->last_page >= LAYOUT_METAS && !is_taken(walk, meta->last_page))
		error = damaged(walk, meta->last_page, "is the last one, and neither in use nor free");
	free(walk->taken);
	free(walk->room);
	return error;
}
