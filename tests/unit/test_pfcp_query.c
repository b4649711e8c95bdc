// test_pfcp_query.c - usage that a modification asks for: by whose reference it is told, of what goes, and who is not waited for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/report/usage.h"
#include "tests/unit/session_play.h"

static const struct pfcp_ie *reference_of(uint8_t request, bool asked)
{
	words_begin(&play.words[request]);
	words_query(&play.words[request], 1);
	if (asked)
		pfcp_put_u32(&play.words[request].writer, PFCP_IE_QUERY_URR_REFERENCE, 4711);
	play_say(request, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	return pfcp_first(&play.tree, pfcp_first(&play.tree, NULL, PFCP_IE_MODIFICATION_USAGE_REPORT),
			  PFCP_IE_QUERY_URR_REFERENCE);
}

// TS 29.244 7.5.4.1, 7.5.5.2; said again by the process that comes after us.
static void a_query_is_answered_by_its_reference(void **state)
{
	play_attach(false);
	assert_int_equal(pfcp_number(reference_of(1, true)), 4711);
	play_die();
	assert_int_equal(pfcp_number(reference_of(1, true)), 4711);
	assert_null(reference_of(2, false));
}

// What would have been told anyway is no answer to it.
static void what_was_not_asked_for_has_no_reference(void **state)
{
	const struct usage_method method = { .urr = 1, .volume = true, .referred = true, .reference = 4711 };
	Shoal__Oss__UsageReport report = SHOAL__OSS__USAGE_REPORT__INIT;
	uint8_t bytes[256];

	for (unsigned asked = 0; asked < 2; asked++) {
		struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
		struct pfcp_fault fault;

		report.triggers = asked ? PFCP_USAGE_REPORT_TRIGGER_IMMER : PFCP_USAGE_REPORT_TRIGGER_TERMR;
		usage_report_put(&writer, PFCP_IE_MODIFICATION_USAGE_REPORT, &report, method);
		pfcp_read(PFCP_MESSAGE(PFCP_SESSION_MODIFICATION_RESPONSE), bytes, (size_t)(writer.at - bytes),
			  &play.tree, &fault);
		assert_int_equal(pfcp_first(&play.tree, pfcp_first(&play.tree, NULL, PFCP_IE_MODIFICATION_USAGE_REPORT),
					    PFCP_IE_QUERY_URR_REFERENCE) != NULL,
				 asked);
	}
}

// Nothing of a query is a worker's to do. What else is asked with it is.
static void a_query_waits_for_no_worker(void **state)
{
	play_attach(false);
	play.applies = false;
	play.session->applied = false;
	play.uplink = 100;
	words_begin(&play.words[1]);
	words_query(&play.words[1], 1);
	play_say(1, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play.answers, 2);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play_reported(PFCP_IE_MODIFICATION_USAGE_REPORT), 100);
	words_begin(&play.words[2]);
	words_query(&play.words[2], 1);
	words_drop(&play.words[2], 2);
	play_say(2, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
	words_begin(&play.words[3]);
	pfcp_put_flags(&play.words[3].writer, PFCP_IE_PFCPSMREQ_FLAGS, PFCP_PFCPSMREQ_FLAGS_DROBU, 1);
	play_say(3, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
}

// TS 29.244 5.2.2.3.1: a URR that goes is told of anyway, so nothing is missing that was asked for.
static void what_goes_may_be_asked_for(void **state)
{
	uint8_t *mark;

	play_attach(false);
	for (uint32_t urr = 2; urr; urr--) {
		words_begin(&play.words[urr]);
		words_query(&play.words[urr], urr);
		pfcp_begin(&play.words[urr].writer, PFCP_IE_REMOVE_URR, &mark);
		pfcp_put_u32(&play.words[urr].writer, PFCP_IE_URR_ID, 1);
		pfcp_end(&play.words[urr].writer, mark);
		play_say(urr, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
		play_run(0);
		assert_int_equal(play_cause(), urr == 1 ? PFCP_CAUSE_ACCEPTED : PFCP_CAUSE_RULE_FAILURE);
	}
	assert_int_equal(play.session->n_measures, 0);
	// ctrl is not asked for what it has no more.
	assert_null(pfcp_first(&play.tree, NULL, PFCP_IE_MODIFICATION_USAGE_REPORT));
}

// One that went for others, since there was no more room: of one that counted nothing nothing is told, unless it was taken away.
static void what_goes_by_itself_is_told_if_it_counted(void **state)
{
	uint8_t *mark;

	play_attach(false);
	play.went = 2;
	play_handover(1, 0x78);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_null(pfcp_first(&play.tree, NULL, PFCP_IE_MODIFICATION_USAGE_REPORT));
	play.uplink = 100;
	play_handover(2, 0x79);
	play_run(0);
	assert_int_equal(play_reported(PFCP_IE_MODIFICATION_USAGE_REPORT), 100);
	words_begin(&play.words[3]);
	pfcp_begin(&play.words[3].writer, PFCP_IE_REMOVE_URR, &mark);
	pfcp_put_u32(&play.words[3].writer, PFCP_IE_URR_ID, 1);
	pfcp_end(&play.words[3].writer, mark);
	play_say(3, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_non_null(pfcp_first(&play.tree, NULL, PFCP_IE_MODIFICATION_USAGE_REPORT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_query_is_answered_by_its_reference, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_was_not_asked_for_has_no_reference, play_open, play_close),
		cmocka_unit_test_setup_teardown(a_query_waits_for_no_worker, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_goes_may_be_asked_for, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_goes_by_itself_is_told_if_it_counted, play_open, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
