// test_keys.c - answered requests by their keys: found again whatever came between, forgotten in time, and read at start row by row.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/ctrl_stand.h"

#define AT_MS (100ull * 24 * 3600 * 1000)

static struct ctrl_stand stand;
static struct keys *const keys = &stand.truth.keys;
static struct batch batch;

static int setup(void **state)
{
	ctrl_stand_open(&stand);
	batch_open(&batch);
	return 0;
}

static int teardown(void **state)
{
	batch_close(&batch);
	ctrl_stand_close(&stand);
	return 0;
}

// Key, content and answer of request n.
struct asked {
	uint64_t key[2], answer;
	struct keys_request request;
};

static void asked_init(struct asked *asked, uint64_t n)
{
	*asked = (struct asked){ .key = { 7, n }, .answer = n * 3 };
	asked->request = (struct keys_request){ .content = { n * 5, n * 7 } };
	keys_ask(keys, &asked->request, (const uint8_t *)asked->key, sizeof(asked->key));
}

static void add(uint64_t from, unsigned count, uint64_t at_ms)
{
	for (uint64_t n = from; n < from + count; n++) {
		struct asked asked;
		ProtobufCBinaryData answer = { sizeof(asked.answer), (uint8_t *)&asked.answer };

		asked_init(&asked, n);
		assert_int_equal(keys_add(keys, &asked.request, &answer, at_ms, &batch), 0);
	}
}

static void commit(void)
{
	assert_int_equal(batch_write(&batch, &stand.truth.store), 0);
	batch_empty(&batch);
	keys_hand(keys);
	keys_settle(keys, true);
}

static enum keys_found look(uint64_t n, uint64_t content)
{
	ProtobufCBinaryData answer = { 0 };
	enum keys_found found;
	struct asked asked;
	struct arena arena;

	asked_init(&asked, n);
	asked.request.content[1] += content;
	arena_open(&arena, 1 << 20);
	found = keys_look(keys, &asked.request, &arena, &answer);
	if (found == KEYS_REPEATED)
		assert_memory_equal(answer.data, &asked.answer, answer.len);
	arena_close(&arena);
	return found;
}

static void all_found(uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n < to; n++)
		assert_int_equal(look(n, 0), KEYS_REPEATED);
}

// More than the first room of ring and table takes, in two groups; and again after a start.
static void every_key_is_found_again(void **state)
{
	add(0, 3000, AT_MS);
	assert_int_equal(look(2999, 0), KEYS_UNDER_WAY);
	commit();
	add(3000, 3000, AT_MS);
	commit();
	for (unsigned start = 0; start < 2; start++) {
		all_found(0, 6000);
		assert_int_equal(look(77, 1), KEYS_REUSED);
		assert_int_equal(look(6000, 0), KEYS_NEW);
		assert_int_equal(keys->next, 6001);
		ctrl_stand_restart(&stand);
	}
}

static void what_failed_was_never_there(void **state)
{
	add(0, 1000, AT_MS);
	commit();
	add(1000, 1000, AT_MS);
	keys_prune(keys, AT_MS + KEYS_AGE_MS + 1, &batch);
	keys_settle(keys, false);
	batch_empty(&batch);
	assert_int_equal(look(1000, 0), KEYS_NEW);
	assert_int_equal(keys->next, 1001);
	all_found(0, 1000);
	add(1500, 100, AT_MS);
	commit();
	all_found(1500, 1600);
	all_found(0, 1000);
}

// However many a group adds, more go than came, as long as there are old ones.
static void old_ones_go_faster_than_new_ones_come(void **state)
{
	uint64_t now_ms = AT_MS + KEYS_AGE_MS + 1;

	add(0, 4000, AT_MS);
	commit();
	for (unsigned i = 0; i < 20; i++) {
		add(10000 + i * 500, 500, now_ms);
		keys_prune(keys, now_ms, &batch);
		commit();
	}
	assert_int_equal(keys->by_hash.count, 20 * 500);
	assert_int_equal(keys->next - keys->first, 20 * 500);
	for (uint64_t n = 0; n < 4000; n++)
		assert_int_equal(look(n, 0), KEYS_NEW);
	ctrl_stand_restart(&stand);
	assert_int_equal(keys->by_hash.count, 20 * 500);
	all_found(10000, 20000);
}

