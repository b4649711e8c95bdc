// test_pfcp_prefix.c - a prefix that a living session's rules name first, as OAI's SMF asks for it at a path switch: it comes with the
// change, and goes with it where that is undone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "tests/unit/session_play.h"

static const uint8_t prefix[16] = { 0x20, 0x01, 0x0d, 0xb8, [7] = 7, [15] = 2 };
#define PREFIX 0x20010db800000007u

static int attached(void **state)
{
	int error = play_open(state);

	words_begin(&play.words[0]);
	words_session(&play.words[0], 7, false);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	return error;
}

// What PDR 2 says of where its packets go.
static void changed(struct words *words, const struct pfcp_ue_address *ue)
{
	uint8_t *mark, *pdi;

	pfcp_begin(&words->writer, PFCP_IE_UPDATE_PDR, &mark);
	pfcp_put_u16(&words->writer, PFCP_IE_PDR_ID, 2);
	pfcp_begin(&words->writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(&words->writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_CORE);
	pfcp_put_ue_address(&words->writer, PFCP_IE_UE_IP_ADDRESS, ue);
	pfcp_end(&words->writer, pdi);
	pfcp_end(&words->writer, mark);
}

static struct pfcp_ue_address both(uint8_t last)
{
	struct pfcp_ue_address ue = { .destination = true, .address = { .has_ipv4 = true, .has_ipv6 = true } };

	ue.address.ipv4 = WORDS_UE;
	for (unsigned i = 0; i < 16; i++)
		ue.address.ipv6[i] = prefix[i];
	ue.address.ipv6[7] = last;
	return ue;
}

static void ask(unsigned n, const struct pfcp_ue_address *ue)
{
	words_begin(&play.words[n]);
	changed(&play.words[n], ue);
	play_say(n, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
}

static void it_comes_with_the_change(void **state)
{
	struct pfcp_ue_address ue = both(7);

	ask(1, &ue);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_true(play.session->ue->ipv6_prefix == PREFIX);
	assert_int_equal(play.session->ue->ipv4, WORDS_UE);
	play_die();
	ask(1, &ue); // again: it is the same, to the bit
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.changes, 2);
	play_handover(2, 0x99);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_true(play.session->ue->ipv6_prefix == PREFIX);
	ue = both(8);
	ask(3, &ue); // that stays
	assert_int_equal(play_cause(), PFCP_CAUSE_RULE_FAILURE);
	assert_true(play.session->ue->ipv6_prefix == PREFIX);
}

static void it_goes_where_that_is_undone(void **state)
{
	const struct pfcp_ue_address ue = both(7);

	play.applies = false;
	ask(1, &ue);
	play_run(10000);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
	assert_true(play.session->ue->ipv6_prefix == 0);
	assert_int_equal(play.session->ue->ipv4, WORDS_UE);
}

static void there_is_one(void **state)
{
	const struct pfcp_ue_address one = both(7), other = both(8);
	uint8_t *mark, *pdi;

	words_begin(&play.words[1]);
	changed(&play.words[1], &one);
	pfcp_begin(&play.words[1].writer, PFCP_IE_CREATE_PDR, &mark);
	pfcp_put_u16(&play.words[1].writer, PFCP_IE_PDR_ID, 3);
	pfcp_put_u32(&play.words[1].writer, PFCP_IE_PRECEDENCE, 7);
	pfcp_begin(&play.words[1].writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(&play.words[1].writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_CORE);
	pfcp_put_ue_address(&play.words[1].writer, PFCP_IE_UE_IP_ADDRESS, &other);
	pfcp_end(&play.words[1].writer, pdi);
	pfcp_put_u32(&play.words[1].writer, PFCP_IE_FAR_ID, 2);
	pfcp_end(&play.words[1].writer, mark);
	play_say(1, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_RULE_FAILURE);
	assert_true(play.session->ue->ipv6_prefix == 0);
}

static void ours_it_never_is(void **state)
{
	const struct pfcp_ue_address ue = { .destination = true, .choose_ipv4 = true, .choose_ipv6 = true };

	ask(1, &ue);
	assert_int_equal(play_cause(), PFCP_CAUSE_RULE_FAILURE);
	assert_true(play.session->ue->ipv6_prefix == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_comes_with_the_change, attached, play_close),
		cmocka_unit_test_setup_teardown(it_goes_where_that_is_undone, attached, play_close),
		cmocka_unit_test_setup_teardown(there_is_one, attached, play_close),
		cmocka_unit_test_setup_teardown(ours_it_never_is, attached, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
