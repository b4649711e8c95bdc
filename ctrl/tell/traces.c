// traces.c - begins and ends traces, orders their packets, keeps them until they are read.
#include "ctrl/tell/traces.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/tell/trace_side.h"
#include "shared/base/log.h"
#include "shared/plane/verdict.h"

#define TRACES_ASK_NS 50000000ull

static struct trace *place_with(struct traces *traces, const struct trace_wish *wish)
{
	struct trace *free_one = NULL;

	for (unsigned i = 0; i < TRACES_MAX; i++) {
		struct trace *trace = &traces->trace[i];

		if (!trace->id)
			free_one = trace;
		else if (wish->key_bytes && trace->key_bytes == wish->key_bytes &&
			 !memcmp(trace->key, wish->key, wish->key_bytes))
			return trace;
	}
	return free_one;
}

struct trace *traces_start(struct traces *traces, const struct trace_wish *wish, uint64_t now_ns)
{
	struct trace *trace = place_with(traces, wish);

	if (!trace || trace->id)
		return trace;
	traces->begun++;
	*trace = (struct trace){ .id = traces->starts << 32 | traces->begun,
				 .number = (uint32_t)(traces->starts << 16) + traces->begun,
				 .session = wish->session,
				 .snap = wish->snap,
				 .per_second = wish->per_second,
				 .key_bytes = wish->key_bytes,
				 .read_ns = now_ns };
	trace->number += !trace->number; // 0 is nobody's
	if (wish->key_bytes)
		memcpy(trace->key, wish->key, wish->key_bytes);
	traces->quiet = false;
	log_info("trace.begun", "trace %u: packets of session %llu, %u bytes of each, %u a second", trace->number,
		 (unsigned long long)trace->session, trace->snap, trace->per_second);
	return trace;
}

struct trace *traces_find(struct traces *traces, uint64_t id)
{
	for (unsigned i = 0; id && i < TRACES_MAX; i++)
		if (traces->trace[i].id == id)
			return &traces->trace[i];
	return NULL;
}

void trace_forget(struct trace *trace, uint64_t number)
{
	while (trace->first && trace->first->message.number <= number) {
		struct trace_packet *packet = trace->first;

		trace->first = packet->next;
		trace->bytes -= packet->bytes;
		free(packet);
	}
}

void traces_stop(struct traces *traces, struct trace *trace)
{
	if (trace->stop == TRACE_RUNS)
		trace->stop = TRACE_STOPS;
	traces->quiet = false;
}

static void trace_leave(struct traces *traces, struct trace *trace)
{
	log_info("trace.over", "trace %u: %llu packets of session %llu, %llu lost: %s", trace->number,
		 (unsigned long long)trace->numbered, (unsigned long long)trace->session,
		 (unsigned long long)trace_lost(trace), *trace->ended ? trace->ended : "nobody reads it");
	traces->lost += trace_lost(trace);
	trace_forget(trace, UINT64_MAX);
	trace->id = 0;
	traces->quiet = false;
}

static uint64_t sum_all(const struct trace_sum *sum)
{
	return sum->before + sum->last;
}

static void sum_hear(struct trace_sum *sum, uint64_t value)
{
	if (value < sum->last) // another primary
		sum->before += sum->last;
	sum->last = value;
}

uint64_t trace_lost(const struct trace *trace)
{
	uint64_t told = sum_all(&trace->told);

	return sum_all(&trace->missed) + trace->dropped + (told > trace->numbered ? told - trace->numbered : 0);
}

unsigned traces_count(const struct traces *traces)
{
	unsigned count = 0;

	for (unsigned i = 0; i < TRACES_MAX; i++)
		count += traces->trace[i].id && !*traces->trace[i].ended;
	return count;
}

static struct trace *trace_by_number(struct traces *traces, uint32_t number)
{
	for (unsigned i = 0; i < TRACES_MAX; i++)
		if (traces->trace[i].id && traces->trace[i].number == number)
			return &traces->trace[i];
	return NULL;
}

