// gate.h - ports, addresses and frames for tests of steer.
#pragma once
#include <stdint.h>
#include "primary/edge/steer.h"

enum { GATE_ACCESS, GATE_CORE, GATE_BOTH, GATE_TAGGED }; // ports; the last is a core port with VLAN 100
#define GATE_GTPU 0x0a010101u                            // 10.1.1.1/24, on the access port
#define GATE_CORE4 0x0a020201u                           // 10.2.2.1/24, on the core port
#define GATE_UE 0x64400a0bu                              // 100.64.10.11
extern const uint8_t gate_gtpu6[16], gate_core6[16], gate_ue6[16], gate_mac[6];

extern struct steer *gate_steer; // of the running test
static const struct steer_side gate_inside = { CONF_CORE, 0 },
			       gate_outside = { CONF_ACCESS, 0 }; // of packets from inside
extern unsigned gate_usual;                                       // frames that went the short way

int gate_setup(void **state);
int gate_teardown(void **state);

// A frame under construction: begun by gate_ether, with whatever is added behind.
struct gate_frame {
	uint8_t bytes[2048];
	unsigned length;
};

struct gate_frame gate_ether(unsigned type);
void gate_add(struct gate_frame *f, const void *bytes, unsigned length);
void gate_add16(struct gate_frame *f, unsigned value);
void gate_add_ipv4(struct gate_frame *f, uint32_t destination, uint8_t protocol, unsigned payload);
void gate_add_gtpu(struct gate_frame *f, unsigned port, uint8_t flags, uint8_t type, uint32_t teid);

struct gate_frame gate_gtpu(unsigned type, uint32_t teid);                            // to our GTP-U address
struct gate_frame gate_ipv4(uint32_t destination);                                    // TCP
struct gate_frame gate_ipv6(const uint8_t *destination, uint8_t next, uint8_t first); // first: payload's first byte
void gate_add_ipv6(struct gate_frame *f, const uint8_t *destination, uint8_t next, unsigned payload);

struct steer_result gate_go(unsigned port, const struct gate_frame *f);
void gate_refused(unsigned port, const struct gate_frame *f, unsigned verdict);
void gate_lane(unsigned port, const struct gate_frame *f, unsigned kind);
