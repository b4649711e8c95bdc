// gtpu.c - options of the GTP-U header and the chain of extension headers.
#include "shared/wire/gtpu.h"

#define COMPREHENSION_REQUIRED 0x80u // of the endpoint, by bit 8 of the type (TS 29.281 5.2.1)

// Walks the chain that starts with type `next`. An extension header is 4 x its first octet long, and its last octet
// says what follows.
static enum gtpu_fault chain_skip(struct cursor *cursor, uint8_t next)
{
	enum gtpu_fault fault = GTPU_SOUND;

	for (unsigned i = 0; next; i++) {
		uint32_t length = cursor->left ? cursor->at[0] * 4u : 0;

		if (i == GTPU_EXTENSIONS || length == 0 || !cursor_skip(cursor, length))
			return GTPU_BAD;
		if (next & COMPREHENSION_REQUIRED && next != GTPU_PDU_SESSION)
			fault = GTPU_UNKNOWN;
		next = cursor->at[-1];
	}
	return fault;
}

// Sequence number, N-PDU number and next extension type: one block of four, there if any of the flags is.
enum gtpu_fault gtpu_read_options(struct gtpu_packet *gtpu, const uint8_t *bytes)
{
	struct cursor cursor = cursor_over(bytes + GTPU_HEADER, gtpu->end - GTPU_HEADER);
	enum gtpu_fault fault = GTPU_SOUND;

	if (!cursor_skip(&cursor, 4))
		return GTPU_BAD;
	if (bytes[0] & GTPU_S)
		gtpu->sequence = be16_get(bytes + GTPU_HEADER);
	if (bytes[0] & GTPU_E)
		fault = chain_skip(&cursor, cursor.at[-1]);
	gtpu->payload = (uint16_t)(cursor.at - bytes);
	return fault;
}
