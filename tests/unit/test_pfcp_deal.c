// test_pfcp_deal.c - requests of peers: repeats get the same answer and are served once, nobody waits for another's requests, and what
// is kept has limits. Clock and socket are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/peer/assoc.h"
#include "ctrl/pfcp/peer/deal.h"

#define SECOND 1000000000ull

static const struct deals_limits limits = {
	.waiting = 8, .served = 4, .peer_answers = 6, .answers = 9, .bytes = 4000, .remember_ns = 10 * SECOND
};
static const struct conf_address allowed[] = { { { 10 }, 4, 8 }, { { 0x20, 0x01, 0x0d, 0xb8 }, 6, 32 } };

struct play {
	struct peers peers;
	struct deals deals;
	unsigned sent;
	struct remote to;
	char last[64];
};

static void sent(void *arg, const struct remote *to, const uint8_t *datagram, size_t length)
{
	struct play *play = arg;

	play->sent++;
	play->to = *to;
	memcpy(play->last, datagram, length);
	play->last[length] = '\0';
}

static int open(void **state)
{
	struct play *play = calloc(1, sizeof(*play));

	if (!play || peers_open(&play->peers, allowed, 2) || deals_open(&play->deals, &limits))
		return -1;
	play->deals.send = sent;
	play->deals.arg = play;
	*state = play;
	return 0;
}

static int close(void **state)
{
	struct play *play = *state;

	deals_close(&play->deals, &play->peers);
	peers_close(&play->peers);
	free(play);
	return 0;
}

static struct remote host(uint8_t last)
{
	return (struct remote){ .bytes = { 10, 0, 0, last }, .family = 4, .port = 8805 };
}

static enum deal_news ask(struct play *play, uint8_t last, uint32_t sequence, const char *text)
{
	struct remote from = host(last);
	struct arrival arrival = { &from, 50, sequence, (const uint8_t *)text, strlen(text) };
	struct peer *victim, *peer = peer_find(&play->peers, &from, play->deals.now_ns, &victim);

	assert_non_null(peer);
	return deals_take(&play->deals, peer, &arrival);
}

static void answer(struct play *play, const char *text)
{
	struct deal *deal = deals_next(&play->deals);

	assert_non_null(deal);
	deal_answer(deal, (const uint8_t *)text, strlen(text));
}

static void a_repeat_gets_the_same_answer_and_is_served_once(void **state)
{
	struct play *play = *state;
	struct deal *deal;

	assert_int_equal(ask(play, 1, 7, "request"), DEAL_NEW);
	assert_int_equal(ask(play, 1, 7, "request"), DEAL_UNDER_WAY);
	deal = deals_next(&play->deals);
	assert_memory_equal(deal->bytes, "request", 7);
	assert_int_equal(ask(play, 1, 7, "request"), DEAL_UNDER_WAY);
	assert_null(deals_next(&play->deals));
	deal_answer(deal, (const uint8_t *)"answer", 6);
	assert_int_equal(play->sent, 1);
	strcpy(play->last, "");
	assert_int_equal(ask(play, 1, 7, "request"), DEAL_REPEATED);
	assert_int_equal(play->sent, 2);
	assert_string_equal(play->last, "answer");
	assert_int_equal(play->to.bytes[3], 1);
	assert_null(deals_next(&play->deals));
}

static void mended(void *arg, struct deal *deal)
{
	deal->bytes[0] = 'A';
}

// What is behind an answer for those who can read it is left away when it is asked for again, and somebody is told so, once.
static void advice_is_not_repeated(void **state)
{
	struct play *play = *state;
	struct deal *deal;
	size_t before = play->deals.bytes;

	play->deals.unheard = mended;
	assert_int_equal(ask(play, 1, 7, "request"), DEAL_NEW);
	deal = deals_next(&play->deals);
	deal->plain = 6;
	deal_answer(deal, (const uint8_t *)"answer, advice", 14);
	assert_string_equal(play->last, "answer, advice");
	assert_int_equal(ask(play, 1, 7, "request"), DEAL_REPEATED);
	assert_string_equal(play->last, "Answer");
	assert_int_equal(play->deals.bytes, before + 6);
	play->deals.unheard = NULL;
	assert_int_equal(ask(play, 1, 7, "request"), DEAL_REPEATED);
	assert_string_equal(play->last, "Answer");
}

