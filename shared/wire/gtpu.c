// gtpu.c - options of the GTP-U header and the chain of extension headers.
#include "shared/wire/gtpu.h"

#define COMPREHENSION_REQUIRED 0x80u // of the endpoint, by bit 8 of the type (TS 29.281 5.2.1)

// Types beyond the two have no QFI.
static uint8_t container_of(const uint8_t *header)
{
	unsigned type = header[1] >> 4;

	if (type > 1)
		return 0;
	return (uint8_t)(GTPU_CONTAINER | (type ? GTPU_CONTAINER_UP : 0) | (header[2] & GTPU_CONTAINER_QFI));
}

// Walks the chain that starts with type `next`. An extension header is 4 x its first octet long, and its last octet
// says what follows.
static enum gtpu_fault chain_skip(struct cursor *cursor, uint8_t next, uint8_t *container)
{
	enum gtpu_fault fault = GTPU_SOUND;

	for (unsigned i = 0; next; i++) {
		uint32_t length = cursor->left ? cursor->at[0] * 4u : 0;
		const uint8_t *header = cursor->at;

		if (i == GTPU_EXTENSIONS || length == 0 || !cursor_skip(cursor, length))
			return GTPU_BAD;
		if (next & COMPREHENSION_REQUIRED && next != GTPU_PDU_SESSION)
			fault = GTPU_UNKNOWN;
		if (next == GTPU_PDU_SESSION && !*container)
			*container = container_of(header);
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
		fault = chain_skip(&cursor, cursor.at[-1], &gtpu->container);
	gtpu->payload = (uint16_t)(cursor.at - bytes);
	return fault;
}
