// test_sheet.c - what a sheet may not say is refused by name; its sum sees every byte; its parts lie one behind the other.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "shared/wire/bearer.h"
#include "tests/stand/sheets.h"

static struct sheets sheets;

// One of everything.
static void full(void)
{
	sheets_plain(&sheets);
	sheets.pdr[0].qers = 1;
	sheets.pdr[0].urrs = 1;
	sheets.head.qers = sheets.head.urrs = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .cir_bps = { 1000, 1000 }, .cbs_bytes = { 1500, 1500 } };
	sheets.urr[0] = (struct sheet_urr){ .id = 1, .serial = 1 };
	sheets_filter4(&sheets, 0, 3);
	sheets_filter6(&sheets, 0, 3);
}

static const char *fault(void)
{
	const char *field = "untouched";
	size_t length = sheets_write(&sheets);
	int result = sheet_check(sheets.bytes, length, &field);

	assert_int_equal(result, field ? -EINVAL : 0);
	return field;
}

#define REFUSED(member, value, name) \
	do { \
		full(); \
		sheets.member = value; \
		assert_string_equal(fault(), name); \
	} while (0)

#define TAKEN(member, value) \
	do { \
		full(); \
		sheets.member = value; \
		assert_null(fault()); \
	} while (0)

static void counts_have_their_ranges(void **unused)
{
	full();
	assert_null(fault());
	REFUSED(head.version, SHEET_VERSION + 1, "version");
	REFUSED(head.pdrs, 0, "pdrs");
	REFUSED(head.fars, 0, "fars");
	REFUSED(head.tunnels, 0, "tunnels");
	REFUSED(head.episode, 0, "episode");
	REFUSED(head.way[SHEET_UPLINK], 4, "way");
	REFUSED(head.way[SHEET_UPLINK], 3, "way"); // a PDR goes one way
	REFUSED(head.way[SHEET_DOWNLINK], 1ull << 63, "way");
	REFUSED(head.open[0], 4, "open");
	REFUSED(head.open[1], 1ull << 40, "open");
	REFUSED(tunnel[0], 4, "tunnel");
}

static void more_than_there_may_be_is_refused(void **unused)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t most;
	} counts[] = {
		{ "pdrs", offsetof(struct sheet, pdrs), SHEET_PDRS },
		{ "fars", offsetof(struct sheet, fars), SHEET_FARS },
		{ "qers", offsetof(struct sheet, qers), SHEET_QERS },
		{ "urrs", offsetof(struct sheet, urrs), SHEET_URRS },
		{ "tunnels", offsetof(struct sheet, tunnels), SHEET_TUNNELS },
		{ "groups4", offsetof(struct sheet, groups4), SHEET_FILTERS / 8 },
		{ "groups6", offsetof(struct sheet, groups6), SHEET_FILTERS / 8 },
	};
	const char *field;

	for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		for (unsigned more = 0; more < 2; more++) {
			size_t length;

			full();
			length = sheets_write(&sheets);
			sheets.bytes[counts[i].at] = (uint8_t)(counts[i].most + more);
			assert_int_equal(sheet_check(sheets.bytes, length, &field), -EINVAL);
			assert_string_equal(field, more ? counts[i].name : "bytes");
		}
}

static void rules_lead_somewhere(void **unused)
{
	REFUSED(pdr[1].flags, SHEET_FROM_CORE << 1, "pdr");
	REFUSED(pdr[1].far, 2, "pdr.far");
	REFUSED(pdr[1].qers, 2, "pdr.qers");
	REFUSED(pdr[1].urrs, 1 << 15, "pdr.urrs");
	TAKEN(pdr[0].flags, SHEET_ANY_SOURCE | SHEET_FROM_CORE);
	TAKEN(pdr[1].id, 0);
	TAKEN(pdr[1].far, 0);
	REFUSED(far[0].action, SHEET_ACTIONS, "far.action");
	REFUSED(far[1].outer, SHEET_OUTERS, "far.outer");
	REFUSED(far[1].flags, 0x80, "far.flags");
	REFUSED(far[1].dscp, 64, "far.flags");
	REFUSED(far[1].outer, SHEET_OUTER_NONE, "far.peer");
	REFUSED(far[1].peer_teid, 0, "far.peer");
	REFUSED(far[1].peer_ipv4, 0, "far.peer");
	REFUSED(far[1].outer, SHEET_OUTER_GTPU6, "far.peer"); // it has no IPv6 address
	TAKEN(far[0].action, SHEET_BUFFER);
	TAKEN(far[1].flags, SHEET_DSCP | SHEET_NOTIFY);
	full();
	sheets.far[1] = (struct sheet_far){ .action = SHEET_BUFFER, .waits = SHEET_WAITS_MAX + 1 };
	assert_null(fault());
	sheets.far[1].waits++;
	assert_string_equal(fault(), "far.waits");
	sheets.far[1].waits = 0;
	sheets.far[1].lasts = 1;
	assert_null(fault());
	sheets.far[1].lasts = 2;
	assert_string_equal(fault(), "far.waits");
}

