// desk_wait.c - requests whose answer has to wait, and what ends the waiting.
#include <stdio.h>
#include <stdlib.h>
#include "ctrl/desk/job.h"
#include "ctrl/fleet/release.h"
#include "ctrl/kit/packed.h"
#include "ctrl/session/session.h"
#include "ctrl/tell/traces.h"
#include "shared/base/clock.h"

#define SEAT_NONE 255u // oss.proto: no seat

// The answer that was prepared; null: there is none.
static Shoal__Oss__Response *answer_read(struct desk *desk, const struct request *request)
{
	arena_reset(&desk->arena);
	return request->answer
		   ? shoal__oss__response__unpack(&desk->arena.allocator, request->answer_bytes, request->answer)
		   : NULL;
}

// Writes the code, and what became of the sessions, into the answer that was prepared.
static void answer_amend(struct desk *desk, struct request *request, Shoal__Oss__Code code, const char *message)
{
	Shoal__Oss__Response *response;
	uint8_t *bytes = NULL;
	size_t length = 0;

	response = answer_read(desk, request);
	if (response && response->status) {
		response->status->code = code;
		response->status->message = (char *)message;
		if (response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION && response->session->session)
			response->session->session->applied = !code;
		desk_import_look(desk, response);
		bytes = desk_pack(response, &length);
	}
	free(request->answer);
	desk_answer(request, bytes, length);
}

// A request that came again waits for all that is durable: its own session may be one that its worker refused before.
static bool refused_before(const struct wait *wait)
{
	const struct chains *chains = wait->desk->push->chains;
	const struct session *session = NULL;
	Shoal__Oss__Response *response;
	unsigned refused = 0;

	for (unsigned i = 0; wait->kind == WAIT_APPLIED && i < SHARDS; i++)
		refused += chains->chain[i].refused;
	response = refused ? answer_read(wait->desk, wait->request) : NULL;
	if (response && response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION && response->session->session)
		session = session_by_id(wait->desk->ledger->sessions, response->session->session->id);
	return session && chains->grid->cells[session->cell].refused;
}

// The answer that was prepared, now that it holds.
static void applied_answer(struct desk *desk, struct request *request)
{
	if (request->answer && !packed_applied(request->answer, &request->answer_bytes))
		desk_answer(request, request->answer, request->answer_bytes);
	else
		answer_amend(desk, request, SHOAL__OSS__CODE__OK, "");
}

static bool stands(struct wait *wait, const struct push *push)
{
	for (unsigned shard = 0; wait->missing && shard < SHARDS; shard++)
		if (wait->number[shard] && push_number(push, (uint8_t)shard) >= wait->number[shard]) {
			wait->number[shard] = 0;
			wait->missing--;
		}
	return !wait->missing;
}

static const Shoal__Fleet__Seat *seat_of(const Shoal__Fleet__State *state, uint32_t index)
{
	for (size_t i = 0; i < state->n_seats; i++)
		if (state->seats[i]->seat == index)
			return state->seats[i];
	return NULL;
}

static unsigned shards_of(const Shoal__Fleet__State *state, uint32_t seat)
{
	unsigned shards = 0;

	for (size_t i = 0; i < state->owners.len; i++)
		shards += state->owners.data[i] == seat;
	return shards;
}

static bool shard_obeyed(const struct wait *wait, const Shoal__Fleet__State *state)
{
	if (!state)
		return false;
	if (wait->seat == SEAT_NONE)
		return wait->shard / 8 < state->pins.len && !(state->pins.data[wait->shard / 8] >> wait->shard % 8 & 1);
	return wait->shard < state->owners.len && state->owners.data[wait->shard] == wait->seat;
}

static bool seat_obeyed(const struct wait *wait, const Shoal__Fleet__State *state)
{
	const Shoal__Fleet__Seat *seat = state ? seat_of(state, wait->seat) : NULL;
	bool away;

	if (!seat)
		return false;
	away = seat->state == SHOAL__OSS__WORKER_STATE__WORKER_FREE ||
	       seat->state == SHOAL__OSS__WORKER_STATE__WORKER_STOPPED;
	if (wait->verb == SHOAL__OSS__WORKER_VERB__WORKER_STOP)
		return away;
	if (wait->verb == SHOAL__OSS__WORKER_VERB__WORKER_DRAIN)
		return away || (seat->guest && !shards_of(state, wait->seat));
	if (wait->verb == SHOAL__OSS__WORKER_VERB__WORKER_JOIN && seat->guest)
		return false;
	return seat->state == SHOAL__OSS__WORKER_STATE__WORKER_READY &&
	       (wait->verb != SHOAL__OSS__WORKER_VERB__WORKER_RESTART || seat->generation != wait->generation);
}

