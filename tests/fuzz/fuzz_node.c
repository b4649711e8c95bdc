// fuzz_node.c - the whole life of a PFCP node from any bytes: peers' requests, their answers to ours, time, and a controller that does or
// does not what it is asked. What the node sends it must be able to read; ASan watches the rest.
//
// Input: a step after the other: three bytes (what happens, with what, how many bytes are its own), then those.
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/node/node.h"
#include "shared/wire/cursor.h"

#define SECOND 1000000000ull
#define HELD 64u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum step {
	STEP_REQUEST,
	STEP_ANSWER,
	STEP_RAW,
	STEP_TIME,
	STEP_NOTED,
	STEP_DEALT,
	STEP_DROPPED,
	STEP_SAID,
	STEP_OWNS,
	STEPS
};
enum kind { DEAL_SESSION, DEAL_SWEEP, DEAL_PROVIDE };

// Others' work: what the node waits for.
static struct {
	struct assoc *note[HELD];
	struct deal *deal[HELD];
	enum kind kind[HELD];
	char drop[HELD][ASSOC_OWNER_BYTES];
	unsigned notes, deals, drops;
	bool looks;
	uint32_t asked; // sequence of its last request,
	uint8_t type;   // what it was,
	struct remote to;
} held;
static const struct pfcp_fault done = { .cause = PFCP_CAUSE_ACCEPTED };
static struct node node;
static struct pfcp_tree tree;
static uint64_t now;

static void sent(void *arg, const struct remote *to, const uint8_t *datagram, size_t length)
{
	struct pfcp_header header;
	struct pfcp_fault fault;

	if (pfcp_header_read(datagram, length, &header))
		abort();
	if (header.type == PFCP_VERSION_NOT_SUPPORTED_RESPONSE)
		return;
	if (header.bytes && pfcp_read(PFCP_MESSAGE(header.type), header.body, header.bytes, &tree, &fault))
		abort();
	if (!(header.type & 1) ==
	    (header.type >= PFCP_SESSION_ESTABLISHMENT_REQUEST)) { // a request: odd below, even above
		held.asked = header.sequence;
		held.type = header.type;
		held.to = *to;
	}
}

static void deal_hold(struct deal *deal, enum kind kind)
{
	if (held.deals == HELD) {
		deal_answer(deal, (const uint8_t *)"", 0);
		return;
	}
	held.kind[held.deals] = kind;
	held.deal[held.deals++] = deal;
}

static void session(void *arg, struct deal *deal, const struct pfcp_header *header, const struct pfcp_tree *read)
{
	deal_hold(deal, DEAL_SESSION);
}

static void refuse(void *arg, struct deal *deal, const struct pfcp_header *header, const struct pfcp_fault *fault)
{
	if (!fault->cause)
		abort();
	deal_answer(deal, (const uint8_t *)"", 0);
}

static int note(void *arg, struct assoc *assoc, const char *value)
{
	if (held.notes == HELD)
		return -1;
	held.note[held.notes++] = assoc;
	return 0;
}

static int drop(void *arg, const char *owner)
{
	if (held.drops == HELD)
		return -1;
	memcpy(held.drop[held.drops++], owner, strlen(owner) + 1);
	return 0;
}

static int owns(void *arg, const char *owner)
{
	if (held.looks)
		abort(); // one at a time
	held.looks = true;
	return 0;
}

static int sweep(void *arg, struct deal *deal)
{
	if (held.deals == HELD)
		return -1;
	deal_hold(deal, DEAL_SWEEP);
	return 0;
}

static void provide(void *arg, struct deal *deal, const struct pfcp_tree *read)
{
	if (held.deals < HELD)
		deal_hold(deal, DEAL_PROVIDE);
	else
		node_provisioned(&node, deal, &done);
}

static struct remote peer(unsigned number)
{
	return (struct remote){ .bytes = { (uint8_t)(number & 7 ? 10 : 11), 0, 0, (uint8_t)(number & 7) },
				.family = 4,
				.port = 8805 };
}

