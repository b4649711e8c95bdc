// test_feed_codec.c - what goes through the codec comes out the same, and what does not fit is refused.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "proto/feed.pb-c.h"
#include "proto/feed_codec.h"

static struct feed_word in, out;
static uint8_t bytes[FEED_BYTES_MAX];
static uint8_t data[CHANGE_PART_BYTES + 1];

// Encodes `in`, spoils `out`, decodes into it.
static void carry(void)
{
	const char *fault = "none";
	int length = feed_encode(&in, bytes, sizeof(bytes));

	assert_true(length > 0);
	memset(&out, 0xa5, sizeof(out));
	assert_int_equal(feed_decode(&out, bytes, (size_t)length, &fault), 0);
	assert_int_equal(out.kind, in.kind);
}

static void hello_survives(void **state)
{
	memset(&in, 0, sizeof(in));
	in.kind = FEED_HELLO;
	in.hello = (struct feed_hello){ .version = FEED_VERSION, .nest = 1, .build = "b1", .plane_generation = 7 };
	in.hello.slots = 4096;
	in.hello.foreign = 16;
	in.hello.rates = 200;
	in.hello.sheet = 255;
	in.hello.skills = 0x80000005;
	in.hello.slot_bits = 12;
	in.hello.gtpu_ipv4 = 0x0a000001;
	in.hello.pools = 2;
	in.hello.pool[0] = (struct shard_pool){ 0, 0x0a2d0000, 0, 256, 16, 0, { 0 } };
	in.hello.pool[1] = (struct shard_pool){ 0x20010db800000000, 0, 256, 4, 0, 48, { 0 } };
	for (unsigned i = 0; i < SHARDS; i++)
		in.hello.stand[i] = (struct feed_stand){ i, i * 3, ~(uint64_t)i, i * 2, (uint8_t)(i % 16) };
	carry();
	assert_int_equal(out.hello.nest, 1);
	assert_string_equal(out.hello.build, "b1");
	assert_int_equal(out.hello.plane_generation, 7);
	assert_int_equal(out.hello.slots, 4096);
	assert_int_equal(out.hello.foreign, 16);
	assert_int_equal(out.hello.rates, 200);
	assert_int_equal(out.hello.sheet, 255);
	assert_int_equal(out.hello.skills, 0x80000005);
	assert_int_equal(out.hello.slot_bits, 12);
	assert_int_equal(out.hello.gtpu_ipv4, 0x0a000001);
	assert_int_equal(out.hello.pools, 2);
	assert_memory_equal(out.hello.pool, in.hello.pool, 2 * sizeof(in.hello.pool[0]));
	for (unsigned i = 0; i < SHARDS; i++) {
		assert_int_equal(out.hello.stand[i].epoch, i);
		assert_int_equal(out.hello.stand[i].seq, i * 3);
		assert_int_equal(out.hello.stand[i].digest, ~(uint64_t)i);
		assert_int_equal(out.hello.stand[i].sessions, i * 2);
		assert_int_equal(out.hello.stand[i].seat, i % 16);
	}
}

static void welcome_and_refuse_survive(void **state)
{
	in.kind = FEED_WELCOME;
	in.welcome = (struct feed_welcome){ 9, 1000 };
	carry();
	assert_int_equal(out.welcome.epoch, 9);
	assert_int_equal(out.welcome.usage_interval_ms, 1000);
	in.kind = FEED_REFUSE;
	strcpy(in.refuse.reason, "another layout");
	carry();
	assert_string_equal(out.refuse.reason, "another layout");
}