static void treatment_has_its_ranges(void **unused)
{
	REFUSED(qer[0].flags, 0x80, "qer.flags");
	REFUSED(qer[0].qfi, 64, "qer.qfi");
	REFUSED(qer[0].mark, BEARER_MARK_COUNT, "qer.mark");
	REFUSED(qer[0].cir_bps[SHEET_UPLINK], BEARER_CIR_MAX + 1, "qer.cir_bps");
	REFUSED(qer[0].cbs_bytes[SHEET_DOWNLINK], 0, "qer.cir_bps");
	REFUSED(qer[0].ebs_bytes[SHEET_DOWNLINK], BEARER_BURST_MAX, "qer.cir_bps");
	TAKEN(qer[0].cir_bps[SHEET_UPLINK], 0); // not limited
	REFUSED(urr[0].flags, 8, "urr");
	REFUSED(urr[0].serial, 0, "urr");
	REFUSED(urr[0].dropped, 1, "urr");
	REFUSED(urr[0].dropped, 2, "urr");
	REFUSED(urr[0].flags, SHEET_EVENTS, "urr"); // nothing counts them
	REFUSED(urr[0].events, 1, "urr");
	REFUSED(urr[0].events, 2, "urr");
	TAKEN(urr[0].flags, SHEET_QUOTA | SHEET_STOPPED | SHEET_BEFORE);
	TAKEN(qer[0].flags, SHEET_RQI | SHEET_QFI);
}

