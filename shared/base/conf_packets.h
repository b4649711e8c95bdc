// conf_packets.h - what becomes of subscribers' packets beyond their sessions' rules. Part of struct conf (conf.h).
#pragma once
#include <stdint.h>

#define CONF_MSS_LEAST 536u

// From subscriber to subscriber: by the shortest way, by the packet data network, or not at all.
enum conf_ue_to_ue { CONF_LOCAL, CONF_NETWORK, CONF_REFUSE };

struct conf_packets {
	enum conf_ue_to_ue ue_to_ue;
	uint32_t tcp_mss;    // largest that a SYN over IPv4 may say, over IPv6 20 less; 0 = whatever it says
	unsigned fragment;   // enum conf_yes: what its sender lets us cut is cut where it is too large
	uint32_t reassemble; // G-PDUs in fragments that may be put together at once: 0..1024; 0 = none are
};