// Taken out as damaged, say: its neighbours stand.
static void a_row_may_be_missing(void **state)
{
	add(0, 100, AT_MS);
	commit();
	batch_drop(&batch, STORE_KEYS, 1);
	batch_drop(&batch, STORE_KEYS, 51);
	assert_int_equal(batch_write(&batch, &stand.truth.store), 0);
	batch_empty(&batch);
	ctrl_stand_restart(&stand);
	assert_int_equal(look(50, 0), KEYS_NEW);
	all_found(51, 100);
	keys_prune(keys, AT_MS + KEYS_AGE_MS + 1, &batch);
	commit();
	keys_prune(keys, AT_MS + KEYS_AGE_MS + 1, &batch);
	commit();
	assert_int_equal(keys->by_hash.count, 0);
	assert_int_equal(keys->first, keys->next);
}

// The same key again, after its row is gone from the store but not from memory: the newer takes its place.
static void a_key_that_comes_again_is_the_newer(void **state)
{
	add(0, 1, AT_MS);
	commit();
	add(0, 1, AT_MS + 1000);
	commit();
	assert_int_equal(keys->by_hash.count, 1);
	keys_prune(keys, AT_MS + KEYS_AGE_MS + 1, &batch);
	commit();
	assert_int_equal(keys->first, 2);
	all_found(0, 1);
}

static void what_is_no_row_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} bad[] = {
		{ NULL, 0 },
		{ "", 0 },   // no key
		{ "\x0a\x7f" // longer than the row
		  "abc",
		  5 },
		{ "\x08\x64" // the key is a number
		  "abc",
		  5 },
		{ "\x0a\x01"
		  "a\x21"
		  "1234567",
		  11 }, // the time is cut off
		{ "\x0a\x01"
		  "a\x20\x05",
		  5 }, // the time is a varint
		{ "\x0a\x01"
		  "a\x0b",
		  4 }, // a group
		{ "\x0a\x01"
		  "a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		  14 },
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct store_row row = { 1, (const uint8_t *)bad[i].bytes, bad[i].length };

		assert_int_equal(keys_load(keys, &row), -EBADMSG);
	}
	assert_int_equal(keys->by_hash.count, 0);
}

// With a key that it had before, a request is that one again.
static void a_key_before_is_a_key(void **state)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	struct ctrl_session wanted;
	uint8_t one[] = "one", two[] = "two", long_key[65] = { 0 };
	uint64_t image;

	ctrl_session_init(&wanted, 1);
	create.session = &wanted.session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	request.key = (ProtobufCBinaryData){ 3, one };
	request.key_before = (ProtobufCBinaryData){ 3, two }; // of nobody
	assert_int_equal(ctrl_stand_ask(&stand, &request)->status->code, 0);
	image = ctrl_stand_image(&stand);
	request.key = (ProtobufCBinaryData){ 3, two };
	request.key_before = (ProtobufCBinaryData){ 3, one };
	assert_int_equal(ctrl_stand_ask(&stand, &request)->status->code, 0);
	assert_int_equal(stand.answer->session->session->id, 1);
	assert_true(ctrl_stand_image(&stand) == image);
	wanted.bearer.peer_teid++;
	assert_int_equal(ctrl_stand_ask(&stand, &request)->status->code, SHOAL__OSS__CODE__KEY_REUSED);
	request.key_before = (ProtobufCBinaryData){ sizeof(long_key), long_key };
	assert_int_equal(ctrl_stand_ask(&stand, &request)->status->code, SHOAL__OSS__CODE__INVALID_FIELD);
	assert_string_equal(stand.answer->status->field, "key_before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_key_is_found_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_failed_was_never_there, setup, teardown),
		cmocka_unit_test_setup_teardown(old_ones_go_faster_than_new_ones_come, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_before_is_a_key, setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_may_be_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_that_comes_again_is_the_newer, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_row_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
