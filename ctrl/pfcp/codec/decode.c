// decode.c - a datagram from a file, printed (decode.h).
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include "ctrl/pfcp/codec/decode.h"
#include "ctrl/pfcp/codec/ie_print.h"

#define DATAGRAM_MAX 65535u
#define FILE_MAX (4u * DATAGRAM_MAX) // as digits, with spaces between

// Hexadecimal digits and white space to bytes, in place; false, and nothing changed, if there is anything else.
static bool digits_join(uint8_t *bytes, size_t *length)
{
	size_t digits = 0;

	for (size_t i = 0; i < *length; i++) {
		if (!isxdigit(bytes[i]) && !isspace(bytes[i]))
			return false;
		digits += isxdigit(bytes[i]) != 0;
	}
	if (digits % 2)
		return false;
	digits = 0;
	for (size_t i = 0; i < *length; i++) {
		int digit = isdigit(bytes[i]) ? bytes[i] - '0' : tolower(bytes[i]) - 'a' + 10;

		if (isspace(bytes[i]))
			continue;
		bytes[digits / 2] = (uint8_t)(digits % 2 ? bytes[digits / 2] | digit : digit << 4);
		digits++;
	}
	*length = digits / 2;
	return true;
}

// Returns how many bytes the file holds; -EMSGSIZE: more than a datagram can.
static ssize_t file_read(const char *path, uint8_t *bytes, size_t size)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	size_t length;
	int error;

	if (!in)
		return -errno;
	length = fread(bytes, 1, size, in);
	error = ferror(in) ? -EIO : 0;
	if (in != stdin)
		fclose(in);
	digits_join(bytes, &length);
	if (!error && length > DATAGRAM_MAX)
		error = -EMSGSIZE;
	return error ? error : (ssize_t)length;
}

int decode_file(const char *path, FILE *out)
{
	static uint8_t bytes[FILE_MAX];
	static struct pfcp_tree tree;
	ssize_t length = file_read(path, bytes, sizeof(bytes));

	if (length < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror((int)-length));
		return (int)length;
	}
	return pfcp_print(out, bytes, (size_t)length, &tree);
}
