// pfcp_runner.c - the PFCP codec at a command line, for pfcp_golden.py.
//
//   pfcp_runner read          lines of hexadecimal digits, a datagram each: what ie_print says, then a line with a dot
//   pfcp_runner value         lines of hexadecimal digits, an IE each: the same IE written from what was read, a space, its text
//   pfcp_runner make COUNT    COUNT messages of each type with values at random, as hexadecimal digits and as text, then a line with a dot
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_print.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/codec/message.h"
#include "tests/unit/pfcp_again.h"
#include "tests/unit/pfcp_make.h"

static struct pfcp_tree tree;

static size_t digits_read(const char *line, uint8_t *bytes)
{
	size_t count = 0;
	unsigned byte;

	while (sscanf(line + 2 * count, "%2x", &byte) == 1)
		bytes[count++] = (uint8_t)byte;
	return count;
}

static void digits_print(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%02x", bytes[i]);
}

static void value_print(const uint8_t *bytes, size_t count)
{
	uint8_t again[65536];
	struct pfcp_writer writer = pfcp_writer_over(again, sizeof(again));
	const struct pfcp_ie ie = { .type = (uint16_t)(bytes[0] << 8 | bytes[1]),
				    .length = (uint16_t)(count - 4),
				    .value = bytes + 4 };

	if (pfcp_value_check(&ie)) {
		puts("- refused");
		return;
	}
	pfcp_again_ie(&writer, &tree, &ie);
	digits_print(again, (size_t)(writer.at - again));
	putchar(' ');
	pfcp_print_ie(stdout, &tree, &ie, 0);
}

static void lines_read(int values)
{
	static char line[2 * 65536 + 2];
	static uint8_t bytes[65536];

	while (fgets(line, sizeof(line), stdin)) {
		size_t count = digits_read(line, bytes);

		if (values) {
			value_print(bytes, count);
			continue;
		}
		pfcp_print(stdout, bytes, count, &tree);
		puts(".");
	}
}

static void message_make(unsigned type, uint64_t *seed)
{
	static uint8_t bytes[65535];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	const struct pfcp_header header = { .type = (uint8_t)type,
					    .has_seid = pfcp_messages[type].of_session,
					    .seid = (uint64_t)pfcp_random(seed) << 32 | pfcp_random(seed),
					    .sequence = pfcp_random(seed) & PFCP_SEQUENCE_MAX,
					    .has_priority = type == PFCP_SESSION_DELETION_REQUEST,
					    .priority = pfcp_random(seed) & 15 };
	uint8_t *mark;

	pfcp_message_begin(&writer, &header, &mark);
	pfcp_make_children(&writer, PFCP_MESSAGE(type), PFCP_FILL_SHAPED, 0, seed);
	pfcp_message_end(&writer, mark);
	digits_print(bytes, (size_t)(writer.at - bytes));
	putchar('\n');
	if (writer.full || pfcp_print(stdout, bytes, (size_t)(writer.at - bytes), &tree))
		exit(1);
	puts(".");
}

static void messages_make(int count)
{
	uint64_t seed = 1;

	while (count-- > 0)
		for (unsigned type = 0; type < PFCP_MESSAGE_TYPES; type++)
			if (pfcp_messages[type].name)
				message_make(type, &seed);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "make")) {
		messages_make(atoi(argv[2]));
		return 0;
	}
	if (argc != 2 || (strcmp(argv[1], "read") && strcmp(argv[1], "value")))
		return 2;
	lines_read(!strcmp(argv[1], "value"));
	return 0;
}
