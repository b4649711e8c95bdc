// pfcp_live.c - a session's requests and what they are translated to.
#include "tests/unit/pfcp_live.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>

struct pfcp_tree tree;
struct rules rules;
struct translation to;
struct rules_fault fault;
struct words words;
struct translate_given given;

void live_begin(void)
{
	words_begin(&words);
	words_head(&words, 1);
	given = (struct translate_given){ .gtpu_ipv4 = WORDS_OURS };
}

static int read_as(unsigned type)
{
	fault = (struct rules_fault){ 0 };
	assert_false(words.writer.full);
	return pfcp_read(PFCP_MESSAGE(type), words.bytes, (size_t)(words.writer.at - words.bytes), &tree, &fault.why);
}

int live_establish(void)
{
	rules_clear(&rules);
	if (read_as(PFCP_SESSION_ESTABLISHMENT_REQUEST) || rules_create(&rules, &tree, &fault))
		return -EPROTO;
	return translate(&rules, &given, &to, &fault);
}

// The session lives: what its rules were given is what was translated.
void live_on(void)
{
	static uint8_t kept[2][32768]; // what is kept lies in one while the other is written
	static unsigned turn;
	uint8_t *bytes = kept[turn++ % 2];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(kept[0]));

	given = (struct translate_given){ .teid = 0x1000,
					  .gtpu_ipv4 = WORDS_OURS,
					  .ue_ipv4 = given.teid ? given.ue_ipv4 : to.ue.ipv4,
					  .ue_ipv6 = to.ue.ipv6_prefix ? to.ue.ipv6_prefix : given.ue_ipv6 };
	for (unsigned i = 0; i < to.pdrs; i++) {
		if (!to.pdr[i].tunnelled)
			continue;
		given.rule[given.rules].pdr = to.rule[i].id;
		given.rule[given.rules].endpoint = to.pdr[i].endpoint ? to.pdr[i].endpoint->id + 1 : 0;
		given.rule[given.rules].tunnel = to.pdr[i].tunnel;
		given.rule[given.rules++].teid = to.match[i].teid ? to.match[i].teid : 0x1000u ^ to.pdr[i].tunnel << 20;
	}
	for (size_t i = 0; i < to.session.n_measures; i++) {
		given.measure[i].id = to.measure[i].id;
		given.measure[given.measures++].grant = to.measure[i].grant;
	}
	rules_write(&rules, &writer);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_MODIFICATION_REQUEST), bytes,
				   (size_t)(writer.at - writer.start), &tree, &fault.why),
			 0);
	rules_clear(&rules);
	assert_int_equal(rules_create(&rules, &tree, &fault), 0);
	rules_keep(&rules);
	words_begin(&words);
}

int live_modify(void)
{
	if (read_as(PFCP_SESSION_MODIFICATION_REQUEST) || rules_modify(&rules, &tree, &fault))
		return -EPROTO;
	return translate(&rules, &given, &to, &fault);
}

unsigned live_rule(uint16_t pdr)
{
	for (unsigned i = 0; i < to.pdrs; i++)
		if (to.pdr[i].rule->id == pdr)
			return i;
	fail();
	return 0;
}
