// test_pfcp_provision.c - PFD Management from the request to the last session, between a controller and sessions that are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ctrl/pfcp/peer/deal.h"
#include "ctrl/pfcp/session/provision.h"
#include "tests/unit/pfcp_apps.h"

#define NOTES 1100u
#define SECOND 1000000000ull

static struct provision provision;
static struct deal deals[4];
static uint8_t body[4][65536];
static struct pfcp_tree tree;

// What ctrl has, and what waits for its word.
static struct note {
	char name[PFDS_NOTE_BYTES];
	uint8_t value[PFDS_BYTES];
	size_t length;
} notes[NOTES];
static unsigned notes_count, asked, refusals, deaf, follows, answers, writes;
static struct {
	void *about;
	char name[PFDS_NOTE_BYTES];
	uint8_t value[PFDS_BYTES];
	size_t length;
	bool drops;
} waiting[64];
static struct deal *answered;
static uint8_t cause;

static int note(void *arg, const char *name, const void *bytes, size_t length, void *about)
{
	if (deaf) {
		deaf--;
		return -EAGAIN;
	}
	assert_true(asked < sizeof(waiting) / sizeof(*waiting));
	assert_true(length <= PFDS_BYTES && strlen(name) < PFDS_NOTE_BYTES);
	waiting[asked].about = about;
	waiting[asked].drops = !bytes;
	waiting[asked].length = length;
	strcpy(waiting[asked].name, name);
	if (bytes)
		memcpy(waiting[asked].value, bytes, length);
	asked++;
	return 0;
}

static void answer(void *arg, struct deal *deal, const struct pfcp_fault *fault)
{
	answered = deal;
	cause = fault->cause;
	answers++;
}

static void follow(void *arg)
{
	follows++;
}

static struct note *note_of(const char *name)
{
	for (unsigned i = 0; i < notes_count; i++)
		if (!strcmp(notes[i].name, name))
			return &notes[i];
	return NULL;
}

// ctrl does what was asked first, and says so; or says no.
static void ctrl_step(void)
{
	void *about = waiting[0].about;
	struct note *known = note_of(waiting[0].name);

	if (refusals) {
		refusals--;
	} else {
		writes++;
		if (!known && !waiting[0].drops)
			known = &notes[notes_count++];
		if (waiting[0].drops && known) {
			*known = notes[--notes_count];
		} else if (known) {
			strcpy(known->name, waiting[0].name);
			memcpy(known->value, waiting[0].value, waiting[0].length);
			known->length = waiting[0].length;
		}
		known = note_of(waiting[0].name);
		asked--;
		memmove(waiting, waiting + 1, asked * sizeof(*waiting));
		provision_noted(&provision, about, true);
		return;
	}
	asked--;
	memmove(waiting, waiting + 1, asked * sizeof(*waiting));
	provision_noted(&provision, about, false);
}

static void ctrl_runs(void)
{
	while (asked)
		ctrl_step();
}

static void process_begins(void)
{
	const struct provision_ways ways = { note, answer, follow, NULL };

	provision_open(&provision, &ways);
	provision_tick(&provision, SECOND);
}

static int begin(void **state)
{
	notes_count = asked = refusals = deaf = follows = answers = writes = cause = 0;
	process_begins();
	return 0;
}

static int end(void **state)
{
	provision_close(&provision);
	return 0;
}

static struct pfcp_writer request(unsigned n)
{
	return pfcp_writer_over(body[n], sizeof(body[n]));
}

static void say(unsigned n, const struct pfcp_writer *writer)
{
	struct pfcp_fault fault;

	assert_false(writer->full);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_PFD_MANAGEMENT_REQUEST), writer->start,
				   (size_t)(writer->at - writer->start), &tree, &fault),
			 0);
	provision_request(&provision, &deals[n], &tree);
}

static const char *const one[] = { "permit out 17 from 192.0.2.1 to assigned", NULL };
static const char *const two[] = { "permit out 6 from 192.0.2.1 to assigned", "permit out ip from 192.0.2.2 to any",
				   NULL };
static const char *const bad[] = { "whatever", NULL };
static const char *const none[] = { NULL };

