// test_notes.c - notes of front ends: put, got, listed, deleted; across deaths, failures of the disk and stores of other builds.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/door/role.h"
#include "ctrl/kit/wall.h"
#include "ctrl/store/store_row.h"
#include "ctrl/tell/notes.h"
#include "tests/unit/ctrl_stand.h"

static struct ctrl_stand *stand;

static int setup(void **state)
{
	static struct ctrl_stand one;

	stand = &one;
	ctrl_stand_open(stand);
	return 0;
}

static int teardown(void **state)
{
	ctrl_stand_close(stand);
	return 0;
}

static int code(const Shoal__Oss__Response *answer)
{
	return answer ? (int)answer->status->code : CTRL_STAND_WAITS;
}

static int put(const char *name, const void *value, size_t bytes)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__NotePut body = SHOAL__OSS__NOTE_PUT__INIT;

	body.name = (char *)name;
	body.value = (ProtobufCBinaryData){ bytes, (uint8_t *)value };
	request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_PUT;
	request.note_put = &body;
	return code(ctrl_stand_ask(stand, &request));
}

static int drop(const char *name)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__NoteDelete body = SHOAL__OSS__NOTE_DELETE__INIT;

	body.name = (char *)name;
	request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_DELETE;
	request.note_delete = &body;
	return code(ctrl_stand_ask(stand, &request));
}

static const Shoal__Oss__Note *get(const char *name)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__NoteGet body = SHOAL__OSS__NOTE_GET__INIT;

	body.name = (char *)name;
	request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_GET;
	request.note_get = &body;
	return code(ctrl_stand_ask(stand, &request)) ? NULL : stand->answer->note->note;
}

static bool says(const char *name, const char *value)
{
	const Shoal__Oss__Note *note = get(name);

	return note && !strcmp(note->name, name) && note->value.len == strlen(value) &&
	       !memcmp(note->value.data, value, strlen(value));
}

static const Shoal__Oss__NoteListAnswer *list(uint64_t after, uint32_t limit, char *prefix)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__NoteList body = SHOAL__OSS__NOTE_LIST__INIT;

	body.after = after;
	body.limit = limit;
	body.prefix = prefix;
	request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_LIST;
	request.note_list = &body;
	return code(ctrl_stand_ask(stand, &request)) ? NULL : stand->answer->note_list;
}

static void what_is_put_is_there_until_it_is_deleted(void **state)
{
	uint64_t before_ms = wall_ms();

	assert_int_equal(put("pfcp/192.0.2.9", "one", 3), 0);
	assert_int_equal(stand->answer->note->note->value.len, 0);
	assert_int_equal(put("pfcp/smf.example.org", "two", 3), 0);
	assert_true(says("pfcp/192.0.2.9", "one"));
	assert_true(get("pfcp/192.0.2.9")->at_ms >= before_ms);
	assert_int_equal(put("pfcp/192.0.2.9", "three", 5), 0);
	ctrl_stand_restart(stand);
	assert_true(says("pfcp/192.0.2.9", "three"));
	assert_true(says("pfcp/smf.example.org", "two"));
	assert_int_equal(drop("pfcp/192.0.2.9"), 0);
	assert_null(get("pfcp/192.0.2.9"));
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__NOT_FOUND);
	assert_int_equal(drop("pfcp/192.0.2.9"), SHOAL__OSS__CODE__NOT_FOUND);
	ctrl_stand_restart(stand);
	assert_null(get("pfcp/192.0.2.9"));
	assert_true(says("pfcp/smf.example.org", "two"));
	assert_int_equal(put("pfcp/192.0.2.9", "", 0), 0);
	assert_true(says("pfcp/192.0.2.9", ""));
}

static void lists_in_pages_by_prefix(void **state)
{
	const Shoal__Oss__NoteListAnswer *page;
	char name[32];
	uint64_t next = 0;
	unsigned seen = 0;

	for (unsigned i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "%s/%u", i % 3 ? "pfcp" : "gy", i);
		assert_int_equal(put(name, name, strlen(name)), 0);
	}
	do {
		page = list(next, 6, "pfcp/");
		assert_non_null(page);
		next = page->next;
		seen += (unsigned)page->n_notes;
		for (size_t i = 0; i < page->n_notes; i++)
			assert_memory_equal(page->notes[i]->value.data, page->notes[i]->name,
					    page->notes[i]->value.len);
	} while (next);
	assert_int_equal(seen, 20);
	assert_int_equal(list(0, 0, "")->n_notes, 30);
	assert_null(list(0, 1001, ""));
}

