// test_police.c - the meter against RFC 2697 taken literally, its corners, and the DSCP tables.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "workers/lines/police.h"

#define HZ 8000u // so that one tick at 8 kb/s is one bit x 8,000
#define BYTE (8ull * HZ)
#define FULL \
	{ \
		.tc = UINT64_MAX, .te = UINT64_MAX \
	}

static struct region_rate rate_of(uint64_t cir_bps, uint64_t cbs, uint64_t ebs)
{
	return (struct region_rate){ cir_bps, cbs * BYTE, ebs * BYTE, 0 };
}

// RFC 2697 section 3, as written: CIR times a second one byte is added, to Tc below CBS, else to Te below EBS, else to
// none.
struct literal {
	unsigned cbs, ebs, tc, te;
};

static void literal_tick(struct literal *meter)
{
	if (meter->tc < meter->cbs)
		meter->tc++;
	else if (meter->te < meter->ebs)
		meter->te++;
}

static enum police_colour literal_meter(struct literal *meter, unsigned bytes, enum police_colour incoming)
{
	if (incoming == POLICE_GREEN && meter->tc >= bytes) {
		meter->tc -= bytes;
		return POLICE_GREEN;
	}
	if (incoming != POLICE_RED && meter->te >= bytes) {
		meter->te -= bytes;
		return POLICE_YELLOW;
	}
	return POLICE_RED;
}

// As the packet path asks: in short first.
static enum police_colour meter(struct line *line, const struct region_rate *rate, uint64_t cost, uint64_t now,
				enum police_colour incoming)
{
	if (incoming == POLICE_GREEN && police_green(line, rate, cost, now))
		return POLICE_GREEN;
	return police_meter(line, rate, cost, now, incoming);
}

static void compare(unsigned cbs, unsigned ebs, bool aware, unsigned seen[POLICE_COLOURS])
{
	struct region_rate rate = rate_of(8000, cbs, ebs); // a byte every 8 ticks
	struct literal literal = { cbs, ebs, cbs, ebs };
	struct line line = FULL;
	uint64_t byte = 0;

	for (unsigned i = 0; i < 20000; i++) {
		unsigned wait = rand() % 100 ? (unsigned)rand() % 120 : 3000, bytes = 1 + (unsigned)rand() % 100;
		enum police_colour incoming = aware ? (unsigned)rand() % POLICE_COLOURS : POLICE_GREEN, colour;

		for (unsigned t = 0; t < wait; t++)
			literal_tick(&literal);
		byte += wait;
		colour = meter(&line, &rate, bytes * BYTE, byte * 8, incoming);
		assert_int_equal(colour, literal_meter(&literal, bytes, incoming));
		assert_int_equal(line.tc, literal.tc * BYTE);
		assert_int_equal(line.te, literal.te * BYTE);
		seen[colour]++;
	}
}

static void follows_the_rfc_to_the_letter(void **state)
{
	static const unsigned bursts[][2] = {
		{ 300, 200 }, { 100, 1000 }, { 0, 300 }, { 300, 0 }, { 50, 60 }, { 1, 1 }
	};
	unsigned seen[POLICE_COLOURS] = { 0 };

	srand(1);
	for (size_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
		compare(bursts[i][0], bursts[i][1], false, seen);
		compare(bursts[i][0], bursts[i][1], true, seen);
	}
	assert_true(seen[POLICE_GREEN] > 10000 && seen[POLICE_YELLOW] > 10000 && seen[POLICE_RED] > 10000);
}

static void first_packet_finds_full_buckets(void **state)
{
	struct region_rate rate = rate_of(8000, 1000, 500);
	struct line line = FULL;

	assert_int_equal(meter(&line, &rate, 1000 * BYTE, 0, POLICE_GREEN), POLICE_GREEN);
	assert_int_equal(meter(&line, &rate, 500 * BYTE, 0, POLICE_GREEN), POLICE_YELLOW);
	assert_int_equal(meter(&line, &rate, 1 * BYTE, 0, POLICE_GREEN), POLICE_RED);
	assert_int_equal(line.tc + line.te, 0);
}

static void years_idle_fill_and_do_not_wrap(void **state)
{
	const uint64_t hz = 5000000000u, day = 86400 * hz;

	for (uint64_t days = 1; days <= 400; days++) {
		struct region_rate rate = { BEARER_CIR_MAX, 100 * 8 * hz, (BEARER_BURST_MAX - 100) * 8 * hz, 0 };
		struct line line = { .tokens_at = 12345 };

		assert_int_equal(meter(&line, &rate, 0, 12345 + days * day, POLICE_GREEN), POLICE_GREEN);
		assert_int_equal(line.tc, rate.cbs);
		assert_int_equal(line.te, rate.ebs);
		rate = (struct region_rate){ 1, BEARER_BURST_MAX * 8 * hz, 0, 0 }; // 34,560,000 bits in 400 days
		line = (struct line){ .tokens_at = 12345 };
		meter(&line, &rate, 0, 12345 + days * day, POLICE_GREEN);
		assert_int_equal(line.tc, days * day);
		assert_int_equal(line.te, 0);
	}
}

static void packet_above_cbs_is_never_green(void **state)
{
	struct region_rate rate = rate_of(8000, 100, 2000);
	struct line line = FULL;

	assert_int_equal(meter(&line, &rate, 101 * BYTE, 1000000, POLICE_GREEN), POLICE_YELLOW);
	assert_int_equal(meter(&line, &rate, 2001 * BYTE, 100000000, POLICE_GREEN), POLICE_RED);
	assert_int_equal(line.tc, 100 * BYTE);
	assert_int_equal(line.te, 2000 * BYTE);
}

