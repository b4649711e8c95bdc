// own.h - GTP-U messages that the primary itself sends: End Markers (marker.h), Echo Requests (echo.h). From and to UDP port 2152.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define OWN_BYTES 68u // the longest: IPv6, UDP, GTP-U with a sequence number

struct loop;
struct post_word;

struct own_way {
	uint32_t from4, to4; // to4 0: by IPv6
	const uint8_t *from6, *to6;
	uint8_t tos;
};

// Writes the IP packet around a message of so many bytes, even and at most 12. Returns its length. Pure.
uint16_t own_write(uint8_t *packet, const struct own_way *way, const uint8_t *message, unsigned bytes);

// Sends such a packet to the radio side, in a room of our own: it is nobody's, and no verdict counts it. fate: LOOP_MARKER or LOOP_ECHO,
// which is counted when it leaves, or can't. The primary's loop.
struct own_peer {
	uint32_t ipv4; // 0 = by IPv6
	const uint8_t *ipv6;
	uint8_t tos;
};
void own_order(struct loop *loop, const struct post_word *order); // POST_MARKERS, POST_ECHOES
void own_send(struct loop *loop, struct own_peer peer, const uint8_t *message, unsigned bytes, uint8_t fate);
bool own_gone(struct loop *loop, unsigned fate,
	      bool sent); // what became of one that waited; false: it is no such message's fate
