// test_trace_side.c - a session's rules tell which of its tunnels are of the core side, and a trace has them there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/tell/trace_side.h"
#include "shared/plane/verdict.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"
#include "shared/wire/sheet.h"
#include "tests/unit/ctrl_stand.h"

#define NS 1000000000ull

// ---- A session with a tunnel on each side, as an SGW-U has them

#define OWN 0x0a630301u
#define GNB 0x0a630302u
#define PGW 0x0a630309u
#define PGW6 0x20010db800000009ull
#define SLOT_BITS 12u
#define TEID 0x12345678u

static struct {
	struct sheet sheet;
	uint64_t tunnel[2];
	struct sheet_pdr pdr[3];
	struct sheet_far far[3];
} rules;
static uint32_t alias[SHEET_TUNNELS];
static uint8_t seen[IP6_HEADER + UDP_HEADER + GTPU_HEADER];

static struct sheet_far far_to(uint32_t ipv4, uint32_t teid)
{
	return (struct sheet_far){ .action = SHEET_FORWARD,
				   .outer = SHEET_OUTER_GTPU4,
				   .flags = SHEET_HAS_PEER,
				   .peer_teid = teid,
				   .peer_ipv4 = ipv4 };
}

// Uplink into the PGW's tunnel, by IPv4 and IPv6; out of its tunnel to the gNB.
static struct session relaying(void)
{
	memset(&rules, 0, sizeof(rules));
	memset(alias, 0, sizeof(alias));
	rules.sheet.tunnels = 2;
	rules.sheet.pdrs = rules.sheet.fars = 3;
	rules.sheet.way[SHEET_UPLINK] = 7;
	rules.tunnel[0] = 3;
	rules.tunnel[1] = 4;
	rules.pdr[1].far = 1;
	rules.pdr[2].far = 2;
	rules.pdr[2].flags = SHEET_FROM_CORE;
	rules.far[0] = far_to(PGW, 9);
	rules.far[1] = (struct sheet_far){ .action = SHEET_FORWARD,
					   .outer = SHEET_OUTER_GTPU6,
					   .flags = SHEET_HAS_PEER,
					   .peer_teid = 9,
					   .peer_ipv6 = { PGW6, 1 } };
	rules.far[2] = far_to(GNB, 0x7003);
	return (struct session){ .bearer.teid = TEID, .sheet = &rules.sheet };
}

static size_t outer4(uint32_t to, uint32_t teid)
{
	ip4_put(seen, &(struct ip4_fields){ OWN, to, 500, 0, 64, IP_UDP });
	udp_put(seen + IP4_HEADER, GTPU_PORT, GTPU_PORT, 480);
	seen[IP4_HEADER + UDP_HEADER] = 0x30;
	seen[IP4_HEADER + UDP_HEADER + 1] = GTPU_G_PDU;
	be32_put(seen + IP4_HEADER + UDP_HEADER + 4, teid);
	return IP4_HEADER + UDP_HEADER + GTPU_HEADER;
}

static size_t outer6(uint64_t high, uint64_t low, uint32_t teid)
{
	memset(seen, 0, sizeof(seen));
	seen[0] = 0x60;
	seen[6] = IP_UDP;
	be64_put(seen + 24, high);
	be64_put(seen + 32, low);
	udp_put(seen + IP6_HEADER, GTPU_PORT, GTPU_PORT, 480);
	be32_put(seen + IP6_HEADER + UDP_HEADER + 4, teid);
	return sizeof(seen);
}

