// path_end.c - which session's tunnel ends where: by peer and TEID, in buckets that grow.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/tell/path_inside.h"
#include "shared/wire/cursor.h"

#define ENDS_FIRST 1024u

struct tunnel {
	struct path_peer peer;
	uint32_t teid;
	bool used;
};

int path_ends_open(struct paths *paths)
{
	paths->end_mask = ENDS_FIRST - 1;
	paths->end_free = PATH_NONE;
	paths->heads = malloc(ENDS_FIRST * sizeof(*paths->heads));
	if (!paths->heads)
		return -ENOMEM;
	memset(paths->heads, 0xff, ENDS_FIRST * sizeof(*paths->heads));
	return 0;
}

void path_ends_close(struct paths *paths)
{
	free(paths->heads);
	free(paths->ends);
}

static uint32_t *head_of(const struct paths *paths, uint32_t path, uint32_t teid)
{
	return &paths->heads[(uint32_t)hash_u64(paths->seed, (uint64_t)path << 32 | teid) & paths->end_mask];
}

static void end_link(struct paths *paths, uint32_t i)
{
	struct path_end *end = &paths->ends[i];
	uint32_t *head = head_of(paths, end->path, end->teid);

	end->before = PATH_NONE;
	end->next = *head;
	if (end->next != PATH_NONE)
		paths->ends[end->next].before = i;
	*head = i;
}

static void end_unlink(struct paths *paths, uint32_t i)
{
	const struct path_end *end = &paths->ends[i];

	if (end->next != PATH_NONE)
		paths->ends[end->next].before = end->before;
	if (end->before != PATH_NONE)
		paths->ends[end->before].next = end->next;
	else
		*head_of(paths, end->path, end->teid) = end->next;
}

// As many buckets as there is room for ends.
static int ends_grow(struct paths *paths)
{
	uint32_t room = paths->end_room ? paths->end_room * 2 : ENDS_FIRST, *heads;
	struct path_end *ends = realloc(paths->ends, room * sizeof(*ends));

	if (!ends)
		return -ENOMEM;
	paths->ends = ends;
	heads = malloc(room * sizeof(*heads));
	if (!heads)
		return -ENOMEM;
	memset(heads, 0xff, room * sizeof(*heads));
	free(paths->heads);
	paths->heads = heads;
	paths->end_mask = room - 1;
	for (uint32_t i = 0; i < paths->end_room; i++) // all are in use, or there were no need
		end_link(paths, i);
	for (uint32_t i = room; i-- > paths->end_room;) {
		ends[i].other = paths->end_free;
		paths->end_free = i;
	}
	paths->end_room = room;
	return 0;
}

static int end_add(struct paths *paths, struct session *session, const struct tunnel *tunnel, uint64_t now_ns)
{
	struct path *path;
	struct path_end *end;
	uint32_t i;

	if (paths->end_free == PATH_NONE && ends_grow(paths))
		return -ENOMEM;
	path = path_take(paths, &tunnel->peer, tunnel->used, now_ns);
	if (!path)
		return -ENOSPC;
	i = paths->end_free;
	end = &paths->ends[i];
	paths->end_free = end->other;
	*end = (struct path_end){ .session = session, .path = path->place, .teid = tunnel->teid };
	end->used = tunnel->used;
	end_link(paths, i);
	end->other = session->ends - 1; // PATH_NONE: the first of them
	session->ends = i + 1;
	paths->end_count++;
	return 0;
}

void paths_drop(struct paths *paths, struct session *session)
{
	while (session->ends) {
		uint32_t i = session->ends - 1;
		struct path_end *end = &paths->ends[i];

		end_unlink(paths, i);
		path_give(paths, paths->list[end->path], end->used);
		session->ends = end->other + 1;
		end->other = paths->end_free;
		paths->end_free = i;
		paths->end_count--;
	}
}

