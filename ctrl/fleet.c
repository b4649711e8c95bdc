// fleet.c - two lines to the primary over one REQ socket: one polls, one carries orders, each one request at a time.
#include "ctrl/fleet.h"
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/link.h"
#include "proto/porter.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define FLEET_VERSION 1u
#define POLL_NS 200000000ull
#define SILENT_NS 2000000000ull // no word for so long: there is no primary
#define ANSWER_MS 1000
#define RESEND_MS 300
#define ORDERS_MAX 256u

struct fleet_word { // an order that waits
	struct fleet_word *next;
	fleet_done *done;
	void *with;
	nng_msg *message;
	bool quiet; // changes nothing that a poll would tell
};

struct fleet_line {
	struct inbox_item item;
	struct fleet *fleet;
	nng_ctx context;
	nng_aio *aio;
	bool busy, sent;
	struct fleet_word *word; // under way
};

struct fleet {
	struct inbox *inbox;
	struct fleet_hooks hooks;
	nng_socket socket;
	struct porter porter;
	struct fleet_line poll, order;
	struct fleet_word *first, *last; // orders that wait
	uint32_t waiting;
	struct fleet_word asking;     // the poll's
	Shoal__Fleet__Answer *answer; // holds the last state
	uint64_t polled_ns, heard_ns, generation, events;
	uint64_t answered_ns; // the last answer of any kind
	uint32_t busy_permille[PLANE_SEATS];
};

static void line_done(void *with)
{
	struct fleet_line *line = with;

	inbox_post(line->fleet->inbox, &line->item);
}

static void line_send(struct fleet_line *line, struct fleet_word *word)
{
	line->busy = true;
	line->sent = false;
	line->word = word;
	nng_aio_set_msg(line->aio, word->message);
	nng_aio_set_timeout(line->aio, ANSWER_MS);
	nng_ctx_send(line->context, line->aio);
}

static void orders_go(struct fleet *fleet)
{
	struct fleet_word *word = fleet->first;

	if (!word || fleet->order.busy)
		return;
	fleet->first = word->next;
	fleet->waiting--;
	line_send(&fleet->order, word);
}

static nng_msg *order_pack(const Shoal__Fleet__Order *order)
{
	nng_msg *message;

	if (nng_msg_alloc(&message, shoal__fleet__order__get_packed_size(order)))
		return NULL;
	shoal__fleet__order__pack(order, nng_msg_body(message));
	return message;
}

static void poll_hear(struct fleet *fleet, Shoal__Fleet__Answer *answer);

static void order_hear(struct fleet *fleet, struct fleet_word *word, Shoal__Fleet__Answer *answer)
{
	if (!word->quiet)
		fleet->polled_ns = 0; // see what comes of it
	word->done(word->with, answer);
	if (answer)
		shoal__fleet__answer__free_unpacked(answer, NULL);
	free(word);
	orders_go(fleet);
}

// The exchange is over; message null: no answer.
static void line_finish(struct fleet_line *line, nng_msg *message)
{
	struct fleet_word *word = line->word;
	Shoal__Fleet__Answer *answer = NULL;

	line->busy = false;
	line->word = NULL;
	if (message) {
		line->fleet->answered_ns = clock_ns();
		answer = shoal__fleet__answer__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
		nng_msg_free(message);
		if (!answer)
			log_warning("fleet.answer", "the primary's answer is not one");
	}
	if (line == &line->fleet->poll)
		poll_hear(line->fleet, answer);
	else
		order_hear(line->fleet, word, answer);
}

static void line_run(struct inbox_item *item)
{
	struct fleet_line *line = (struct fleet_line *)item;
	int code = nng_aio_result(line->aio);

	if (!line->busy)
		return;
	if (code && !line->sent)
		nng_msg_free(nng_aio_get_msg(line->aio));
	if (code || line->sent) {
		line_finish(line, code ? NULL : nng_aio_get_msg(line->aio));
		return;
	}
	line->sent = true;
	nng_ctx_recv(line->context, line->aio);
}

int fleet_order(struct fleet *fleet, const Shoal__Fleet__Order *order, fleet_done *done, void *with)
{
	Shoal__Fleet__Order versioned = *order;
	struct fleet_word *word = fleet->waiting < ORDERS_MAX ? calloc(1, sizeof(*word)) : NULL;

	versioned.version = FLEET_VERSION;
	if (word)
		word->message = order_pack(&versioned);
	if (!word || !word->message) {
		free(word);
		return -EBUSY;
	}
	word->done = done;
	word->with = with;
	word->quiet =
	    order->body_case == SHOAL__FLEET__ORDER__BODY_TRACES || order->body_case == SHOAL__FLEET__ORDER__BODY_DROP;
	if (fleet->first)
		fleet->last->next = word;
	else
		fleet->first = word;
	fleet->last = word;
	fleet->waiting++;
	orders_go(fleet);
	return 0;
}

const Shoal__Fleet__State *fleet_state(const struct fleet *fleet)
{
	return fleet->answer ? fleet->answer->state : NULL;
}

uint32_t fleet_busy_permille(const struct fleet *fleet, uint32_t seat)
{
	return seat < PLANE_SEATS ? fleet->busy_permille[seat] : 0;
}

static const Shoal__Fleet__Seat *seat_in(const Shoal__Fleet__State *state, uint32_t seat)
{
	for (size_t i = 0; state && i < state->n_seats; i++)
		if (state->seats[i]->seat == seat)
			return state->seats[i];
	return NULL;
}

