// signal.c - reads GTP-U signalling, builds its answers. Pure.
#include "workers/slow/signal.h"
#include <string.h>
#include "shared/wire/ip.h"
#include "workers/slow/echo.h"

#define FRONT (GTPU_HEADER + 4u) // all we send has a sequence number (TS 29.281 5.1)

// Information elements: TS 29.281 8.1.
enum { RECOVERY = 14, TEID_DATA = 16, PEER_ADDRESS = 133, EXTENSION_LIST = 141 };

static uint32_t ip_bytes(const struct signal *signal)
{
	return signal->family == 4 ? IP4_HEADER : IP6_HEADER;
}

static uint32_t address_bytes(const struct signal *signal)
{
	return signal->family == 4 ? 4 : 16;
}

static void ends_read(struct signal *signal, const uint8_t *packet)
{
	uint32_t bytes = address_bytes(signal);
	const uint8_t *source = packet + (signal->family == 4 ? 12 : 8);

	memcpy(signal->source, source, bytes);
	memcpy(signal->destination, source + bytes, bytes);
}

// A checksum is not asked for over IPv4, and a tunnel's may be zero over IPv6 (RFC 6935); one that is there has to be right.
static bool sum_good(const uint8_t *packet, const uint8_t *udp, uint32_t length)
{
	return packet[0] >> 4 == 4 || be16_get(udp + 6) == 0 ||
	       (uint16_t)(ip6_checksum_upper(packet, IP_UDP, udp, length) + 1) <= 1;
}

static enum verdict message_read(struct signal *signal, const uint8_t *udp, uint32_t length)
{
	const uint8_t *message = udp + UDP_HEADER;

	signal->fault = gtpu_read(&signal->gtpu, message, length - UDP_HEADER);
	if (signal->fault == GTPU_BAD)
		return VERDICT_BAD_GTPU;
	signal->port = be16_get(udp);
	signal->elements = message + signal->gtpu.payload;
	signal->elements_bytes = signal->gtpu.end - signal->gtpu.payload;
	return VERDICT_ANSWERED;
}

enum verdict signal_read(struct signal *signal, const struct slow_packet *packet)
{
	struct ip_packet ip;
	enum ip_fault fault = ip_read(&ip, packet->packet, packet->length);
	const uint8_t *udp;
	uint32_t length;

	if (fault != IP_SOUND)
		return fault == IP_SHORT ? VERDICT_SHORT : VERDICT_BAD_IP;
	if (ip.protocol != IP_UDP)
		return VERDICT_SLOW_REFUSED;
	if (ip.version == 4 && be16_get(packet->packet + 6) & IP4_FRAGMENT)
		return VERDICT_FRAGMENT;
	if (ip.length < ip.header + UDP_HEADER)
		return VERDICT_SHORT;
	udp = packet->packet + ip.header;
	length = be16_get(udp + 4);
	if (length < UDP_HEADER || length > ip.length - ip.header || !sum_good(packet->packet, udp, length))
		return VERDICT_BAD_UDP;
	if (be16_get(udp + 2) != GTPU_PORT)
		return VERDICT_SLOW_REFUSED;
	*signal = (struct signal){ .family = ip.version, .tos = ip.tos };
	ends_read(signal, packet->packet);
	return message_read(signal, udp, length);
}

// Those below 128 are of a length that everybody knows, or the rest can't be read; the others say theirs (TS 29.281 8.1).
static bool element_skip(struct cursor *cursor, uint8_t type, const uint8_t **value, uint32_t *bytes)
{
	*bytes = type == RECOVERY ? 1 : 4;
	if (type < 128 && type != RECOVERY && type != TEID_DATA)
		return false;
	if (type >= 128) {
		if (cursor->left < 2)
			return false;
		*bytes = be16_get(cursor->at);
		cursor_skip(cursor, 2);
	}
	*value = cursor->at;
	return cursor_skip(cursor, *bytes);
}

static bool peer_read(struct signal_error *error, const uint8_t *value, uint32_t bytes)
{
	if (error->family || (bytes != 4 && bytes != 16))
		return false;
	error->family = bytes == 4 ? 4 : 6;
	memcpy(error->peer, value, bytes);
	return true;
}