static struct tunnel tunnel4(uint32_t ipv4, uint32_t teid)
{
	struct tunnel tunnel = { .peer = { .family = 4 }, .teid = teid, .used = true };

	be32_put(tunnel.peer.address, ipv4);
	return tunnel;
}

static struct tunnel tunnel_of(const struct sheet_far *far)
{
	struct tunnel tunnel = { .peer = { .family = 6 }, .teid = far->peer_teid, .used = true };

	if (far->outer == SHEET_OUTER_GTPU4)
		return tunnel4(far->peer_ipv4, far->peer_teid);
	be64_put(tunnel.peer.address, far->peer_ipv6[0]);
	be64_put(tunnel.peer.address + 8, far->peer_ipv6[1]);
	return tunnel;
}

static bool is_among(const struct tunnel *list, unsigned n, const struct tunnel *tunnel)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i].teid == tunnel->teid && !memcmp(&list[i].peer, &tunnel->peer, sizeof(tunnel->peer)))
			return true;
	return false;
}

// A tunnel from one of our sessions to another.
static bool is_own(const struct paths *paths, const struct path_peer *peer)
{
	return !memcmp(&paths->own[0], peer, sizeof(*peer)) || !memcmp(&paths->own[1], peer, sizeof(*peer));
}

static unsigned tunnels_add(const struct session *session, bool used, struct tunnel list[SHEET_FARS], unsigned n)
{
	const struct sheet_far *far = sheet_parts(session->sheet).far;

	for (unsigned i = 0; i < session->sheet->fars; i++) {
		struct tunnel tunnel = tunnel_of(&far[i]);

		if ((far[i].action == SHEET_FORWARD) != used || !(far[i].flags & SHEET_HAS_PEER) ||
		    is_among(list, n, &tunnel))
			continue;
		tunnel.used = used;
		list[n++] = tunnel;
	}
	return n;
}

// What the session's rules know, each once: what they forward into now, then the others.
static unsigned tunnels_of(const struct session *session, struct tunnel list[SHEET_FARS])
{
	if (session->sheet)
		return tunnels_add(session, false, list, tunnels_add(session, true, list, 0));
	if (!session->bearer.peer_ipv4)
		return 0;
	list[0] = tunnel4(session->bearer.peer_ipv4, session->bearer.peer_teid);
	return 1;
}

// Whether it has just these. In the list they stand the other way round.
static bool ends_same(const struct paths *paths, const struct session *session, const struct tunnel *list, unsigned n)
{
	uint32_t i = session->ends - 1;

	for (; i != PATH_NONE; i = paths->ends[i].other) {
		const struct path_end *end = &paths->ends[i];

		if (!n || end->teid != list[n - 1].teid || end->used != list[n - 1].used ||
		    memcmp(&paths->list[end->path]->peer, &list[n - 1].peer, sizeof(list->peer)) != 0)
			return false;
		n--;
	}
	return !n;
}

void paths_set(struct paths *paths, struct session *session, uint64_t now_ns)
{
	struct tunnel list[SHEET_FARS];
	unsigned n = 0;

	for (unsigned i = 0, all = tunnels_of(session, list); i < all; i++)
		if (!is_own(paths, &list[i].peer))
			list[n++] = list[i];
	if (ends_same(paths, session, list, n))
		return;
	paths_drop(paths, session);
	for (unsigned i = 0; i < n; i++)
		paths->unsupervised += end_add(paths, session, &list[i], now_ns) != 0;
}

unsigned path_ends_visit(struct paths *paths, const struct path *path, uint32_t teid, path_end_visit *visit,
			 uint64_t now_ns)
{
	uint32_t next;
	unsigned n = 0;

	for (uint32_t i = *head_of(paths, path->place, teid); i != PATH_NONE; i = next) {
		struct path_end *end = &paths->ends[i];

		next = end->next;
		if (end->path != path->place || end->teid != teid)
			continue;
		visit(paths, end, now_ns);
		n++;
	}
	return n;
}
