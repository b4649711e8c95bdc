// test_pfcp_report.c - what a session has to tell, as the words of a Session Report Request.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/report/report.h"
#include "ctrl/pfcp/report/usage.h"
#include "ctrl/pfcp/rules/front.h"
#include "ctrl/pfcp/rules/ids.h"

#define METHOD_TIME_VOLUME 3u
#define METHOD_VOLUME 2u
#define START_MS 1700000000000u
#define NTP_START (1700000000u + 2208988800u)

struct paper {
	struct rules rules;
	uint8_t front[FRONT_MAX], urr[64], body[2048];
	struct report_reader reader;
	struct pfcp_tree tree;
	Shoal__Oss__Report report;
	Shoal__Oss__UsageReport usage, *usages[1];
};

// The session's front has one URR, id 0, that measures so.
static void front_make(struct paper *paper, uint8_t method)
{
	struct pfcp_writer writer = pfcp_writer_over(paper->urr, sizeof(paper->urr));
	const struct front front = { .cp = { .seid = 0xc0ffee, .address = { .has_ipv4 = true, .ipv4 = 0x0a000009 } } };
	int length;

	pfcp_put_u32(&writer, PFCP_IE_URR_ID, 0);
	pfcp_put_flags(&writer, PFCP_IE_MEASUREMENT_METHOD, method, 1);
	pfcp_put_flags(&writer, PFCP_IE_REPORTING_TRIGGERS, 2, 3);
	paper->rules.count = 1;
	paper->rules.rule[0] =
	    (struct rule){ .kind = RULE_URR, .body = paper->urr, .bytes = (uint16_t)(writer.at - writer.start) };
	length = front_write(&front, &paper->rules, paper->front, sizeof(paper->front));
	assert_true(length > 0);
	paper->report.front = (ProtobufCBinaryData){ (size_t)length, paper->front };
}

// As the first version wrote it: with an answer, and what URRs had to report.
static void front_first(struct paper *paper)
{
	enum { HEAD = 1 + 8 + 8, MORE = 2 + 2 };
	ProtobufCBinaryData *front = &paper->report.front;

	memmove(paper->front + HEAD + MORE, paper->front + HEAD, front->len - HEAD);
	memset(paper->front + HEAD, 0, MORE);
	paper->front[0] = 1;
	front->len += MORE;
}

static int paper_open(void **state)
{
	struct paper *paper = calloc(1, sizeof(*paper));

	if (!paper)
		return -1;
	shoal__oss__report__init(&paper->report);
	shoal__oss__usage_report__init(&paper->usage);
	front_make(paper, METHOD_VOLUME);
	paper->usages[0] = &paper->usage;
	paper->report.usage = paper->usages;
	paper->usage.measure = oss_id(0);
	*state = paper;
	return 0;
}

static int paper_close(void **state)
{
	free(*state);
	return 0;
}

static int write_it(struct paper *paper, size_t room)
{
	struct pfcp_writer writer = pfcp_writer_over(paper->body, room);
	struct report_to to;
	struct pfcp_fault fault;
	int error = report_write(&paper->reader, &paper->report, &to, &writer);

	if (error)
		return error;
	assert_int_equal(to.cp.seid, 0xc0ffee);
	if (pfcp_read(PFCP_MESSAGE(PFCP_SESSION_REPORT_REQUEST), paper->body, (size_t)(writer.at - writer.start),
		      &paper->tree, &fault))
		fail_msg("%s", fault.text);
	return 0;
}

static uint64_t type_of(const struct paper *paper)
{
	return pfcp_flags(pfcp_first(&paper->tree, NULL, PFCP_IE_REPORT_TYPE));
}

static const struct pfcp_ie *part(const struct paper *paper, const struct pfcp_ie *in, unsigned type)
{
	return pfcp_first(&paper->tree, in, type);
}

static uint64_t number(const struct paper *paper, const struct pfcp_ie *in, unsigned type)
{
	return pfcp_number(part(paper, in, type));
}

// ---- Usage

