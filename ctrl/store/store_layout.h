// store_layout.h - LMDB's file format (data version 1, little-endian, 64 bits), as far as store_check.c reads it.
#pragma once
#include <stdint.h>

#define LAYOUT_MAGIC 0xbeefc0deu
#define LAYOUT_VERSION 1u
#define LAYOUT_METAS 2u // pages 0 and 1: transaction n writes page n % 2
#define LAYOUT_NO_PAGE UINT64_MAX

enum layout_page_flag { LAYOUT_BRANCH = 1, LAYOUT_LEAF = 2, LAYOUT_OVERFLOW = 4, LAYOUT_META = 8 };
enum layout_node_flag { LAYOUT_BIG = 1, LAYOUT_TREE = 2 }; // the value is a page's number; the root of a table
enum layout_tree_flag { LAYOUT_INTEGER_KEYS = 8 };         // of the tree of free pages

// Offsets of entries follow, as uint16_t; the entries themselves fill the page from its end.
struct layout_page {
	uint64_t number;
	uint16_t pad, flags;
	union {
		struct {
			uint16_t lower, upper; // of the room that is left
		};
		uint32_t pages; // LAYOUT_OVERFLOW
	};
};
#define LAYOUT_PAGE_HEAD sizeof(struct layout_page)

// Key and value follow.
struct layout_node {
	uint16_t low, high; // of a leaf: bytes of the value; of a branch: page, with flags as its upper bits
	uint16_t flags, key_bytes;
};

struct layout_tree {
	uint32_t pad; // of the tree of free pages: bytes of a page
	uint16_t flags, depth;
	uint64_t branches, leaves, overflows, entries, root;
};

// Behind the head of a page.
struct layout_meta {
	uint32_t magic, version;
	uint64_t address, map_bytes;
	struct layout_tree free, tables;
	uint64_t last_page, transaction;
};

_Static_assert(sizeof(struct layout_page) == 16 && sizeof(struct layout_node) == 8, "LMDB's");
_Static_assert(sizeof(struct layout_tree) == 48 && sizeof(struct layout_meta) == 136, "LMDB's");

static inline uint32_t layout_value_bytes(const struct layout_node *node)
{
	return node->low | (uint32_t)node->high << 16;
}

static inline uint64_t layout_child(const struct layout_node *node)
{
	return layout_value_bytes(node) | (uint64_t)node->flags << 32;
}