// CELL: its own drop; APPLIED: all up to it.
static bool drops_done(const struct wait *wait)
{
	const struct release *release = wait->desk->release;

	return !wait->drop || !release || !release_drops(release, wait->drop, wait->kind == WAIT_APPLIED);
}

static bool wait_done(struct wait *wait)
{
	const Shoal__Fleet__State *state = wait->desk->fleet ? fleet_state(wait->desk->fleet) : NULL;

	switch (wait->kind) {
	case WAIT_CELL:
		return push_number(wait->desk->push, (uint8_t)wait->shard) >= wait->until && wait_told(wait) &&
		       drops_done(wait) && !account_awaited(wait);
	case WAIT_APPLIED:
		return stands(wait, wait->desk->push) && wait_told(wait) && drops_done(wait);
	case WAIT_SEAT:
		return seat_obeyed(wait, state);
	case WAIT_SHARD:
		return shard_obeyed(wait, state);
	case WAIT_REPORT:
		return desk_report_came(wait);
	case WAIT_TRACE:
		return desk_trace_came(wait);
	case WAIT_PATH:
		return desk_path_turned(wait);
	default:
		return false;
	}
}

// The answer to an order is what the workers are like now.
static void workers_answer(struct wait *wait)
{
	struct desk *desk = wait->desk;
	struct job job = { .desk = desk, .request = wait->request };
	uint8_t *bytes;
	size_t length;

	arena_reset(&desk->arena);
	shoal__oss__response__init(&job.response);
	shoal__oss__status__init(&job.status);
	job.response.version = 1;
	job.response.status = &job.status;
	job_workers(&job);
	free(wait->request->answer);
	bytes = desk_pack(&job.response, &length);
	desk_answer(wait->request, bytes, length);
}

static void wait_end(struct wait *wait)
{
	if (wait->kind == WAIT_SEAT)
		workers_answer(wait);
	else if (wait->kind == WAIT_REPORT || wait->kind == WAIT_TRACE || wait->kind == WAIT_PATH)
		desk_answer(wait->request, wait->request->answer, wait->request->answer_bytes);
	else if (wait->account)
		account_answer(wait, SHOAL__OSS__CODE__OK, "");
	else if (refused_before(wait))
		answer_amend(wait->desk, wait->request, SHOAL__OSS__CODE__NOT_APPLIED_YET, WAIT_REFUSED);
	else
		applied_answer(wait->desk, wait->request);
	wait_free(wait);
}

// What keeps an order from being done.
static const char *order_missing(const struct wait *wait, char *text, size_t max)
{
	const Shoal__Fleet__State *state = wait->desk->fleet ? fleet_state(wait->desk->fleet) : NULL;
	unsigned shards = state ? shards_of(state, wait->seat) : 0;

	if (!state)
		return "Ordered, but the primary does not answer any more.";
	if (wait->kind == WAIT_SHARD)
		return "Ordered, but the shard is not there yet.";
	if (!shards || wait->verb == SHOAL__OSS__WORKER_VERB__WORKER_JOIN)
		return "Ordered, but the worker is not ready yet.";
	snprintf(text, max, "Ordered, but the worker still serves %u shards.", shards);
	return text;
}

static void wait_expire(struct wait *wait)
{
	char text[96];

	if (wait->kind == WAIT_REPORT || wait->kind == WAIT_TRACE ||
	    wait->kind == WAIT_PATH) // none came: that is what it says
		desk_answer(wait->request, wait->request->answer, wait->request->answer_bytes);
	else if (wait->account)
		account_answer_late(wait);
	else if (wait->kind == WAIT_APPLIED || wait->kind == WAIT_CELL)
		answer_amend(wait->desk, wait->request, SHOAL__OSS__CODE__NOT_APPLIED_YET,
			     wait->refused ? WAIT_REFUSED : "Durable, but no worker has confirmed it yet.");
	else if (wait->kind == WAIT_ANSWER)
		answer_amend(wait->desk, wait->request, SHOAL__OSS__CODE__UNAVAILABLE, "The primary does not answer.");
	else
		answer_amend(wait->desk, wait->request, SHOAL__OSS__CODE__NOT_APPLIED_YET,
			     order_missing(wait, text, sizeof(text)));
	if (wait->kind == WAIT_ANSWER)
		wait->over = true; // the primary's answer still comes to it
	else
		wait_free(wait);
}

