// conf_port.h - ports, their networks, and the pools behind them, as the configuration has them (conf.h).
#pragma once
#include <stdint.h>

enum conf_driver { CONF_AF_XDP, CONF_AF_PACKET, CONF_TAP, CONF_MEMIF, CONF_PCAP, CONF_PCI, CONF_PLUGIN };
enum conf_role { CONF_ACCESS = 1, CONF_CORE = 2, CONF_BOTH = 3 };

struct conf_address {
	uint8_t bytes[16]; // network order; IPv4 in the first four
	uint8_t family;    // 4 or 6
	uint8_t prefix_len;
};

// A prefix that is reached by another next hop than the gateway.
struct conf_route {
	struct conf_address prefix;
	uint8_t via[16]; // of the same family
};

struct conf_port {
	char name[32]; // for people and counters
	enum conf_driver driver;
	char device[256];  // kernel interface, memif socket path, PCI address, pcap file to read, or plug-in's device
	char options[256]; // appended to the driver's device arguments
	enum conf_role role;
	uint16_t vlan;  // 0 = untagged, else the only tag accepted and sent
	uint16_t mtu;   // largest IP packet, bytes: 1280..2000
	uint8_t mac[6]; // all zero = the device's own
	unsigned addresses;
	struct conf_address address[16];
	uint32_t gateway4;    // next hop for IPv4 destinations that are not on a port's own prefixes; 0 = none
	uint8_t gateway6[16]; // same for IPv6; all zero = none
	unsigned routes;
	struct conf_route route[16];
	char network[64]; // empty: as for all others, none is named
};

struct conf_pool {
	char dnn[64];
	uint32_t ipv4;
	uint8_t ipv4_len; // 8..24, 0 = none
	uint64_t ipv6;
	uint8_t ipv6_len; // 16..56, 0 = none
	char network[64]; // as of its subscribers' ports
};
