// test_conf_users.c - whom processes become: the defaults are taken at their word, and 'none' is nobody's name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/conf_file.h"

static const char small[] = "ports: [{name: a, device: a0, role: both, addresses: [10.0.0.1/24]}]\n"
			    "pools: [{ipv4: 10.45.0.0/16}]\n";

static void assert_users(const char *given, const char *worker, const char *ctrl)
{
	struct conf *conf;

	if (conf_file_load(small, given, &conf))
		fail_msg("%s", conf_told);
	assert_string_equal(conf->worker_user, worker);
	assert_string_equal(conf->ctrl_user, ctrl);
	conf_free(conf);
}

static void workers_are_nobody_and_ctrl_who_started_it(void **unused)
{
	assert_users("", "nobody", "");
}

static void a_default_that_is_given_is_the_same(void **unused)
{
	assert_users("workers: {user: nobody}\nctrl: {user: none}\n", "nobody", "");
}

static void each_may_be_a_user_or_none(void **unused)
{
	assert_users("workers: {user: none}\nctrl: {user: nobody}\n", "", "nobody");
	assert_users("workers: {user: daemon}\nctrl: {user: '65534'}\n", "daemon", "65534");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_are_nobody_and_ctrl_who_started_it),
		cmocka_unit_test(a_default_that_is_given_is_the_same),
		cmocka_unit_test(each_may_be_a_user_or_none),
	};

	return cmocka_run_group_tests(tests, conf_file_make, conf_file_clear);
}
