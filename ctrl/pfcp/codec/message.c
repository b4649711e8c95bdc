// message.c - headers of PFCP messages (message.h).
#include <errno.h>
#include "ctrl/pfcp/codec/message.h"
#include "shared/wire/cursor.h"

#define VERSION 1u
#define LENGTH_FROM 4u // `length` counts from here

enum flag { FLAG_S = 1, FLAG_MP = 2, FLAG_FO = 4 };

int pfcp_header_read(const uint8_t *datagram, size_t bytes, struct pfcp_header *header)
{
	size_t length, own;

	*header = (struct pfcp_header){ 0 };
	if (bytes < PFCP_HEADER_NODE)
		return -EBADMSG;
	header->type = datagram[1];
	header->has_seid = datagram[0] & FLAG_S;
	own = header->has_seid ? PFCP_HEADER_SESSION : PFCP_HEADER_NODE;
	if (bytes < own)
		return -EBADMSG;
	header->sequence = be32_get(datagram + own - 4) >> 8;
	if (datagram[0] >> 5 != VERSION)
		return -EPROTONOSUPPORT;
	header->seid = header->has_seid ? be64_get(datagram + 4) : 0;
	header->has_priority = datagram[0] & FLAG_MP;
	header->priority = header->has_priority ? datagram[own - 1] >> 4 : 0;
	header->follows = datagram[0] & FLAG_FO;
	length = be16_get(datagram + 2) + LENGTH_FROM;
	if (length < own || length > bytes)
		return -EBADMSG;
	header->body = datagram + own;
	header->bytes = length - own;
	header->message_bytes = length;
	return 0;
}

void pfcp_message_begin(struct pfcp_writer *writer, const struct pfcp_header *header, uint8_t **mark)
{
	unsigned flags =
	    (header->has_seid ? FLAG_S : 0u) | (header->has_priority ? FLAG_MP : 0u) | (header->follows ? FLAG_FO : 0u);

	*mark = writer->at;
	pfcp_raw_number(writer, VERSION << 5 | flags, 1);
	pfcp_raw_number(writer, header->type, 1);
	pfcp_raw_number(writer, 0, 2);
	if (header->has_seid)
		pfcp_raw_number(writer, header->seid, 8);
	pfcp_raw_number(writer, header->sequence, 3);
	pfcp_raw_number(writer, header->has_priority ? (unsigned)header->priority << 4 : 0, 1);
}

void pfcp_message_end(struct pfcp_writer *writer, uint8_t *mark)
{
	size_t length;

	if (writer->full)
		return;
	length = (size_t)(writer->at - mark) - LENGTH_FROM;
	if (length > UINT16_MAX)
		writer->full = true;
	else
		be16_put(mark + 2, (uint16_t)length);
}
