// gtp.c - the radio side's GTP-U. Pure functions on bytes.
#include "tests/lab/gtp.h"
#include <errno.h>

#define FLAGS_V1 0x30u // version 1, protocol type GTP
#define FLAG_E 0x04u
#define FLAG_S 0x02u
#define FLAGS_ANY 0x07u
#define EXT_PDU_SESSION 0x85u
#define IE_RECOVERY 14u

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

// DL PDU SESSION INFORMATION, TS 38.415 5.5.2.1: PDU type 0 in the upper half of the first octet, QFI in the lower six bits
// of the second.
static void gtp_extension(const uint8_t *at, uint8_t type, struct gtp *gtp)
{
	if (type == EXT_PDU_SESSION && at[1] >> 4 == 0)
		gtp->qfi = at[2] & 0x3f;
}

int gtp_parse(const uint8_t *bytes, size_t length, struct gtp *gtp)
{
	uint8_t next;

	if (length < 8 || (bytes[0] & 0xf0) != FLAGS_V1 || 8u + get16(bytes + 2) > length)
		return -EBADMSG;
	*gtp = (struct gtp){ .type = bytes[1], .teid = get32(bytes + 4), .qfi = GTP_NO_QFI, .payload = 8 };
	gtp->end = 8u + get16(bytes + 2);
	if (!(bytes[0] & FLAGS_ANY))
		return 0;
	if (gtp->end < 12)
		return -EBADMSG;
	gtp->payload = 12;
	gtp->sequence = get16(bytes + 8);
	next = bytes[0] & FLAG_E ? bytes[11] : 0;
	while (next) {
		size_t units = gtp->payload < gtp->end ? bytes[gtp->payload] : 0;
		size_t past = gtp->payload + units * 4;

		if (!units || past > gtp->end)
			return -EBADMSG;
		gtp_extension(bytes + gtp->payload, next, gtp);
		next = bytes[past - 1];
		gtp->payload = past;
	}
	return 0;
}

size_t gtp_head(uint8_t *out, uint32_t teid, uint8_t qfi, size_t inner)
{
	size_t length = qfi == GTP_NO_QFI ? 8 : 16;

	out[0] = FLAGS_V1;
	out[1] = GTP_GPDU;
	put16(out + 2, inner + length - 8);
	put16(out + 4, teid >> 16);
	put16(out + 6, teid & 0xffff);
	if (length == 8)
		return length;
	out[0] |= FLAG_E;
	put16(out + 8, 0);
	out[10] = 0;
	out[11] = EXT_PDU_SESSION;
	out[12] = 1;    // in units of four octets
	out[13] = 0x10; // UL PDU SESSION INFORMATION, TS 38.415 5.5.2.2
	out[14] = qfi;
	out[15] = 0;
	return length;
}

size_t gtp_echo_response(uint8_t *out, uint16_t sequence)
{
	out[0] = FLAGS_V1 | FLAG_S;
	out[1] = GTP_ECHO_RESPONSE;
	put16(out + 2, 6);
	put16(out + 4, 0);
	put16(out + 6, 0);
	put16(out + 8, sequence);
	out[10] = 0;
	out[11] = 0;
	out[12] = IE_RECOVERY; // value zero: TS 29.281 7.2.2
	out[13] = 0;
	return 14;
}