static void sight_init(Shoal__Oss__TraceSight *out, const Shoal__Fleet__TracedSight *from, uint32_t snap,
		       uint8_t *store)
{
	shoal__oss__trace_sight__init(out);
	out->at_ns = from->at_ns;
	out->core = from->core; // by its port; sides_put
	out->length = from->length;
	out->bytes = (ProtobufCBinaryData){ from->bytes.len < snap ? from->bytes.len : snap, store };
	memcpy(store, from->bytes.data, out->bytes.len);
}

static void packet_init(struct trace_packet *packet, const Shoal__Fleet__TracedPacket *from, uint32_t snap)
{
	Shoal__Oss__TracePacket *message = &packet->message;
	uint8_t *store = packet->store;

	shoal__oss__trace_packet__init(message);
	message->verdict = (char *)verdict_name(from->verdict);
	message->help = (char *)verdict_help(from->verdict);
	message->through = packet->through;
	for (size_t i = 0; i < from->n_through && i < TRACES_STEPS; i++)
		packet->through[message->n_through++] = (char *)verdict_name(from->through[i]);
	message->worker = from->seat;
	if (from->came) {
		sight_init(&packet->came, from->came, snap, store);
		message->came = &packet->came;
		store += packet->came.bytes.len;
	}
	if (from->left) {
		sight_init(&packet->left, from->left, snap, store);
		message->left = &packet->left;
	}
}

// What tunnels of the core side came out of or went into, by the rules as they are now, and all that the primary copied.
static void sides_put(const struct traces *traces, const struct trace *trace, struct trace_packet *packet,
		      const Shoal__Fleet__TracedPacket *from)
{
	const struct session *session = session_by_id(traces->sessions, trace->session);
	unsigned slot_bits = traces->sessions->place->grid->slot_bits;

	if (session && from->came)
		packet->came.core |=
		    trace_side_from_core(session, slot_bits, from->came->bytes.data, from->came->bytes.len);
	if (session && from->left)
		packet->left.core |= trace_side_to_core(session, from->left->bytes.data, from->left->bytes.len);
}

static size_t packet_bytes(const Shoal__Fleet__TracedPacket *from)
{
	return sizeof(struct trace_packet) + (from->came ? from->came->bytes.len : 0) +
	       (from->left ? from->left->bytes.len : 0);
}

static void packet_keep(struct traces *traces, struct trace *trace, const Shoal__Fleet__TracedPacket *from)
{
	size_t bytes = packet_bytes(from);
	struct trace_packet *packet = trace->bytes + bytes <= TRACES_BYTES ? malloc(bytes) : NULL;

	trace->numbered++;
	traces->packets++;
	if (!packet) {
		trace->dropped++;
		return;
	}
	packet_init(packet, from, trace->snap);
	sides_put(traces, trace, packet, from);
	packet->message.number = trace->numbered;
	packet->bytes = bytes;
	packet->next = NULL;
	if (trace->first)
		trace->last->next = packet;
	else
		trace->first = packet;
	trace->last = packet;
	trace->bytes += bytes;
}

static void traced_hear(struct traces *traces, const Shoal__Fleet__Traced *traced)
{
	struct trace *trace;

	for (size_t i = 0; i < traced->n_packets; i++)
		for (size_t k = 0; k < traced->packets[i]->n_numbers; k++) {
			trace = trace_by_number(traces, traced->packets[i]->numbers[k]);
			if (trace)
				packet_keep(traces, trace, traced->packets[i]);
		}
	for (size_t i = 0; i < traced->n_counts; i++) {
		trace = trace_by_number(traces, traced->counts[i]->number);
		if (!trace)
			continue;
		sum_hear(&trace->seen, traced->counts[i]->packets);
		sum_hear(&trace->missed, traced->counts[i]->lost);
		sum_hear(&trace->told, traced->counts[i]->told);
	}
	traces->arrived += traced->n_packets > 0;
	traces->more = traced->more;
}

