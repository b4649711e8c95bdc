// keys.c - reads or reckons the sessions, and draws from them. The lists in use are held here.
#include "tests/bench/gtpgen/keys.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct session {
	struct key key;
	uint32_t peer_teid;
};

static struct keys *keys_all;

static uint64_t keys_random(uint64_t *state) // splitmix64
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static bool session_read(const char *text, struct session *session)
{
	unsigned a, b, c, d, teid, peer_teid = 0;
	int got = sscanf(text, "%u,%u.%u.%u.%u,%u", &teid, &a, &b, &c, &d, &peer_teid);

	if (got < 5 || (a | b | c | d) > 255)
		return false;
	session->key.teid = htonl(teid);
	session->key.address = htonl(a << 24 | b << 16 | c << 8 | d);
	session->peer_teid = htonl(peer_teid);
	return true;
}

static int sessions_grow(struct session **list, uint32_t *room)
{
	uint32_t more = *room ? 2 * *room : 1024;
	struct session *longer = more > KEYS_SESSIONS_MAX ? NULL : realloc(*list, more * sizeof(**list));

	if (!longer)
		return -ENOMEM;
	*list = longer;
	*room = more;
	return 0;
}

static int sessions_load(FILE *file, struct session **list, uint32_t *count, unsigned *line)
{
	uint32_t room = 0;
	char text[128];

	for (*line = 1; fgets(text, sizeof(text), file); ++*line) {
		if (*count == room && sessions_grow(list, &room))
			return -ENOMEM;
		if (session_read(text, &(*list)[*count]))
			++*count;
		else if (*line > 1) // the first may name the columns
			return -EINVAL;
	}
	*line = 0;
	return *count ? 0 : -ENODATA;
}

static int sessions_reckon(const struct keys_plan *plan, struct session **list)
{
	*list = plan->count ? calloc(plan->count, sizeof(**list)) : NULL;
	if (!*list)
		return plan->count ? -ENOMEM : -ENODATA;
	for (uint32_t i = 0; i < plan->count; i++)
		(*list)[i] =
		    (struct session){ { htonl(plan->teid + i), htonl(plan->address + i) }, htonl(plan->peer_teid + i) };
	return 0;
}

static int sessions_get(const struct keys_plan *plan, struct session **list, uint32_t *count, unsigned *line)
{
	FILE *file;
	int error;

	*line = 0;
	if (!*plan->file) {
		*count = plan->count;
		return sessions_reckon(plan, list);
	}
	file = fopen(plan->file, "r");
	if (!file)
		return -errno;
	error = sessions_load(file, list, count, line);
	fclose(file);
	return error;
}

// Of huge pages where there are some, and touched: the loop must meet neither page faults nor more table walks than need be.
static void *keys_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, bytes, MADV_HUGEPAGE);
	memset(memory, 0, bytes);
	return memory;
}

static void keys_free(struct keys *keys)
{
	for (unsigned i = 0; i < keys->lists; i++) {
		struct keys_list *list = &keys->list[i];

		if (list->key)
			munmap(list->key, list->draws * sizeof(*list->key));
		if (list->peer_teid)
			munmap(list->peer_teid, list->draws * sizeof(*list->peer_teid));
	}
	free(keys);
}

static int list_draw(struct keys_list *list, const struct session *session, uint32_t count, uint64_t seed)
{
	list->draws = 4 * count > KEYS_DRAWS_MIN ? 4 * count : KEYS_DRAWS_MIN;
	list->key = keys_memory(list->draws * sizeof(*list->key));
	list->peer_teid = keys_memory(list->draws * sizeof(*list->peer_teid));
	if (!list->key || !list->peer_teid)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->draws; i++) {
		const struct session *drawn = &session[(keys_random(&seed) >> 32) * count >> 32];

		list->key[i] = drawn->key;
		list->peer_teid[i] = drawn->peer_teid;
	}
	return 0;
}

// 0, -ENOMEM, or -ERANGE: a subset is larger than the whole.
static int keys_draw(struct keys *keys, const struct session *list, uint32_t count)
{
	const uint32_t *subset = keys->plan.subset;
	int error = 0;

	do {
		uint32_t some = subset[keys->lists] ? subset[keys->lists] : count;

		if (some > count)
			return -ERANGE;
		error = list_draw(&keys->list[keys->lists], list, some, keys->plan.seed + keys->lists);
		keys->lists++;
	} while (!error && keys->lists < KEYS_LISTS && subset[keys->lists]);
	return error;
}

static struct keys *keys_known(const struct keys_plan *plan)
{
	struct keys *at = keys_all;

	while (at && memcmp(&at->plan, plan, sizeof(*plan)) != 0)
		at = at->next;
	return at;
}

static int keys_make(const struct keys_plan *plan, struct keys **keys, unsigned *line)
{
	struct keys *made = calloc(1, sizeof(*made));
	struct session *list = NULL;
	uint32_t count = 0;
	int error;

	if (!made)
		return -ENOMEM;
	made->plan = *plan;
	error = sessions_get(plan, &list, &count, line);
	if (!error)
		error = keys_draw(made, list, count);
	free(list);
	if (error) {
		keys_free(made);
		return error;
	}
	made->next = keys_all;
	*keys = keys_all = made;
	return 0;
}

int keys_take(const struct keys_plan *plan, struct keys **keys, unsigned *line)
{
	int error;

	*line = 0;
	*keys = keys_known(plan);
	error = *keys ? 0 : keys_make(plan, keys, line);
	if (!error)
		(*keys)->users++;
	return error;
}

void keys_drop(struct keys *keys)
{
	struct keys **at = &keys_all;

	if (--keys->users)
		return;
	while (*at != keys)
		at = &(*at)->next;
	*at = keys->next;
	keys_free(keys);
}

int keys_join(struct keys *keys, struct board *board)
{
	if (keys->ports == KEYS_PORTS)
		return -ENOSPC;
	keys->board[keys->ports++] = board;
	return 0;
}

void keys_leave(struct keys *keys, const struct board *board)
{
	for (unsigned i = 0; i < keys->ports; i++)
		if (keys->board[i] == board)
			keys->board[i] = keys->board[--keys->ports];
}