// A session that an earlier build has made has PFCP's ids.
static void ids_are_as_its_words_say(void **state)
{
	struct paper *paper = *state;
	const struct pfcp_ie *ie;

	front_first(paper);
	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_USAGE;
	paper->report.n_usage = 1;
	paper->usage.measure = 7;
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	ie = part(paper, NULL, PFCP_IE_SESSION_USAGE_REPORT);
	assert_int_equal(number(paper, ie, PFCP_IE_URR_ID), 7);
	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_DATA;
	paper->report.rule = 2;
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	ie = part(paper, NULL, PFCP_IE_DOWNLINK_DATA_REPORT);
	assert_int_equal(number(paper, ie, PFCP_IE_PDR_ID), 2);
}

static void usage_is_told(void **state)
{
	struct paper *paper = *state;
	const struct pfcp_ie *ie;
	struct pfcp_volume volume;

	front_make(paper, METHOD_TIME_VOLUME);
	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_USAGE;
	paper->report.n_usage = 1;
	paper->usage.number = 5;
	paper->usage.triggers = 0x102;
	paper->usage.uplink_bytes = 1000;
	paper->usage.downlink_bytes = 1ull << 40;
	paper->usage.duration_s = 60;
	paper->usage.start_ms = START_MS;
	paper->usage.end_ms = START_MS + 60000;
	paper->usage.first_ms = START_MS + 1999;
	paper->usage.information = 2;
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	assert_int_equal(type_of(paper), PFCP_REPORT_TYPE_USAR);
	ie = part(paper, NULL, PFCP_IE_SESSION_USAGE_REPORT);
	assert_non_null(ie);
	assert_int_equal(number(paper, ie, PFCP_IE_URR_ID), 0);
	assert_int_equal(number(paper, ie, PFCP_IE_UR_SEQN), 5);
	assert_int_equal(pfcp_flags(part(paper, ie, PFCP_IE_USAGE_REPORT_TRIGGER)), 0x102);
	assert_int_equal(pfcp_get_volume(part(paper, ie, PFCP_IE_VOLUME_MEASUREMENT), &volume), 0);
	assert_true(volume.total == 1000 + (1ull << 40) && volume.uplink == 1000 && volume.has == PFCP_VOLUME_BYTES);
	assert_int_equal(number(paper, ie, PFCP_IE_DURATION_MEASUREMENT), 60);
	assert_int_equal(number(paper, ie, PFCP_IE_START_TIME), NTP_START);
	assert_int_equal(number(paper, ie, PFCP_IE_END_TIME), NTP_START + 60);
	assert_int_equal(number(paper, ie, PFCP_IE_TIME_OF_FIRST_PACKET), NTP_START + 1);
	assert_null(part(paper, ie, PFCP_IE_TIME_OF_LAST_PACKET));
	assert_int_equal(pfcp_flags(part(paper, ie, PFCP_IE_USAGE_INFORMATION)), 2);
}

// A stamp for each event that is told of; what is not known began before what is.
static void events_are_stamped(void **state)
{
	static const struct {
		uint64_t events, times[3];
		size_t known;
		unsigned stamps;
		uint32_t first, second, last; // after the start
	} cases[] = {
		{ 0, { 0 }, 0, 0, 0, 0, 0 },
		{ 1, { START_MS + 1999 }, 1, 1, 1, 1, 1 },
		{ 3, { START_MS, START_MS + 20000, START_MS + 30000 }, 3, 3, 0, 20, 30 },
		{ 5, { START_MS + 10000, START_MS + 20000, START_MS + 30000 }, 3, 5, 10, 10, 30 },
		{ UINT64_MAX, { START_MS + 10000, START_MS + 20000 }, 2, 128, 10, 10, 20 },
	};
	struct paper *paper = *state;

	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_USAGE;
	paper->report.n_usage = 1;
	paper->usage.uplink_bytes = 84;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t stamp[128] = { 0 }, count = 0;
		const struct pfcp_ie *ie;

		paper->usage.triggers = PFCP_USAGE_REPORT_TRIGGER_EVETH | PFCP_USAGE_REPORT_TRIGGER_EVEQU;
		paper->usage.events = cases[i].events;
		paper->usage.event_ms = (uint64_t *)cases[i].times;
		paper->usage.n_event_ms = cases[i].known;
		assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
		ie = part(paper, NULL, PFCP_IE_SESSION_USAGE_REPORT);
		assert_int_equal(pfcp_flags(part(paper, ie, PFCP_IE_USAGE_REPORT_TRIGGER)), 0x18000);
		for (ie = part(paper, ie, PFCP_IE_EVENT_TIME_STAMP); ie; ie = pfcp_again(&paper->tree, ie)) {
			assert_in_range(count, 0, 127);
			stamp[count++] = (uint32_t)(pfcp_number(ie) - NTP_START);
		}
		assert_int_equal(count, cases[i].stamps);
		assert_int_equal(stamp[0], cases[i].first);
		assert_int_equal(stamp[count > 1], cases[i].second);
		assert_int_equal(stamp[count ? count - 1 : 0], cases[i].last);
	}
}

