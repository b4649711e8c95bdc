// decode.c - a datagram from a file, printed (decode.h).
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "ctrl/pfcp/decode.h"
#include "ctrl/pfcp/ie_print.h"

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

int decode_file(const char *path, FILE *out)
{
	static uint8_t bytes[FILE_MAX];
	static struct pfcp_tree tree;
	FILE *in = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	size_t length;
	int error = 0;

	if (!in)
		return -errno;
	length = fread(bytes, 1, sizeof(bytes), in);
	if (ferror(in))
		error = -EIO;
	if (in != stdin)
		fclose(in);
	digits_join(bytes, &length);
	if (!error && length > DATAGRAM_MAX)
		error = -EMSGSIZE;
	return error ? error : pfcp_print(out, bytes, length, &tree);
}
