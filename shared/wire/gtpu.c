// gtpu.c - options of the GTP-U header and the chain of extension headers.
#include "shared/wire/gtpu.h"
#include <stdbool.h>

#define COMPREHENSION_REQUIRED 0x80u // of the endpoint, by bit 8 of the type (TS 29.281 5.2.1)

// Types beyond the two have no QFI.
static uint8_t container_of(const uint8_t *header)
{
	unsigned type = header[1] >> 4;

	if (type > 1)
		return 0;
	return (uint8_t)(GTPU_CONTAINER | (type ? GTPU_CONTAINER_UP : 0) | (header[2] & GTPU_CONTAINER_QFI));
}

static uint32_t pdcp_of(unsigned type, const uint8_t *header, uint32_t length)
{
	if (type == GTPU_PDCP && length == 4)
		return (uint32_t)type << GTPU_PDCP_TYPE | be16_get(header + 1);
	if ((type == GTPU_PDCP_LONG || type == GTPU_PDCP_LONG_EPS) && length == 8)
		return (uint32_t)type << GTPU_PDCP_TYPE | (be32_get(header) & GTPU_PDCP_NUMBER);
	return 0;
}

static bool is_known(unsigned type)
{
	return type == GTPU_PDU_SESSION || type == GTPU_PDCP || type == GTPU_PDCP_LONG;
}

// Walks the chain that starts with type `next`. An extension header is 4 x its first octet long, and its last octet
// says what follows.
static enum gtpu_fault chain_skip(struct cursor *cursor, uint8_t next, struct gtpu_packet *gtpu)
{
	enum gtpu_fault fault = GTPU_SOUND;

	for (unsigned i = 0; next; i++) {
		uint32_t length = cursor->left ? cursor->at[0] * 4u : 0;
		const uint8_t *header = cursor->at;

		if (i == GTPU_EXTENSIONS || length == 0 || !cursor_skip(cursor, length))
			return GTPU_BAD;
		if (next & COMPREHENSION_REQUIRED && !is_known(next))
			fault = GTPU_UNKNOWN;
		if (next == GTPU_PDU_SESSION && !gtpu->container)
			gtpu->container = container_of(header);
		if (!gtpu->pdcp)
			gtpu->pdcp = pdcp_of(next, header, length);
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
		fault = chain_skip(&cursor, cursor.at[-1], gtpu);
	gtpu->payload = (uint16_t)(cursor.at - bytes);
	return fault;
}

void gtpu_put_options(uint8_t *bytes, uint8_t container, uint32_t pdcp)
{
	uint32_t number = pdcp & GTPU_PDCP_NUMBER;
	uint8_t *at = bytes + GTPU_HEADER + 4, type = (uint8_t)(pdcp >> GTPU_PDCP_TYPE);

	if (container) {
		gtpu_put_container(bytes, container);
		at += 4;
	} else if (pdcp) {
		bytes[0] |= GTPU_E;
		be32_put(bytes + GTPU_HEADER, 0);
	}
	if (!pdcp)
		return;
	at[-1] = type; // what follows there
	if (type == GTPU_PDCP)
		be32_put(at, 1u << 24 | number << 8);
	else
		be64_put(at, 2ull << 56 | (uint64_t)number << 32);
}
