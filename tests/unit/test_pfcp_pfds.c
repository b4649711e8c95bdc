// test_pfcp_pfds.c - applications: what their PFDs say, how they are kept, and PDRs that name them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/pfcp_apps.h"
#include "tests/unit/pfcp_live.h"
#include "tests/unit/pfcp_shape.h"

#define FLOW "permit out 17 from 192.0.2.1 53 to assigned"

static struct pfds pfds;

static const char *const one[] = { FLOW, NULL };
static const char *const two[] = { FLOW, "permit out ip from 192.0.2.2 to any", NULL };
static const char *const hidden[] = { FLOW, "http://192.0.2.9/", NULL };
static const char *const everything[] = { FLOW, "permit out ip from any to assigned", NULL };
static const char *const none[] = { NULL };

static int forget(void **state)
{
	pfds_clear(&pfds);
	return 0;
}

// The value of an application's IE, read; its cause if it is refused.
static struct pfds_app *app_of(const uint8_t *value, size_t bytes, unsigned *cause)
{
	struct pfcp_fault why = { 0 };
	struct pfds_app *app;
	uint8_t *exact = malloc(bytes ? bytes : 1); // so that ASan sees who reads on

	memcpy(exact, value, bytes);
	app = pfds_read(exact, bytes, &tree, &why);
	free(exact);
	*cause = why.cause;
	return app;
}

static unsigned refused_with(const char *const *texts)
{
	static uint8_t bytes[70000];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	struct pfds_app *app;
	unsigned cause;

	apps_put(&writer, "video", texts);
	app = app_of(bytes + 4, (size_t)(writer.at - bytes) - 4, &cause);
	free(app);
	assert_int_equal(!app, cause != 0);
	return cause;
}

// ---- The set

static void flows_are_read(void **state)
{
	const struct pfds_app *app;

	apps_know(&pfds, "video", two);
	app = pfds_find(&pfds, (const uint8_t *)"video", 5);
	assert_non_null(app);
	assert_int_equal(app->flows, 2);
	assert_string_equal(app->flow, two[0]);
	assert_string_equal(app->flow + strlen(two[0]) + 1, two[1]);
	assert_false(app->hidden);
	assert_null(pfds_find(&pfds, (const uint8_t *)"vide", 4));
	apps_know(&pfds, "video", hidden);
	assert_int_equal(pfds.count, 1);
	app = pfds_find(&pfds, (const uint8_t *)"video", 5);
	assert_true(app->hidden && app->flows == 1);
	apps_know(&pfds, "audio", one);
	assert_int_equal(pfds.count, 2);
	apps_know(&pfds, "video", none);
	assert_int_equal(pfds.count, 1);
	assert_null(pfds_find(&pfds, (const uint8_t *)"video", 5));
	assert_non_null(pfds_find(&pfds, (const uint8_t *)"audio", 5));
	apps_know(&pfds, "video", none); // it is not there already
	assert_int_equal(pfds.count, 1);
}