static void provide(unsigned n, const char *id, const char *const *texts)
{
	struct pfcp_writer writer = request(n);

	apps_put(&writer, id, texts);
	say(n, &writer);
}

static void is_accepted(unsigned n)
{
	ctrl_runs();
	assert_ptr_equal(answered, &deals[n]);
	assert_int_equal(cause, PFCP_CAUSE_ACCEPTED);
}

static unsigned flows(const char *id)
{
	const struct pfds_app *app = pfds_find(&provision.pfds, (const uint8_t *)id, strlen(id));

	return app ? app->flows : 0;
}

static void what_is_accepted_is_noted_first(void **state)
{
	provide(0, "video", one);
	assert_int_equal(asked, 1); // that sessions are to follow
	assert_string_equal(waiting[0].name, PROVISION_NOTE);
	ctrl_step();
	assert_int_equal(asked, 1);
	assert_string_equal(waiting[0].name, "pfcp.pfd:video");
	assert_int_equal(flows("video") + answers + follows, 0);
	ctrl_step();
	assert_int_equal(answers, 1);
	assert_int_equal(flows("video"), 1);
	assert_int_equal(follows, 1);
	assert_int_equal(asked, 0);
	assert_non_null(note_of(PROVISION_NOTE));
	provision_followed(&provision);
	ctrl_runs();
	assert_null(note_of(PROVISION_NOTE));
	assert_int_equal(notes_count, 1);
	provide(1, "video", one); // it is so already
	assert_int_equal(asked, 0);
	is_accepted(1);
	assert_int_equal(follows, 1);
}

static void the_last_word_counts(void **state)
{
	struct pfcp_writer writer = request(0);

	apps_put(&writer, "video", one);
	apps_put(&writer, "audio", one);
	apps_put(&writer, "video", two);
	say(0, &writer);
	is_accepted(0);
	assert_int_equal(flows("video"), 2);
	assert_int_equal(flows("audio"), 1);
	provide(1, "video", none);
	is_accepted(1);
	assert_int_equal(provision.pfds.count, 1);
	writer = request(2);
	say(2, &writer); // names none
	is_accepted(2);
	assert_int_equal(provision.pfds.count, 0);
	assert_int_equal(notes_count, 1); // sessions have not followed yet
	assert_int_equal(follows, 1);
	provision_followed(&provision);
	assert_int_equal(follows, 2); // what has changed meanwhile
	provision_followed(&provision);
	ctrl_runs();
	assert_int_equal(notes_count, 0);
}

static void one_that_is_bad_changes_nothing(void **state)
{
	struct pfcp_writer writer = request(0);

	apps_put(&writer, "video", one);
	apps_put(&writer, "audio", bad);
	say(0, &writer);
	assert_int_equal(cause, PFCP_CAUSE_MANDATORY_INCORRECT);
	assert_int_equal(asked + provision.pfds.count, 0);
}

static void what_ctrl_does_not_take_is_asked_again(void **state)
{
	refusals = 2; // the first note of all, and later one of the application's
	provide(0, "video", one);
	ctrl_step();
	assert_int_equal(asked, 0);
	assert_true(provision.due_ns > SECOND && provision.due_ns < 2 * SECOND);
	provision_tick(&provision, provision.due_ns);
	ctrl_step();
	assert_int_equal(asked, 0);
	provision_tick(&provision, provision.due_ns);
	is_accepted(0);
	assert_int_equal(flows("video"), 1);
}

// What cannot even be asked, neither the first note nor one of an application's, is asked a little later.
static void what_finds_no_place_on_its_way_to_ctrl_is_asked_again(void **state)
{
	deaf = 1;
	provide(0, "video", one);
	assert_int_equal(asked, 0);
	assert_true(provision.due_ns > SECOND && provision.due_ns < 2 * SECOND);
	provision_tick(&provision, provision.due_ns);
	assert_int_equal(asked, 1);
	deaf = 1;
	ctrl_step();
	assert_int_equal(asked, 0);
	assert_true(provision.due_ns > provision.now_ns && provision.due_ns < provision.now_ns + SECOND);
	provision_tick(&provision, provision.due_ns);
	is_accepted(0);
	deaf = 1; // when none has to follow any more
	provision_followed(&provision);
	assert_int_equal(asked, 0);
	provision_tick(&provision, provision.due_ns);
	ctrl_runs();
	assert_null(note_of(PROVISION_NOTE));
	provide(1, "video", two);
	is_accepted(1);
	assert_int_equal(flows("video"), 2);
}

