// frame.h - the numbered frames of the gauge: what is put in front of the gateway, and what must come out behind it.
//
//   radio side     Ethernet, IPv4, UDP, GTP-U | IPv4, UDP, load
//   network side   Ethernet                   | IPv4, UDP, load
//
// The load says whose packet it is, which one, and when it left; the headers around it must fit what it says. Pure
// functions; addresses and TEIDs are in network order, the load in host order, as both ends are one process.
#pragma once
#include <arpa/inet.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include <stdint.h>

enum gauge_way { GAUGE_UP, GAUGE_DOWN, GAUGE_WAYS };

struct gauge_session {
	uint32_t teid, ipv4, peer_teid;
};

struct gauge_ends {
	uint32_t gnb, gtpu, host;
};

struct gauge_load {
	uint32_t session, seq;
	uint64_t sent;    // ticks
	uint64_t stalled; // ticks that the gauge itself had stood still by then
	uint32_t span, way;
	uint64_t check; // of the words before
};
#define GAUGE_INNER ((unsigned)(sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr) + sizeof(struct gauge_load)))
#define GAUGE_OUTER ((unsigned)(sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr) + 8))
#define GAUGE_FRAME_MAX (RTE_ETHER_HDR_LEN + GAUGE_OUTER + 8 + GAUGE_INNER)

// What a received frame is.
enum gauge_sight {
	GAUGE_GOOD,
	GAUGE_FOREIGN, // nothing of ours
	GAUGE_BROKEN,  // so damaged that it does not say whose it is
	GAUGE_DAMAGED, // its load is whole, its headers are not
	GAUGE_STRAY,   // came to another subscriber, tunnel or side than it was sent to
};

struct gauge_book {
	const struct gauge_session *session;
	unsigned sessions;
	struct gauge_ends ends;
};

// Headers that are the same for every frame; build fills in the rest.
struct gauge_template {
	uint8_t bytes[GAUGE_FRAME_MAX];
	unsigned length;
};

void frame_template(struct gauge_template *template, enum gauge_way way, const struct gauge_ends *ends);

// Writes template->length bytes. load's check is reckoned here.
void frame_build(void *frame, const struct gauge_template *template, const struct gauge_session *session,
		 const struct gauge_load *load);

// A frame as received on the side that packets of `way` come out of. *load is valid unless FOREIGN or BROKEN.
enum gauge_sight frame_read(const void *frame, unsigned length, enum gauge_way way, const struct gauge_book *book,
			    struct gauge_load *load);

static inline unsigned gauge_shard(const struct gauge_session *session)
{
	return ntohl(session->teid) & 255;
}