static void full_batch_survives(void **state)
{
	memset(&in, 0, sizeof(in));
	in.kind = FEED_BATCH;
	in.batch.epoch = UINT64_MAX;
	in.batch.count = FEED_BATCH_MAX;
	for (unsigned i = 0; i < FEED_BATCH_MAX; i++) {
		struct change *change = &in.batch.change[i];

		*change = (struct change){ .epoch = UINT64_MAX, .prev = UINT64_MAX - 1, .seq = UINT64_MAX - i };
		change->slot = UINT32_MAX - i;
		change->shard = (uint8_t)i;
		change->verb = (uint8_t)(CHANGE_SET + i % (CHANGE_VERBS - CHANGE_SET));
		if (change->verb == CHANGE_RATE) {
			change->rate_index = (uint16_t)(65535 - i);
			change->rate = (struct bearer_rate){ BEARER_CIR_MAX, BEARER_BURST_MAX, BEARER_BURST_MAX };
		} else if (change->verb == CHANGE_SET || change->verb == CHANGE_CLEAR) {
			change->life = UINT64_MAX - i;
			change->bearer = (struct bearer){
				UINT64_MAX,       1 + i, UINT32_MAX, UINT32_MAX, UINT32_MAX,    { 65535, 6, 15 },
				{ 65534, 5, 14 }, 63,    0,          65528,      UINT32_MAX - i
			};
		} else if (change->verb == CHANGE_PART) {
			change->part.offset = (uint16_t)(65535 - i);
			change->part.bytes = (uint16_t)(1 + i % CHANGE_PART_BYTES);
			memset(change->part.data, (int)i, change->part.bytes);
		}
	}
	carry();
	assert_int_equal(out.batch.count, FEED_BATCH_MAX);
	assert_memory_equal(out.batch.change, in.batch.change, sizeof(in.batch.change));
}

static void reports_survive(void **state)
{
	memset(&in, 0, sizeof(in));
	in.kind = FEED_REPORTS;
	in.reports.count = FEED_BATCH_MAX;
	for (unsigned i = 0; i < FEED_BATCH_MAX; i++) {
		struct report *report = &in.reports.report[i];

		*report = (struct report){ .kind = (uint8_t)(REPORT_ACK + i % (REPORT_KINDS - REPORT_ACK)),
					   .shard = (uint8_t)i,
					   .slot = i };
		report->epoch = 3;
		report->seq = 1u << 31;
		if (report->kind == REPORT_FINAL) {
			report->teid = UINT32_MAX;
			report->uplink_packets = UINT64_MAX;
			report->uplink_bytes = 2;
			report->downlink_packets = 3;
			report->downlink_bytes = 4;
			report->red_packets = 5;
			report->life = UINT64_MAX - 6;
		} else if (report->kind == REPORT_GAUGE) {
			report->teid = 9;
			report->uplink_packets = 1;
			report->uplink_bytes = UINT64_MAX;
			report->downlink_packets = 2;
			report->downlink_bytes = UINT64_MAX - 1;
			report->life = UINT64_MAX;
			report->first_ns = UINT64_MAX - 2;
			report->last_ns = UINT64_MAX - 3;
			report->urr = UINT32_MAX;
			report->serial = UINT32_MAX - 1;
		} else if (report->kind == REPORT_DATA) {
			report->teid = 11;
			report->episode = UINT32_MAX;
			report->pdr = UINT16_MAX;
			report->tos = 0xb8;
			report->qfi = 255;
		} else if (report->kind == REPORT_ECHO || report->kind == REPORT_TUNNEL) {
			report->teid = 12;
			report->family = i % 3 ? 6 : 4;
			report->elsewhere = i % 2;
			memset(report->peer, 0xa5, i % 3 ? 16 : 4);
		} else {
			report->digest = UINT64_MAX - i;
		}
	}
	carry();
	assert_int_equal(out.reports.count, FEED_BATCH_MAX);
	assert_memory_equal(out.reports.report, in.reports.report, sizeof(in.reports.report));
}

static void usage_survives(void **state)
{
	memset(&in, 0, sizeof(in));
	in.kind = FEED_USAGE;
	in.usages.count = 2;
	in.usages.number = 77;
	in.usages.usage[0] = (struct feed_usage){ 1, 2, 3, { 4, 5, 6, 7, 8 }, 9 };
	in.usages.usage[1] = (struct feed_usage){ 0, 0, 255, { 0, 0, 0, 0, 0 }, UINT64_MAX };
	carry();
	assert_int_equal(out.usages.count, 2);
	assert_int_equal(out.usages.number, 77);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(out.usages.usage[i].shard, in.usages.usage[i].shard);
		assert_int_equal(out.usages.usage[i].teid, in.usages.usage[i].teid);
		assert_int_equal(out.usages.usage[i].slot, in.usages.usage[i].slot);
		assert_int_equal(out.usages.usage[i].life, in.usages.usage[i].life);
		assert_memory_equal(&out.usages.usage[i].count, &in.usages.usage[i].count, sizeof(struct feed_count));
	}
}

