// test_pfcp_bodies.c - rules' bodies are read once: with the message they came in, or when they are opened, as far as there is room.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/translate.h"
#include "tests/unit/pfcp_words.h"

#define FARS 200u

static struct pfcp_tree tree;
static struct rules rules;
static struct translation to;
static struct rules_fault fault;
static struct words words;
static const struct translate_given new = { .gtpu_ipv4 = WORDS_OURS };
static const struct translate_given living = { .teid = 0x1234,
					       .gtpu_ipv4 = WORDS_OURS,
					       .ue_ipv4 = WORDS_UE,
					       .rules = 1,
					       .rule[0] = { .pdr = 2, .teid = 0x1234 } };

static int setup(void **state)
{
	fault = (struct rules_fault){ 0 };
	rules_clear(&rules);
	words_begin(&words);
	words_session(&words, 1, false);
	return 0;
}

static void message_read(unsigned type, const struct pfcp_writer *from)
{
	assert_false(from->full);
	assert_int_equal(
	    pfcp_read(PFCP_MESSAGE(type), from->start, (size_t)(from->at - from->start), &tree, &fault.why), 0);
}

// A message has one BAR to create: what is in a second one has not been read with it.
static void one_bar_too_many(void **state)
{
	uint8_t *mark;

	for (uint8_t bar = 1; bar <= 2; bar++) {
		pfcp_begin(&words.writer, PFCP_IE_CREATE_BAR, &mark);
		pfcp_put_u8(&words.writer, PFCP_IE_BAR_ID, bar);
		pfcp_put_u32(&words.writer, bar == 1 ? PFCP_VENDOR : PFCP_IE_PRECEDENCE, 1);
		pfcp_end(&words.writer, mark);
	}
	message_read(PFCP_SESSION_ESTABLISHMENT_REQUEST, &words.writer);
	assert_int_equal(rules_create(&rules, &tree, &fault), 0);
	assert_int_equal(translate(&rules, &new, &to, &fault), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_RULE_FAILURE);
	assert_int_equal(fault.why.offending, PFCP_IE_PRECEDENCE);
	assert_int_equal(fault.kind, RULE_BAR);
}

// FARs from 10 on, each with more that nobody knows.
static void fars_put(struct pfcp_writer *writer, uint16_t verb, uint64_t action)
{
	uint8_t *mark;

	for (uint32_t far = 10; far < 10 + FARS; far++) {
		pfcp_begin(writer, verb, &mark);
		pfcp_put_u32(writer, PFCP_IE_FAR_ID, far);
		pfcp_put_flags(writer, PFCP_IE_APPLY_ACTION, action, 1);
		for (unsigned i = 0; verb == PFCP_IE_CREATE_FAR && i < 15; i++)
			pfcp_put_u16(writer, PFCP_VENDOR | i, 1);
		pfcp_end(writer, mark);
	}
}

// More than a tree has room for: what came and what became of it. It is forgotten and read again, and says the same.
static void more_than_is_kept_read(void **state)
{
	static uint8_t created[65536], updated[65536];
	struct pfcp_writer create = pfcp_writer_over(created, sizeof(created)),
			   update = pfcp_writer_over(updated, sizeof(updated));

	pfcp_raw(&create, words.bytes, (size_t)(words.writer.at - words.bytes));
	fars_put(&create, PFCP_IE_CREATE_FAR, PFCP_APPLY_ACTION_DROP);
	fars_put(&update, PFCP_IE_UPDATE_FAR, PFCP_APPLY_ACTION_BUFF);
	message_read(PFCP_SESSION_ESTABLISHMENT_REQUEST, &create);
	assert_int_equal(rules_create(&rules, &tree, &fault), 0);
	assert_int_equal(translate(&rules, &new, &to, &fault), 0);
	message_read(PFCP_SESSION_MODIFICATION_REQUEST, &update);
	assert_int_equal(rules_modify(&rules, &tree, &fault), 0);
	assert_int_equal(translate(&rules, &living, &to, &fault), 0);
	assert_int_equal(to.session.n_rules, 2);
	for (uint32_t far = 10; far < 10 + FARS; far++) {
		assert_int_equal(rules_open(&rules, rules_find(&rules, RULE_FAR, far), &fault), 0);
		assert_int_equal(pfcp_number(pfcp_first(&rules.tree, NULL, PFCP_IE_FAR_ID)), far);
		assert_int_equal(pfcp_flags(pfcp_first(&rules.tree, NULL, PFCP_IE_APPLY_ACTION)),
				 PFCP_APPLY_ACTION_BUFF);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_bar_too_many, setup),
		cmocka_unit_test_setup(more_than_is_kept_read, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
