// verdict.h - every way a packet can leave Shoal. The list is the enum, the counter index, the metric name and the
// help text; there is no other way out.
//
// Final verdicts end a packet: it is forwarded or refused, and counted once, by the primary. Relay verdicts pass it
// on inside Shoal. At any instant, over all ports:
//   rx = FORWARD + sum(other final verdicts) + in flight (lent to seats, held, waiting for a neighbour)
#pragma once
#include <stdbool.h>
#include <stdint.h>

// clang-format off
// X(name, help). Final verdicts first, FORWARD first of all.
#define VERDICTS_FINAL(X) \
	X(FORWARD, "sent to the other side") \
	X(ANSWERED, "answered by the gateway itself: ARP, ND, echo, ICMP error. From the slow lane: send it, it is the answer") \
	X(NOT_IP, "Ethernet type not served: neither IPv4, IPv6 nor ARP") \
	X(VLAN, "802.1Q tag missing, unexpected or doubled for this port") \
	X(SHORT, "frame ends inside a header") \
	X(TOO_LONG, "frame larger than a room or the port's MTU, or in several segments") \
	X(BAD_IP, "IP header malformed: version, length or checksum") \
	X(FRAGMENT, "fragment that is not put together: it came twice, or none are") \
	X(BAD_UDP, "outer UDP length wrong") \
	X(BAD_GTPU, "GTP-U header short, malformed or of another version") \
	X(GTPU_EXTENSION, "extension header that demands comprehension and is unknown (TS 29.281 5.2.1)") \
	X(GTPU_TYPE, "GTP-U message type not served") \
	X(NO_SESSION, "no session for this TEID or UE address") \
	X(NO_PEER, "session has no radio-side tunnel endpoint yet") \
	X(SPOOFED, "inner source is not the session's UE address") \
	X(GATE_CLOSED, "direction closed by the session's rules") \
	X(RED, "over the session's rate: red by srTCM (RFC 2697) and dropped by policy") \
	X(CONGESTION, "outer congestion mark on a packet that cannot carry it on (RFC 6040 4.2)") \
	X(TTL, "TTL or hop limit used up and no answer due") \
	X(NOT_OURS, "addressed neither to the gateway nor to a subscriber reachable from this port") \
	X(NO_ROUTE, "no route to the destination") \
	X(NO_NEIGHBOUR, "next hop did not answer ARP or ND") \
	X(NEIGHBOUR_FULL, "too many packets waiting for a next hop") \
	X(SLOW_REFUSED, "slow lane had no answer for it") \
	X(SLOW_FULL, "slow lane's ring full") \
	X(LANE_FULL, "worker's ring and hold full") \
	X(NO_WORKER, "no worker to serve the shard, and its hold full") \
	X(TX_FULL, "port's transmit queue full") \
	X(TX_DOWN, "port's link down") \
	X(NO_ROOM, "no free room to copy the frame into") \
	X(FORGED, "given back by a worker in an impossible shape; the worker was evicted") \
	X(POISON, "two workers in a row crashed with it in hand") \
	X(QUARANTINED, "its session is set apart: a packet of it killed two workers; an operator releases it")

// Relay verdicts: where the packet goes next.
#define VERDICTS_RELAY(X) \
	X(TO_SLOW_TTL, "TTL used up: the slow lane answers time exceeded") \
	X(TO_SLOW_BIG, "larger than the next link's MTU: the slow lane answers packet too big") \
	X(STEER_AGAIN, "shard not owned by this seat, or an answer for a subscriber: steer as if it had just arrived") \
	X(CUT, "fence handle come back: everything before it is out") \
	X(OWNED, "shard taken over by this seat")

// What came later, numbered behind all others: builds that know fewer serve beside us, and a number keeps its meaning.
#define VERDICTS_LATER(X) \
	X(NO_RULE, "none of the session's rules (PDRs) is for it") \
	X(RULE_DROP, "the session's rule (FAR) says drop") \
	X(QUOTA, "a quota of the session (URR) is used up") \
	X(BUFFER_FULL, "more than the session, or all of them together, may have waiting for the radio side") \
	X(BUFFER_OLD, "waited too long for the radio side") \
	X(LINK_LOCAL, "a subscriber's word for its own link alone, such as a multicast listener report: it ends here") \
	X(END_MARKER, "End Marker received: nothing more comes out of that tunnel (TS 29.281 7.3.2)")
