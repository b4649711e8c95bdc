// pfcp_play.c - see pfcp_play.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/pfcp_play.h"
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/codec/ie_table.h"

static const struct conf_address called[] = { { { 10, 0, 0, 3 }, 4, 32 } };
static const struct conf_address allowed[] = { { { 10 }, 4, 8 }, { { 0x20, 0x01, 0x0d, 0xb8 }, 6, 32 } };

static void play_send(void *arg, const struct remote *to, const uint8_t *datagram, size_t length)
{
	struct play *play = arg;

	play->sent++;
	play->to = *to;
	assert_true(length <= sizeof(play->bytes));
	memcpy(play->bytes, datagram, length);
	assert_int_equal(pfcp_header_read(play->bytes, length, &play->header), 0);
	if (play->header.type != PFCP_VERSION_NOT_SUPPORTED_RESPONSE) {
		struct pfcp_fault fault;

		if (pfcp_read(PFCP_MESSAGE(play->header.type), play->header.body, play->header.bytes, &play->tree,
			      &fault))
			fail_msg("it sent what it would not read: %s", fault.text);
	}
}

static void play_session(void *arg, struct deal *deal, const struct pfcp_header *header, const struct pfcp_tree *tree)
{
	struct play *play = arg;

	play->sessions++;
	play->deal = deal;
}

static void play_refuse(void *arg, struct deal *deal, const struct pfcp_header *header, const struct pfcp_fault *fault)
{
	struct play *play = arg;

	play->refused++;
	play->cause = fault->cause;
	strcpy(play->owner, deal_owner(deal));
	deal_answer(deal, (const uint8_t *)"", 0);
}

static int play_note(void *arg, struct assoc *assoc, const char *value)
{
	struct play *play = arg;

	if (play->note_error)
		return play->note_error;
	play->noted++;
	play->writing = assoc;
	strcpy(play->value, value ? value : "");
	return 0;
}

static int play_drop(void *arg, const char *owner)
{
	struct play *play = arg;

	play->dropped++;
	strcpy(play->drop, owner);
	return 0;
}

static int play_owns(void *arg, const char *owner)
{
	struct play *play = arg;

	play->looked++;
	strcpy(play->owner, owner);
	return 0;
}

static int play_sweep(void *arg, struct deal *deal)
{
	struct play *play = arg;

	play->deal = deal;
	play->swept++;
	return 0;
}

static void play_provide(void *arg, struct deal *deal, const struct pfcp_tree *tree)
{
	struct play *play = arg;

	play->deal = deal;
	play->provided++;
}

// Network instances whose addresses are told; all but the first as long as one may be.
#define LABEL "a2345678901234567890"
#define LONGEST LABEL "." LABEL "." LABEL
static const char resources[4][64] = { "internet.example", LONGEST, LONGEST, LONGEST };

// calls: how many are asked to associate. told: for how many network instances our addresses are told.
static int play_begin(void **state, unsigned calls, unsigned told)
{
	struct play *play = calloc(1, sizeof(*play));
	const struct node_ways ways = { play_send, play_session, play_refuse,  play_note, play_drop,
					play_owns, play_sweep,   play_provide, play };
	const struct node_setting setting = { .id = { .address = { .has_ipv4 = true, .ipv4 = 0x0a000064 } },
					      .stamp = STAMP,
					      .heartbeat_ns = 10 * SECOND,
					      .t1_ns = 3 * SECOND,
					      .n1 = 3,
					      .peers = allowed,
					      .peers_count = 2,
					      .associate = called,
					      .associate_count = calls,
					      .gtpu = { .has_ipv4 = true, .ipv4 = 0x0a000301 },
					      .resource = resources,
					      .resource_count = told };

	if (!play || node_open(&play->node, &setting, &ways))
		return -1;
	node_start(&play->node, SECOND);
	*state = play;
	return 0;
}

int play_open(void **state)
{
	return play_begin(state, 0, 0);
}

