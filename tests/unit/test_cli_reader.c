// test_cli_reader.c - sessions read from CSV and JSON lines: what is understood, what is refused and where.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ctrl/cli/reader.h"
#include "ctrl/cli/rules.h"
#include "ctrl/cli/session_json.h"

static struct reader reader;
static struct row row;
static struct row_fault fault;

static void open_bytes(const char *bytes, size_t length)
{
	int fd = memfd_create("test", 0);

	for (size_t done = 0; done < length;) {
		ssize_t wrote = write(fd, bytes + done, length - done);

		assert_true(wrote > 0);
		done += (size_t)wrote;
	}
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(reader_open(&reader, fd, READER_LOOK), 0);
}

static void open_text(const char *text)
{
	open_bytes(text, strlen(text));
}

static void done(void)
{
	close(reader.lines.fd);
	reader_close(&reader);
	row_close(&row);
}

static int next(void)
{
	fault.field[0] = fault.reason[0] = 0;
	return reader_next(&reader, &row, &fault);
}

static void expect_refused(uint64_t line, const char *field, const char *reason)
{
	assert_int_equal(next(), -EBADMSG);
	assert_int_equal(reader.lines.number, line);
	assert_string_equal(fault.field, field);
	assert_true(fault.reason[0] != 0);
	assert_non_null(strstr(fault.reason, reason));
}

static void csv_names_its_columns(void **state)
{
	open_text("\xef\xbb\xbf# subscribers\r\nipv4,imsi, rate ,dl_rate,peer_teid,mark,qfi,teid\r\n\r\n"
		  "10.0.0.1,001010000000001,10M,50M,0x10,ef,0,99\r\nauto,001010000000002,,,,,,");
	assert_int_equal(next(), 1);
	assert_string_equal(row.session.identity->imsi, "001010000000001");
	assert_int_equal(row.session.ue->ipv4, 0x0a000001);
	assert_int_equal(row.rate[0].cir_bps, 10000000);
	assert_int_equal(row.rate[1].cir_bps, 50000000);
	assert_int_equal(row.rate[0].mark, SHOAL__OSS__MARK__MARK_EF);
	assert_true(row.rate[1].has_qfi);
	assert_int_equal(row.session.bearer->peer_teid, 16);
	assert_int_equal(row.session.teid, 0);
	assert_int_equal(reader.lines.number, 4);
	assert_int_equal(next(), 1);
	assert_true(row.session.ue->want_ipv4);
	assert_int_equal(row.session.ue->ipv4, 0);
	assert_int_equal(row.rate[0].cir_bps, 0);
	assert_false(row.rate[1].has_qfi);
	assert_int_equal(next(), 0);
	done();
}

static void a_bad_line_is_named_and_passed(void **state)
{
	open_text("imsi,ipv4,peer\n123456,10.0.0.1,1.2.3\n123456,10.0.0.1\n,10.0.0.1,\n123456,,\n"
		  "123456,\"auto,\n123456,auto,9.9.9.9,7\n123456,auto,9.9.9.9\n");
	expect_refused(2, "peer", "'1.2.3' is not an IPv4 address");
	expect_refused(3, "", "fewer values");
	expect_refused(4, "imsi", "is missing");
	expect_refused(5, "ipv4", "needs an address");
	expect_refused(6, "", "quote");
	expect_refused(7, "", "more values");
	assert_int_equal(next(), 1);
	assert_int_equal(next(), 0);
	done();
}

static void a_bad_header_refuses_the_file(void **state)
{
	static const char *const headers[] = { "imsi,eyes\n", "imsi,imsi\n", "123456,10.0.0.1\n", "\"imsi\n",
					       "imsi,\n" };

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		open_text(headers[i]);
		assert_int_equal(next(), -EPROTO);
		assert_true(fault.reason[0] != 0);
		done();
	}
}

static void json_lines_have_the_same_names(void **state)
{
	open_text("\n{\"imsi\": \"123456\", \"ipv6\": \"2001:db8::/64\", \"ul_rate\": \"10M\", \"dl_rate\": 5, "
		  "\"msisdn\": null,"
		  " \"teid\": 7, \"usage\": {}}\n{\"ipv4\": \"auto\", \"imsi\": 123457}");
	assert_int_equal(next(), 1);
	assert_int_equal(row.rate[0].cir_bps, 10000000);
	assert_int_equal(row.rate[1].cir_bps, 5);
	assert_true(row.ue.ipv6_prefix == UINT64_C(0x20010db800000000));
	assert_int_equal(next(), 1);
	assert_string_equal(row.imsi, "123457");
	assert_int_equal(next(), 0);
	done();
}