// The first of them tells how often its peer asks.
static void it_is_known_how_often_a_peer_asks(void **state)
{
	struct play *play = *state;
	struct deal *deal;

	deals_tick(&play->deals, 1000);
	assert_int_equal(ask(play, 1, 7, "request"), DEAL_NEW);
	deal = deals_next(&play->deals);
	assert_int_equal(deal->again_ns, 0);
	for (unsigned i = 1; i <= 3; i++) {
		deals_tick(&play->deals, 1000 + 300 * i);
		assert_int_equal(ask(play, 1, 7, "request"), DEAL_UNDER_WAY);
		assert_int_equal(deal->again_ns, 300);
	}
	deal_answer(deal, (const uint8_t *)"answer", 6);
}

// A node that was started anew begins with small sequence numbers again.
static void the_same_sequence_with_other_content_is_another_request(void **state)
{
	struct play *play = *state;

	assert_int_equal(ask(play, 1, 7, "request"), DEAL_NEW);
	answer(play, "answer");
	assert_int_equal(ask(play, 1, 7, "another"), DEAL_NEW);
	assert_int_equal(ask(play, 2, 7, "request"), DEAL_NEW);
	answer(play, "to another");
	assert_string_equal(play->last, "to another");
	answer(play, "to the neighbour");
	assert_int_equal(play->to.bytes[3], 2);
}

static void answers_are_forgotten_in_time(void **state)
{
	struct play *play = *state;

	deals_tick(&play->deals, 100 * SECOND);
	assert_true(deals_due(&play->deals) == UINT64_MAX);
	ask(play, 1, 7, "request");
	answer(play, "answer");
	assert_true(deals_due(&play->deals) == 110 * SECOND);
	deals_tick(&play->deals, 110 * SECOND - 1);
	assert_int_equal(ask(play, 1, 7, "request"), DEAL_REPEATED);
	deals_tick(&play->deals, 110 * SECOND);
	assert_int_equal(play->deals.answers, 0);
	assert_int_equal(play->deals.bytes, 0);
	assert_int_equal(ask(play, 1, 7, "request"), DEAL_NEW);
}

static void peers_are_served_in_turn(void **state)
{
	struct play *play = *state;
	static const uint8_t order[] = { 1, 2, 3, 1, 2, 1, 1 };
	struct deal *deal;

	for (uint32_t i = 0; i < 4; i++)
		ask(play, 1, i, "greedy");
	ask(play, 2, 1, "modest");
	ask(play, 2, 2, "modest");
	ask(play, 3, 1, "shy");
	for (unsigned i = 0; i < sizeof(order); i++) {
		deal = deals_next(&play->deals);
		assert_non_null(deal);
		assert_int_equal(deal->from.bytes[3], order[i]);
		deal_answer(deal, (const uint8_t *)"done", 4);
	}
	assert_null(deals_next(&play->deals));
}

static void what_is_under_way_has_limits(void **state)
{
	struct play *play = *state;

	for (uint32_t i = 0; i < limits.waiting; i++)
		assert_int_equal(ask(play, 1, i, "flood"), DEAL_NEW);
	assert_int_equal(ask(play, 1, limits.waiting, "flood"), DEAL_FULL);
	assert_int_equal(ask(play, 2, 1, "neighbour"), DEAL_NEW);
	for (unsigned i = 0; i < limits.served; i++)
		assert_non_null(deals_next(&play->deals));
	assert_null(deals_next(&play->deals));
	assert_int_equal(ask(play, 1, limits.waiting, "flood"), DEAL_NEW);
}

static void what_is_remembered_has_limits(void **state)
{
	struct play *play = *state;

	for (uint32_t i = 0; i < 20; i++) {
		ask(play, 1, i, "much");
		answer(play, "answer");
	}
	assert_int_equal(play->deals.answers, limits.peer_answers);
	for (uint32_t i = 0; i < 5; i++) {
		ask(play, 2, i, "some");
		answer(play, "answer");
	}
	assert_int_equal(play->deals.answers, limits.answers);
	assert_int_equal(ask(play, 2, 4, "some"), DEAL_REPEATED);
	assert_int_equal(ask(play, 1, 19, "much"), DEAL_REPEATED);
	assert_int_equal(ask(play, 1, 13, "much"), DEAL_NEW);
}

static void bytes_have_a_limit(void **state)
{
	struct play *play = *state;
	static char large[1901];

	memset(large, 'x', sizeof(large) - 1);
	assert_int_equal(ask(play, 1, 1, large), DEAL_NEW);
	answer(play, "answer");
	assert_int_equal(ask(play, 1, 2, large), DEAL_NEW);
	assert_int_equal(ask(play, 1, 3, large), DEAL_NEW);
	assert_int_equal(ask(play, 2, 1, large), DEAL_FULL);
	answer(play, "answer");
	assert_int_equal(ask(play, 2, 1, large), DEAL_NEW);
}

