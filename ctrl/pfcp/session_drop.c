// session_drop.c - an owner's sessions, page by page: listed, deleted, listed again, until there are none.
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

	(void)response;
	if (error == -ECANCELED)
		return;
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
}

static void through(struct drop *drop)
{
	const struct sessions_world *world = &drop->sessions->world;

	TAILQ_REMOVE(&drop->sessions->drops, drop, all);
	world->dropped(world->arg, drop->owner);
	free(drop);
}

static void listed(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct drop *drop = arg;
	const Shoal__Oss__SessionListAnswer *list = NULL;

	if (error == -ECANCELED)
		return;
	if (response && response->status && !response->status->code &&
	    response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION_LIST)
		list = response->session_list;
	if (list && !list->n_sessions && !list->next) {
		through(drop);
		return;
	}
	for (size_t i = 0; list && i < list->n_sessions; i++)
		delete (drop, list->sessions[i]->id);
	if (!drop->under_way)
		later(drop);
}

static void list(struct drop *drop)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;

	list.owner = drop->owner;
	list.limit = PAGE;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	if (rpc_call(drop->sessions->world.rpc, &request, listed, drop))
		later(drop);
	else
		drop->wake_ns = 0;
}

void drops_tick(struct sessions *sessions)
{
	struct drop *drop;

	TAILQ_FOREACH(drop, &sessions->drops, all)
	if (drop->wake_ns && drop->wake_ns <= sessions->now_ns)
		list(drop);
}

void drops_close(struct sessions *sessions)
{
	struct drop *drop;

	while ((drop = TAILQ_FIRST(&sessions->drops)) != NULL) {
		TAILQ_REMOVE(&sessions->drops, drop, all);
		free(drop);
	}
}
