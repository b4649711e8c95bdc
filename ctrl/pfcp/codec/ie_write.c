// ie_write.c - information elements into bytes (ie_write.h).
#include <string.h>
#include "ctrl/pfcp/codec/ie_write.h"
#include "shared/wire/cursor.h"

#define IE_HEADER 4u

void pfcp_raw(struct pfcp_writer *writer, const void *bytes, size_t length)
{
	uint8_t *at = pfcp_room(writer, length);

	if (at && length)
		memcpy(at, bytes, length);
}

static uint8_t *header_put(struct pfcp_writer *writer, unsigned type, unsigned length, size_t octets)
{
	uint8_t *at = pfcp_room(writer, IE_HEADER + octets);

	if (!at)
		return NULL;
	be16_put(at, (uint16_t)type);
	be16_put(at + 2, (uint16_t)length);
	return at + IE_HEADER;
}

void pfcp_begin(struct pfcp_writer *writer, unsigned type, uint8_t **mark)
{
	*mark = writer->at;
	header_put(writer, type, 0, 0);
}

void pfcp_end(struct pfcp_writer *writer, uint8_t *mark)
{
	size_t length;

	if (writer->full)
		return;
	length = (size_t)(writer->at - mark) - IE_HEADER;
	if (length > UINT16_MAX)
		writer->full = true;
	else
		be16_put(mark + 2, (uint16_t)length);
}

static inline void number_put(struct pfcp_writer *writer, unsigned type, uint64_t value, unsigned octets)
{
	uint8_t *at = header_put(writer, type, octets, octets);

	for (unsigned i = at ? octets : 0; i-- > 0; value >>= 8)
		at[i] = (uint8_t)value;
}

void pfcp_put_u8(struct pfcp_writer *writer, unsigned type, uint8_t value)
{
	number_put(writer, type, value, 1);
}

void pfcp_put_u16(struct pfcp_writer *writer, unsigned type, uint16_t value)
{
	number_put(writer, type, value, 2);
}

void pfcp_put_u24(struct pfcp_writer *writer, unsigned type, uint32_t value)
{
	number_put(writer, type, value, 3);
}

void pfcp_put_u32(struct pfcp_writer *writer, unsigned type, uint32_t value)
{
	number_put(writer, type, value, 4);
}

void pfcp_put_u64(struct pfcp_writer *writer, unsigned type, uint64_t value)
{
	number_put(writer, type, value, 8);
}

void pfcp_put_bytes(struct pfcp_writer *writer, unsigned type, const void *value, size_t length)
{
	uint8_t *at;

	if (length > UINT16_MAX)
		writer->full = true;
	at = header_put(writer, type, (unsigned)length, length);
	if (at && length)
		memcpy(at, value, length);
}

void pfcp_put_text(struct pfcp_writer *writer, unsigned type, const char *text)
{
	pfcp_put_bytes(writer, type, text, strlen(text));
}

void pfcp_put_flags(struct pfcp_writer *writer, unsigned type, uint64_t flags, unsigned octets)
{
	number_put(writer, type, __builtin_bswap64(flags) >> (64 - 8 * octets), octets);
}

void pfcp_copy(struct pfcp_writer *writer, const struct pfcp_ie *ie)
{
	uint8_t *mark;

	pfcp_begin(writer, ie->type, &mark);
	if (ie->type & PFCP_VENDOR)
		pfcp_raw_number(writer, ie->vendor, 2);
	pfcp_raw(writer, ie->value, ie->length);
	pfcp_end(writer, mark);
}
