// fuzz_conf.c - configurations of any bytes. What loads must print to a file that loads to the same values; a refusal must
// say why.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "shared/base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

// conf_load reads files; this one lies in memory and keeps its name.
static const char *memory_file(const void *bytes, size_t length)
{
	static int fd = -1;
	static char path[32];

	if (fd < 0) {
		fd = memfd_create("conf", 0);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) || pwrite(fd, bytes, length, 0) != (ssize_t)length)
		abort();
	return path;
}

static struct conf *load(const void *bytes, size_t length)
{
	char error[512] = "";
	struct conf *conf;

	if (conf_load(memory_file(bytes, length), &conf, error, sizeof error) && (conf || !*error))
		abort();
	return conf;
}

static struct conf *print_and_load(const struct conf *conf)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);
	struct conf *again;

	conf_print(conf, file);
	fclose(file);
	again = load(text, length);
	free(text);
	return again;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct conf *conf = load(bytes, length);
	struct conf *again;

	if (!conf)
		return 0;
	again = print_and_load(conf);
	if (!again || memcmp(conf, again, sizeof *conf))
		abort();
	conf_free(again);
	conf_free(conf);
	return 0;
}
