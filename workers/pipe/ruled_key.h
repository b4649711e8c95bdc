// ruled_key.h - what filters ask of a packet (shared/wire/sheet_rules.h): its far end, ports, protocol, TOS, SPI, flow label.
//
// Pure. Ports and SPI are taken only from where they really are: behind options and extension headers, never from a later fragment.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/wire/ip.h"

#define RULED_NO_PORT 0x10000u // above every port: within no range

struct ruled_key {
	uint32_t remote[4]; // as numbers; IPv4: the first
	uint32_t remote_port, local_port;
	uint32_t kind;         // protocol | TOS << 16
	uint32_t spi, has_spi; // all ones where there is one
	uint32_t label;        // IPv6
};

// ip: what ip_read found at `packet`. up: its far end is the destination.
struct ruled_key ruled_key(const uint8_t *packet, const struct ip_packet *ip, bool up);