static void shrunk_rate_clamps_and_undefined_is_red(void **state)
{
	struct region_rate large = rate_of(8000, 1000, 1000), small = rate_of(8000, 10, 20), undefined = { 0 };
	struct line line = FULL;

	meter(&line, &large, 0, 1, POLICE_GREEN);
	meter(&line, &small, 0, 1, POLICE_GREEN);
	assert_int_equal(line.tc, 10 * BYTE);
	assert_int_equal(line.te, 20 * BYTE);
	assert_int_equal(meter(&line, &undefined, BYTE, 100, POLICE_GREEN), POLICE_RED);
}

// Tokens are what was earned under the old rate; a larger bucket fills only with time.
static void grown_rate_keeps_tokens(void **state)
{
	struct region_rate small = rate_of(8000, 100, 50), large = rate_of(8000, 1000, 1000);
	struct line line = FULL;

	meter(&line, &small, 30 * BYTE, 1, POLICE_GREEN);
	assert_int_equal(meter(&line, &large, 0, 1, POLICE_GREEN), POLICE_GREEN);
	assert_int_equal(line.tc, 70 * BYTE);
	assert_int_equal(line.te, 50 * BYTE);
	meter(&line, &large, 0, 1 + 8 * 10, POLICE_GREEN); // ten bytes later
	assert_int_equal(line.tc, 80 * BYTE);
	assert_int_equal(line.te, 50 * BYTE);
}

// A minute of packets at 1.3 times the rate, on a clock that no rate divides. What was admitted and what is left in the bucket is what
// the time has brought.
static void rate_holds_for_a_minute(void **state)
{
	static const uint64_t rates[] = { 64000, 999983, 100000000, 10000000000 };
	const uint64_t hz = 2445123457u, bytes = 1400, byte = 8 * hz;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct region_rate rate = { rates[i], 200000 * byte, 0, 0 };
		struct line line = { .tc = 0 };
		uint64_t wait = bytes * 8 * hz / rates[i] * 10 / 13;
		double admitted = 0, share;

		for (uint64_t now = 0; now < 60 * hz; now += 1 + (uint64_t)rand() % (2 * wait))
			if (meter(&line, &rate, bytes * byte, now, POLICE_GREEN) != POLICE_RED)
				admitted += (double)(bytes * byte);
		share = (admitted + (double)line.tc) / ((double)rates[i] * (double)line.tokens_at);
		assert_true(share > 0.999999 && share < 1.000001);
	}
}

static void clock_that_goes_back_gives_nothing(void **state)
{
	struct region_rate rate = rate_of(8000, 1000, 1000);
	struct line line = { .tokens_at = 1000 };

	assert_int_equal(meter(&line, &rate, BYTE, 990, POLICE_GREEN), POLICE_RED);
	assert_int_equal(line.tokens_at, 1000);
	assert_int_equal(meter(&line, &rate, BYTE, 1008, POLICE_GREEN), POLICE_GREEN);
	assert_int_equal(line.tc, 0);
}

static void colour_is_the_drop_precedence(void **state)
{
	for (unsigned tos = 0; tos < 256; tos++) {
		unsigned dscp = tos >> 2;
		enum police_colour expected = POLICE_GREEN;

		if (dscp == 12 || dscp == 20 || dscp == 28 || dscp == 36)
			expected = POLICE_YELLOW;
		if (dscp == 14 || dscp == 22 || dscp == 30 || dscp == 38)
			expected = POLICE_RED;
		assert_int_equal(police_colour((uint8_t)tos), expected);
	}
}

static void marks_follow_class_and_colour(void **state)
{
	static const uint8_t dscp[BEARER_MARK_COUNT][POLICE_COLOURS] = {
		[BEARER_MARK_BE] = { 0, 0, 0 },     [BEARER_MARK_AF1] = { 10, 12, 14 },
		[BEARER_MARK_AF2] = { 18, 20, 22 }, [BEARER_MARK_AF3] = { 26, 28, 30 },
		[BEARER_MARK_AF4] = { 34, 36, 38 }, [BEARER_MARK_EF] = { 46, 46, 46 },
	};

	for (unsigned tos = 0; tos < 256; tos++) {
		for (unsigned colour = 0; colour < POLICE_COLOURS; colour++) {
			assert_int_equal(police_tos(BEARER_MARK_KEEP, colour, (uint8_t)tos), tos);
			for (unsigned mark = BEARER_MARK_BE; mark < BEARER_MARK_COUNT; mark++)
				assert_int_equal(police_tos(mark, colour, (uint8_t)tos),
						 dscp[mark][colour] << 2 | (tos & 3));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_rfc_to_the_letter),
		cmocka_unit_test(first_packet_finds_full_buckets),
		cmocka_unit_test(years_idle_fill_and_do_not_wrap),
		cmocka_unit_test(packet_above_cbs_is_never_green),
		cmocka_unit_test(shrunk_rate_clamps_and_undefined_is_red),
		cmocka_unit_test(grown_rate_keeps_tokens),
		cmocka_unit_test(rate_holds_for_a_minute),
		cmocka_unit_test(clock_that_goes_back_gives_nothing),
		cmocka_unit_test(colour_is_the_drop_precedence),
		cmocka_unit_test(marks_follow_class_and_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