static void bad_json_is_named(void **state)
{
	open_text("{}\n{\"imsi\": \n[]\n{\"imsi\": \"123456\", \"ipv4\": true}\n{\"imsi\": \"123456\", \"imsi\": "
		  "\"123456\"}\n"
		  "{\"eyes\": 1}\n{\"imsi\": \"1234\\u0000\"}\n{\"imsi\": \"\xff\xfe\"}\n{\"imsi\": 1.5}\n7\n");
	expect_refused(1, "imsi", "is missing");
	expect_refused(2, "", "");
	expect_refused(3, "", "not a JSON object");
	expect_refused(4, "ipv4", "neither text nor a whole number");
	expect_refused(5, "", "duplicate");
	expect_refused(6, "eyes", "no field of a session");
	expect_refused(7, "", "");
	expect_refused(8, "", "");
	expect_refused(9, "imsi", "neither text nor a whole number");
	expect_refused(10, "", "");
	assert_int_equal(next(), 0);
	done();
}

static const char with_rules[] =
    "{\"imsi\": \"123456\", \"ipv4\": \"10.0.0.1\", \"rules\": ["
    "{\"id\": 1, \"precedence\": 9, \"source\": \"access\", \"destination\": \"core\", \"rate_id\": 3, "
    "\"measure_ids\": [1, 2]},"
    "{\"id\": 2, \"source\": \"core\", \"filter\": \"permit out ip from any to any\", \"destination\": \"access\","
    " \"peer\": \"9.9.9.9\", \"peer_teid\": 77, \"drop\": true},"
    "{\"id\": 3, \"source\": \"cp\", \"destination\": \"access\", \"tunnel\": 2, \"qfis\": [1, 63], \"rate_ids\": [3, "
    "4],"
    " \"filters\": [\"permit out 17 from any to any\", {\"tos\": 184, \"tos_mask\": 252, \"has_spi\": true}],"
    " \"peer_ipv6\": \"2001:db8::1\", \"peer_teid\": 1, \"buffer\": true, \"buffer_packets\": 0, \"notify\": true, "
    "\"notify_delay_ms\": 250, \"dscp\": 0}],"
    " \"rates\": [{\"id\": 3, \"rate\": \"10M\", \"mark\": \"af2\"},"
    " {\"id\": 4, \"uplink\": {\"cir_bps\": 64000}, \"downlink\": {\"gate_closed\": true}}],"
    " \"measures\": [{\"id\": 1, \"volume\": true, \"triggers\": 3, \"linked_ids\": [2],"
    " \"volume_quota\": {\"total\": 123456789012, \"has_total\": true}}]}\n";

static void rules_come_back_as_they_went(void **state)
{
	Shoal__Oss__Session *session;
	uint8_t first[1024], second[1024];
	size_t length;
	json_t *object;
	char *text;

	open_text(with_rules);
	assert_int_equal(next(), 1);
	assert_null(row.session.bearer);
	assert_int_equal(row.session.n_rules, 3);
	assert_int_equal(row.session.rules[0]->n_measure_ids, 2);
	assert_string_equal(row.session.rules[2]->match->filters[0]->flow, "permit out 17 from any to any");
	assert_true(row.session.measures[0]->volume_quota->total == 123456789012);
	assert_int_equal(row.session.rates[0]->cir_bps, 10000000);
	length = shoal__oss__session__pack(&row.session, first);
	session = shoal__oss__session__unpack(NULL, length, first);
	object = session_json(session);
	text = json_dumps(object, JSON_COMPACT);
	done();
	open_text(text);
	assert_int_equal(next(), 1);
	assert_int_equal(shoal__oss__session__pack(&row.session, second), length);
	assert_memory_equal(first, second, length);
	free(text);
	json_decref(object);
	shoal__oss__session__free_unpacked(session, NULL);
	done();
}

// What ctrl gave is no wish for another gateway; what the peer chose is.
static void own_teids_stay_behind(void **state)
{
	Shoal__Oss__Match match = SHOAL__OSS__MATCH__INIT;

	match.teid = 0x00512307;
	assert_true(rules_own_teid(0x00512307, &match));
	assert_false(rules_own_teid(0x00512306, &match));
	assert_false(rules_own_teid(0, &match));
	match.tunnel = 3;
	assert_false(rules_own_teid(0x00512307, &match));
	assert_true(rules_own_teid(0x00512307 ^ 3 << 12, &match));
	match.teid = 10;
	assert_false(rules_own_teid(0x00512307, &match));
	open_text(
	    "{\"imsi\": \"123456\", \"ipv4\": \"auto\", \"rules\": [{\"id\": 1, \"local_teid\": 5}, {\"teid\": 6}]}\n");
	assert_int_equal(next(), 1);
	assert_int_equal(row.session.rules[0]->match->teid, 0);
	assert_int_equal(row.session.rules[1]->match->teid, 6);
	done();
}

