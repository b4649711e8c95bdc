// desk_fleet.c - requests about workers and shards: what the primary last said, and orders to it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/session/session.h"
#include "shared/plane/verdict.h"

// The primary's last word, or null with job->fault.
static const Shoal__Fleet__State *state_need(struct job *job)
{
	const Shoal__Fleet__State *state = job->desk->fleet ? fleet_state(job->desk->fleet) : NULL;

	if (!state)
		fault_say(&job->fault, SHOAL__OSS__CODE__UNAVAILABLE, "", "The primary does not answer.");
	return state;
}

static unsigned seat_of_shard(const Shoal__Fleet__State *state, unsigned shard)
{
	return state && shard < state->owners.len ? state->owners.data[shard] : 255u;
}

static Shoal__Oss__Counter **verdicts_list(struct job *job, const uint64_t *values, size_t count)
{
	Shoal__Oss__Counter **list = job_take(job, (count + 1) * sizeof(*list));
	Shoal__Oss__Counter *counters = job_take(job, (count + 1) * sizeof(*counters));

	for (size_t i = 0; list && counters && i < count; i++) {
		shoal__oss__counter__init(&counters[i]);
		counters[i].name = (char *)verdict_name((unsigned)i);
		counters[i].help = (char *)verdict_help((unsigned)i);
		counters[i].value = values[i];
		list[i] = &counters[i];
	}
	return job->fault.code ? NULL : list;
}

static Shoal__Oss__Worker *worker_of(struct job *job, const Shoal__Fleet__State *state, const Shoal__Fleet__Seat *seat)
{
	Shoal__Oss__Worker *worker = job_take(job, sizeof(*worker));

	if (!worker)
		return NULL;
	shoal__oss__worker__init(worker);
	worker->seat = seat->seat;
	worker->state = (Shoal__Oss__WorkerState)seat->state;
	worker->slow = seat->slow;
	worker->pid = seat->pid;
	worker->cpu = seat->cpu;
	worker->generation = seat->generation;
	worker->deaths = seat->deaths;
	worker->in_packets = seat->in_packets;
	worker->in_bytes = seat->in_bytes;
	worker->out_packets = seat->out_packets;
	worker->held = seat->held;
	worker->lent = seat->lent;
	worker->nest = seat->nest;
	worker->guest = seat->guest && seat->state != SHOAL__OSS__WORKER_STATE__WORKER_STOPPED;
	worker->busy_ticks = seat->busy_ticks;
	worker->clock_hz = seat->clock_hz;
	worker->busy_permille = fleet_busy_permille(job->desk->fleet, seat->seat);
	worker->n_verdicts = seat->n_verdicts;
	worker->verdicts = verdicts_list(job, seat->verdicts, seat->n_verdicts);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		if (seat_of_shard(state, shard) == seat->seat) {
			worker->shards++;
			worker->sessions += job->desk->push->chains->chain[shard].sessions;
		}
	return worker->verdicts ? worker : NULL;
}

static Shoal__Oss__Worker **workers_list(struct job *job, const Shoal__Fleet__State *state)
{
	Shoal__Oss__Worker **list = job_take(job, (state->n_seats + 1) * sizeof(*list));

	for (size_t i = 0; list && i < state->n_seats; i++) {
		list[i] = worker_of(job, state, state->seats[i]);
		if (!list[i])
			return NULL;
	}
	return list;
}

// Null with job->fault.
Shoal__Oss__Nest **job_nests(struct job *job, const Shoal__Fleet__State *state)
{
	Shoal__Oss__Nest **list = job_take(job, (state->n_nests + 1) * sizeof(*list));
	Shoal__Oss__Nest *nests = job_take(job, (state->n_nests + 1) * sizeof(*nests));

	for (size_t i = 0; list && nests && i < state->n_nests; i++) {
		const Shoal__Fleet__Nest *from = state->nests[i];

		shoal__oss__nest__init(&nests[i]);
		nests[i].nest = from->nest;
		nests[i].build = from->build;
		nests[i].pid = from->pid;
		nests[i].ready = from->ready;
		nests[i].home = from->home;
		list[i] = &nests[i];
	}
	return job->fault.code ? NULL : list;
}