static void trace_close(struct traces *traces, struct trace *trace, const char *why)
{
	snprintf(trace->ended, sizeof(trace->ended), "%s", why);
	traces->arrived++;
}

static void traces_refused(struct traces *traces, const Shoal__Fleet__Answer *answer)
{
	char words[sizeof(traces->trace->ended)];

	snprintf(words, sizeof(words), "the primary refuses: %s", answer->message);
	log_warning("trace.refused", "%s", words);
	for (unsigned i = 0; i < TRACES_MAX; i++)
		if (traces->trace[i].id && !*traces->trace[i].ended)
			trace_close(traces, &traces->trace[i], words);
}

static bool more_of(const Shoal__Fleet__Answer *answer)
{
	return answer->body_case == SHOAL__FLEET__ANSWER__BODY_TRACED && answer->traced->more;
}

void traces_answered(void *with, const Shoal__Fleet__Answer *answer)
{
	struct traces *traces = with;

	traces->asked = false;
	for (unsigned i = 0; i < TRACES_MAX; i++)
		if (traces->trace[i].id && traces->trace[i].stop == TRACE_STOPPING && !(answer && more_of(answer)))
			trace_close(traces, &traces->trace[i], "stopped");
	if (!answer)
		return;
	if (answer->error && answer->error != EBUSY)
		traces_refused(traces, answer);
	else if (!answer->error && answer->body_case == SHOAL__FLEET__ANSWER__BODY_TRACED)
		traced_hear(traces, answer->traced);
}

static void key_fill(const struct trace *trace, const struct session *session, uint32_t place,
		     Shoal__Fleet__TraceKey *key)
{
	shoal__fleet__trace_key__init(key);
	key->place = place;
	key->number = trace->number;
	key->teid = session->bearer.teid;
	key->ipv4 = session->bearer.ue_ipv4;
	key->ipv6 = session->bearer.ue_ipv6;
	key->snap =
	    trace->snap > TRACE_SIDE_BYTES ? trace->snap : TRACE_SIDE_BYTES; // sides_put; readers get what they wanted
	key->per_second = trace->per_second;
}

// Those that are to be traced, by what their packets show now; sessions that are gone end theirs.
static unsigned keys_fill(struct traces *traces, Shoal__Fleet__TraceKey *key)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < TRACES_MAX; i++) {
		struct trace *trace = &traces->trace[i];
		const struct session *session = trace->id ? session_by_id(traces->sessions, trace->session) : NULL;

		if (!trace->id || *trace->ended)
			continue;
		if (trace->stop != TRACE_RUNS)
			trace->stop = TRACE_STOPPING;
		else if (session)
			key_fill(trace, session, i, &key[n++]);
		else
			trace_close(traces, trace, "the session was deleted");
	}
	return n;
}

static void traces_order(struct traces *traces)
{
	Shoal__Fleet__TraceKey key[TRACES_MAX], *keys[TRACES_MAX];
	Shoal__Fleet__Traces body = SHOAL__FLEET__TRACES__INIT;
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;

	body.n_keys = keys_fill(traces, key);
	for (size_t i = 0; i < body.n_keys; i++)
		keys[i] = &key[i];
	body.keys = keys;
	order.body_case = SHOAL__FLEET__ORDER__BODY_TRACES;
	order.traces = &body;
	traces->asked = traces->order(traces->with, &order);
	if (traces->asked)
		traces->quiet = !body.n_keys;
	else
		traces_answered(traces, NULL);
}

void traces_turn(struct traces *traces, uint64_t now_ns)
{
	for (unsigned i = 0; i < TRACES_MAX; i++) {
		struct trace *trace = &traces->trace[i];

		if (trace->id && (trace->over || now_ns > trace->read_ns + TRACES_PATIENCE_NS))
			trace_leave(traces, trace);
	}
	if (traces->asked || (!traces->more && (traces->quiet || now_ns - traces->asked_ns < TRACES_ASK_NS)))
		return;
	traces->asked_ns = now_ns;
	traces->more = false;
	traces_order(traces);
}