static void bad_rules_are_named(void **state)
{
	open_text(
	    "{\"imsi\": \"123456\", \"ipv4\": \"auto\", \"rules\": [{\"source\": \"moon\"}]}\n"
	    "{\"rules\": {}}\n{\"rules\": [7]}\n{\"rates\": [{\"ul_rate\": 1}]}\n{\"measures\": [{\"volume\": 1}]}\n"
	    "{\"rules\": [{\"measure_ids\": [1,2,3,4,5,6,7,8,9]}]}\n"
	    "{\"imsi\": \"123456\", \"ipv4\": \"auto\", \"rules\": [], \"peer\": \"1.2.3.4\"}\n"
	    "{\"imsi\": \"123456\", \"ipv4\": \"auto\", \"rules\": [{\"id\": 1}], \"peer\": \"1.2.3.4\"}\n"
	    "{\"imsi\": \"123456\", \"ipv4\": \"auto\", \"rates\": [{\"id\": 1}]}\n"
	    "{\"rules\": [{\"filters\": [7]}]}\n{\"rules\": [{\"filters\": [{\"flaw\": 1}]}]}\n"
	    "{\"rules\": [{\"peer_ipv6\": \"1.2.3.4\"}]}\n{\"rates\": [{\"uplink\": 7}]}\n"
	    "{\"measures\": [{\"volume_quota\": {\"total\": -1}}]}\n{\"rules\": [{\"qfis\": [\"x\"]}]}\n");
	expect_refused(1, "rules[0].source", "none of access, core, cp");
	expect_refused(2, "rules", "array");
	expect_refused(3, "rules[0]", "not an object");
	expect_refused(4, "rates[0].ul_rate", "no field of a rate");
	expect_refused(5, "measures[0].volume", "neither true nor false");
	expect_refused(6, "rules[0].measure_ids", "up to 8");
	assert_int_equal(next(), 1);
	expect_refused(8, "rules", "either rules");
	expect_refused(9, "rules", "there are none");
	expect_refused(10, "rules[0].filters", "neither text nor an object");
	expect_refused(11, "rules[0].filters", "no field of it");
	expect_refused(12, "rules[0].peer_ipv6", "not an IPv6 address");
	expect_refused(13, "rates[0].uplink", "not an object");
	expect_refused(14, "measures[0].volume_quota", "");
	expect_refused(15, "rules[0].qfis", "64 numbers");
	done();
}

static void lines_of_any_length_are_survived(void **state)
{
	size_t huge = 5 * LINES_MAX;
	char *bytes = malloc(huge + 200);
	size_t length = (size_t)sprintf(bytes, "imsi,ipv4\n123456,auto\n");

	memset(bytes + length, 'x', huge);
	length += huge;
	length += (size_t)sprintf(bytes + length, "\n123457,auto\n");
	memcpy(bytes + length, "12\0,auto\n123458,auto", 20);
	length += 20;
	open_bytes(bytes, length);
	assert_int_equal(next(), 1);
	expect_refused(3, "", "longer than 65,535");
	assert_int_equal(next(), 1);
	assert_string_equal(row.imsi, "123457");
	expect_refused(5, "", "NUL");
	assert_int_equal(next(), 1);
	assert_string_equal(row.imsi, "123458");
	assert_int_equal(next(), 0);
	done();
	free(bytes);
}

// The longest line that is taken, and the first that is not, at every offset of the buffer that matters.
static void the_limit_is_exact(void **state)
{
	for (size_t extra = 0; extra < 2; extra++) {
		char *bytes = malloc(2 * LINES_MAX);
		size_t length = (size_t)sprintf(bytes, "imsi,dnn,ipv4\n");
		size_t line = (size_t)sprintf(bytes + length, "123456,,auto");

		memset(bytes + length + line, ' ', LINES_MAX - line + extra);
		length += LINES_MAX + extra;
		length += (size_t)sprintf(bytes + length, "\n123457,,auto");
		open_bytes(bytes, length);
		assert_int_equal(next(), extra ? -EBADMSG : 1);
		assert_int_equal(next(), 1);
		assert_int_equal(next(), 0);
		done();
		free(bytes);
	}
}

// What names a request: the same line gives the same digest, another line or another header does not.
static void digests_tell_lines_apart(void **state)
{
	uint64_t first, second;

	open_text("imsi,ipv4\n123456,auto\n123457,auto\n123456,auto\n");
	assert_int_equal(next(), 1);
	first = reader.digest;
	assert_int_equal(next(), 1);
	second = reader.digest;
	assert_int_equal(next(), 1);
	assert_true(first == reader.digest);
	assert_true(first != second);
	done();
	open_text("imsi,ipv6\n123456,auto\n");
	assert_int_equal(next(), 1);
	assert_true(first != reader.digest);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_names_its_columns),
		cmocka_unit_test(a_bad_line_is_named_and_passed),
		cmocka_unit_test(a_bad_header_refuses_the_file),
		cmocka_unit_test(json_lines_have_the_same_names),
		cmocka_unit_test(bad_json_is_named),
		cmocka_unit_test(rules_come_back_as_they_went),
		cmocka_unit_test(own_teids_stay_behind),
		cmocka_unit_test(bad_rules_are_named),
		cmocka_unit_test(lines_of_any_length_are_survived),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(digests_tell_lines_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