// An additional part is a list of flows.
static void lists_are_read(void **state)
{
	static const char list[] = "\0\053" FLOW "\0\043permit out ip from 192.0.2.2 to any";
	struct pfcp_pfd pfd = { .part[PFCP_PFD_FLOWS] = { list, sizeof(list) - 1 } };
	uint8_t bytes[512], *mark;
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	struct pfds_app *app;
	unsigned cause;

	pfcp_put_text(&writer, PFCP_IE_APPLICATION_ID, "video");
	pfcp_begin(&writer, PFCP_IE_PFD_CONTEXT, &mark);
	pfcp_put_pfd(&writer, PFCP_IE_PFD_CONTENTS, &pfd);
	pfcp_end(&writer, mark);
	app = app_of(bytes, (size_t)(writer.at - bytes), &cause);
	assert_non_null(app);
	assert_true(app->flows == 2 && !app->hidden);
	assert_string_equal(app->flow + sizeof(FLOW), two[1]);
	free(app);
	pfd.part[PFCP_PFD_FLOWS].length--; // the last is cut off
	writer = pfcp_writer_over(bytes, sizeof(bytes));
	pfcp_put_text(&writer, PFCP_IE_APPLICATION_ID, "video");
	pfcp_begin(&writer, PFCP_IE_PFD_CONTEXT, &mark);
	pfcp_put_pfd(&writer, PFCP_IE_PFD_CONTENTS, &pfd);
	pfcp_end(&writer, mark);
	assert_null(app_of(bytes, (size_t)(writer.at - bytes), &cause));
	assert_int_equal(cause, PFCP_CAUSE_MANDATORY_INCORRECT);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static char endless[10001];
	const char *const odd[] = { "let it pass", NULL };
	const char *const denied[] = { "deny out ip from any to any", NULL };
	const char *const somebodys[] = { "permit out ip from any to 10.45.0.1", NULL };
	const char *const long_one[] = { endless, NULL };
	static const uint8_t flags[] = { 0, 24, 0, 1, 'v', 0, 59, 0, 7, 0, 61, 0, 3, 1, 0, 9 };
	unsigned cause;

	assert_int_equal(refused_with(one), 0);
	assert_int_equal(refused_with(odd), PFCP_CAUSE_MANDATORY_INCORRECT);
	assert_int_equal(refused_with(denied), PFCP_CAUSE_MANDATORY_INCORRECT);
	assert_int_equal(refused_with(somebodys), PFCP_CAUSE_MANDATORY_INCORRECT);
	memset(endless, 'x', sizeof(endless) - 1);
	assert_int_equal(refused_with(long_one), PFCP_CAUSE_NO_RESOURCES);
	assert_null(app_of(NULL, 0, &cause));
	assert_int_equal(cause, PFCP_CAUSE_MANDATORY_MISSING);
	assert_null(app_of(flags, sizeof(flags), &cause)); // a length that is not there
	assert_true(cause);
}

static void notes_have_names(void **state)
{
	static const struct {
		const char *id, *note;
	} names[] = { { "video", "pfcp.pfd:video" },
		      { "~video", "pfcp.pfd:~" },
		      { "a b", "pfcp.pfd:~" },
		      { "\x80", "pfcp.pfd:~" } };
	char note[PFDS_NOTE_BYTES], longest[256];

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct pfds_app app = { .id = (const uint8_t *)names[i].id,
					      .id_bytes = (uint16_t)strlen(names[i].id) };

		pfds_note(&app, note);
		assert_int_equal(strncmp(note, names[i].note, strlen(names[i].note)), 0);
		assert_int_equal(strlen(note), names[i].note[9] == '~' ? 10 + 32 : strlen(names[i].note));
	}
	memset(longest, 'i', sizeof(longest));
	for (uint16_t length = 1; length < 256; length++) {
		const struct pfds_app app = { .id = (const uint8_t *)longest, .id_bytes = length };

		pfds_note(&app, note);
		assert_int_equal(strlen(note), length <= 119 ? 9u + length : 10u + 32u);
	}
}

static void a_set_has_an_end(void **state)
{
	uint8_t bytes[64];
	struct pfds_app *app;
	unsigned cause;
	char id[8];

	for (unsigned i = 0; i < PFDS_MAX; i++) {
		snprintf(id, sizeof(id), "%u", i);
		apps_know(&pfds, id, one);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
		uint8_t *mark;

		pfcp_put_text(&writer, PFCP_IE_APPLICATION_ID, i ? "7" : "more");
		pfcp_begin(&writer, PFCP_IE_PFD_CONTEXT, &mark);
		pfcp_put_pfd(&writer, PFCP_IE_PFD_CONTENTS, &(struct pfcp_pfd){ 0 });
		pfcp_end(&writer, mark);
		app = app_of(bytes, (size_t)(writer.at - bytes), &cause);
		assert_non_null(app);
		assert_int_equal(pfds_put(&pfds, app), i);
		if (!i)
			free(app);
	}
}

// ---- PDRs that name one

static const struct pfcp_sdf filter = { .flow = FLOW, .flow_bytes = sizeof(FLOW) - 1 }, nothing;

