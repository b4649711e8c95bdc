// path.c - the peers, and the machine that asks them.
#include "ctrl/tell/path.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/tell/path_inside.h"
#include "shared/wire/cursor.h"

#define BUCKETS (2 * PATHS_MAX)
#define LATE_NS 500000000ull    // a tick that comes so late: we could not have heard
#define AGAIN_NS 60000000000ull // a tunnel's loss is reported once in that time
#define SPREAD_NS 1000000000ull // peers that came together are not asked together

int paths_open(struct paths *paths)
{
	paths->seed = hash_seed();
	paths->list = calloc(PATHS_MAX, sizeof(struct path *));
	paths->bucket = malloc(BUCKETS * sizeof(*paths->bucket));
	if (!paths->list || !paths->bucket)
		return -ENOMEM;
	memset(paths->bucket, 0xff, BUCKETS * sizeof(*paths->bucket));
	return path_ends_open(paths);
}

void paths_close(struct paths *paths)
{
	for (uint32_t i = 0; paths->list && i < paths->places; i++)
		free(paths->list[i]);
	free(paths->list);
	free(paths->bucket);
	path_ends_close(paths);
}

uint64_t path_hash(const struct paths *paths, const struct path_peer *peer)
{
	return hash_u64(hash_u64(paths->seed, be64_get(peer->address)), be64_get(peer->address + 8) + peer->family);
}

static uint32_t *bucket_of(const struct paths *paths, const struct path_peer *peer)
{
	return &paths->bucket[path_hash(paths, peer) % BUCKETS];
}

static struct path *path_of(const struct paths *paths, const struct path_peer *peer)
{
	for (uint32_t i = *bucket_of(paths, peer); i != PATH_NONE; i = paths->list[i]->next)
		if (!memcmp(&paths->list[i]->peer, peer, sizeof(*peer)))
			return paths->list[i];
	return NULL;
}

bool path_shown(const struct path *path)
{
	return path->tunnels || path->failed;
}

uint32_t paths_shown(const struct paths *paths)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < paths->places; i++)
		n += paths->list[i] && path_shown(paths->list[i]);
	return n;
}

const struct path *paths_find(const struct paths *paths, const struct path_peer *peer)
{
	return path_of(paths, peer);
}

// The lowest free place: who lists them page by page finds them in their order.
static uint32_t place_free(const struct paths *paths)
{
	uint32_t i = paths->count == paths->places ? paths->places : 0;

	while (i < paths->places && paths->list[i])
		i++;
	return i;
}

struct path *path_take(struct paths *paths, const struct path_peer *peer, bool used, uint64_t now_ns)
{
	struct path *path = path_of(paths, peer);
	uint32_t *bucket = bucket_of(paths, peer), place;

	if (!path) {
		place = place_free(paths);
		path = place < PATHS_MAX ? calloc(1, sizeof(*path)) : NULL;
		if (!path)
			return NULL;
		*path = (struct path){ .peer = *peer, .next = *bucket, .place = place };
		path->due_ns = now_ns + paths->interval_ns + path_hash(paths, peer) % SPREAD_NS;
		*bucket = place;
		paths->list[place] = path;
		paths->places += place == paths->places;
		paths->count++;
	}
	*(used ? &path->tunnels : &path->unused) += 1;
	return path;
}

static void path_forget(struct paths *paths, struct path *path)
{
	uint32_t *link = bucket_of(paths, &path->peer);

	while (*link != path->place)
		link = &paths->list[*link]->next;
	*link = path->next;
	paths->list[path->place] = NULL;
	paths->count--;
	free(path);
}

// Nobody asks for it any more. What rules still know keeps its place, and no more.
static void path_leave(struct paths *paths, struct path *path)
{
	if (!path->unused) {
		path_forget(paths, path);
		return;
	}
	path->state = SHOAL__OSS__PATH_STATE__PATH_UNKNOWN;
	path->failed = path->wants = false;
	path->due_ns += path->tries ? paths->interval_ns : 0; // it was asked a moment ago
	path->tries = 0;
	path->since_ms = 0;
}

void path_give(struct paths *paths, struct path *path, bool used)
{
	*(used ? &path->tunnels : &path->unused) -= 1;
	if (!path_shown(path))
		path_leave(paths, path);
}

static void path_turn(struct paths *paths, struct path *path, Shoal__Oss__PathState state, uint64_t now_ms)
{
	bool first = path->state == SHOAL__OSS__PATH_STATE__PATH_UNKNOWN;

	if (path->state == state)
		return;
	path->failed |= state == SHOAL__OSS__PATH_STATE__PATH_DOWN;
	path->state = state;
	path->since_ms = now_ms;
	paths->stand++;
	if (!first || state == SHOAL__OSS__PATH_STATE__PATH_DOWN)
		paths->turned(paths->with, path);
}

// ---- What comes back

// To the last request, however late: who answers is there.
static void echo_hear(struct paths *paths, const struct path_peer *peer, const struct report *report, uint64_t now_ns,
		      uint64_t now_ms)
{
	struct path *path = path_of(paths, peer);

	paths->answers++;
	if (!path || !path->asked || path->sequence != report->seq || path->answered == path->asked) {
		paths->strays++;
		return;
	}
	path->answered++;
	path->rtt_us = (uint32_t)((now_ns - path->sent_ns) / 1000);
	if (path->tries || path->state == SHOAL__OSS__PATH_STATE__PATH_DOWN)
		path->due_ns = now_ns + paths->interval_ns;
	path->tries = 0;
	path->wants = false;
	path_turn(paths, path, SHOAL__OSS__PATH_STATE__PATH_UP, now_ms);
}

