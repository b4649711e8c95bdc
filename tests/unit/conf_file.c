// conf_file.c - see conf_file.h.
#include "tests/unit/conf_file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char conf_path[300], conf_told[512];

int conf_file_make(void **state)
{
	int fd;

	snprintf(conf_path, sizeof(conf_path), "/tmp/shoal-test-conf-XXXXXX");
	fd = mkstemp(conf_path);
	return fd < 0 ? -1 : close(fd);
}

int conf_file_clear(void **state)
{
	return unlink(conf_path);
}

int conf_file_load(const char *before, const char *after, struct conf **conf)
{
	FILE *file = fopen(conf_path, "w");

	assert_non_null(file);
	fputs(before, file);
	fputs(after, file);
	assert_int_equal(fclose(file), 0);
	return conf_load(conf_path, conf, conf_told, sizeof(conf_told));
}

struct conf *conf_file_again(const struct conf *conf)
{
	FILE *file = fopen(conf_path, "w");
	struct conf *again;

	assert_non_null(file);
	conf_print(conf, file);
	assert_int_equal(fclose(file), 0);
	if (conf_load(conf_path, &again, conf_told, sizeof(conf_told)))
		fail_msg("%s", conf_told);
	return again;
}
