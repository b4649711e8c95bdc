// gtpu.h - GTP-U headers after TS 29.281 5.1 and 5.2: parse with all options, build what the gateway sends.
//
// Pure. Works on bytes and lengths; knows no session.
#pragma once
#include <stdint.h>
#include "shared/wire/cursor.h"

#define GTPU_PORT 2152u
#define GTPU_HEADER 8u
#define GTPU_TEID 4u        // where it lies in the header
#define GTPU_HEADER_QFI 16u // with a PDU Session Container
#define GTPU_EXTENSIONS 8u  // extension headers we walk over before we call it a loop

enum gtpu_type { // TS 29.281 6.1
	GTPU_ECHO_REQUEST = 1,
	GTPU_ECHO_RESPONSE = 2,
	GTPU_ERROR_INDICATION = 26,
	GTPU_EXTENSION_NOTICE = 31,
	GTPU_END_MARKER = 254,
	GTPU_G_PDU = 255
};

enum gtpu_flag { GTPU_PN = 1, GTPU_S = 2, GTPU_E = 4, GTPU_PT = 16 };
#define GTPU_VERSION_1 0x20u
#define GTPU_PLAIN ((GTPU_VERSION_1 | GTPU_PT) << 8 | GTPU_G_PDU) // flags and type of a G-PDU without options
#define GTPU_UDP_PORT 0x40u    // the port a G-PDU came from, in Error Indications: TS 29.281 5.2.2.1
#define GTPU_PDU_SESSION 0x85u // PDU Session Container, TS 29.281 5.2.2.7
#define GTPU_PDCP 0xc0u        // PDCP PDU Number, TS 29.281 5.2.2.2
#define GTPU_PDCP_LONG 0x82u   // 5.2.2.2A; in EPS
#define GTPU_PDCP_LONG_EPS 0x03u

// A PDU Session Container in a byte: QFI, which way (UL or DL PDU Session Information, TS 38.415 5.5.2), and that there is one; 0 = none.
#define GTPU_CONTAINER 0x80u
#define GTPU_CONTAINER_UP 0x40u
#define GTPU_CONTAINER_QFI 0x3fu

// What a packet of a handover's detour is numbered with, in a word: the type of the extension header, and the number; 0 = none.
#define GTPU_PDCP_TYPE 24u // shift
#define GTPU_PDCP_NUMBER 0x3ffffu

enum gtpu_fault {
	GTPU_SOUND,
	GTPU_BAD,     // short, malformed, another version, a length that lies, too many extension headers
	GTPU_UNKNOWN, // sound, but carries an unknown extension header that demands comprehension
};

struct gtpu_packet {
	uint32_t teid;
	uint16_t sequence; // 0 without S flag
	uint16_t payload;  // offset behind the header and all its extensions
	uint16_t end;      // offset behind the message, from its length field; payload <= end
	uint8_t type;
	uint8_t container; // the first one there is: GTPU_CONTAINER
	uint32_t pdcp;     // likewise: GTPU_PDCP_TYPE
};

// The part of gtpu_read behind the first eight bytes: options and extension headers.
enum gtpu_fault gtpu_read_options(struct gtpu_packet *gtpu, const uint8_t *bytes);

// Reads the message at bytes[0..left). *gtpu is filled unless GTPU_BAD.
static inline enum gtpu_fault gtpu_read(struct gtpu_packet *gtpu, const uint8_t *bytes, uint32_t left)
{
	uint32_t end;

	if (left < GTPU_HEADER || (bytes[0] & 0xf0) != (GTPU_VERSION_1 | GTPU_PT))
		return GTPU_BAD;
	end = GTPU_HEADER + be16_get(bytes + 2);
	if (end > left || end > UINT16_MAX)
		return GTPU_BAD;
	*gtpu = (struct gtpu_packet){ be32_get(bytes + 4), 0, GTPU_HEADER, (uint16_t)end, bytes[1], 0, 0 };
	return bytes[0] & (GTPU_E | GTPU_S | GTPU_PN) ? gtpu_read_options(gtpu, bytes) : GTPU_SOUND;
}

// Writes a G-PDU header in front of a payload of `length` bytes.
static inline void gtpu_put(uint8_t *bytes, uint32_t teid, uint32_t length)
{
	be64_put(bytes, (uint64_t)GTPU_PLAIN << 48 | (uint64_t)length << 32 | teid);
}

// Puts a PDU Session Container behind such a header whose length counts it: PDU type 0, DL PDU Session Information (TS 38.415
// 5.5.2.1).
static inline void gtpu_put_qfi(uint8_t *bytes, uint8_t qfi)
{
	bytes[0] |= GTPU_E;
	be64_put(bytes + GTPU_HEADER, (uint64_t)GTPU_PDU_SESSION << 32 | 1u << 24 | (uint64_t)(qfi & 63) << 8);
}

// The same of either type, as `container` says.
static inline void gtpu_put_container(uint8_t *bytes, uint8_t container)
{
	gtpu_put_qfi(bytes, container);
	bytes[GTPU_HEADER + 5] = container & GTPU_CONTAINER_UP ? 1 << 4 : 0;
}

// DL PDU Session Information that is there asks for reflective QoS (RQI).
static inline void gtpu_put_reflective(uint8_t *bytes)
{
	bytes[GTPU_HEADER + 6] |= 1 << 6;
}

// Bytes that these take behind a G-PDU's first eight.
static inline uint32_t gtpu_options(uint8_t container, uint32_t pdcp)
{
	uint32_t number = pdcp >> GTPU_PDCP_TYPE == GTPU_PDCP ? 4 : 8;

	return container || pdcp ? 4u + (container ? 4 : 0) + (pdcp ? number : 0) : 0;
}

// Puts them there; the header's length counts them. The container comes first (TS 29.281 table 5.2.1-3).
void gtpu_put_options(uint8_t *bytes, uint8_t container, uint32_t pdcp);
