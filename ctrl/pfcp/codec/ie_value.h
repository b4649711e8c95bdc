// ie_value.h - the values of information elements (TS 29.244 8.2) as plain structs: host order, no pointers but into the datagram.
//
// ie_get.h reads them, ie_put.h writes them.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define PFCP_NAME 256u // of a name as text, its end included

struct pfcp_address {
	bool has_ipv4, has_ipv6;
	uint32_t ipv4;
	uint8_t ipv6[16];
};

struct pfcp_node_id {
	uint8_t kind; // enum pfcp_node_id_kind
	struct pfcp_address address;
	char name[PFCP_NAME]; // lower case
};

struct pfcp_fseid {
	uint64_t seid;
	struct pfcp_address address;
};

struct pfcp_fteid {
	bool choose, has_choose_id; // choose: address says only which families are wanted
	uint8_t choose_id;
	uint32_t teid;
	struct pfcp_address address;
};

struct pfcp_ue_address {
	struct pfcp_address address;
	bool destination;              // S/D: it is the destination
	bool choose_ipv4, choose_ipv6; // CHV4, CHV6
	bool has_delegated, has_prefix_bits;
	uint8_t delegated_bits; // IPv6D: the prefix is 64 - that long
	uint8_t prefix_bits;    // IP6PL
};

struct pfcp_outer_creation {
	uint16_t description; // PFCP_OUTER_HEADER_CREATION_... bits
	uint16_t port;
	uint32_t teid;
	struct pfcp_address address;
	uint8_t ctag[3], stag[3];
};

struct pfcp_outer_removal {
	uint8_t description; // enum pfcp_outer_header_removal_kind
	bool delete_pdu_container;
};

struct pfcp_sdf {
	bool has_tos, has_spi, has_label, has_id;
	const char *flow; // not ended; null: no flow description
	uint16_t flow_bytes, tos;
	uint32_t spi, label, id;
};

struct pfcp_rate { // MBR, GBR
	uint64_t uplink_kbps, downlink_kbps;
};

struct pfcp_gate {
	bool uplink_closed, downlink_closed;
};

enum pfcp_volume_has {
	PFCP_VOLUME_TOTAL = 1,
	PFCP_VOLUME_UPLINK = 2,
	PFCP_VOLUME_DOWNLINK = 4,
	PFCP_VOLUME_BYTES = 7,
	PFCP_VOLUME_PACKETS = 0x38
};

struct pfcp_volume { // Volume Threshold, Quota, Measurement; packets (has << 3) only in a measurement
	uint8_t has;
	uint64_t total, uplink, downlink;
	uint64_t total_packets, uplink_packets, downlink_packets;
};

struct pfcp_dropped {
	bool has_packets, has_bytes;
	uint64_t packets, bytes;
};

unsigned pfcp_rule_octets(unsigned kind); // of a rule's id; 0: no such kind

struct pfcp_failed_rule {
	uint8_t kind; // enum pfcp_failed_rule_id_kind
	uint32_t id;
};

struct pfcp_piece { // text inside a value, not ended
	const char *text;
	uint16_t length;
};

#define PFCP_PFD_PARTS 8u

struct pfcp_pfd { // PFD Contents: a part for each of its bits; text null: it is not there
	struct pfcp_piece part[PFCP_PFD_PARTS];
};

// Which part, of PFCP_PFD_CONTENTS_... .
enum pfcp_pfd_part { PFCP_PFD_FLOW = 0, PFCP_PFD_FLOWS = 5 };

struct pfcp_redirect {
	uint8_t kind; // enum pfcp_redirect_information_kind
	struct pfcp_piece address, other;
};
