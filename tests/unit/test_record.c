// test_record.c - the files of packets that killed: readable, private, bounded, and no harm where they can't be written.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "primary/loop/record.h"

static char dir[64];
static struct record record = { .suspect.teid = 0x12345678, .first = { 1, 11 }, .second = { 2, 6 }, .length = 300 };

static int open_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/shoal-record.XXXXXX");
	assert_non_null(mkdtemp(dir));
	memset(record.bytes, 0x45, sizeof(record.bytes));
	return 0;
}

// Calls `each` for every file; how many there are.
static unsigned files(void (*each)(const char *path))
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	unsigned count = 0;
	char path[400];

	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (each)
			each(path);
	}
	closedir(folder);
	return count;
}

static void remove_file(const char *path)
{
	unlink(path);
}

static int close_dir(void **state)
{
	files(remove_file);
	return rmdir(dir);
}

static void a_pcap_file_of_one_packet(void **state)
{
	uint32_t words[10];
	uint8_t bytes[400];
	char path[RECORD_PATH];
	struct stat stat_of;
	FILE *file;

	assert_int_equal(record_write(&record, dir, path), 0);
	assert_non_null(strstr(path, "teid_0x12345678-seat1_signal11-seat2_signal6.pcap"));
	assert_int_equal(stat(path, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0600);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(words, sizeof(words), 1, file), 1);
	assert_int_equal(words[0], 0xa1b23c4d);
	assert_int_equal(words[5], 101); // begins with the IP header
	assert_int_equal(words[8], 300);
	assert_int_equal(words[9], 300);
	assert_int_equal(fread(bytes, 1, sizeof(bytes), file), 300);
	assert_memory_equal(bytes, record.bytes, 300);
	fclose(file);
}

static void the_oldest_go(void **state)
{
	char first[RECORD_PATH], last[RECORD_PATH];

	assert_int_equal(record_write(&record, dir, first), 0);
	for (unsigned i = 0; i < RECORD_FILES + 5; i++)
		assert_int_equal(record_write(&record, dir, last), 0);
	assert_int_equal(files(NULL), RECORD_FILES);
	assert_int_equal(access(first, F_OK), -1);
	assert_int_equal(access(last, F_OK), 0);
}

static void nowhere_to_write(void **state)
{
	char path[RECORD_PATH] = "?", deep[100];

	snprintf(deep, sizeof(deep), "%s/not/there", dir);
	assert_int_equal(record_write(&record, deep, path), -ENOENT);
	assert_string_equal(path, "");
}

static void whose(void **state)
{
	struct quarantine_suspect ipv4 = { .ipv4 = 0x0a2d0001 }, ipv6 = { .ipv6 = 0x20010db800000000 }, none = { 0 };

	assert_string_equal(record_whose(&ipv4).text, "10.45.0.1");
	assert_string_equal(record_whose(&ipv6).text, "2001:db8::/64");
	assert_string_equal(record_whose(&none).text, "nobody");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_pcap_file_of_one_packet, open_dir, close_dir),
		cmocka_unit_test_setup_teardown(the_oldest_go, open_dir, close_dir),
		cmocka_unit_test_setup_teardown(nowhere_to_write, open_dir, close_dir),
		cmocka_unit_test(whose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
