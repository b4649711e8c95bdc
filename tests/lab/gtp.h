// gtp.h - GTP-U as the radio side speaks it, written from TS 29.281 and TS 38.415 without a look at the gateway's code:
// a tunnel is only proven by two ends that were made apart. Pure functions.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define GTP_PORT 2152
#define GTP_ECHO_REQUEST 1
#define GTP_ECHO_RESPONSE 2
#define GTP_ERROR_INDICATION 26
#define GTP_END_MARKER 254
#define GTP_GPDU 255
#define GTP_NO_QFI 255u
#define GTP_HEAD_MAX 16u

struct gtp {
	uint32_t teid;
	uint16_t sequence;
	uint8_t type;
	uint8_t qfi;    // of a DL PDU Session Container; GTP_NO_QFI = none came
	size_t payload; // offset of what follows the header; for a G-PDU the inner packet
	size_t end;     // offset of its end
};

// 0, or -EBADMSG.
int gtp_parse(const uint8_t *bytes, size_t length, struct gtp *gtp);

// Writes the header of a G-PDU with `inner` payload bytes: with the UL PDU Session Container unless qfi is GTP_NO_QFI.
// Returns its length, at most GTP_HEAD_MAX.
size_t gtp_head(uint8_t *out, uint32_t teid, uint8_t qfi, size_t inner);

// Writes the answer to an echo request; returns its length, at most GTP_HEAD_MAX.
size_t gtp_echo_response(uint8_t *out, uint16_t sequence);