// 7.5.5.2, 7.5.7.2: a report in an answer has no Event Time Stamps.
static void answers_tell_of_no_events(void **state)
{
	static const unsigned types[][2] = { { PFCP_SESSION_MODIFICATION_RESPONSE, PFCP_IE_MODIFICATION_USAGE_REPORT },
					     { PFCP_SESSION_DELETION_RESPONSE, PFCP_IE_DELETION_USAGE_REPORT } };
	struct paper *paper = *state;
	static uint64_t began = START_MS;
	struct pfcp_fault fault;

	paper->usage.triggers = PFCP_USAGE_REPORT_TRIGGER_TERMR;
	paper->usage.events = paper->usage.n_event_ms = 1;
	paper->usage.event_ms = &began;
	for (unsigned i = 0; i < 2; i++) {
		struct pfcp_writer writer = pfcp_writer_over(paper->body, sizeof(paper->body));
		const struct pfcp_ie *ie;

		pfcp_put_u8(&writer, PFCP_IE_CAUSE, PFCP_CAUSE_ACCEPTED);
		usage_report_put(&writer, types[i][1], &paper->usage, (struct usage_method){ .volume = true });
		assert_int_equal(pfcp_read(PFCP_MESSAGE(types[i][0]), paper->body, (size_t)(writer.at - writer.start),
					   &paper->tree, &fault),
				 0);
		ie = part(paper, NULL, types[i][1]);
		assert_non_null(part(paper, ie, PFCP_IE_VOLUME_MEASUREMENT));
		assert_null(part(paper, ie, PFCP_IE_EVENT_TIME_STAMP));
	}
}

static void what_is_not_measured_is_not_told(void **state)
{
	struct paper *paper = *state;
	const struct pfcp_ie *ie;

	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_USAGE;
	paper->report.n_usage = 1;
	paper->usage.triggers = 2;
	paper->usage.duration_s = 60;
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	ie = part(paper, NULL, PFCP_IE_SESSION_USAGE_REPORT);
	assert_non_null(part(paper, ie, PFCP_IE_VOLUME_MEASUREMENT));
	assert_null(part(paper, ie, PFCP_IE_DURATION_MEASUREMENT));
}

static void the_start_of_traffic_is_no_measurement(void **state)
{
	struct paper *paper = *state;
	uint64_t began = START_MS;
	const struct pfcp_ie *ie;

	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_USAGE;
	paper->report.n_usage = 1;
	paper->usage.triggers = PFCP_USAGE_REPORT_TRIGGER_START;
	paper->usage.start_ms = paper->usage.end_ms = START_MS;
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	ie = part(paper, NULL, PFCP_IE_SESSION_USAGE_REPORT);
	assert_null(part(paper, ie, PFCP_IE_START_TIME));
	assert_null(part(paper, ie, PFCP_IE_VOLUME_MEASUREMENT));
	paper->usage.events = paper->usage.n_event_ms = 1;
	paper->usage.event_ms = &began;
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	ie = part(paper, NULL, PFCP_IE_SESSION_USAGE_REPORT);
	assert_int_equal(number(paper, ie, PFCP_IE_EVENT_TIME_STAMP), NTP_START);
	paper->usage.events = paper->usage.n_event_ms = 0;
	paper->usage.uplink_bytes = 84; // counted all the same: then it is told
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	ie = part(paper, NULL, PFCP_IE_SESSION_USAGE_REPORT);
	assert_non_null(part(paper, ie, PFCP_IE_VOLUME_MEASUREMENT));
}

// ---- Others

