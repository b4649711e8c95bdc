// session_drop.c - an owner's sessions, page by page: listed, deleted, and from the first page again until there are none. Or those of a
// part of its (csid.h): then again only if one could not be deleted.
#include "ctrl/pfcp/session_drop.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/assoc.h"
#include "ctrl/pfcp/task.h"

#define PAGE 64u
#define AGAIN_NS 50000000ull
#define KEY_BYTES 9u // a letter and the id: a session is deleted once

struct drop {
	TAILQ_ENTRY(drop) all;
	struct sessions *sessions;
	char owner[ASSOC_OWNER_BYTES];
	struct deal *deal; // who wants some alone; null: all
	uint64_t after;    // the last one looked at, in this round
	bool round_over, again;
	size_t csids_bytes;
	uint8_t csids[CSIDS_BYTES];
	unsigned under_way;
	uint64_t wake_ns; // 0 = something is under way
};

int sessions_drop(struct sessions *sessions, const char *owner)
{
	struct drop *drop = calloc(1, sizeof(*drop));

	if (!drop || strlen(owner) >= sizeof(drop->owner)) {
		free(drop);
		return -ENOMEM;
	}
	drop->sessions = sessions;
	memcpy(drop->owner, owner, strlen(owner) + 1);
	drop->wake_ns = 1;
	TAILQ_INSERT_TAIL(&sessions->drops, drop, all);
	return 0;
}

int sessions_sift(struct sessions *sessions, struct deal *deal, const uint8_t *csids, size_t bytes)
{
	int error = bytes > CSIDS_BYTES ? -EMSGSIZE : sessions_drop(sessions, deal_owner(deal));
	struct drop *drop = error ? NULL : TAILQ_LAST(&sessions->drops, drop_list);

	if (error)
		return error;
	drop->deal = deal;
	drop->csids_bytes = bytes;
	memcpy(drop->csids, csids, bytes);
	return 0;
}

uint64_t drops_due(const struct sessions *sessions)
{
	const struct drop *drop;
	uint64_t due = UINT64_MAX;

	TAILQ_FOREACH(drop, &sessions->drops, all)
	if (drop->wake_ns && drop->wake_ns < due)
		due = drop->wake_ns;
	return due;
}

static void later(struct drop *drop)
{
	drop->wake_ns = drop->sessions->now_ns + AGAIN_NS;
}

// What was not deleted this time is in the next list.
static void deleted(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct drop *drop = arg;

	if (error == -ECANCELED)
		return;
	drop->again |= !response || !response->status ||
		       (response->status->code && response->status->code != SHOAL__OSS__CODE__NOT_FOUND);
	if (!--drop->under_way)
		drop->wake_ns = drop->sessions->now_ns + 1;
}

static void delete (struct drop *drop, uint64_t id)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionDelete delete = SHOAL__OSS__SESSION_DELETE__INIT;
	uint8_t key[KEY_BYTES] = { 'd' };

	memcpy(key + 1, &id, sizeof(id));
	delete.id = id;
	request.key = (ProtobufCBinaryData){ sizeof(key), key };
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = &delete;
	if (!rpc_call(drop->sessions->world.rpc, &request, deleted, drop))
		drop->under_way++;
	else
		drop->again = true;
}

static bool is_meant(struct drop *drop, const Shoal__Oss__Session *session)
{
	struct pfcp_tree *tree = &drop->sessions->tree;
	struct front front;

	return !drop->deal || (!front_read(&front, session->front.data, session->front.len, tree) &&
			       csids_meet(tree, drop->csids, drop->csids_bytes));
}

static void through(struct drop *drop)
{
	const struct sessions_world *world = &drop->sessions->world;

	TAILQ_REMOVE(&drop->sessions->drops, drop, all);
	if (drop->deal)
		world->sifted(world->arg, drop->deal);
	else
		world->dropped(world->arg, drop->owner);
	free(drop);
}

static void listed(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct drop *drop = arg;
	const Shoal__Oss__SessionListAnswer *list;

	if (error == -ECANCELED)
		return;
	if (!response || !response->status || response->status->code ||
	    response->body_case != SHOAL__OSS__RESPONSE__BODY_SESSION_LIST) {
		later(drop);
		return;
	}
	list = response->session_list;
	drop->after = list->next;
	drop->again |= !drop->deal && list->n_sessions;
	for (size_t i = 0; i < list->n_sessions; i++)
		if (is_meant(drop, list->sessions[i]))
			delete (drop, list->sessions[i]->id);
	drop->round_over = !list->next;
	if (!drop->under_way)
		drop->wake_ns = drop->sessions->now_ns + 1;
}

static void list(struct drop *drop)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;

	list.owner = drop->owner;
	list.after = drop->after;
	list.limit = PAGE;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	if (rpc_call(drop->sessions->world.rpc, &request, listed, drop))
		later(drop);
	else
		drop->wake_ns = 0;
}

// The next page, or the first again.
static void go_on(struct drop *drop)
{
	if (drop->round_over && !drop->again) {
		through(drop);
		return;
	}
	if (drop->round_over) {
		drop->after = 0;
		drop->round_over = drop->again = false;
	}
	list(drop);
}

void drops_tick(struct sessions *sessions)
{
	struct drop *drop, *next;

	for (drop = TAILQ_FIRST(&sessions->drops); drop; drop = next) {
		next = TAILQ_NEXT(drop, all);
		if (drop->wake_ns && drop->wake_ns <= sessions->now_ns)
			go_on(drop);
	}
}

void drops_close(struct sessions *sessions)
{
	struct drop *drop;

	while ((drop = TAILQ_FIRST(&sessions->drops)) != NULL) {
		TAILQ_REMOVE(&sessions->drops, drop, all);
		free(drop);
	}
}