static void error_note(struct paths *paths, struct path_end *end, uint64_t now_ns)
{
	struct path *path = paths->list[end->path];
	struct path_error error = { end->session->id, path->peer, end->teid };

	path->errors++;
	if (end->told_ns && now_ns - end->told_ns < AGAIN_NS) {
		paths->repeated++;
		return;
	}
	if (paths->errors == PATH_ERRORS) {
		paths->dropped++; // it comes again with the next packet
		return;
	}
	paths->error[(paths->error_first + paths->errors++) % PATH_ERRORS] = error;
	end->told_ns = now_ns;
	paths->lost(paths->with, end->session, &error);
}

bool paths_error(struct paths *paths, struct path_error *error)
{
	if (!paths->errors)
		return false;
	*error = paths->error[paths->error_first];
	paths->error_first = (paths->error_first + 1) % PATH_ERRORS;
	paths->errors--;
	return true;
}

// Whether somebody guesses: wrong words from elsewhere than the tunnels' ends came faster than lately deleted sessions explain.
static bool guessed(const struct paths *paths, uint64_t now_ns)
{
	return paths->guess_ns > now_ns + (PATH_GUESSES - 1) * (uint64_t)PATH_GUESS_NS;
}

static void error_hear(struct paths *paths, const struct path_peer *peer, const struct report *report, uint64_t now_ns)
{
	const struct path *path = path_of(paths, peer);

	paths->heard++;
	paths->elsewhere += report->elsewhere;
	if (report->elsewhere && guessed(paths, now_ns)) {
		paths->doubted++;
		return;
	}
	if (path && path_ends_visit(paths, path, (uint32_t)report->teid, error_note, now_ns))
		return;
	paths->unknown++;
	if (report->elsewhere)
		paths->guess_ns = (paths->guess_ns > now_ns ? paths->guess_ns : now_ns) + PATH_GUESS_NS;
}

void paths_hear(struct paths *paths, const struct report *report, uint64_t now_ns, uint64_t now_ms)
{
	struct path_peer peer = { .family = report->family };

	memcpy(peer.address, report->peer, report->family == 4 ? 4 : 16);
	if (report->kind == REPORT_ECHO)
		echo_hear(paths, &peer, report, now_ns, now_ms);
	else
		error_hear(paths, &peer, report, now_ns);
}

// ---- What is asked

static void path_look(struct paths *paths, struct path *path, uint64_t now_ns, uint64_t now_ms)
{
	bool down = path->state == SHOAL__OSS__PATH_STATE__PATH_DOWN;
	uint64_t stood_ms = now_ms > path->since_ms ? now_ms - path->since_ms : 0; // the clock may be set back

	if (!path->tunnels && path->failed && stood_ms > (down ? PATH_KEPT_MS : PATH_SHOWN_MS)) {
		path_leave(paths, path);
		return;
	}
	if (!path_shown(path))
		return;
	if (path->wants || path->due_ns > now_ns)
		return;
	path->wants = !path->tries || (!down && path->tries < paths->n3);
	if (path->wants)
		return;
	path->tries = 0;
	path->due_ns = now_ns + paths->interval_ns;
	path_turn(paths, path, SHOAL__OSS__PATH_STATE__PATH_DOWN, now_ms);
}

static void ask_fill(struct paths *paths, struct path *path, Shoal__Fleet__Echo *echo, uint64_t now_ns)
{
	path->wants = false;
	if (!path->tries++)
		path->sequence++;
	path->asked++;
	path->sent_ns = now_ns;
	path->due_ns = now_ns + paths->t3_ns;
	shoal__fleet__echo__init(echo);
	echo->sequence = path->sequence;
	if (path->peer.family == 4)
		echo->peer_ipv4 = be32_get(path->peer.address);
	else
		echo->peer_ipv6 = (ProtobufCBinaryData){ 16, path->peer.address };
}

// Those that want it, as many as an order takes; the others are first next time. They are as asked though nobody could be: what got
// lost on the way to the primary got lost.
static void ask(struct paths *paths, uint64_t now_ns)
{
	static Shoal__Fleet__Echo echo[PATHS_ASKED], *list[PATHS_ASKED];
	Shoal__Fleet__Echoes body = SHOAL__FLEET__ECHOES__INIT;
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;

	for (uint32_t seen = 0; seen < paths->places && body.n_echoes < PATHS_ASKED; seen++) {
		struct path *path = paths->list[paths->turn++ % paths->places];

		if (!path || !path->wants)
			continue;
		list[body.n_echoes] = &echo[body.n_echoes];
		ask_fill(paths, path, &echo[body.n_echoes++], now_ns);
	}
	if (!body.n_echoes)
		return;
	body.echoes = list;
	order.body_case = SHOAL__FLEET__ORDER__BODY_ECHOES;
	order.echoes = &body;
	paths->asked = paths->order(paths->with, &order);
}

void paths_answered(void *with, const Shoal__Fleet__Answer *answer)
{
	struct paths *paths = with;

	(void)answer;
	paths->asked = false;
}

void paths_tick(struct paths *paths, uint64_t now_ns, uint64_t now_ms, bool able)
{
	uint64_t passed_ns = now_ns - paths->ticked_ns;
	bool deaf = !able || passed_ns > LATE_NS;

	paths->ticked_ns = now_ns;
	if (!paths->interval_ns)
		return;
	for (uint32_t i = 0; i < paths->places; i++) {
		struct path *path = paths->list[i];

		if (path && deaf && path->tries)
			path->due_ns += passed_ns;
		else if (path)
			path_look(paths, path, now_ns, now_ms);
	}
	if (able && !paths->asked)
		ask(paths, now_ns);
}

void path_name(const struct path_peer *peer, char text[PATH_TEXT])
{
	inet_ntop(peer->family == 4 ? AF_INET : AF_INET6, peer->address, text, PATH_TEXT);
}