void desk_wait(struct desk *desk, struct wait *wait)
{
	struct wait_queue *queue;

	wait->aliases = desk->ledger->aliases->said;
	wait->framed = wait->framed || wait->kind == WAIT_APPLIED ? desk->ledger->framed->said : 0;
	wait->exceptions = wait->exceptions || wait->kind == WAIT_APPLIED ? desk->ledger->exceptions_said : 0;
	if (wait_done(wait)) {
		wait_end(wait);
		return;
	}
	if (wait->kind == WAIT_CELL) {
		queue = &desk->cells[wait->shard];
		*(queue->first ? queue->end : &queue->first) = wait;
		queue->end = &wait->next;
	} else {
		wait->next = desk->waits;
		desk->waits = wait;
	}
	desk->waiting++;
}

// Ends a wait of a list whose time or event has come: *link, which is the next one then. False: it waits on.
static bool wait_look(struct desk *desk, struct wait **link, uint64_t now_ns)
{
	struct wait *wait = *link;
	bool done = !wait->refused && wait_done(wait);

	if (!done && !wait->refused && now_ns < wait->deadline_ns)
		return false;
	*link = wait->next;
	desk->waiting--;
	if (done)
		wait_end(wait);
	else
		wait_expire(wait);
	return true;
}

static void cells_look(struct desk *desk, uint8_t shard, uint64_t now_ns)
{
	struct wait **link = &desk->cells[shard].first;

	while (*link)
		if (!wait_look(desk, link, now_ns))
			link = &(*link)->next;
	desk->cells[shard].end = link;
}

// Those that are not of one cell. shard: only those that wait for it; SHARDS = all.
static void others_look(struct desk *desk, unsigned shard, uint64_t now_ns)
{
	struct wait **link = &desk->waits;

	while (*link) {
		bool concerned = shard == SHARDS || ((*link)->kind == WAIT_APPLIED && (*link)->number[shard]);

		if (!concerned || !wait_look(desk, link, now_ns))
			link = &(*link)->next;
	}
}

static void waits_look(struct desk *desk, uint64_t now_ns)
{
	others_look(desk, SHARDS, now_ns);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		if (desk->cells[shard].first)
			cells_look(desk, (uint8_t)shard, now_ns);
}

void desk_stands(struct desk *desk, uint8_t shard)
{
	others_look(desk, shard, 0);
	cells_look(desk, shard, 0);
}

void desk_refused(struct desk *desk, uint32_t cell, uint64_t number)
{
	uint8_t shard = cell_shard(desk->push->chains->grid, cell);

	for (struct wait *wait = desk->cells[shard].first; wait; wait = wait->next)
		wait->refused |= wait->cell == cell && wait->until <= number;
	cells_look(desk, shard, 0);
}

void desk_settled(struct desk *desk, const struct session *session)
{
	uint8_t shard = shard_of_teid(session->bearer.teid);
	struct wait **link = &desk->cells[shard].first;

	while (*link)
		if ((*link)->account != session->id || !wait_look(desk, link, 0))
			link = &(*link)->next;
	desk->cells[shard].end = link;
}

void desk_state(struct desk *desk)
{
	others_look(desk, SHARDS, 0);
}

void desk_tick(struct desk *desk, uint64_t now_ns)
{
	waits_look(desk, now_ns);
}

void desk_aliases(struct desk *desk)
{
	const struct ledger *ledger = desk->ledger;
	uint64_t told = ledger->aliases->told + ledger->framed->told + ledger->exceptions_told; // none ever falls

	if (desk->aliases_seen == told)
		return;
	desk->aliases_seen = told;
	waits_look(desk, 0);
}

void desk_drops(struct desk *desk)
{
	if (desk->drops_seen == desk->release->drops_done)
		return;
	desk->drops_seen = desk->release->drops_done;
	waits_look(desk, 0);
}

void desk_traces(struct desk *desk)
{
	if (desk->traces_seen == desk->traces->arrived)
		return;
	desk->traces_seen = desk->traces->arrived;
	others_look(desk, SHARDS, 0);
}

void desk_reports(struct desk *desk)
{
	if (desk->reports_seen == desk->load->outbox->arrived)
		return;
	desk->reports_seen = desk->load->outbox->arrived;
	others_look(desk, SHARDS, 0);
}