static void without_an_answer_nothing_is_remembered(void **state)
{
	struct play *play = *state;

	ask(play, 1, 1, "request");
	answer(play, "");
	assert_int_equal(play->sent, 0);
	assert_int_equal(ask(play, 1, 1, "request"), DEAL_NEW);
}

static void keys_are_one_for_repeats_alone(void **state)
{
	struct play *play = *state;
	struct assoc one = { .owner = "pfcp:10.0.0.1#00000001" }, other = { .owner = "pfcp:10.0.0.1#00000002" };
	uint8_t key[DEAL_KEY_BYTES], again[DEAL_KEY_BYTES];
	struct deal *deal, before;

	ask(play, 1, 1, "request");
	deal = deals_next(&play->deals);
	deal->assoc = &one;
	deal_key(deal, 0, key);
	before = *deal;
	before.key = 0; // what another process would have made
	deal_key(&before, 0, again);
	assert_memory_equal(key, again, sizeof(key));
	deal_key(deal, 1, again);
	assert_memory_not_equal(key, again, sizeof(key));
	deal->assoc = &other;
	deal_key(deal, 0, again);
	assert_memory_not_equal(key, again, sizeof(key));
	deal->assoc = &one;
	deal->content++;
	deal_key(deal, 0, again);
	assert_memory_not_equal(key, again, sizeof(key));
	assert_string_equal(deal_owner(deal), one.owner);
}

// A request near the end of its key's life, and its repeat behind that: the second knows the first's key.
static void a_repeat_behind_the_end_of_a_key_knows_it(void **state)
{
	const uint64_t second = 1000000000, life = 192;
	uint8_t first[DEAL_KEY_BYTES], second_key[DEAL_KEY_BYTES], before[DEAL_KEY_BYTES];
	struct play *play = *state;
	struct deal *deal;

	ask(play, 1, 1, "request");
	deal = deals_next(&play->deals);
	deal->at_ns = 0;
	assert_false(deal_key_before(deal, 0, before));
	for (uint64_t asked = 3 * life; asked < 4 * life; asked++)
		for (uint64_t again = asked; again <= asked + 60; again++) {
			bool one;

			deal->at_ns = asked * second;
			deal_key(deal, 3, first);
			deal->at_ns = again * second;
			deal_key(deal, 3, second_key);
			one = deal_key_before(deal, 3, before) && !memcmp(before, first, sizeof(first));
			assert_int_equal(one, again >= 4 * life);
			assert_int_equal(!memcmp(first, second_key, sizeof(first)), !one);
		}
	deal->at_ns = (4 * life + 64) * second; // from then on it is another request
	assert_false(deal_key_before(deal, 3, before));
}

static void strangers_are_no_peers(void **state)
{
	struct play *play = *state;
	struct remote stranger = { .bytes = { 11, 0, 0, 1 }, .family = 4 };
	struct remote inside = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, 0xff }, .family = 6 };
	struct peer *victim;

	assert_null(peer_find(&play->peers, &stranger, 0, &victim));
	assert_null(victim);
	assert_non_null(peer_find(&play->peers, &inside, 0, &victim));
	inside.bytes[3] = 0xb9;
	assert_null(peer_find(&play->peers, &inside, 0, &victim));
}

static void the_longest_silent_makes_room(void **state)
{
	struct play *play = *state;
	struct remote from[4] = { host(1), host(2), host(3), host(4) };
	struct peer *victim, *second;

	play->peers.most = 3;
	ask(play, 1, 1, "busy");
	second = peer_find(&play->peers, &from[1], 1, &victim);
	peer_find(&play->peers, &from[2], 2, &victim);
	assert_null(peer_find(&play->peers, &from[3], 3, &victim));
	assert_ptr_equal(victim, second);
	deals_forget(victim);
	peer_end(&play->peers, victim);
	assert_non_null(peer_find(&play->peers, &from[3], 3, &victim));
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, open, close)
	const struct CMUnitTest tests[] = {
		ONE(a_repeat_gets_the_same_answer_and_is_served_once),
		ONE(advice_is_not_repeated),
		ONE(it_is_known_how_often_a_peer_asks),
		ONE(the_same_sequence_with_other_content_is_another_request),
		ONE(answers_are_forgotten_in_time),
		ONE(peers_are_served_in_turn),
		ONE(what_is_under_way_has_limits),
		ONE(what_is_remembered_has_limits),
		ONE(bytes_have_a_limit),
		ONE(without_an_answer_nothing_is_remembered),
		ONE(keys_are_one_for_repeats_alone),
		ONE(a_repeat_behind_the_end_of_a_key_knows_it),
		ONE(strangers_are_no_peers),
		ONE(the_longest_silent_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