static void busy_reckon(struct fleet *fleet, const Shoal__Fleet__State *state, uint64_t elapsed_ns)
{
	for (uint32_t i = 0; i < PLANE_SEATS; i++) {
		const Shoal__Fleet__Seat *now = seat_in(state, i), *before = seat_in(fleet_state(fleet), i);
		double ticks;

		fleet->busy_permille[i] = 0;
		if (!now || !before || now->generation != before->generation || now->busy_ticks < before->busy_ticks)
			continue;
		ticks = (double)elapsed_ns * 1e-9 * (double)now->clock_hz;
		if (ticks > 0)
			fleet->busy_permille[i] =
			    (uint32_t)((double)(now->busy_ticks - before->busy_ticks) / ticks * 1000);
		if (fleet->busy_permille[i] > 1000)
			fleet->busy_permille[i] = 1000;
	}
}

static void events_hear(struct fleet *fleet, const Shoal__Fleet__State *state)
{
	for (size_t i = 0; i < state->n_events; i++) {
		if (state->events[i]->number <= fleet->events)
			continue;
		fleet->events = state->events[i]->number;
		fleet->hooks.event(fleet->hooks.with, state->events[i]);
	}
}

static void state_take(struct fleet *fleet, Shoal__Fleet__Answer *answer, uint64_t now_ns)
{
	Shoal__Fleet__State *state = answer->state;

	if (state->generation != fleet->generation) {
		log_info("fleet.primary", "primary %d, build %s", state->pid, state->build);
		fleet->generation = state->generation;
		fleet->events = 0; // its numbers are its own
		fleet->hooks.reborn(fleet->hooks.with);
	} else {
		busy_reckon(fleet, state, now_ns - fleet->heard_ns);
		events_hear(fleet, state);
	}
	if (fleet->answer)
		shoal__fleet__answer__free_unpacked(fleet->answer, NULL);
	fleet->answer = answer;
	fleet->heard_ns = now_ns;
	fleet->hooks.state(fleet->hooks.with);
}

// Takes the answer over.
static void poll_hear(struct fleet *fleet, Shoal__Fleet__Answer *answer)
{
	uint64_t now_ns = clock_ns();

	if (answer && !answer->error && answer->body_case == SHOAL__FLEET__ANSWER__BODY_STATE) {
		state_take(fleet, answer, now_ns);
		return;
	}
	if (answer)
		shoal__fleet__answer__free_unpacked(answer, NULL);
	if (!fleet->answer || now_ns - fleet->heard_ns < SILENT_NS)
		return;
	log_warning("fleet.silent", "the primary does not answer");
	shoal__fleet__answer__free_unpacked(fleet->answer, NULL);
	fleet->answer = NULL;
	fleet->hooks.state(fleet->hooks.with);
}

void fleet_tick(struct fleet *fleet, uint64_t now_ns)
{
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__Poll poll = SHOAL__FLEET__POLL__INIT;

	porter_look_dialer(&fleet->porter, now_ns - fleet->answered_ns < SILENT_NS, now_ns);
	if (fleet->poll.busy || now_ns - fleet->polled_ns < POLL_NS)
		return;
	fleet->polled_ns = now_ns;
	order.version = FLEET_VERSION;
	order.body_case = SHOAL__FLEET__ORDER__BODY_POLL;
	order.poll = &poll;
	poll.events_after = fleet->events;
	poll.counters = true;
	poll.parked_from = fleet->answer ? fleet->answer->state->parked_next : 0;
	fleet->asking = (struct fleet_word){ .message = order_pack(&order) };
	if (fleet->asking.message)
		line_send(&fleet->poll, &fleet->asking);
}

static int line_open(struct fleet_line *line, struct fleet *fleet)
{
	int code = nng_ctx_open(&line->context, fleet->socket);

	if (!code)
		code = nng_ctx_set_ms(line->context, NNG_OPT_REQ_RESENDTIME, RESEND_MS);
	if (!code)
		code = nng_aio_alloc(&line->aio, line_done, line);
	line->fleet = fleet;
	line->item.run = line_run;
	return link_error(code);
}

static int lines_open(struct fleet *fleet, const char *run_dir)
{
	char url[300];
	int error = line_open(&fleet->poll, fleet);

	if (!error)
		error = line_open(&fleet->order, fleet);
	if (error)
		return error;
	snprintf(url, sizeof(url), "ipc://%s/%s", run_dir, FLEET_SOCKET);
	return link_error(porter_dial(&fleet->porter, fleet->socket, url, LINK_MESSAGE_MAX));
}

int fleet_open(const char *run_dir, struct inbox *inbox, const struct fleet_hooks *hooks, struct fleet **made)
{
	struct fleet *fleet = calloc(1, sizeof(*fleet));
	int error;

	if (!fleet)
		return -ENOMEM;
	fleet->inbox = inbox;
	fleet->hooks = *hooks;
	error = link_error(nng_req0_open(&fleet->socket));
	if (error) {
		free(fleet);
		return error;
	}
	error = lines_open(fleet, run_dir);
	if (error)
		fleet_close(fleet);
	else
		*made = fleet;
	return error;
}

void fleet_close(struct fleet *fleet)
{
	nng_close(fleet->socket);
	nng_aio_free(fleet->poll.aio);
	nng_aio_free(fleet->order.aio);
	while (fleet->first) {
		struct fleet_word *next = fleet->first->next;

		nng_msg_free(fleet->first->message);
		free(fleet->first);
		fleet->first = next;
	}
	free(fleet->order.word);
	if (fleet->answer)
		shoal__fleet__answer__free_unpacked(fleet->answer, NULL);
	free(fleet);
}
