// fleet.c - two lines to the primary over one connection: one polls, one carries orders, each one request at a time. What has no answer
// when the connection ends is said again in the next.
#include "ctrl/fleet/fleet.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/talk.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/wire/cursor.h"

#define FLEET_VERSION 1u
#define POLL_NS 200000000ull
#define SILENT_NS 2000000000ull // no word for so long: there is no primary
#define ANSWER_NS 1000000000ull
#define REDIAL_NS 50000000ull
#define ORDERS_MAX 256u
#define ANSWER_MAX (1024u * 1024)
#define ID_BYTES 4u
#define ID_LAST 0x80000000u // top bit: the last word of its kind before the body (sp.h)

static const struct talk_terms terms = { SP_REQ, SP_REP, ANSWER_MAX };

struct fleet_word { // an order that waits
	struct fleet_word *next;
	fleet_done *done;
	void *with;
	uint8_t *message;
	size_t length;
	bool quiet; // changes nothing that a poll would tell
};

struct fleet_line {
	struct fleet_word *word; // under way; null = the line is free
	bool said;               // in this connection
	uint32_t id;
	uint64_t until_ns;
};

struct fleet {
	struct fleet_hooks hooks;
	char path[256];
	struct talk talk;
	uint64_t dialed_ns;
	uint32_t ids;
	struct fleet_line poll, order;
	struct fleet_word *first, *last; // orders that wait
	uint32_t waiting;
	struct fleet_word asking;     // the poll's
	Shoal__Fleet__Answer *answer; // holds the last state
	uint64_t polled_ns, heard_ns, generation, events;
	uint32_t busy_permille[PLANE_SEATS];
};

// Both lines' words come again in the next connection.
static void over(struct fleet *fleet)
{
	talk_end(&fleet->talk);
	fleet->poll.said = fleet->order.said = false;
}

static void line_say(struct fleet *fleet, struct fleet_line *line)
{
	struct fleet_word *word = line->word;
	uint8_t *room;

	if (!word || line->said || talk_room(&fleet->talk, ID_BYTES + word->length, &room))
		return;
	be32_put(room, line->id);
	memcpy(room + ID_BYTES, word->message, word->length);
	line->said = true;
	if (talk_say(&fleet->talk, ID_BYTES + word->length))
		over(fleet);
}

static void line_take(struct fleet *fleet, struct fleet_line *line, struct fleet_word *word)
{
	line->word = word;
	line->said = false;
	line->id = ++fleet->ids | ID_LAST;
	line->until_ns = clock_ns() + ANSWER_NS;
	line_say(fleet, line);
}

static void orders_go(struct fleet *fleet)
{
	struct fleet_word *word = fleet->first;

	if (!word || fleet->order.word)
		return;
	fleet->first = word->next;
	fleet->waiting--;
	line_take(fleet, &fleet->order, word);
}

static bool order_pack(const Shoal__Fleet__Order *order, struct fleet_word *word)
{
	word->length = shoal__fleet__order__get_packed_size(order);
	word->message = malloc(word->length + 1);
	if (word->message)
		shoal__fleet__order__pack(order, word->message);
	return word->message;
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

// The exchange is over; body null: no answer.
static void line_finish(struct fleet *fleet, struct fleet_line *line, const uint8_t *body, size_t length)
{
	struct fleet_word *word = line->word;
	Shoal__Fleet__Answer *answer = NULL;

	line->word = NULL;
	free(word->message);
	if (body) {
		answer = shoal__fleet__answer__unpack(NULL, length, body);
		if (!answer)
			log_warning("fleet.answer", "the primary's answer is not one");
	}
	if (line == &fleet->poll)
		poll_hear(fleet, answer);
	else
		order_hear(fleet, word, answer);
}

static void answer_hear(struct fleet *fleet, const uint8_t *message, size_t length)
{
	uint32_t id = length < ID_BYTES ? 0 : be32_get(message);

	if (fleet->poll.word && fleet->poll.id == id)
		line_finish(fleet, &fleet->poll, message + ID_BYTES, length - ID_BYTES);
	else if (fleet->order.word && fleet->order.id == id)
		line_finish(fleet, &fleet->order, message + ID_BYTES, length - ID_BYTES);
}

void fleet_serve(struct fleet *fleet)
{
	const uint8_t *message;
	size_t length;
	int error = 0;

	if (fleet->talk.fd < 0)
		return;
	while (!error) {
		error = talk_hear(&fleet->talk, &message, &length);
		if (!error)
			answer_hear(fleet, message, length);
	}
	if (error == -EAGAIN)
		error = talk_flush(&fleet->talk);
	if (error && error != -ENOTCONN)
		over(fleet);
	line_say(fleet, &fleet->order);
	line_say(fleet, &fleet->poll);
}

struct pollfd fleet_poll(const struct fleet *fleet)
{
	return talk_poll(&fleet->talk, true);
}

int fleet_order(struct fleet *fleet, const Shoal__Fleet__Order *order, fleet_done *done, void *with)
{
	Shoal__Fleet__Order versioned = *order;
	struct fleet_word *word = fleet->waiting < ORDERS_MAX ? calloc(1, sizeof(*word)) : NULL;

	versioned.version = FLEET_VERSION;
	if (!word || !order_pack(&versioned, word)) {
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

static void poll_begin(struct fleet *fleet)
{
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__Poll poll = SHOAL__FLEET__POLL__INIT;

	order.version = FLEET_VERSION;
	order.body_case = SHOAL__FLEET__ORDER__BODY_POLL;
	order.poll = &poll;
	poll.events_after = fleet->events;
	poll.counters = true;
	poll.parked_from = fleet->answer ? fleet->answer->state->parked_next : 0;
	fleet->asking = (struct fleet_word){ 0 };
	if (order_pack(&order, &fleet->asking))
		line_take(fleet, &fleet->poll, &fleet->asking);
}

// An answer that is late would be the answer to nothing: the next request has a connection of its own.
static void line_look(struct fleet *fleet, struct fleet_line *line, uint64_t now_ns)
{
	if (!line->word || now_ns < line->until_ns)
		return;
	if (line->said)
		over(fleet);
	line_finish(fleet, line, NULL, 0);
}

void fleet_tick(struct fleet *fleet, uint64_t now_ns)
{
	line_look(fleet, &fleet->poll, now_ns);
	line_look(fleet, &fleet->order, now_ns);
	if (fleet->talk.fd < 0 && now_ns - fleet->dialed_ns >= REDIAL_NS) {
		fleet->dialed_ns = now_ns;
		talk_dial(&fleet->talk, &terms, fleet->path);
	}
	fleet_serve(fleet);
	if (!fleet->poll.word && now_ns - fleet->polled_ns >= POLL_NS) {
		fleet->polled_ns = now_ns;
		poll_begin(fleet);
	}
}

int fleet_open(const char *run_dir, const struct fleet_hooks *hooks, struct fleet **made)
{
	struct fleet *fleet = calloc(1, sizeof(*fleet));

	if (!fleet)
		return -ENOMEM;
	fleet->hooks = *hooks;
	fleet->talk = (struct talk)TALK_NOBODY;
	snprintf(fleet->path, sizeof(fleet->path), "%s/%s", run_dir, FLEET_SOCKET);
	*made = fleet;
	return 0;
}