static void waiting_packets_are_told(void **state)
{
	static const uint8_t service[] = { 3, 46, 9 };
	struct paper *paper = *state;
	const struct pfcp_ie *ie;

	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_DATA;
	paper->report.rule = oss_id(65535);
	paper->report.tos = 46 << 2 | 1;
	paper->report.qfi = 9;
	paper->report.has_qfi = true;
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	assert_int_equal(type_of(paper), PFCP_REPORT_TYPE_DLDR);
	ie = part(paper, NULL, PFCP_IE_DOWNLINK_DATA_REPORT);
	assert_int_equal(number(paper, ie, PFCP_IE_PDR_ID), 65535);
	ie = part(paper, ie, PFCP_IE_DOWNLINK_DATA_SERVICE_INFORMATION);
	assert_int_equal(ie->length, sizeof(service));
	assert_memory_equal(ie->value, service, sizeof(service));
	paper->report.tos = 3; // of no weight
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	ie = part(paper, NULL, PFCP_IE_DOWNLINK_DATA_REPORT);
	assert_int_equal(number(paper, ie, PFCP_IE_PDR_ID), 65535);
	assert_null(part(paper, ie, PFCP_IE_DOWNLINK_DATA_SERVICE_INFORMATION));
}

static void silence_is_told(void **state)
{
	struct paper *paper = *state;

	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE;
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	assert_int_equal(type_of(paper), PFCP_REPORT_TYPE_UPIR);
}

static void dead_tunnels_are_told(void **state)
{
	uint8_t ipv6[16] = { 0xfd, 0x99, [15] = 2 };
	struct paper *paper = *state;
	const struct pfcp_ie *ie;
	struct pfcp_fteid fteid;

	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_ERROR;
	paper->report.peer_ipv4 = 0x0a630302;
	paper->report.peer_teid = 0x7001;
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	assert_int_equal(type_of(paper), PFCP_REPORT_TYPE_ERIR);
	ie = part(paper, NULL, PFCP_IE_ERROR_INDICATION_REPORT);
	assert_int_equal(pfcp_get_fteid(part(paper, ie, PFCP_IE_F_TEID), &fteid), 0);
	assert_true(fteid.teid == 0x7001 && fteid.address.has_ipv4 && fteid.address.ipv4 == 0x0a630302);
	paper->report.peer_ipv6 = (ProtobufCBinaryData){ sizeof(ipv6), ipv6 };
	assert_int_equal(write_it(paper, sizeof(paper->body)), 0);
	ie = part(paper, NULL, PFCP_IE_ERROR_INDICATION_REPORT);
	assert_int_equal(pfcp_get_fteid(part(paper, ie, PFCP_IE_F_TEID), &fteid), 0);
	assert_true(fteid.address.has_ipv6 && !fteid.address.has_ipv4);
	assert_memory_equal(fteid.address.ipv6, ipv6, sizeof(ipv6));
}

static void what_can_not_be_said_has_a_reason(void **state)
{
	struct paper *paper = *state;

	assert_int_equal(write_it(paper, sizeof(paper->body)), -ENOENT); // of no kind
	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_DROPS;      // without usage
	assert_int_equal(write_it(paper, sizeof(paper->body)), -ENOENT);
	paper->report.kind = (Shoal__Oss__ReportKind)99;
	assert_int_equal(write_it(paper, sizeof(paper->body)), -ENOENT);
	paper->report.kind = SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE;
	assert_int_equal(write_it(paper, 3), -EMSGSIZE);
	paper->front[0] = 99;
	assert_int_equal(write_it(paper, sizeof(paper->body)), -EBADMSG);
	paper->report.front.len = 0;
	assert_int_equal(write_it(paper, sizeof(paper->body)), -ENOENT);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, paper_open, paper_close)
	const struct CMUnitTest tests[] = {
		ONE(ids_are_as_its_words_say),
		ONE(usage_is_told),
		ONE(events_are_stamped),
		ONE(answers_tell_of_no_events),
		ONE(what_is_not_measured_is_not_told),
		ONE(the_start_of_traffic_is_no_measurement),
		ONE(waiting_packets_are_told),
		ONE(silence_is_told),
		ONE(dead_tunnels_are_told),
		ONE(what_can_not_be_said_has_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