bool signal_error_read(const struct signal *signal, struct signal_error *error)
{
	struct cursor cursor = cursor_over(signal->elements, signal->elements_bytes);
	unsigned teids = 0;

	*error = (struct signal_error){ 0 };
	while (cursor.left) {
		uint8_t type = cursor.at[0];
		const uint8_t *value;
		uint32_t bytes;

		cursor_skip(&cursor, 1);
		if (!element_skip(&cursor, type, &value, &bytes))
			return false;
		if (type == TEID_DATA && !teids++)
			error->teid = be32_get(value);
		if (type == PEER_ADDRESS && !peer_read(error, value, bytes))
			return false;
	}
	return teids == 1 && error->family;
}

static uint8_t *message_at(const struct slow_packet *packet, const struct signal *signal)
{
	return packet->packet + ip_bytes(signal) + UDP_HEADER;
}

static void ip6_put(uint8_t *ip, const struct signal *signal, uint32_t length)
{
	be32_put(ip, 6u << 28 | (uint32_t)signal->tos << 20);
	be16_put(ip + 4, (uint16_t)length);
	ip[6] = IP_UDP;
	ip[7] = ECHO_HOPS;
	memcpy(ip + 8, signal->destination, 16);
	memcpy(ip + 24, signal->source, 16);
}

// IP and UDP headers around a message of that many bytes, from whom the question was for to who asked.
static void answer_put(struct slow_packet *packet, const struct signal *signal, uint16_t port, uint32_t message)
{
	uint8_t *ip = packet->packet, *udp = ip + ip_bytes(signal);
	uint32_t length = UDP_HEADER + message;

	packet->length = ip_bytes(signal) + length;
	udp_put(udp, GTPU_PORT, port, length);
	if (signal->family == 4) {
		const struct ip4_fields fields = { .source = be32_get(signal->destination),
						   .destination = be32_get(signal->source),
						   .length = packet->length,
						   .tos = signal->tos,
						   .ttl = ECHO_HOPS,
						   .protocol = IP_UDP };

		ip4_put(ip, &fields);
		return;
	}
	ip6_put(ip, signal, length);
	be16_put(udp + 6, ip6_checksum_upper(ip, IP_UDP, udp, length));
}

// Everything but G-PDUs and End Markers has TEID 0 (TS 29.281 5.1).
static void header_put(uint8_t *message, enum gtpu_type type, uint32_t bytes, uint16_t sequence)
{
	memset(message, 0, FRONT);
	message[0] = GTPU_VERSION_1 | GTPU_PT | GTPU_S;
	message[1] = (uint8_t)type;
	be16_put(message + 2, (uint16_t)(bytes - GTPU_HEADER));
	be16_put(message + 8, sequence);
}

void signal_echo_answer(struct slow_packet *packet, const struct signal *request)
{
	uint8_t *message = message_at(packet, request);
	const uint32_t bytes = FRONT + 2;

	header_put(message, GTPU_ECHO_RESPONSE, bytes, request->gtpu.sequence);
	message[FRONT] = RECOVERY;
	message[FRONT + 1] = 0;
	answer_put(packet, request, request->port, bytes);
}

void signal_error_put(struct slow_packet *packet, const struct signal *g_pdu)
{
	uint8_t *message = message_at(packet, g_pdu), *at = message + FRONT;
	const uint32_t address = address_bytes(g_pdu), bytes = FRONT + 4 + 5 + 3 + address;

	header_put(message, GTPU_ERROR_INDICATION, bytes, 0);
	message[0] |= GTPU_E;
	message[FRONT - 1] = GTPU_UDP_PORT;
	at[0] = 1; // of four bytes; none follows
	be16_put(at + 1, g_pdu->port);
	at[3] = 0;
	at[4] = TEID_DATA;
	be32_put(at + 5, g_pdu->gtpu.teid);
	at[9] = PEER_ADDRESS;
	be16_put(at + 10, (uint16_t)address);
	memcpy(at + 12, g_pdu->destination, address);
	answer_put(packet, g_pdu, GTPU_PORT, bytes);
}

void signal_notice_put(struct slow_packet *packet, const struct signal *signal)
{
	static const uint8_t known[] = { GTPU_UDP_PORT, GTPU_PDCP_LONG, GTPU_PDU_SESSION, GTPU_PDCP };
	uint8_t *message = message_at(packet, signal), *at = message + FRONT;
	const uint32_t bytes = FRONT + 2 + sizeof(known);

	header_put(message, GTPU_EXTENSION_NOTICE, bytes, 0);
	at[0] = EXTENSION_LIST;
	at[1] = sizeof(known);
	memcpy(at + 2, known, sizeof(known));
	answer_put(packet, signal, GTPU_PORT, bytes);
}