void job_workers(struct job *job)
{
	const Shoal__Fleet__State *state = state_need(job);
	Shoal__Oss__WorkerListAnswer *answer = state ? job_take(job, sizeof(*answer)) : NULL;

	if (!answer)
		return;
	shoal__oss__worker_list_answer__init(answer);
	answer->workers = workers_list(job, state);
	if (!answer->workers)
		return;
	answer->n_workers = state->n_seats;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_WORKER_LIST;
	job->response.worker_list = answer;
}

void desk_worker_list(struct job *job)
{
	job_workers(job);
}

void desk_shard_list(struct job *job)
{
	const struct desk *desk = job->desk;
	const Shoal__Fleet__State *state = desk->fleet ? fleet_state(desk->fleet) : NULL;
	Shoal__Oss__ShardListAnswer *answer = job_take(job, sizeof(*answer));
	Shoal__Oss__Shard **list = job_take(job, SHARDS * sizeof(*list));
	Shoal__Oss__Shard *shards = job_take(job, SHARDS * sizeof(*shards));

	if (!answer || !list || !shards)
		return;
	for (unsigned i = 0; i < SHARDS; i++) {
		shoal__oss__shard__init(&shards[i]);
		shards[i].shard = i;
		shards[i].seat = seat_of_shard(state, i);
		shards[i].sessions = desk->push->chains->chain[i].sessions;
		shards[i].seq = desk->push->chains->chain[i].number;
		shards[i].pinned = state && i / 8 < state->pins.len && (state->pins.data[i / 8] >> i % 8 & 1);
		shards[i].in_step = desk->push->shard[i].phase == PUSH_REPLAY && !desk->push->shard[i].waiting;
		list[i] = &shards[i];
	}
	shoal__oss__shard_list_answer__init(answer);
	answer->shards = list;
	answer->n_shards = SHARDS;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_SHARD_LIST;
	job->response.shard_list = answer;
}

// What an errno of the primary means to the OSS.
static Shoal__Oss__Code code_of(int32_t error)
{
	switch (abs(error)) {
	case ENOENT:
		return SHOAL__OSS__CODE__NOT_FOUND;
	case EINVAL:
	case ERANGE:
		return SHOAL__OSS__CODE__INVALID_FIELD;
	case EBUSY:
	case EAGAIN:
		return SHOAL__OSS__CODE__BUSY;
	case ENOTSUP:
		return SHOAL__OSS__CODE__UNSUPPORTED;
	default:
		return SHOAL__OSS__CODE__INTERNAL;
	}
}

// The field that the primary has to mean.
static const char *field_of(Shoal__Oss__Code code)
{
	bool at_fault = code == SHOAL__OSS__CODE__NOT_FOUND || code == SHOAL__OSS__CODE__INVALID_FIELD;

	return at_fault ? "seat" : "";
}

// The order could not be given: the waiting request is answered with why.
static void order_refuse(struct wait *wait, Shoal__Oss__Code code, const char *message)
{
	Shoal__Oss__Response response = SHOAL__OSS__RESPONSE__INIT;
	Shoal__Oss__Status status = SHOAL__OSS__STATUS__INIT;
	uint8_t *bytes;
	size_t length;

	response.version = 1;
	response.status = &status;
	status.code = code;
	status.field = (char *)field_of(code);
	status.message = (char *)message;
	wait->desk->refused++;
	free(wait->request->answer);
	bytes = desk_pack(&response, &length);
	desk_answer(wait->request, bytes, length);
	wait_free(wait);
}

static void wait_unlink(struct wait *wait)
{
	struct wait **link = &wait->desk->waits;

	while (*link && *link != wait)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = wait->next;
	wait->desk->waiting--;
}

