// ie_write.h - writing PFCP's information elements, one behind the other into a buffer of the caller's.
//
// Pure. A writer that is full writes nothing more, says so in `full`, and never writes past its end; so callers look once, at the end.
//
//   pfcp_begin(&writer, PFCP_IE_CREATED_PDR, &mark);
//   pfcp_put_u16(&writer, PFCP_IE_PDR_ID, 1);
//   pfcp_end(&writer, mark);
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "ctrl/pfcp/codec/ie.h"

struct pfcp_writer {
	uint8_t *start, *at, *end;
	bool full; // something did not fit
};

static inline struct pfcp_writer pfcp_writer_over(uint8_t *bytes, size_t size)
{
	return (struct pfcp_writer){ bytes, bytes, bytes + size, false };
}

// A group: what is put between the two is inside.
void pfcp_begin(struct pfcp_writer *writer, unsigned type, uint8_t **mark);
void pfcp_end(struct pfcp_writer *writer, uint8_t *mark);

// Whole IEs.
void pfcp_put_u8(struct pfcp_writer *writer, unsigned type, uint8_t value);
void pfcp_put_u16(struct pfcp_writer *writer, unsigned type, uint16_t value);
void pfcp_put_u24(struct pfcp_writer *writer, unsigned type, uint32_t value);
void pfcp_put_u32(struct pfcp_writer *writer, unsigned type, uint32_t value);
void pfcp_put_u64(struct pfcp_writer *writer, unsigned type, uint64_t value);
void pfcp_put_bytes(struct pfcp_writer *writer, unsigned type, const void *value, size_t length);
void pfcp_put_text(struct pfcp_writer *writer, unsigned type, const char *text);
// Bit 0 of flags is bit 1 of the first octet; `octets` of them.
void pfcp_put_flags(struct pfcp_writer *writer, unsigned type, uint64_t flags, unsigned octets);
// An IE of a tree as it came, with all that it holds.
void pfcp_copy(struct pfcp_writer *writer, const struct pfcp_ie *ie);

// Bytes without a header: parts of a value between pfcp_begin and pfcp_end.
void pfcp_raw(struct pfcp_writer *writer, const void *bytes, size_t length);

// Where so many octets go, which are the caller's to write; null: they do not fit.
static inline uint8_t *pfcp_room(struct pfcp_writer *writer, size_t octets)
{
	uint8_t *at = writer->at;

	if (writer->full || octets > (size_t)(writer->end - at)) {
		writer->full = true;
		return NULL;
	}
	writer->at += octets;
	return at;
}

// In line: an IE has some of them, each of a known length.
static inline void pfcp_raw_number(struct pfcp_writer *writer, uint64_t value, unsigned octets)
{
	uint8_t *at = pfcp_room(writer, octets);

	for (unsigned i = at ? octets : 0; i-- > 0; value >>= 8)
		at[i] = (uint8_t)value;
}