int play_open_calling(void **state)
{
	return play_begin(state, 1, 1);
}

int play_open_telling(void **state)
{
	return play_begin(state, 0, 4);
}

int play_close(void **state)
{
	struct play *play = *state;

	node_close(&play->node);
	free(play);
	return 0;
}

// ---- A peer's words

size_t word_write(const struct word *word, uint8_t *bytes, size_t size)
{
	struct pfcp_header header = { .type = word->type,
				      .sequence = word->sequence,
				      .has_seid = pfcp_messages[word->type].of_session,
				      .seid = word->seid };
	struct pfcp_node_id id = { .address = { .has_ipv4 = true, .ipv4 = 0x0a000000u + word->last } };
	struct pfcp_writer writer = pfcp_writer_over(bytes, size);
	uint8_t *mark;

	if (word->name) {
		id = (struct pfcp_node_id){ .kind = PFCP_NODE_ID_NAME };
		strcpy(id.name, word->name);
	}
	pfcp_message_begin(&writer, &header, &mark);
	if (word->with_node)
		pfcp_put_node_id(&writer, PFCP_IE_NODE_ID, &id);
	if (word->with_stamp)
		pfcp_put_u32(&writer, PFCP_IE_RECOVERY_TIME_STAMP, word->stamp);
	if (word->set) {
		char set[64] = "";

		strcpy(set + 1, word->set);
		pfcp_put_bytes(&writer, PFCP_IE_SMF_SET_ID, set, 1 + strlen(word->set));
	}
	if (word->cause)
		pfcp_put_u8(&writer, PFCP_IE_CAUSE, word->cause);
	pfcp_message_end(&writer, mark);
	assert_false(writer.full);
	return (size_t)(writer.at - writer.start);
}

struct remote host(uint8_t last)
{
	return (struct remote){ .bytes = { 10, 0, 0, last }, .family = 4, .port = 8805 };
}

void say_from(struct play *play, const struct remote *from, const struct word *word)
{
	uint8_t bytes[512];

	node_datagram(&play->node, from, bytes, word_write(word, bytes, sizeof(bytes)));
	node_serve(&play->node);
}

void say_bytes(struct play *play, uint8_t last, const uint8_t *bytes, size_t length)
{
	struct remote from = host(last);

	node_datagram(&play->node, &from, bytes, length);
	node_serve(&play->node);
}

void say(struct play *play, const struct word *word)
{
	struct remote from = host(word->last);

	say_from(play, &from, word);
}

uint8_t told_cause(const struct play *play)
{
	return (uint8_t)pfcp_number(pfcp_first(&play->tree, NULL, PFCP_IE_CAUSE));
}

void assert_answered(const struct play *play, uint8_t type, uint32_t sequence, uint8_t cause)
{
	assert_int_equal(play->header.type, type);
	assert_int_equal(play->header.sequence, sequence);
	assert_int_equal(told_cause(play), cause);
}

void ctrl_notes(struct play *play, bool done)
{
	struct assoc *assoc = play->writing;

	assert_non_null(assoc);
	play->writing = NULL;
	node_noted(&play->node, assoc, done);
}

const struct word play_setup = { PFCP_ASSOCIATION_SETUP_REQUEST, 1, 7, 1000, true, true, NULL, 0, 0, NULL };

void associate(struct play *play)
{
	say(play, &play_setup);
	ctrl_notes(play, true);
	assert_answered(play, PFCP_ASSOCIATION_SETUP_RESPONSE, 7, PFCP_CAUSE_ACCEPTED);
}

void at(struct play *play, uint64_t seconds)
{
	node_tick(&play->node, seconds * SECOND);
}

void ask_session(struct play *play, uint32_t sequence)
{
	const struct word word = { PFCP_SESSION_DELETION_REQUEST, 1, sequence, 0, false, false, NULL, 5, 0, NULL };

	say(play, &word);
}