static void a_controller_that_takes_nothing(void **state)
{
	unsigned turns = 0;

	refusals = 1000;
	provide(0, "video", one);
	provide(1, "audio", one);
	for (; answers < 2 && turns < 1000; turns++) {
		ctrl_runs();
		provision_tick(&provision, provision.due_ns);
		if (answers == 1)
			assert_ptr_equal(answered, &deals[0]);
	}
	assert_int_equal(answers, 2);
	assert_int_equal(cause, PFCP_CAUSE_SYSTEM_FAILURE);
	assert_true(provision.now_ns >= 17 * SECOND && provision.now_ns < 18 * SECOND);
	assert_int_equal(provision.pfds.count, 0);
	refusals = 0;
	provide(2, "video", one);
	if (!asked) // it is not asked all the time
		provision_tick(&provision, provision.due_ns);
	is_accepted(2);
}

// Killed between its notes: the next one finds them, sessions follow, and the request comes again.
static void whoever_starts_after_us_goes_on(void **state)
{
	struct pfcp_writer writer = request(0);

	apps_put(&writer, "video", one);
	apps_put(&writer, "audio", one);
	say(0, &writer);
	ctrl_step();
	ctrl_step();
	assert_int_equal(answers, 0);
	provision_close(&provision);
	asked = 0;
	process_begins();
	for (unsigned i = 0; i < notes_count; i++)
		assert_true(provision_found(&provision, notes[i].name, notes[i].value, notes[i].length));
	assert_false(provision_found(&provision, "pfcp.pfd:odd", (const uint8_t *)"odd", 3));
	provision_tick(&provision, 2 * SECOND);
	assert_int_equal(follows, 1);
	assert_int_equal(flows("video"), 1);
	writes = 0;
	say(1, &writer);
	is_accepted(1);
	assert_int_equal(writes, 1); // the one that was missing
	assert_int_equal(flows("audio"), 1);
}

static void many(unsigned n, unsigned first, unsigned count)
{
	struct pfcp_writer writer = request(n);
	char id[16];

	for (unsigned i = first; i < first + count; i++) {
		snprintf(id, sizeof(id), "%u", i);
		apps_put(&writer, id, one);
	}
	say(n, &writer);
}

static void a_thousand_applications(void **state)
{
	struct pfcp_writer writer;

	many(0, 0, 700);
	is_accepted(0);
	many(1, 700, PFDS_MAX - 700);
	is_accepted(1);
	assert_int_equal(provision.pfds.count, PFDS_MAX);
	many(2, PFDS_MAX, 1);
	assert_int_equal(cause, PFCP_CAUSE_NO_RESOURCES);
	assert_ptr_equal(answered, &deals[2]);
	writer = request(2);
	apps_put(&writer, "1", none); // makes room for another
	apps_put(&writer, "more", one);
	say(2, &writer);
	is_accepted(2);
	assert_int_equal(provision.pfds.count, PFDS_MAX);
	writer = request(3);
	say(3, &writer);
	is_accepted(3);
	assert_int_equal(provision.pfds.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_accepted_is_noted_first, begin, end),
		cmocka_unit_test_setup_teardown(the_last_word_counts, begin, end),
		cmocka_unit_test_setup_teardown(one_that_is_bad_changes_nothing, begin, end),
		cmocka_unit_test_setup_teardown(what_ctrl_does_not_take_is_asked_again, begin, end),
		cmocka_unit_test_setup_teardown(what_finds_no_place_on_its_way_to_ctrl_is_asked_again, begin, end),
		cmocka_unit_test_setup_teardown(a_controller_that_takes_nothing, begin, end),
		cmocka_unit_test_setup_teardown(whoever_starts_after_us_goes_on, begin, end),
		cmocka_unit_test_setup_teardown(a_thousand_applications, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
