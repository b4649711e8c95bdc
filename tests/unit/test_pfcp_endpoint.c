// test_pfcp_endpoint.c - what a session's traffic endpoints (TS 29.244 7.5.2.7) mean for its later changes: a PDR that comes in place of
// another has the tunnel of the endpoint that both name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/rules/ids.h"
#include "tests/unit/session_play.h"

static struct pfcp_writer *writer(unsigned n)
{
	return &play.words[n].writer;
}

static void endpoint_put(unsigned n, uint8_t id)
{
	const struct pfcp_fteid fteid = { .choose = true, .address.has_ipv4 = true };
	const struct pfcp_ue_address ue = { .choose_ipv4 = true };
	uint8_t *mark;

	pfcp_begin(writer(n), PFCP_IE_CREATE_TRAFFIC_ENDPOINT, &mark);
	pfcp_put_u8(writer(n), PFCP_IE_TRAFFIC_ENDPOINT_ID, id);
	if (id < 9) // the last one has an address alone
		pfcp_put_fteid(writer(n), PFCP_IE_F_TEID, &fteid);
	pfcp_put_ue_address(writer(n), PFCP_IE_UE_IP_ADDRESS, &ue);
	pfcp_end(writer(n), mark);
}

static void pdr_put(unsigned n, uint16_t id, uint8_t endpoint)
{
	bool down = endpoint == 9;
	uint8_t *mark, *pdi;

	pfcp_begin(writer(n), PFCP_IE_CREATE_PDR, &mark);
	pfcp_put_u16(writer(n), PFCP_IE_PDR_ID, id);
	pfcp_put_u32(writer(n), PFCP_IE_PRECEDENCE, id);
	pfcp_begin(writer(n), PFCP_IE_PDI, &pdi);
	pfcp_put_u8(writer(n), PFCP_IE_SOURCE_INTERFACE,
		    down ? PFCP_SOURCE_INTERFACE_CORE : PFCP_SOURCE_INTERFACE_ACCESS);
	pfcp_put_u8(writer(n), PFCP_IE_TRAFFIC_ENDPOINT_ID, endpoint);
	pfcp_end(writer(n), pdi);
	if (!down)
		pfcp_put_u8(writer(n), PFCP_IE_OUTER_HEADER_REMOVAL, 0);
	pfcp_put_u32(writer(n), PFCP_IE_FAR_ID, down ? 2 : 1);
	pfcp_end(writer(n), mark);
}

// PDRs 1 and 2 out of the tunnels of endpoints 1 and 2, and 3 down.
static void attach(void)
{
	words_begin(&play.words[0]);
	words_head(&play.words[0], 7);
	endpoint_put(0, 1);
	endpoint_put(0, 2);
	endpoint_put(0, 9);
	pdr_put(0, 1, 1);
	pdr_put(0, 2, 2);
	pdr_put(0, 3, 9);
	words_forward(&play.words[0], 1, PFCP_DESTINATION_INTERFACE_CORE, 0);
	words_forward(&play.words[0], 2, PFCP_DESTINATION_INTERFACE_ACCESS, 0x77);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	play_run(100);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
}

static uint32_t tunnel_of(uint16_t pdr)
{
	for (size_t i = 0; i < play.session->n_rules; i++)
		if (pfcp_id(play.session->rules[i]->id) == pdr)
			return play.session->rules[i]->match->tunnel;
	fail_msg("no rule of PDR %u", pdr);
	return 0;
}

static void whoever_comes_after_the_first_has_its_tunnel(void **state)
{
	uint32_t tunnel[2];

	attach();
	tunnel[0] = tunnel_of(1);
	tunnel[1] = tunnel_of(2);
	assert_int_not_equal(tunnel[0], tunnel[1]);
	for (uint16_t id = 1; id <= 2; id++) {
		uint8_t *mark;

		words_begin(&play.words[id]);
		pfcp_begin(writer(id), PFCP_IE_REMOVE_PDR, &mark);
		pfcp_put_u16(writer(id), PFCP_IE_PDR_ID, id);
		pfcp_end(writer(id), mark);
		pdr_put(id, (uint16_t)(10 + id), (uint8_t)id);
		play_say(id, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
		play_run(100);
		assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
		assert_int_equal(tunnel_of((uint16_t)(10 + id)), tunnel[id - 1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whoever_comes_after_the_first_has_its_tunnel, play_open, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
