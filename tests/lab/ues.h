// ues.h - the radio side's table of subscribers: who has which address, and which tunnel is theirs.
//
// Read from a CSV file with this first line; empty cells mean "none", TEIDs are decimal or 0x...:
//
//   ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi
//   10.45.0.1,2001:db8:45::/64,0x1000301,0x77000001,10.99.3.1,9
//
// Owned by the caller, never changed once read. Host order throughout.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define UE_NO_QFI 255u

struct ue {
	uint64_t ipv6;          // /64 prefix, 0 = none
	uint32_t ipv4;          // 0 = none
	uint32_t uplink_teid;   // the gateway's
	uint32_t downlink_teid; // ours
	uint32_t peer;          // the gateway's GTP-U address
	uint8_t qfi;            // UE_NO_QFI = no PDU Session Container (a 4G bearer)
};

struct ues;

// Returns the table, or null with one line in `error` that names file and line.
struct ues *ues_read(const char *path, char *error, size_t error_bytes);
void ues_free(struct ues *ues);
size_t ues_count(const struct ues *ues);

// Null = nobody.
const struct ue *ues_by_ipv4(const struct ues *ues, uint32_t ipv4);
const struct ue *ues_by_ipv6(const struct ues *ues, uint64_t prefix);
const struct ue *ues_by_teid(const struct ues *ues, uint32_t downlink_teid);
