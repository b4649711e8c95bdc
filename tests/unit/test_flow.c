// test_flow.c - outer source ports: spread over flows, the same within one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "tests/stand/stand.h"
#include "workers/pipe/flow.h"

static uint16_t port_of(const uint8_t *bytes)
{
	struct ip_packet ip;

	assert_int_equal(ip_read(&ip, bytes, STAND_USER_BYTES), IP_SOUND);
	return flow_port(bytes, &ip);
}

static void ports_spread_and_stay(void **state)
{
	bool seen[16] = { false };
	unsigned groups = 0;

	for (uint32_t flow = 0; flow < 256; flow++) {
		uint8_t bytes[STAND_USER_BYTES];
		uint16_t port;

		stand_user_packet(bytes, STAND_SERVER, 0x0a2d0001, 64);
		be16_put(bytes + IP4_HEADER, (uint16_t)(1024 + flow));
		port = port_of(bytes);
		assert_in_range(port, 49152, 65535);
		bytes[IP4_HEADER + UDP_HEADER]++; // another packet of the flow
		assert_int_equal(port_of(bytes), port);
		groups += !seen[port % 16];
		seen[port % 16] = true;
	}
	assert_int_equal(groups, 16);
}

static void fragments_stay_together(void **state)
{
	uint8_t bytes[STAND_USER_BYTES];
	struct ip_packet ip;
	uint16_t port;

	stand_user_packet(bytes, STAND_SERVER, 0x0a2d0001, 64);
	assert_int_equal(ip_read(&ip, bytes, STAND_USER_BYTES), IP_SOUND);
	be16_put(bytes + 6, 0x2000);
	port = flow_port(bytes, &ip);
	be16_put(bytes + IP4_HEADER, 9); // in the others, no ports lie here
	be16_put(bytes + 6, 7);
	assert_int_equal(flow_port(bytes, &ip), port);
}

static void flow_label_separates(void **state)
{
	uint8_t bytes[STAND_USER_BYTES] = { 0x60, 0, 0, 1, 0, STAND_USER_BYTES - IP6_HEADER, 44, 64 };
	uint16_t port = port_of(bytes);

	bytes[3] = 2;
	assert_int_not_equal(port_of(bytes), port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_spread_and_stay),
		cmocka_unit_test(fragments_stay_together),
		cmocka_unit_test(flow_label_separates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
