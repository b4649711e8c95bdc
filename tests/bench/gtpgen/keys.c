// keys.c - reads or reckons the sessions, and draws from them. The lists in use are held here.
#include "tests/bench/gtpgen/keys.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define KEYS_DRAWS_MIN (1u << 20)
#define KEYS_DRAWS_MAX (1u << 28)

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
	struct session *longer = more > KEYS_DRAWS_MAX ? NULL : realloc(*list, more * sizeof(**list));

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
	if (keys->key)
		munmap(keys->key, keys->draws * sizeof(*keys->key));
	if (keys->peer_teid)
		munmap(keys->peer_teid, keys->draws * sizeof(*keys->peer_teid));
	free(keys);
}

static uint32_t keys_draws(const struct keys_plan *plan, uint32_t sessions)
{
	uint64_t draws = plan->draws ? plan->draws : 4ull * sessions;

	if (!plan->draws && draws < KEYS_DRAWS_MIN)
		draws = KEYS_DRAWS_MIN;
	return draws > KEYS_DRAWS_MAX ? KEYS_DRAWS_MAX : (uint32_t)draws;
}

static struct keys *keys_draw(const struct keys_plan *plan, const struct session *list, uint32_t count)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	uint64_t state = plan->seed;

	if (!keys)
		return NULL;
	keys->plan = *plan;
	keys->sessions = count;
	keys->draws = keys_draws(plan, count);
	keys->key = keys_memory(keys->draws * sizeof(*keys->key));
	keys->peer_teid = keys_memory(keys->draws * sizeof(*keys->peer_teid));
	if (!keys->key || !keys->peer_teid) {
		keys_free(keys);
		return NULL;
	}
	for (uint32_t i = 0; i < keys->draws; i++) {
		const struct session *session = &list[(keys_random(&state) >> 32) * count >> 32];

		keys->key[i] = session->key;
		keys->peer_teid[i] = session->peer_teid;
	}
	return keys;
}

static struct keys *keys_known(const struct keys_plan *plan)
{
	struct keys *at = keys_all;

	while (at && memcmp(&at->plan, plan, sizeof(*plan)) != 0)
		at = at->next;
	return at;
}

int keys_take(const struct keys_plan *plan, struct keys **keys, unsigned *line)
{
	struct session *list = NULL;
	uint32_t count = 0;
	int error;

	*line = 0;
	*keys = keys_known(plan);
	if (*keys) {
		(*keys)->users++;
		return 0;
	}
	error = sessions_get(plan, &list, &count, line);
	if (!error && !(*keys = keys_draw(plan, list, count)))
		error = -ENOMEM;
	free(list);
	if (error)
		return error;
	(*keys)->users = 1;
	(*keys)->next = keys_all;
	keys_all = *keys;
	return 0;
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
