// gtpu.c - the GTP-U header and its chain of extension headers.
#include "shared/wire/gtpu.h"
#include "shared/wire/cursor.h"

#define COMPREHENSION_REQUIRED 0x80u // of the endpoint, by bit 8 of the type (TS 29.281 5.2.1)

// Walks the chain that starts with type `next`. An extension header is 4 x its first octet long, and its last octet says
// what follows.
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
static enum gtpu_fault options_read(struct gtpu_packet *gtpu, const uint8_t *bytes)
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

enum gtpu_fault gtpu_read(struct gtpu_packet *gtpu, const uint8_t *bytes, uint32_t left)
{
	uint32_t end;

	if (left < GTPU_HEADER || (bytes[0] & 0xf0) != (GTPU_VERSION_1 | GTPU_PT))
		return GTPU_BAD;
	end = GTPU_HEADER + be16_get(bytes + 2);
	if (end > left || end > UINT16_MAX)
		return GTPU_BAD;
	*gtpu = (struct gtpu_packet){ be32_get(bytes + 4), 0, GTPU_HEADER, (uint16_t)end, bytes[1] };
	return bytes[0] & (GTPU_E | GTPU_S | GTPU_PN) ? options_read(gtpu, bytes) : GTPU_SOUND;
}

static void put(uint8_t *bytes, uint8_t flags, uint32_t teid, uint32_t length)
{
	be32_put(bytes, (uint32_t)(GTPU_VERSION_1 | GTPU_PT | flags) << 24 | GTPU_G_PDU << 16 | (length & 0xffff));
	be32_put(bytes + 4, teid);
}

void gtpu_put(uint8_t *bytes, uint32_t teid, uint16_t length)
{
	put(bytes, 0, teid, length);
}

void gtpu_put_qfi(uint8_t *bytes, uint32_t teid, uint16_t length, uint8_t qfi)
{
	put(bytes, GTPU_E, teid, length + (GTPU_HEADER_QFI - GTPU_HEADER));
	be32_put(bytes + 8, GTPU_PDU_SESSION);
	be32_put(bytes + 12, 1u << 24 | (uint32_t)(qfi & 63) << 8);
}