// However many are asked for, an answer is one that the door sends.
static void pages_are_never_too_large(void **state)
{
	static uint8_t value[NOTES_VALUE_MAX];
	const Shoal__Oss__NoteListAnswer *page;
	char name[32];
	uint64_t next = 0;
	unsigned seen = 0;

	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "large/%u", i);
		assert_int_equal(put(name, value, sizeof(value)), 0);
	}
	do {
		page = list(next, 1000, "");
		assert_true(shoal__oss__response__get_packed_size(stand->answer) < 600000);
		next = page->next;
		seen += (unsigned)page->n_notes;
	} while (next);
	assert_int_equal(seen, 300);
}

static void refuses_what_is_no_note(void **state)
{
	static uint8_t value[NOTES_VALUE_MAX + 1];
	char name[NOTES_NAME_MAX + 2];

	assert_int_equal(put("", "x", 1), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(put("with space", "x", 1), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(put("\x1b[31m", "x", 1), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(put("\xc3\xa9", "x", 1), SHOAL__OSS__CODE__INVALID_FIELD);
	memset(name, 'n', sizeof(name));
	name[NOTES_NAME_MAX + 1] = '\0';
	assert_int_equal(put(name, "x", 1), SHOAL__OSS__CODE__INVALID_FIELD);
	name[NOTES_NAME_MAX] = '\0';
	assert_int_equal(put(name, "x", 1), 0);
	assert_true(says(name, "x"));
	assert_int_equal(put("large", value, sizeof(value)), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_string_equal(stand->answer->status->field, "value");
	assert_int_equal(put("large", value, sizeof(value) - 1), 0);
	assert_int_equal(list(0, 0, "")->n_notes, 2);
}

static void there_are_only_so_many(void **state)
{
	char name[32];

	for (unsigned i = 0; i < NOTES_MAX; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(put(name, "", 0), 0);
	}
	assert_int_equal(put("more", "", 0), SHOAL__OSS__CODE__LIMIT);
	assert_int_equal(put("n7", "again", 5), 0);
	assert_int_equal(drop("n8"), 0);
	assert_int_equal(put("more", "", 0), 0);
	ctrl_stand_restart(stand);
	assert_int_equal(put("still-more", "", 0), SHOAL__OSS__CODE__LIMIT);
	assert_true(says("n7", "again"));
	assert_null(get("n8"));
}

static void a_failed_disk_leaves_everything_as_it_was(void **state)
{
	assert_int_equal(put("kept", "old", 3), 0);
	stand->fail_commit = -EIO;
	assert_int_equal(put("kept", "new", 3), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(says("kept", "old"));
	stand->fail_commit = -ENOSPC;
	assert_int_equal(put("another", "new", 3), SHOAL__OSS__CODE__STORE_FAILED);
	assert_null(get("another"));
	stand->fail_begin = -EIO;
	assert_int_equal(drop("kept"), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(says("kept", "old"));
	assert_int_equal(put("another", "new", 3), 0);
	assert_int_equal(drop("kept"), 0);
	ctrl_stand_restart(stand);
	assert_true(says("another", "new"));
	assert_null(get("kept"));
}

struct asked {
	struct request request; // first
	uint8_t bytes[64];
};
static unsigned answered;

static void on_answer(struct request *request)
{
	Shoal__Oss__Response *answer = shoal__oss__response__unpack(NULL, request->answer_bytes, request->answer);

	assert_int_equal(answer->status->code, 0);
	shoal__oss__response__free_unpacked(answer, NULL);
	free(request->answer);
	answered++;
}

// They come at once, so some of them wait for the next group.
static void many_at_once_are_all_done_in_order(void **state)
{
	static struct asked asked[100];
	char text[8];

	answered = 0;
	for (unsigned i = 0; i < 100; i++) {
		Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
		Shoal__Oss__NotePut body = SHOAL__OSS__NOTE_PUT__INIT;
		char name[8];

		snprintf(name, sizeof(name), "n%u", i % 10);
		snprintf(text, sizeof(text), "%u", i);
		request.version = 1;
		request.key = (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
		body.name = name;
		body.value = request.key;
		request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_PUT;
		request.note_put = &body;
		asked[i].request = (struct request){ .bytes = asked[i].bytes, .answered = on_answer };
		asked[i].request.length = shoal__oss__request__pack(&request, asked[i].bytes);
		desk_take(&stand->desk, &asked[i].request);
	}
	while (desk_busy(&stand->desk))
		desk_run(&stand->desk);
	assert_int_equal(answered, 100);
	assert_true(says("n3", "93"));
	assert_true(says("n9", "99"));
	ctrl_stand_restart(stand);
	assert_true(says("n0", "90"));
}

static void who_may_not_provision_hears_nothing(void **state)
{
	static const struct role_pass read = { CONF_READ, -1 }, provision = { CONF_PROVISION, -1 },
				      network = { CONF_PROVISION, 0 };

	stand->pass = &provision;
	assert_int_equal(put("pfcp/a", "x", 1), 0);
	stand->pass = &read;
	assert_null(get("pfcp/a"));
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__FORBIDDEN);
	assert_null(list(0, 0, ""));
	assert_int_equal(drop("pfcp/a"), SHOAL__OSS__CODE__FORBIDDEN);
	stand->pass = &network;
	assert_null(get("pfcp/a"));
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__FORBIDDEN);
	stand->pass = &provision;
	assert_true(says("pfcp/a", "x"));
	stand->pass = NULL;
}

static uint64_t made_ms(void)
{
	return ctrl_stand_status(stand)->store_made_ms;
}

static void a_store_remembers_when_it_was_begun(void **state)
{
	uint64_t made = made_ms(), begun = wall_ms();
	struct ctrl_session session;

	assert_true(made && made <= begun);
	while (wall_ms() == begun)
		;
	ctrl_session_init(&session, 1);
	assert_int_equal(ctrl_stand_create(stand, &session), 0);
	ctrl_stand_restart(stand);
	assert_true(made_ms() == made);
	ctrl_stand_restart(stand);
	assert_true(made_ms() == made);
}

// As a build would leave it that knows neither notes nor when stores were begun.
static void a_store_without_either_is_opened_and_gets_both(void **state)
{
	const struct store_engine *engine = stand->lmdb.engine;
	Shoal__Store__Meta meta = SHOAL__STORE__META__INIT;
	uint8_t bytes[128];
	struct store_row row = { 1, bytes, 0 };
	uint64_t made;

	meta.version = 1;
	meta.starts = 7;
	meta.next_session = meta.next_key = 9;
	row.length = shoal__store__meta__pack(&meta, bytes);
	assert_int_equal(engine->begin(stand->lmdb.self), 0);
	assert_int_equal(engine->put(stand->lmdb.self, STORE_META, &row), 0);
	assert_int_equal(engine->commit(stand->lmdb.self), 0);
	ctrl_stand_restart(stand);
	made = made_ms();
	assert_true(made);
	ctrl_stand_restart(stand);
	assert_true(made_ms() == made);
	assert_int_equal(put("pfcp/a", "x", 1), 0);
	ctrl_stand_restart(stand);
	assert_true(says("pfcp/a", "x"));
}

// Builds before notes read stamps of nine tables, no others.
static void without_notes_the_stamp_is_that_of_older_builds(void **state)
{
	struct store_row row = { .key = STORE_STAMP_KEY };
	const size_t old = 10 * sizeof(uint64_t);

	assert_int_equal(STORE_STAMP_LEAST, old);
	assert_int_equal(stand->lmdb.engine->get(stand->lmdb.self, STORE_META, &row), 0);
	assert_int_equal(row.length, old);
	assert_int_equal(put("pfcp/a", "x", 1), 0);
	row.key = STORE_STAMP_KEY;
	assert_int_equal(stand->lmdb.engine->get(stand->lmdb.self, STORE_META, &row), 0);
	assert_int_equal(row.length, old + sizeof(uint64_t));
	assert_int_equal(drop("pfcp/a"), 0);
	row.key = STORE_STAMP_KEY;
	assert_int_equal(stand->lmdb.engine->get(stand->lmdb.self, STORE_META, &row), 0);
	assert_int_equal(row.length, old);
}

static void a_damaged_note_is_named_or_left_out(void **state)
{
	static const uint8_t nonsense[] = { 0xff, 0xff, 0xff };
	const struct store_engine *engine = stand->lmdb.engine;
	const struct store_row row = { 2, nonsense, sizeof(nonsense) };

	assert_int_equal(put("kept", "x", 1), 0);
	assert_int_equal(engine->begin(stand->lmdb.self), 0);
	assert_int_equal(engine->put(stand->lmdb.self, STORE_NOTES, &row), 0);
	assert_int_equal(engine->commit(stand->lmdb.self), 0);
	ctrl_stand_down(stand);
	assert_int_equal(ctrl_stand_try(stand, false), -EBADMSG);
	assert_int_equal(ctrl_stand_try(stand, true), 0);
	assert_int_equal(stand->truth.load.salvaged, 1);
	assert_true(says("kept", "x"));
	ctrl_stand_restart(stand);
	assert_int_equal(list(0, 0, "")->n_notes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_put_is_there_until_it_is_deleted, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_in_pages_by_prefix, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_are_never_too_large, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_note, setup, teardown),
		cmocka_unit_test_setup_teardown(there_are_only_so_many, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_disk_leaves_everything_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(many_at_once_are_all_done_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(who_may_not_provision_hears_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_store_remembers_when_it_was_begun, setup, teardown),
		cmocka_unit_test_setup_teardown(a_store_without_either_is_opened_and_gets_both, setup, teardown),
		cmocka_unit_test_setup_teardown(without_notes_the_stamp_is_that_of_older_builds, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_note_is_named_or_left_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