#define VERDICTS_LATER_RELAY(X) \
	X(BUFFER, "waits in the primary until its session's rules let it go: from the core side; hint is the slot") \
	X(RELEASED, "fence handle come back: every packet of the cell before it has said whether it waits") \
	X(TO_SLOW_NO_SESSION, "no session for this TEID: the slow lane answers Error Indication (TS 29.281 7.3.1)") \
	X(TO_SLOW_EXTENSION, "unknown extension header: the slow lane tells those we know (TS 29.281 7.2.3)")

// And what came later still: final verdicts, numbered behind those. The next one is the last line.
#define VERDICTS_LAST(X) \
	X(JOINED, "fragment of an outer packet, put together with the others: all go on in one room") \
	X(FRAGMENT_BAD, "outer fragment that overlaps or contradicts the others of its packet") \
	X(FRAGMENT_FULL, "outer fragment of more packets than may be put together at once, or of one larger than a room") \
	X(FRAGMENT_OLD, "outer fragment whose packet was not whole in time") \
	X(UE_TO_UE, "from subscriber to subscriber, which the configuration refuses") \
	X(OTHER_NETWORK, "for a subscriber, or an address of ours, in another network than the port's") \
	X(GTPU_HEARD, "Echo Response or Error Indication of a GTP-U peer, told to the controller") \
	X(GTPU_FORGED, "Error Indication from elsewhere than its tunnel's end, and more of them than are looked into") \
	X(BUFFER_DROPPED, "waited for the radio side, and the control plane had it dropped (DROBU, TS 29.244 8.2.31)")
#define VERDICTS_LAST_RELAY(X) \
	X(COUNTED, "fence handle come back: what was dropped while it waited is counted by its session's rules") \
	X(BUFFER_FEW, "waits in the primary likewise, if not too many of its session do: offset is how many its rules let wait") \
	X(BUFFER_LONG, "the same, and as long as any may, until an order ends it") \
	X(END_MARKERS, "End Marker whose tunnel leads into several: the primary sends one into each (lane_end.h)")

// clang-format on

enum verdict {
#define X(name, help) VERDICT_##name,
	VERDICTS_FINAL(X) VERDICT_EARLY_END,
	VERDICT_BEFORE_RELAY = VERDICT_EARLY_END - 1, // so that the next name takes VERDICT_EARLY_END
	VERDICTS_RELAY(X) VERDICT_LATE,
	VERDICT_BEFORE_LATE = VERDICT_LATE - 1,
	VERDICTS_LATER(X) VERDICT_LATE_END,
	VERDICT_BEFORE_LATER_RELAY = VERDICT_LATE_END - 1,
	VERDICTS_LATER_RELAY(X) VERDICT_LAST,
	VERDICT_BEFORE_LAST = VERDICT_LAST - 1,
	VERDICTS_LAST(X) VERDICT_LAST_END,
	VERDICT_BEFORE_LAST_RELAY = VERDICT_LAST_END - 1,
	VERDICTS_LAST_RELAY(X)
#undef X
	    VERDICT_COUNT
};
_Static_assert(VERDICT_COUNT < 128, "a verdict is a byte in the handle");

// Whether it ends a packet. False: a relay, or no verdict at all.
static inline bool verdict_final(unsigned v)
{
	return v < VERDICT_EARLY_END || (v >= VERDICT_LATE && v < VERDICT_LATE_END) ||
	       (v >= VERDICT_LAST && v < VERDICT_LAST_END);
}

// Lower-case name, as in metrics and the command line ("no_session"), and help text. v >= VERDICT_COUNT: "invalid".
const char *verdict_name(unsigned v);
const char *verdict_help(unsigned v);