static void rules_tell_where_a_tunnel_comes_from(void **state)
{
	const uint32_t other = sheet_tunnel_teid(TEID, 1, SLOT_BITS);
	struct session relay = relaying();

	assert_false(trace_side_from_core(&relay, SLOT_BITS, seen, outer4(OWN, TEID)));
	assert_true(trace_side_from_core(&relay, SLOT_BITS, seen, outer4(OWN, other)));
	assert_true(trace_side_from_core(&relay, SLOT_BITS, seen, outer6(1, 2, other)));
	assert_false(trace_side_from_core(&relay, SLOT_BITS, seen, outer4(OWN, other) - 1)); // cut
	assert_false(trace_side_from_core(&relay, SLOT_BITS, seen, 0));
	outer4(OWN, other);
	be16_put(seen + IP4_HEADER + 2, 53);
	assert_false(trace_side_from_core(&relay, SLOT_BITS, seen, IP4_HEADER + UDP_HEADER + GTPU_HEADER));
	assert_false(trace_side_from_core(&relay, SLOT_BITS, seen, outer4(OWN, 0x99)));
	relay.alias = alias;
	alias[1] = 0x99; // the SGW-C's choice
	assert_true(trace_side_from_core(&relay, SLOT_BITS, seen, outer4(OWN, 0x99)));
	relay.sheet = NULL;
	assert_false(trace_side_from_core(&relay, SLOT_BITS, seen, outer4(OWN, other)));
}

static void rules_tell_where_a_tunnel_leads(void **state)
{
	struct session relay = relaying();

	assert_true(trace_side_to_core(&relay, seen, outer4(PGW, 9)));
	assert_true(trace_side_to_core(&relay, seen, outer6(PGW6, 1, 9)));
	assert_false(trace_side_to_core(&relay, seen, outer6(PGW6, 2, 9)));
	assert_false(trace_side_to_core(&relay, seen, outer4(PGW, 8)));
	assert_false(trace_side_to_core(&relay, seen, outer4(GNB, 0x7003)));
	rules.sheet.way[SHEET_UPLINK] = 3;
	rules.sheet.way[SHEET_DOWNLINK] = 4; // by the UE's address instead of a tunnel
	rules.pdr[2].flags = 0;
	assert_false(trace_side_to_core(&relay, seen, outer4(GNB, 0x7003)));
}

// ---- A trace of it

static struct ctrl_stand stand;
static struct ctrl_session wanted;

static bool ordered(void *with, const Shoal__Fleet__Order *order)
{
	return true;
}

static int setup(void **state)
{
	ctrl_stand_open(&stand);
	stand.traces.order = ordered;
	ctrl_session_init(&wanted, 1);
	assert_int_equal(ctrl_stand_create(&stand, &wanted), 0);
	wanted.session.id = stand.answer->session->session->id;
	return 0;
}

static int teardown(void **state)
{
	trace_forget(&stand.traces.trace[0], UINT64_MAX);
	ctrl_stand_close(&stand);
	return 0;
}

// A packet whose reader wants only a byte of it.
static void a_tunnel_of_the_core_side_is_the_core_side(void **state)
{
	struct session *living = session_by_id(&stand.truth.sessions, wanted.session.id), was = *living;
	Shoal__Fleet__TracedSight sight = SHOAL__FLEET__TRACED_SIGHT__INIT;
	Shoal__Fleet__TracedPacket packet = SHOAL__FLEET__TRACED_PACKET__INIT, *list = &packet;
	Shoal__Fleet__Traced traced = SHOAL__FLEET__TRACED__INIT;
	Shoal__Fleet__Answer whole = SHOAL__FLEET__ANSWER__INIT;
	const struct trace_wish wish = { wanted.session.id, 1, 100, NULL, 0 };
	struct traces *traces = &stand.traces;
	struct trace *trace = traces_start(traces, &wish, 1);

	relaying();
	living->sheet = &rules.sheet;
	sight.bytes = (ProtobufCBinaryData){ outer4(PGW, 9), seen };
	packet.numbers = &trace->number;
	packet.n_numbers = 1;
	packet.verdict = VERDICT_FORWARD;
	packet.came = packet.left = &sight;
	traced.packets = &list;
	traced.n_packets = 1;
	whole.body_case = SHOAL__FLEET__ANSWER__BODY_TRACED;
	whole.traced = &traced;
	traces_turn(traces, NS);
	traces_answered(traces, &whole);
	living->sheet = was.sheet;
	assert_false(trace->first->message.came->core);
	assert_true(trace->first->message.left->core);
	assert_int_equal(trace->first->message.left->bytes.len, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_tell_where_a_tunnel_comes_from),
		cmocka_unit_test(rules_tell_where_a_tunnel_leads),
		cmocka_unit_test_setup_teardown(a_tunnel_of_the_core_side_is_the_core_side, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
