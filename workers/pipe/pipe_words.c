// pipe_words.c - the constants themselves.
#include "workers/pipe/pipe_words.h"
#include "shared/plane/lane.h"
#include "shared/plane/region.h"
#include "workers/pipe/flow.h"
#include "workers/pipe/tunnel.h"

#define ALL(word) COLUMNS_ALL(word)

const struct pipe_words pipe_words = {
	.low = ALL(0xffff),
	.high = ALL(0xffff0000),
	.byte = ALL(0xff),
	.none = ALL(UINT32_MAX),
	.uplink = ALL(LANE_UPLINK),
	.downlink = ALL(LANE_DOWNLINK),
	.stride = ALL(ROOM_STRIDE),
	.up_least = ALL(TUNNEL_BYTES + IP4_HEADER),
	.down_least = ALL(IP4_HEADER + 4),
	.front_qfi = ALL(TUNNEL_BYTES_QFI),
	.plain4 = ALL(LINE_VALID | LINE_PLAIN4),
	.burst = ALL(LANE_BURST),
	.turning = ALL(0x80000000 - LANE_BURST),
	.hop = ALL(0x100u - 0x1000000),
	.hop_carry = ALL(0x101),
	.version = ALL(0x45000000),
	.version_counts = ALL(0xff00ffff),
	.outer_counts = ALL(0xff00ffff | TUNNEL_ECN << 16),
	.fragment = ALL(__builtin_bswap32(IP4_FRAGMENT)),
	.whole = ALL(__builtin_bswap32(IP4_DF)),
	.udp_counts = ALL(__builtin_bswap32(0xff << 16)),
	.udp = ALL(__builtin_bswap32(IP_UDP << 16)),
	.tunnel_third = ALL(TUNNEL_TTL << 24 | IP_UDP << 16 | 0xffff),
	.gtpu_port = ALL(__builtin_bswap32(GTPU_PORT)),
	.gpdu = ALL(GTPU_PLAIN << 16),
	.front = ALL(TUNNEL_BYTES),
	.front_ip = ALL(IP4_HEADER),
	.inward = ALL(TUNNEL_BYTES - (TUNNEL_BYTES << 16)),
	.qfi = ALL(BEARER_QFI),
	.tcp = ALL(IP_TCP),
	.udp_protocol = ALL(IP_UDP),
	.sctp = ALL(IP_SCTP),
	.ports_least = ALL(IP4_HEADER + 3),
	.flow_low = ALL((uint32_t)FLOW_FACTOR),
	.flow_high = ALL((uint32_t)(FLOW_FACTOR >> 32)),
	.port_first = ALL(FLOW_PORT_FIRST << 16 | GTPU_PORT),
};
_Static_assert((LANE_BURST & (LANE_BURST - 1)) == 0, "a mask");
