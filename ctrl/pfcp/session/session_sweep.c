// session_sweep.c - an owner's sessions, page by page: listed, deleted, and from the first page again until there are none. Or those
// alone that a request means (choice.h), deleted or moved: then again only if one could not be.
#include "ctrl/pfcp/session/session_sweep.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/session/session_own.h"

#define PAGE 64u
#define AGAIN_NS 50000000ull
#define KEY_BYTES 9u // a letter and the id: a session is deleted once

static struct sweep *sweep_add(struct sessions *sessions, const char *owner)
{
	struct sweep *sweep = calloc(1, sizeof(*sweep));

	if (!sweep || strlen(owner) >= sizeof(sweep->owner)) {
		free(sweep);
		return NULL;
	}
	sweep->sessions = sessions;
	memcpy(sweep->owner, owner, strlen(owner) + 1);
	sweep->cause = PFCP_CAUSE_ACCEPTED;
	sweep->wake_ns = 1;
	TAILQ_INSERT_TAIL(&sessions->sweeps, sweep, all);
	return sweep;
}

static void sweep_end(struct sweep *sweep)
{
	TAILQ_REMOVE(&sweep->sessions->sweeps, sweep, all);
	free(sweep->request);
	free(sweep);
}

int sessions_drop(struct sessions *sessions, const char *owner)
{
	return sweep_add(sessions, owner) ? 0 : -ENOMEM;
}

int sessions_owned(struct sessions *sessions, const char *owner)
{
	struct sweep *sweep = sweep_add(sessions, owner);

	if (!sweep)
		return -ENOMEM;
	sweep->looks = true;
	return 0;
}

static bool request_read(struct sweep *sweep)
{
	struct pfcp_header header;
	struct pfcp_fault fault;

	sweep->request = malloc(sizeof(*sweep->request));
	return sweep->request && !pfcp_header_read(sweep->deal->bytes, sweep->deal->length, &header) &&
	       !pfcp_read(PFCP_MESSAGE(header.type), header.body, header.bytes, sweep->request, &fault);
}

int sessions_sweep(struct sessions *sessions, struct deal *deal)
{
	struct sweep *sweep = sweep_add(sessions, deal_owner(deal));

	if (!sweep)
		return -ENOMEM;
	sweep->deal = deal;
	if (request_read(sweep))
		return 0;
	sweep_end(sweep);
	return -ENOMEM;
}

bool sweep_moves(const struct sweep *sweep)
{
	return sweep->deal && sweep->deal->type == PFCP_SESSION_SET_MODIFICATION_REQUEST;
}

uint64_t sweeps_due(const struct sessions *sessions)
{
	const struct sweep *sweep;
	uint64_t due = UINT64_MAX;

	TAILQ_FOREACH(sweep, &sessions->sweeps, all)
	if (sweep->wake_ns && sweep->wake_ns < due)
		due = sweep->wake_ns;
	return due;
}

static void later(struct sweep *sweep)
{
	sweep->wake_ns = sweep->sessions->now_ns + AGAIN_NS;
}

void sweep_did(struct sweep *sweep, bool done)
{
	sweep->again |= !done;
	sweep->failed |= !done;
	if (!--sweep->under_way)
		sweep->wake_ns = sweep->sessions->now_ns + 1;
}

// What was not deleted this time is in the next list.
static void deleted(void *arg, const Shoal__Oss__Response *response, int error)
{
	if (error != -ECANCELED)
		sweep_did(arg, response && response->status &&
				   (!response->status->code || response->status->code == SHOAL__OSS__CODE__NOT_FOUND));
}

static bool delete (struct sweep *sweep, uint64_t id)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionDelete delete = SHOAL__OSS__SESSION_DELETE__INIT;
	uint8_t key[KEY_BYTES] = { 'd' };

	memcpy(key + 1, &id, sizeof(id));
	delete.id = id;
	request.key = (ProtobufCBinaryData){ sizeof(key), key };
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = &delete;
	return !rpc_call(sweep->sessions->world.rpc, &request, deleted, sweep);
}

static bool is_meant(struct sweep *sweep, const Shoal__Oss__Session *session)
{
	struct pfcp_tree *tree = &sweep->sessions->tree;
	struct front front;

	if (!sweep->deal)
		return true;
	if (front_read(&front, session->front.data, session->front.len, tree))
		return false;
	return sweep_moves(sweep) ? choice_change(sweep->request, &front, tree) != NULL
				  : choice_goes(sweep->request, &front, tree);
}

static void one(struct sweep *sweep, uint64_t id)
{
	sweep->under_way++;
	if (!(sweep_moves(sweep) ? task_own(sweep->sessions, id, sweep, NULL) : delete (sweep, id)))
		sweep_did(sweep, false);
}

static void through(struct sweep *sweep)
{
	const struct sessions_world *world = &sweep->sessions->world;

	if (sweep->looks)
		world->owned(world->arg, sweep->owns);
	else if (sweep->deal)
		world->swept(world->arg, sweep->deal, sweep->cause);
	else
		world->dropped(world->arg, sweep->owner);
	sweep_end(sweep);
}

// One is enough.
static void looked(struct sweep *sweep, const Shoal__Oss__SessionListAnswer *list)
{
	sweep->owns = list->n_sessions;
	sweep->after = list->next;
	sweep->round_over = !list->next || sweep->owns;
	sweep->wake_ns = sweep->sessions->now_ns + 1;
}

static void listed(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct sweep *sweep = arg;
	const Shoal__Oss__SessionListAnswer *list;

	if (error == -ECANCELED)
		return;
	if (!response || !response->status || response->status->code ||
	    response->body_case != SHOAL__OSS__RESPONSE__BODY_SESSION_LIST) {
		later(sweep);
		return;
	}
	list = response->session_list;
	if (sweep->looks) {
		looked(sweep, list);
		return;
	}
	sweep->after = list->next;
	sweep->again |= !sweep->deal && list->n_sessions;
	sweep->round_over = !list->next;
	sweep->under_way++; // until all have begun
	for (size_t i = 0; i < list->n_sessions; i++)
		if (is_meant(sweep, list->sessions[i]))
			one(sweep, list->sessions[i]->id);
	sweep_did(sweep, true);
}

static void list(struct sweep *sweep)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;

	list.owner = sweep->owner;
	list.after = sweep->after;
	list.limit = sweep->looks ? 1 : PAGE;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	if (rpc_call(sweep->sessions->world.rpc, &request, listed, sweep))
		later(sweep);
	else
		sweep->wake_ns = 0;
}

// The next page, or the first again.
static void go_on(struct sweep *sweep)
{
	bool failed = sweep->failed;

	if (!sweep->round_over) {
		list(sweep);
	} else if (!sweep->again) {
		through(sweep);
	} else {
		sweep->after = 0;
		sweep->round_over = sweep->again = sweep->failed = false;
		if (failed)
			later(sweep);
		else
			list(sweep);
	}
}

void sweeps_tick(struct sessions *sessions)
{
	struct sweep *sweep, *next;

	for (sweep = TAILQ_FIRST(&sessions->sweeps); sweep; sweep = next) {
		next = TAILQ_NEXT(sweep, all);
		if (sweep->wake_ns && sweep->wake_ns <= sessions->now_ns)
			go_on(sweep);
	}
}

void sweeps_close(struct sessions *sessions)
{
	struct sweep *sweep;

	while ((sweep = TAILQ_FIRST(&sessions->sweeps)) != NULL)
		sweep_end(sweep);
}
