// test_pfcp_instance.c - network instances: which data network they are, and that a session's rules lead to one network.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/pfcp/rules/instance.h"
#include "ctrl/pfcp/rules/translate.h"
#include "tests/unit/pfcp_words.h"

static struct conf conf;
static struct pfcp_tree tree;
static struct rules rules;
static struct translation to;
static struct rules_fault fault;
static struct words words;

static void pool_add(const char *dnn, const char *network)
{
	strcpy(conf.pool[conf.pools].dnn, dnn);
	strcpy(conf.pool[conf.pools++].network, network);
}

static int setup(void **state)
{
	memset(&conf, 0, sizeof(conf));
	pool_add("internet", "core.example");
	pool_add("iot", "core.example");
	pool_add("ims", "voice");
	return 0;
}

static void names_of_networks_and_data_networks(void **state)
{
	assert_string_equal(instance_dnn(&conf, "Internet"), "internet");
	assert_string_equal(instance_dnn(&conf, "iot.mnc01.mcc001.gprs"), "iot");
	assert_string_equal(instance_dnn(&conf, "Core.Example"), "internet");
	assert_string_equal(instance_dnn(&conf, "voice"), "ims");
	assert_null(instance_dnn(&conf, "inter"));
	assert_null(instance_dnn(&conf, ""));
	assert_false(instances_apart(&conf, "internet", "iot"));
	assert_false(instances_apart(&conf, "core.example", "iot"));
	assert_true(instances_apart(&conf, "internet", "ims"));
	assert_true(instances_apart(&conf, "internet", "nowhere"));
	for (unsigned i = 0; i < conf.pools; i++)
		*conf.pool[i].network = '\0';
	assert_false(instances_apart(&conf, "internet", "ims"));
	assert_null(instance_dnn(&conf, "voice"));
}

static bool apart(void *arg, const char *a, const char *b)
{
	return instances_apart(arg, a, b);
}

// Rules that name "internet", of a session of that data network.
static int translates(const char *dnn)
{
	struct translate_given given = { .gtpu_ipv4 = WORDS_OURS, .apart = apart, .arg = &conf };

	strcpy(given.dnn, dnn);
	words_begin(&words);
	words_session(&words, 1, false);
	rules_clear(&rules);
	fault = (struct rules_fault){ 0 };
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_ESTABLISHMENT_REQUEST), words.bytes,
				   (size_t)(words.writer.at - words.bytes), &tree, &fault.why),
			 0);
	assert_int_equal(rules_create(&rules, &tree, &fault), 0);
	return translate(&rules, &given, &to, &fault);
}

static void rules_stay_in_their_sessions_network(void **state)
{
	assert_int_equal(translates(""), 0);
	assert_int_equal(translates("iot"), 0);
	assert_int_equal(translates("ims"), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_RULE_FAILURE);
	assert_int_equal(fault.why.offending, PFCP_IE_NETWORK_INSTANCE);
	assert_true(fault.of_rule);
	assert_int_equal(fault.kind, RULE_PDR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_of_networks_and_data_networks, setup),
		cmocka_unit_test_setup(rules_stay_in_their_sessions_network, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