// A message with a header that is right.
static void says(const struct remote *from, uint8_t type, uint32_t sequence, struct cursor body)
{
	uint8_t datagram[300];
	struct pfcp_header header = {
		.type = type, .sequence = sequence, .has_seid = pfcp_messages[type].of_session, .seid = 5
	};
	struct pfcp_writer writer = pfcp_writer_over(datagram, sizeof(datagram));
	uint8_t *mark;

	pfcp_message_begin(&writer, &header, &mark);
	memcpy(writer.at, body.at, body.left);
	writer.at += body.left;
	pfcp_message_end(&writer, mark);
	node_datagram(&node, from, datagram, (size_t)(writer.at - writer.start));
}

static void dealt(unsigned which)
{
	struct deal *deal = held.deal[which];
	enum kind kind = held.kind[which];

	held.deals--;
	held.deal[which] = held.deal[held.deals];
	held.kind[which] = held.kind[held.deals];
	if (kind == DEAL_SESSION)
		deal_answer(deal, (const uint8_t *)"", 0);
	else if (kind == DEAL_SWEEP)
		node_swept(&node, deal, PFCP_CAUSE_ACCEPTED);
	else
		node_provisioned(&node, deal, &done);
}

static void noted(unsigned which, bool well)
{
	struct assoc *assoc = held.note[which];

	held.notes--;
	memmove(held.note + which, held.note + which + 1,
		(held.notes - which) * sizeof(*held.note)); // of one association in order
	node_noted(&node, assoc, well);
}

static void dropped(void)
{
	char owner[ASSOC_OWNER_BYTES];

	memcpy(owner, held.drop[--held.drops], sizeof(owner));
	node_dropped(&node, owner);
}

static void owned(bool yes)
{
	held.looks = false;
	node_owns(&node, yes);
}

static void step(unsigned what, unsigned with, struct cursor own)
{
	static const uint8_t types[] = { 1, 3, 5, 7, 9, 12, 14, 16, 50, 52, 54, 56 };
	struct remote from = peer(with);

	if (what == STEP_REQUEST)
		says(&from, types[(with >> 3) % sizeof(types)], own.left ? own.at[0] & 3u : with, own);
	else if (what == STEP_ANSWER && held.asked)
		says(&held.to, (uint8_t)(held.type + 1), held.asked, own);
	else if (what == STEP_RAW)
		node_datagram(&node, &from, own.at, own.left);
	else if (what == STEP_TIME)
		node_tick(&node, now += with < 0xf0 ? with * SECOND / 4 : 8 * 3600 * SECOND);
	else if (what == STEP_NOTED && held.notes)
		noted(with % held.notes, with & 0x80);
	else if (what == STEP_DEALT && held.deals)
		dealt(with % held.deals);
	else if (what == STEP_DROPPED && held.drops)
		dropped();
	else if (what == STEP_OWNS && held.looks)
		owned(with & 0x80);
	else if (what == STEP_SAID)
		node_path(&node, &from, with & 0x80, with & 0x40);
	node_serve(&node);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct conf_address allowed[] = { { { 10 }, 4, 8 } }, called[] = { { { 10, 0, 0, 3 }, 4, 32 } };
	static const char resource[1][64] = { "internet" };
	const struct node_ways ways = { sent, session, refuse, note, drop, owns, sweep, provide, NULL };
	const struct node_setting setting = { .id = { .address = { .has_ipv4 = true, .ipv4 = 0x0a000064 } },
					      .stamp = 3942000000u,
					      .heartbeat_ns = 10 * SECOND,
					      .t1_ns = 3 * SECOND,
					      .n1 = 3,
					      .peers = allowed,
					      .peers_count = 1,
					      .associate = called,
					      .associate_count = length && bytes[0] & 1,
					      .gtpu = { .has_ipv4 = true, .ipv4 = 0x0a000301 },
					      .resource = resource,
					      .resource_count = 1 };
	struct cursor in = cursor_over(bytes, (uint32_t)length);

	memset(&held, 0, sizeof(held));
	now = SECOND;
	if (node_open(&node, &setting, &ways))
		abort();
	node_start(&node, now);
	while (in.left >= 3) {
		unsigned what = in.at[0] % STEPS, with = in.at[1];
		uint32_t own = in.at[2];

		cursor_skip(&in, 3);
		own = own < in.left ? own : in.left;
		step(what, with, cursor_over(in.at, own));
		cursor_skip(&in, own);
	}
	node_leave(&node);
	node_tick(&node, now += 60 * SECOND);
	node_close(&node);
	return 0;
}