static void pdi_put(unsigned verb, unsigned pdr, const char *id, const struct pfcp_sdf *sdf)
{
	struct pfcp_writer *writer = &words.writer;
	const struct pfcp_ue_address ue = { .address = { .has_ipv4 = true, .ipv4 = WORDS_UE }, .destination = true };
	uint8_t *mark, *pdi;

	pfcp_begin(writer, verb, &mark);
	pfcp_put_u16(writer, PFCP_IE_PDR_ID, (uint16_t)pdr);
	pfcp_put_u32(writer, PFCP_IE_PRECEDENCE, pdr);
	pfcp_begin(writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_CORE);
	pfcp_put_ue_address(writer, PFCP_IE_UE_IP_ADDRESS, &ue);
	pfcp_put_text(writer, PFCP_IE_APPLICATION_ID, id);
	if (sdf)
		pfcp_put_sdf(writer, PFCP_IE_SDF_FILTER, sdf);
	pfcp_end(writer, pdi);
	pfcp_put_u32(writer, PFCP_IE_FAR_ID, 2);
	pfcp_end(writer, mark);
}

static void session_with(const char *id, const struct pfcp_sdf *sdf)
{
	live_begin();
	words_rules(&words, false);
	pdi_put(PFCP_IE_CREATE_PDR, 3, id, sdf);
	given.pfds = &pfds;
}

static const Shoal__Oss__Match *match(void)
{
	return &to.match[live_rule(3)];
}

static void a_pdr_has_its_applications_flows(void **state)
{
	apps_know(&pfds, "video", two);
	apps_know(&pfds, "all", everything);
	session_with("video", NULL);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(match()->n_filters, 2);
	assert_string_equal(match()->filters[0]->flow, two[0]);
	assert_string_equal(match()->filters[1]->flow, two[1]);
	session_with("all", NULL);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(match()->n_filters, 0);
	session_with("video", &nothing); // beside a filter that is none
	assert_int_equal(live_establish(), 0);
	assert_int_equal(match()->n_filters, 2);
}

static void refused(unsigned cause)
{
	assert_int_equal(live_establish(), -EPROTO);
	assert_int_equal(fault.why.cause, cause);
	assert_int_equal(fault.why.offending, PFCP_IE_APPLICATION_ID);
	assert_true(fault.of_rule && fault.kind == RULE_PDR && fault.id == 3);
}

static void what_cannot_be_told_is_refused(void **state)
{
	apps_know(&pfds, "web", hidden);
	apps_know(&pfds, "video", one);
	session_with("games", NULL);
	refused(PFCP_CAUSE_UNKNOWN_APPLICATION);
	session_with("web", NULL);
	refused(PFCP_CAUSE_RULE_FAILURE);
	session_with("video", &filter);
	refused(PFCP_CAUSE_RULE_FAILURE);
	session_with("video", NULL);
	given.pfds = NULL;
	refused(PFCP_CAUSE_UNKNOWN_APPLICATION);
}

// What a session has stays, whatever becomes of its application: but what it matches follows.
static void a_session_follows_its_application(void **state)
{
	apps_know(&pfds, "video", one);
	session_with("video", NULL);
	assert_int_equal(live_establish(), 0);
	live_on();
	given.pfds = &pfds;
	apps_know(&pfds, "video", two);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(match()->n_filters, 2);
	live_on();
	given.pfds = &pfds;
	apps_know(&pfds, "video", hidden);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(match()->n_filters, 1);
	live_on();
	given.pfds = &pfds;
	apps_know(&pfds, "video", none);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(match()->n_filters, 1); // which nothing matches
	assert_int_equal(strncmp(match()->filters[0]->flow, "permit out 255 from 0.0.0.0/32 ", 31), 0);
	live_on();
	given.pfds = &pfds;
	pdi_put(PFCP_IE_UPDATE_PDR, 3, "video", false); // asked for anew it has to be known
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_UNKNOWN_APPLICATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(flows_are_read, forget),
		cmocka_unit_test_teardown(lists_are_read, forget),
		cmocka_unit_test_teardown(what_makes_no_sense_is_refused, forget),
		cmocka_unit_test_teardown(notes_have_names, forget),
		cmocka_unit_test_teardown(a_set_has_an_end, forget),
		cmocka_unit_test_teardown(a_pdr_has_its_applications_flows, forget),
		cmocka_unit_test_teardown(what_cannot_be_told_is_refused, forget),
		cmocka_unit_test_teardown(a_session_follows_its_application, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
