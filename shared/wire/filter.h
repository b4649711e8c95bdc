// filter.h - an SDF filter's flow description, as SMFs write it: IPFilterRule of RFC 6733 4.3.1, as far as TS 29.212 5.4.2 lets it be used.
//
//   permit out PROTO from ADDRESS [PORTS] to ADDRESS [PORTS]
//
//   PROTO    ip (any), a number, or one of the names peers write: tcp, udp, sctp, icmp, icmpv6, esp, ah, gre
//   ADDRESS  any, assigned (the UE's), 192.0.2.1, 192.0.2.0/24, 2001:db8::/32; bits beyond the prefix are ignored
//   PORTS    80,443,1000-2000
//
// It is written as downlink packets are: from the remote end to the UE. Read the other way round is what can be meant in no other
// way: assigned as the source; permit in, which RFC 6733 defines from the UE; a multicast group after "to", which no UE has for its own.
//
// Pure. Any bytes may come; nothing is looked at twice.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_RANGES 32u // of ports, each side

struct filter_net {
	uint8_t family; // 4, 6; 0 = any address
	uint8_t bits;   // prefix length
	bool assigned;
	uint32_t word[4]; // of the prefix, as numbers, bits beyond it 0; IPv4: the first
};

struct filter_range {
	uint16_t first, last;
};

struct filter_ports {
	unsigned count; // 0 = any, and packets without ports
	struct filter_range range[FILTER_RANGES];
};

struct filter {
	struct filter_net remote, local; // local: the UE's side
	struct filter_ports remote_ports, local_ports;
	uint8_t protocol;
	bool any_protocol;
};

// 0; -EINVAL: it is no such text; -EOPNOTSUPP: it is, with what is not served (deny, !, options), or has more ranges of ports than fit.
// *fault then says what, a sentence (static string).
int filter_read(const char *text, size_t length, struct filter *filter, const char **fault);

// Of a prefix's words, which bits count.
static inline uint32_t filter_mask(unsigned bits, unsigned word)
{
	unsigned here = bits > word * 32 ? bits - word * 32 : 0;

	return here >= 32 ? UINT32_MAX : ~(uint32_t)(UINT32_MAX >> here);
}

// Whether the network holds this address: an IPv4 one, an IPv6 /64. 0 = the UE has none of that family.
bool filter_holds(const struct filter_net *net, uint32_t ipv4, uint64_t ipv6);
