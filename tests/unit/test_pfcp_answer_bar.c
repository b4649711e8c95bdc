// test_pfcp_answer_bar.c - what an answer to a report says of packets that wait (TS 29.244 7.5.9.2), as it is read.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/report/report.h"

// An answer with this Update BAR; the octets of a value, -1 behind the last: what is not said.
struct bar_words {
	int packets, timer;
	int now[3], delay; // delay 0: not said
};

static bool answer_read(const struct bar_words *words, struct report_said *said)
{
	static struct pfcp_tree tree;
	uint8_t body[64], *mark;
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));
	struct pfcp_fault fault;
	unsigned octets = words->now[0] < 0 ? 0 : words->now[1] < 0 ? 1 : 2;
	const uint8_t now[2] = { (uint8_t)words->now[0], (uint8_t)words->now[1] };

	pfcp_put_u8(&writer, PFCP_IE_CAUSE, PFCP_CAUSE_ACCEPTED);
	pfcp_begin(&writer, PFCP_IE_REPORT_UPDATE_BAR, &mark);
	pfcp_put_u8(&writer, PFCP_IE_BAR_ID, 5);
	if (words->delay)
		pfcp_put_u8(&writer, PFCP_IE_DOWNLINK_DATA_NOTIFICATION_DELAY, (uint8_t)words->delay);
	if (words->timer >= 0)
		pfcp_put_u8(&writer, PFCP_IE_DL_BUFFERING_DURATION, (uint8_t)words->timer);
	if (octets)
		pfcp_put_bytes(&writer, PFCP_IE_DL_BUFFERING_SUGGESTED_PACKET_COUNT, now, octets);
	if (words->packets >= 0)
		pfcp_put_u8(&writer, PFCP_IE_SUGGESTED_BUFFERING_PACKETS_COUNT, (uint8_t)words->packets);
	pfcp_end(&writer, mark);
	assert_int_equal(
	    pfcp_read(PFCP_MESSAGE(PFCP_SESSION_REPORT_RESPONSE), body, (size_t)(writer.at - body), &tree, &fault), 0);
	return report_said(&tree, said);
}

static void an_answer_says_how_packets_wait(void **state)
{
	static const struct {
		struct bar_words words;
		struct report_bar bar;
	} answers[] = {
		{ { -1, -1, { -1 }, 0 }, { .said = false, .id = 5 } },
		{ { -1, -1, { -1 }, 4 }, { .said = true, .id = 5, .has_delay = true, .delay = 4 } },
		{ { 0, -1, { -1 }, 0 }, { .said = true, .id = 5, .has_packets = true } },
		{ { 255, -1, { 7, -1 }, 0 },
		  { .said = true, .id = 5, .has_packets = true, .packets = 255 } },    // without a time
		{ { -1, 0x05, { -1 }, 0 }, { .said = true, .id = 5, .seconds = 10 } }, // times two seconds
		{ { -1, 0x21, { 200, -1 }, 0 },
		  { .said = true, .id = 5, .seconds = 60, .has_packets_now = true, .packets_now = 200 } },
		{ { 3, 0x42, { 1, 44 }, 0 },
		  { .said = true,
		    .id = 5,
		    .has_packets = true,
		    .packets = 3,
		    .seconds = 1200,
		    .has_packets_now = true,
		    .packets_now = 300 } },
		{ { -1, 0xe0, { -1 }, 0 }, { .said = true, .id = 5, .seconds = PFCP_FOREVER } },
		{ { -1, 0x00, { 4, -1 }, 0 },
		  { .said = true, .id = 5, .has_packets_now = true, .packets_now = 4 } }, // no time at all
	};
	struct report_said said;

	for (unsigned i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		const struct report_bar *bar = &answers[i].bar;

		assert_int_equal(answer_read(&answers[i].words, &said), bar->said);
		assert_int_equal(said.bar.said, bar->said);
		assert_int_equal(said.bar.id, bar->id);
		assert_int_equal(said.bar.has_packets, bar->has_packets);
		assert_int_equal(said.bar.packets, bar->packets);
		assert_int_equal(said.bar.has_delay, bar->has_delay);
		assert_int_equal(said.bar.delay, bar->delay);
		assert_int_equal(said.bar.seconds, bar->seconds);
		assert_int_equal(said.bar.has_packets_now, bar->has_packets_now);
		assert_int_equal(said.bar.packets_now, bar->packets_now);
		assert_false(said.drops || said.moves);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_says_how_packets_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