// A full message of counts as large as they get, and of URRs' no fewer, is no larger than a message may be.
static void gauges_survive(void **state)
{
	const struct feed_count most = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };

	memset(&in, 0, sizeof(in));
	in.kind = FEED_USAGE;
	in.usages.count = in.usages.gauges = FEED_BATCH_MAX;
	for (unsigned i = 0; i < FEED_BATCH_MAX; i++) {
		struct feed_gauge *gauge = &in.usages.gauge[i];

		in.usages.usage[i] = (struct feed_usage){ UINT32_MAX, UINT32_MAX, 255, most, UINT64_MAX };
		gauge->slot = UINT32_MAX - i;
		gauge->teid = UINT32_MAX;
		gauge->shard = (uint8_t)i;
		gauge->urr = UINT32_MAX - 1;
		gauge->serial = UINT32_MAX - 2;
		gauge->life = UINT64_MAX - 3;
		gauge->uplink_packets = UINT64_MAX - 4;
		gauge->uplink_bytes = UINT64_MAX - 5;
		gauge->downlink_packets = UINT64_MAX - 6;
		gauge->downlink_bytes = UINT64_MAX - 7;
		gauge->first_ns = UINT64_MAX - 8;
		gauge->last_ns = UINT64_MAX - 9;
	}
	carry();
	assert_int_equal(out.usages.count, FEED_BATCH_MAX);
	assert_int_equal(out.usages.gauges, FEED_BATCH_MAX);
	assert_memory_equal(out.usages.gauge, in.usages.gauge, sizeof(in.usages.gauge));
	in.usages.gauges++;
	assert_int_equal(feed_encode(&in, bytes, sizeof(bytes)), -EINVAL);
}

static void heard_survives(void **state)
{
	memset(&in, 0, sizeof(in));
	in.kind = FEED_HEARD;
	in.heard.number = UINT64_MAX;
	carry();
	assert_int_equal(out.heard.number, UINT64_MAX);
}

static void encoder_refuses(void **state)
{
	in.kind = FEED_BATCH;
	in.batch.count = FEED_BATCH_MAX + 1;
	assert_int_equal(feed_encode(&in, bytes, sizeof(bytes)), -EINVAL);
	in.kind = FEED_NONE;
	assert_int_equal(feed_encode(&in, bytes, sizeof(bytes)), -EINVAL);
	in.kind = FEED_WELCOME;
	in.welcome.epoch = UINT64_MAX;
	assert_int_equal(feed_encode(&in, bytes, 3), -EMSGSIZE);
}

static void refused(Shoal__Feed__Word *word, const char *field)
{
	const char *fault = "none";
	size_t length = shoal__feed__word__pack(word, bytes);

	assert_int_equal(feed_decode(&out, bytes, length, &fault), -EBADMSG);
	assert_int_equal(out.kind, FEED_NONE);
	assert_string_equal(fault, field);
}

// What this build has no name for passes as none of its own; what is beside it arrives.
static void words_of_a_later_build_are_no_fault(void **state)
{
	static const uint8_t later[] = { 0xba, 0x06, 3, 1, 2, 3 }; // field 103, three bytes
	Shoal__Feed__Word word = SHOAL__FEED__WORD__INIT;
	Shoal__Feed__Batch batch = SHOAL__FEED__BATCH__INIT;
	Shoal__Feed__Change first = SHOAL__FEED__CHANGE__INIT, second = SHOAL__FEED__CHANGE__INIT;
	Shoal__Feed__Change *changes[] = { &first, &second };
	const char *fault = "none";
	size_t length;

	word.body_case = SHOAL__FEED__WORD__BODY_BATCH;
	word.batch = &batch;
	batch.changes = changes;
	batch.n_changes = 2;
	first.verb = 256 + CHANGE_CLEAR; // its low byte is no verb of ours either
	first.shard = 9;
	first.seq = 77;
	second.verb = CHANGE_SWEEP_BEGIN;
	length = shoal__feed__word__pack(&word, bytes);
	memcpy(bytes + length, later, sizeof(later));
	assert_int_equal(feed_decode(&out, bytes, length + sizeof(later), &fault), 0);
	assert_int_equal(out.batch.count, 2);
	assert_int_equal(out.batch.change[0].verb, CHANGE_NONE);
	assert_int_equal(out.batch.change[0].shard, 9);
	assert_int_equal(out.batch.change[0].seq, 77);
	assert_int_equal(out.batch.change[1].verb, CHANGE_SWEEP_BEGIN);
}

