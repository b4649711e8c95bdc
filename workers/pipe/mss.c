// mss.c - finds the option and makes it smaller. Pure; the worker's loop, one thread.
//
// A packet may be done again from where a death has left it. So option and checksum are written in one store wherever both lie within
// sixteen bytes, as all known senders put them; else a death between the two costs a SYN, which is sent again.
#include "workers/pipe/mss.h"
#include <stdbool.h>
#include <string.h>
#include "shared/plane/verdict.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

enum { TCP_HEADER = 20, TCP_OFFSET = 12, TCP_FLAGS = 13, TCP_SUM = 16, TCP_SYN = 2 };
enum { OPTION_END, OPTION_NOP, OPTION_MSS, OPTION_MSS_BYTES = 4 };

// The TCP header of a packet that has one at hand, whole; null. *bytes: of it, options included; *most: what it may say.
static uint8_t *tcp_find(uint8_t *ip, uint32_t length, uint32_t *bytes, uint16_t *most)
{
	bool six = ip[0] >> 4 == 6;
	uint32_t header = six ? IP6_HEADER : (ip[0] & 15u) * 4;

	if (length < header + TCP_HEADER || ip[six ? 6 : 9] != IP_TCP)
		return NULL;
	if (!six && be16_get(ip + 6) & IP4_FRAGMENT & ~0x2000u)
		return NULL; // not the first one
	*bytes = (ip[header + TCP_OFFSET] >> 4) * 4u;
	*most = (uint16_t)(*most - (six ? MSS_LESS6 : 0));
	return *bytes >= TCP_HEADER && length >= header + *bytes ? ip + header : NULL;
}

// Where its value lies; 0: it has none.
static uint32_t option_find(const uint8_t *tcp, uint32_t bytes)
{
	uint32_t at = TCP_HEADER;

	while (at + OPTION_MSS_BYTES <= bytes && tcp[at] != OPTION_END) {
		if (tcp[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (tcp[at] == OPTION_MSS)
			return tcp[at + 1] == OPTION_MSS_BYTES ? at + 2 : 0;
		if (tcp[at + 1] < 2)
			return 0;
		at += tcp[at + 1];
	}
	return 0;
}

// RFC 1624 eqn. 3. A word that begins at an odd place counts with its bytes changed round.
static uint16_t sum_after(uint16_t sum, uint16_t was, uint16_t is, bool odd)
{
	if (odd) {
		was = __builtin_bswap16(was);
		is = __builtin_bswap16(is);
	}
	return (uint16_t)~ip_fold((uint64_t)(uint16_t)~sum + (uint16_t)~was + is);
}

static void option_put(uint8_t *tcp, uint32_t bytes, uint32_t at, uint16_t most)
{
	uint16_t sum = sum_after(be16_get(tcp + TCP_SUM), be16_get(tcp + at), most, at & 1);
	uint8_t window[16];

	if (at + 2 <= TCP_SUM + 8) {
		memcpy(window, tcp + TCP_SUM, 8);
		be16_put(window, sum);
		be16_put(window + at - TCP_SUM, most);
		memcpy(tcp + TCP_SUM, window, 8);
	} else if (at + 2 <= TCP_SUM + 16 && bytes >= TCP_SUM + 16) {
		memcpy(window, tcp + TCP_SUM, 16);
		be16_put(window, sum);
		be16_put(window + at - TCP_SUM, most);
		memcpy(tcp + TCP_SUM, window, 16);
	} else {
		be16_put(tcp + at, most);
		be16_put(tcp + TCP_SUM, sum);
	}
}

void mss_clamp(uint8_t *ip, uint32_t length, uint16_t most)
{
	uint32_t bytes, at;
	uint8_t *tcp = tcp_find(ip, length, &bytes, &most);

	if (!tcp || !(tcp[TCP_FLAGS] & TCP_SYN))
		return;
	at = option_find(tcp, bytes);
	if (at && be16_get(tcp + at) > most)
		option_put(tcp, bytes, at, most);
}

// Bytes in front of the user's packet in a tunnel that we have closed.
static uint32_t front(const uint8_t *outer)
{
	uint32_t gtpu = (outer[0] >> 4 == 6 ? IP6_HEADER : IP4_HEADER) + UDP_HEADER;

	return gtpu + (outer[gtpu] & GTPU_E ? GTPU_HEADER_QFI : GTPU_HEADER);
}

void mss_burst(const struct rooms *rooms, const struct lane_handle *handles, unsigned n, uint16_t most)
{
	for (unsigned i = 0; i < n; i++) {
		const struct lane_handle *handle = &handles[i];
		uint8_t *packet;
		uint32_t bytes;

		if (handle->code != VERDICT_FORWARD)
			continue;
		packet = room_at(rooms, handle->room) + handle->offset;
		bytes = handle->port == LANE_SIDE_ACCESS ? front(packet) : 0;
		mss_clamp(packet + bytes, handle->length - bytes, most);
	}
}