// The primary has taken the order, or not.
static void order_heard(void *with, const Shoal__Fleet__Answer *answer)
{
	struct wait *wait = with;

	if (wait->over) {
		wait_free(wait);
		return;
	}
	wait_unlink(wait);
	if (!answer)
		order_refuse(wait, SHOAL__OSS__CODE__UNAVAILABLE, "The primary does not answer.");
	else if (answer->error)
		order_refuse(wait, code_of(answer->error),
			     *answer->message ? answer->message : strerror(abs(answer->error)));
	else {
		wait->kind = wait->verb ? WAIT_SEAT : WAIT_SHARD;
		desk_wait(wait->desk, wait);
	}
}

// Waits for the primary's answer; the response so far is the one for success.
static void order_give(struct job *job, struct wait *wait, const Shoal__Fleet__Order *order)
{
	if (!fleet_order(job->desk->fleet, order, order_heard, wait)) {
		job->wait = wait;
		return;
	}
	wait_free(wait);
	fault_say(&job->fault, SHOAL__OSS__CODE__BUSY, "", "Too many orders wait for the primary; try again.");
}

static uint32_t nest_home(const Shoal__Fleet__State *state)
{
	for (size_t i = 0; i < state->n_nests; i++)
		if (state->nests[i]->home)
			return state->nests[i]->nest;
	return 0;
}

void desk_worker_order(struct job *job)
{
	const Shoal__Oss__WorkerOrder *wanted = job->message->worker_order;
	const Shoal__Fleet__State *state = state_need(job);
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__SeatOrder seat = SHOAL__FLEET__SEAT_ORDER__INIT;
	struct wait *wait;
	size_t i = 0;

	if (!state)
		return;
	if (wanted->verb < SHOAL__OSS__WORKER_VERB__WORKER_START ||
	    wanted->verb > SHOAL__OSS__WORKER_VERB__WORKER_JOIN) {
		fault_say(&job->fault, wanted->verb ? SHOAL__OSS__CODE__INVALID_FIELD : SHOAL__OSS__CODE__MISSING_FIELD,
			  "verb", "Start, stop, restart, drain or join.");
		return;
	}
	while (i < state->n_seats && state->seats[i]->seat != wanted->seat)
		i++;
	if (i == state->n_seats) {
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "seat", "No such seat.");
		return;
	}
	wait = job_wait(job, WAIT_ANSWER);
	if (!wait)
		return;
	wait->seat = wanted->seat;
	wait->verb = wanted->verb;
	wait->generation = state->seats[i]->generation;
	seat.seat = wanted->seat;
	seat.verb = (Shoal__Fleet__SeatVerb)wanted->verb;
	seat.nest = nest_home(state);
	order.body_case = SHOAL__FLEET__ORDER__BODY_SEAT;
	order.seat = &seat;
	order_give(job, wait, &order);
}

void desk_shard_move(struct job *job)
{
	const Shoal__Oss__ShardMove *wanted = job->message->shard_move;
	const Shoal__Fleet__State *state = state_need(job);
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__Move move = SHOAL__FLEET__MOVE__INIT;
	struct wait *wait;

	if (!state)
		return;
	if (wanted->shard >= SHARDS || (wanted->seat >= PLANE_SEAT_SLOW && wanted->seat != PLANE_SEAT_NONE)) {
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, wanted->shard >= SHARDS ? "shard" : "seat",
			  "Shards are 0 to 255, seats 0 to 14; seat 255 frees the shard.");
		return;
	}
	wait = job_wait(job, WAIT_ANSWER);
	if (!wait)
		return;
	wait->shard = move.shard = wanted->shard;
	wait->seat = move.seat = wanted->seat;
	order.body_case = SHOAL__FLEET__ORDER__BODY_MOVE;
	order.move = &move;
	order_give(job, wait, &order);
}