static void decoder_refuses_values_that_do_not_fit(void **state)
{
	Shoal__Feed__Word word = SHOAL__FEED__WORD__INIT;
	Shoal__Feed__Batch batch = SHOAL__FEED__BATCH__INIT;
	Shoal__Feed__Change change = SHOAL__FEED__CHANGE__INIT;
	Shoal__Feed__Change *changes[FEED_BATCH_MAX + 1];
	Shoal__Feed__Bearer bearer = SHOAL__FEED__BEARER__INIT;
	Shoal__Feed__RateSpec rate = SHOAL__FEED__RATE_SPEC__INIT;
	Shoal__Feed__Part part = SHOAL__FEED__PART__INIT;

	refused(&word, "no body");
	for (unsigned i = 0; i < FEED_BATCH_MAX + 1; i++)
		changes[i] = &change;
	word.body_case = SHOAL__FEED__WORD__BODY_BATCH;
	word.batch = &batch;
	batch.changes = changes;
	batch.n_changes = FEED_BATCH_MAX + 1;
	refused(&word, "batch.changes");
	batch.n_changes = 1;
	change.verb = CHANGE_SET;
	refused(&word, "change.bearer"); // none
	change.bearer = &bearer;
	bearer.qfi = 256;
	refused(&word, "change.bearer");
	bearer.qfi = 0;
	bearer.up_rate = 65536;
	refused(&word, "change.bearer");
	bearer.up_rate = 0;
	change.rate = &rate;
	refused(&word, "change.rate"); // a SET has none
	change.rate = NULL;
	bearer.sheet_bytes = 65536;
	refused(&word, "change.bearer");
	bearer.sheet_bytes = 0;
	change.part = &part;
	refused(&word, "change.part"); // nor a part
	change.verb = CHANGE_PART;
	refused(&word, "change.part"); // without data
	part.data.data = data;
	part.data.len = CHANGE_PART_BYTES + 1;
	refused(&word, "change.part");
	part.data.len = 1;
	part.offset = 65536;
	refused(&word, "change.part");
	part.offset = 0;
	refused(&word, "change.bearer"); // it has one
	change.part = NULL;
	change.verb = CHANGE_SET;
	change.shard = 256;
	refused(&word, "change.shard");
	change.shard = 0;
	change.rate_index = 65536;
	refused(&word, "change.rate_index");
}

static void decoder_refuses_half_a_hello(void **state)
{
	Shoal__Feed__Word word = SHOAL__FEED__WORD__INIT;
	Shoal__Feed__Hello hello = SHOAL__FEED__HELLO__INIT;
	Shoal__Feed__Stand stand = SHOAL__FEED__STAND__INIT;
	Shoal__Feed__Stand *stands[SHARDS];
	char text[129];

	word.body_case = SHOAL__FEED__WORD__BODY_HELLO;
	word.hello = &hello;
	refused(&word, "hello.stands");
	for (unsigned i = 0; i < SHARDS; i++)
		stands[i] = &stand;
	hello.stands = stands;
	hello.n_stands = SHARDS;
	refused(&word, "stand.shard"); // the same one 256 times
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	hello.build = text;
	refused(&word, "hello.build");
}

static void decoder_refuses_every_cut(void **state)
{
	const char *fault;
	int length;

	reports_survive(state);
	in.reports.count = 4;
	length = feed_encode(&in, bytes, sizeof(bytes));
	for (int cut = 1; cut < length; cut++)
		assert_int_equal(feed_decode(&out, bytes, (size_t)cut, &fault), -EBADMSG);
	assert_int_equal(feed_decode(&out, bytes, FEED_BYTES_MAX + 1, &fault), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_survives),
		cmocka_unit_test(welcome_and_refuse_survive),
		cmocka_unit_test(full_batch_survives),
		cmocka_unit_test(reports_survive),
		cmocka_unit_test(usage_survives),
		cmocka_unit_test(gauges_survive),
		cmocka_unit_test(heard_survives),
		cmocka_unit_test(encoder_refuses),
		cmocka_unit_test(words_of_a_later_build_are_no_fault),
		cmocka_unit_test(decoder_refuses_values_that_do_not_fit),
		cmocka_unit_test(decoder_refuses_half_a_hello),
		cmocka_unit_test(decoder_refuses_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