// What counts events lies behind whom it counts for, has no id and no packets of its own, and knows which silence ends one.
static void events_are_counted_by_a_place_of_their_own(void **unused)
{
	static const struct {
		uint16_t events, dropped, urrs;
		uint32_t id;
		uint64_t silence;
		const char *fault;
	} cases[] = {
		{ 2, 0, 1, 0, 1, NULL },
		{ 2, 0, 1, 0, UINT32_MAX, NULL },
		{ 2, 0, 1, 0, 0, "urr" },
		{ 1, 0, 1, 0, 1, "urr" },
		{ 2, 0, 1, 0, UINT32_MAX + 1ull, "urr" },
		{ 3, 0, 1, 0, 1, "urr" },
		{ 2, 2, 1, 0, 1, "urr" },
		{ 2, 0, 3, 0, 1, "urr" },
		{ 2, 0, 1, 7, 1, "urr" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *found;

		full();
		sheets.head.urrs = 2;
		sheets.pdr[1].urrs = cases[i].urrs;
		sheets.urr[0].flags = SHEET_EVENTS;
		sheets.urr[0].events = cases[i].events;
		sheets.urr[0].dropped = cases[i].dropped;
		sheets.urr[1] = (struct sheet_urr){ .id = cases[i].id, .serial = 2 };
		sheets.urr[0].quota[SHEET_EVENTS_SILENCE] = 1;
		sheets.urr[1].quota[SHEET_EVENTS_SILENCE] = cases[i].silence;
		found = fault();
		assert_string_equal(found ? found : "none", cases[i].fault ? cases[i].fault : "none");
	}
}

static void filters_have_their_ranges(void **unused)
{
	REFUSED(filters4[0].pdrs_low[7], 4, "filters4.pdrs");
	REFUSED(filters4[0].pdrs_high[0], 1, "filters4.pdrs");
	REFUSED(filters4[0].remote_ports[0], 80 << 16 | 81, "filters4.ports");
	REFUSED(filters4[0].local_ports[7], 1, "filters4.ports");
	REFUSED(filters6[0].pdrs_low[3], 1u << 31, "filters6.pdrs");
	REFUSED(filters6[0].remote_ports[2], 80 << 16 | 81, "filters6.ports");
	REFUSED(filters6[0].local_ports[0], 1, "filters6.ports");
	TAKEN(filters4[0].remote_ports[1], 80 << 16 | 80);
}

// Neither more bytes than there are nor fewer, wherever it ends.
static void whatever_its_length_nothing_else_is_read(void **unused)
{
	const char *field;
	size_t length;

	full();
	length = sheets_write(&sheets);
	for (size_t cut = 0; cut < length; cut++) {
		assert_int_equal(sheet_check(sheets.bytes, cut, &field), -EINVAL);
		assert_string_equal(field, "bytes");
	}
	assert_int_equal(sheet_check(sheets.bytes, length + 8, &field), -EINVAL);
	assert_int_equal(sheet_check(sheets.bytes, SHEET_BYTES_MAX + 8, &field), -EINVAL);
	assert_string_equal(field, "bytes");
}

static void the_largest_is_taken(void **unused)
{
	full();
	sheets.head.pdrs = SHEET_PDRS, sheets.head.fars = SHEET_FARS;
	sheets.head.qers = SHEET_QERS, sheets.head.urrs = SHEET_URRS;
	sheets.head.tunnels = SHEET_TUNNELS;
	for (unsigned i = 0; i < SHEET_PDRS; i++) {
		sheets.pdr[i].id = (uint16_t)(i + 1);
		sheets_filter4(&sheets, i, 1ull << i);
		sheets_filter6(&sheets, i, 1ull << i);
	}
	for (unsigned i = 0; i < SHEET_URRS; i++)
		sheets.urr[i].serial = 1;
	sheets.head.way[SHEET_UPLINK] = 1ull << 63;
	assert_null(fault());
	assert_in_range(sheets.head.bytes, SHEET_BYTES_MAX / 2, SHEET_BYTES_MAX);
}

static void sums_see_every_byte(void **unused)
{
	size_t length;
	uint32_t sum;

	full();
	length = sheets_write(&sheets);
	sum = sheet_sum(sheets.bytes, length);
	assert_int_not_equal(sum, 0);
	for (size_t i = 0; i < length; i++) {
		sheets.bytes[i] ^= 1;
		assert_int_not_equal(sheet_sum(sheets.bytes, length), sum);
		sheets.bytes[i] ^= 1;
	}
	assert_int_not_equal(sheet_sum(sheets.bytes, length - 8), sum);
	assert_int_equal(sheet_sum(sheets.bytes, length), sum);
}

static void tunnels_are_told_apart(void **unused)
{
	const unsigned slot_bits[] = { 1, 9, 12 };

	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < SHEET_TUNNELS; k++) {
			uint32_t own = 0xfedcba98, teid = sheet_tunnel_teid(own, k, slot_bits[i]);

			assert_int_equal(sheet_tunnel(own, teid, slot_bits[i]), k);
			assert_true(sheet_tunnel(own, teid ^ 1, slot_bits[i]) >= SHEET_TUNNELS); // another shard
			assert_true(sheet_tunnel(own, teid ^ 1u << (7 + slot_bits[i]), slot_bits[i]) >=
				    SHEET_TUNNELS); // slot
			assert_true(sheet_tunnel(own, teid ^ 1u << (12 + slot_bits[i]), slot_bits[i]) >= SHEET_TUNNELS);
		}
}

static void parts_lie_one_behind_the_other(void **unused)
{
	struct sheet_parts parts;
	size_t length;

	full();
	length = sheets_write(&sheets);
	parts = sheet_parts((const struct sheet *)sheets.bytes);
	assert_int_equal(parts.tunnel[0], 3);
	assert_int_equal(parts.pdr[1].id, 2);
	assert_int_equal(parts.far[1].peer_teid, 0xbeef);
	assert_int_equal(parts.qer[0].id, 1);
	assert_int_equal(parts.urr[0].serial, 1);
	assert_int_equal(parts.filters4[0].pdrs_low[0], 3);
	assert_ptr_equal(parts.filters6 + 1, sheets.bytes + length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_have_their_ranges),
		cmocka_unit_test(more_than_there_may_be_is_refused),
		cmocka_unit_test(rules_lead_somewhere),
		cmocka_unit_test(treatment_has_its_ranges),
		cmocka_unit_test(filters_have_their_ranges),
		cmocka_unit_test(whatever_its_length_nothing_else_is_read),
		cmocka_unit_test(the_largest_is_taken),
		cmocka_unit_test(sums_see_every_byte),
		cmocka_unit_test(events_are_counted_by_a_place_of_their_own),
		cmocka_unit_test(tunnels_are_told_apart),
		cmocka_unit_test(parts_lie_one_behind_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
