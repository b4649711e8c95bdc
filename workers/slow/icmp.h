// icmp.h - ICMP errors about packets that can't go on. Pure; the packet becomes the quotation in its error.
#pragma once
#include "shared/plane/verdict.h"
#include "workers/slow/slow.h"

enum icmp_error {
	ICMP_TIME_EXCEEDED, // RFC 792 type 11 code 0; RFC 4443 3.3
	ICMP_TOO_BIG,       // RFC 1191 section 4, type 3 code 4; RFC 4443 3.2
};

// Whether an error may be sent about this packet: never about an error, a fragment that is not the first, a multicast or
// broadcast, or a source that is no single host (RFC 1122 3.2.2, RFC 4443 2.4 e). VERDICT_ANSWERED, and the packet without
// its frame's padding; or the verdict that refuses.
enum verdict icmp_may_answer(struct slow_packet *packet);

// Builds the error in front of the packet, from our address, of its family, to its source; null: we have none. mtu: for ICMP_TOO_BIG.
// VERDICT_ANSWERED, or VERDICT_SLOW_REFUSED.
enum verdict icmp_answer(struct slow_packet *packet, const uint8_t *source, enum icmp_error error, uint32_t mtu);
