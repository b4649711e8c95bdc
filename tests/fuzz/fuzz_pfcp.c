// fuzz_pfcp.c - PFCP datagrams of any bytes, for the codec. What the reader accepts must lie inside what it was given; written again from
// what was read of it, it must be accepted again, and then stay as it is; and it must have a text.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_print.h"
#include "ctrl/pfcp/codec/message.h"
#include "tests/unit/pfcp_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct pfcp_tree tree;

static void tree_check(const uint8_t *body, size_t bytes)
{
	for (unsigned i = 0; i < tree.used; i++) {
		const struct pfcp_ie *ie = &tree.ie[i];

		if (ie->value < body || ie->length > (size_t)(body + bytes - ie->value))
			abort();
		if ((ie->next && ie->next <= i) || (ie->child && ie->child <= i) || ie->next >= tree.used ||
		    ie->child >= tree.used)
			abort();
	}
}

// Reads a body and writes it again; the number of bytes, 0 if it is refused.
static size_t again(unsigned group, const uint8_t *body, size_t bytes, struct pfcp_writer writer)
{
	struct pfcp_fault fault = { 0 };
	int error = pfcp_read(group, body, bytes, &tree, &fault);

	tree_check(body, bytes);
	if (error && (!fault.cause || !fault.text[0]))
		abort();
	if (error)
		return 0;
	for (const struct pfcp_ie *ie = pfcp_child(&tree, NULL); ie; ie = pfcp_next(&tree, ie))
		if (pfcp_again_ie(&writer, &tree, ie))
			abort();
	return writer.full ? 0 : (size_t)(writer.at - writer.start);
}

static void message_check(const struct pfcp_header *header)
{
	static uint8_t first[2 * 65536], second[2 * 65536];
	unsigned group = PFCP_MESSAGE(header->type);
	size_t once = again(group, header->body, header->bytes, pfcp_writer_over(first, sizeof(first))), twice;

	if (!once || once > UINT16_MAX)
		return;
	twice = again(group, first, once, pfcp_writer_over(second, sizeof(second)));
	if (twice != once || memcmp(first, second, once))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static char text[1 << 16];
	static FILE *out;
	struct pfcp_header header;

	if (!out)
		out = fmemopen(text, sizeof(text), "w");
	rewind(out);
	pfcp_print(out, bytes, length, &tree);
	while (!pfcp_header_read(bytes, length, &header)) {
		if (header.message_bytes > length || header.bytes > header.message_bytes)
			abort();
		message_check(&header);
		bytes += header.message_bytes;
		length -= header.message_bytes;
		if (!header.follows)
			break;
	}
	return 0;
}
