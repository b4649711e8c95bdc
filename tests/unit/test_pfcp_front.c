// test_pfcp_front.c - what ctrl keeps with a session for us: written, read again, torn, and as the first version wrote it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "ctrl/pfcp/rules/front.h"
#include "tests/unit/pfcp_words.h"

static struct pfcp_tree tree;
static struct rules rules;
static struct rules_fault fault;
static struct words words;

static void establish(void)
{
	words_begin(&words);
	words_session(&words, 1, false);
	pfcp_put_u32(&words.writer, PFCP_IE_USER_PLANE_INACTIVITY_TIMER, 60);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_ESTABLISHMENT_REQUEST), words.bytes,
				   (size_t)(words.writer.at - words.bytes), &tree, &fault.why),
			 0);
	rules_clear(&rules);
	assert_int_equal(rules_create(&rules, &tree, &fault), 0);
}

// FQ-CSIDs stay with a session, and are known again whichever of a node's several is named.
static void the_part_of_a_node_is_kept(void **state)
{
	static const uint8_t two[] = { 0x02, 10, 0, 0, 1, 0, 7, 0, 8 }, eighth[] = { 0x01, 10, 0, 0, 1, 0, 8 };
	static const uint8_t ninth[] = { 0x01, 10, 0, 0, 1, 0, 9 }, another[] = { 0x01, 10, 0, 0, 2, 0, 8 };
	static const struct {
		const uint8_t *part;
		size_t bytes;
		bool meets;
	} parts[] = { { eighth, 7, true }, { ninth, 7, false }, { another, 7, false }, { two, 9, true } };
	static uint8_t bytes[FRONT_MAX], asked[CSIDS_BYTES];
	static struct pfcp_tree other;
	struct front front = { .cp = { 5, { .has_ipv4 = true, .ipv4 = 1 } } }, back;
	struct pfcp_writer writer = pfcp_writer_over(front.csids, sizeof(front.csids));
	int length;

	establish();
	pfcp_put_bytes(&writer, PFCP_IE_FQ_CSID, two, sizeof(two));
	front.csids_bytes = (size_t)(writer.at - writer.start);
	length = front_write(&front, &rules, bytes, sizeof(bytes));
	assert_int_equal(front_read(&back, bytes, (size_t)length, &tree), 0);
	assert_int_equal(back.csids_bytes, front.csids_bytes);
	assert_memory_equal(back.csids, front.csids, front.csids_bytes);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		writer = pfcp_writer_over(asked, sizeof(asked));
		pfcp_put_bytes(&writer, PFCP_IE_FQ_CSID, parts[i].part, parts[i].bytes);
		pfcp_read(PFCP_IE_PFCP_SESSION_CHANGE_INFO, asked, (size_t)(writer.at - asked), &other, &fault.why);
		assert_int_equal(csids_meet(&tree, &other, NULL), parts[i].meets);
	}
}

static void kept_words(void **state)
{
	static uint8_t bytes[FRONT_MAX];
	struct front front = { .served = 7, .served_ms = 8, .cp = { 5, { .has_ipv4 = true, .ipv4 = 1 } } }, back;
	int length;

	establish();
	length = front_write(&front, &rules, bytes, sizeof(bytes));
	assert_true(length > 0);
	assert_int_equal(front_read(&back, bytes, (size_t)length, &tree), 0);
	assert_int_equal(back.served, 7);
	assert_int_equal(back.cp.seid, 5);
	rules_clear(&rules);
	assert_int_equal(rules_create(&rules, &tree, &fault), 0);
	assert_int_equal(rules.count, 6);
	assert_int_equal(rules.inactivity_s, 60);
	for (int cut = 0; cut < length; cut++) // torn anywhere: refused or shorter, never read past the end
		front_read(&back, bytes, (size_t)cut, &tree);
	bytes[0]++;
	assert_int_equal(front_read(&back, bytes, (size_t)length, &tree), -EBADMSG);
}

// As the first version wrote them: with an answer, and what each URR had to report.
static void words_of_the_first_version(void **state)
{
	static uint8_t bytes[FRONT_MAX];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	struct pfcp_fseid cp = { 5, { .has_ipv4 = true, .ipv4 = 1 } };
	struct front front;

	establish();
	pfcp_raw_number(&writer, 1, 1);
	pfcp_raw_number(&writer, 7, 8);
	pfcp_raw_number(&writer, 8, 8);
	pfcp_raw_number(&writer, 3, 2);
	pfcp_raw(&writer, "abc", 3);
	pfcp_raw_number(&writer, 1, 2);
	pfcp_raw(&writer, words.bytes, 82);
	pfcp_put_fseid(&writer, PFCP_IE_F_SEID, &cp);
	rules_write(&rules, &writer);
	assert_int_equal(front_read(&front, bytes, (size_t)(writer.at - bytes), &tree), 0);
	assert_true(front.first_version);
	assert_int_equal(front.cp.seid, 5);
	assert_non_null(pfcp_first(&tree, NULL, PFCP_IE_CREATE_URR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_words),
		cmocka_unit_test(the_part_of_a_node_is_kept),
		cmocka_unit_test(words_of_the_first_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
