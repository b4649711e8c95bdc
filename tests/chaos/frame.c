// frame.c - the numbered frames of the gauge. Pure functions, no state; the gauge's one thread calls them.
#include <stdbool.h>
#include <string.h>
#include "tests/chaos/frame.h"

#define GTPU_PORT 2152
#define GTPU_GPDU 255
#define GTPU_PLAIN 0x30
#define GTPU_OPTIONS 0x07 // E, S, PN: four more bytes
#define GTPU_EXTENDED 0x04

struct tunnel {
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	uint8_t flags, type;
	rte_be16_t length;
	uint32_t teid;
} __attribute__((packed, aligned(2)));

struct inner {
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	struct gauge_load load;
} __attribute__((packed, aligned(2)));
_Static_assert(sizeof(struct inner) == GAUGE_INNER && sizeof(struct tunnel) == GAUGE_OUTER,
	       "nothing between the headers");

// Any flipped bit shows: each step is a bijection of the state so far and of the word.
static uint64_t load_check(const struct gauge_load *load)
{
	uint64_t words[sizeof(*load) / 8], state = 0x53686f616c207631;

	memcpy(words, load, sizeof(words));
	for (unsigned i = 0; i < sizeof(words) / 8 - 1; i++) {
		state = (state ^ words[i]) * 0x9e3779b97f4a7c15;
		state ^= state >> 29;
	}
	return state;
}

static struct rte_ipv4_hdr ip_header(uint32_t source, uint32_t target, unsigned bytes)
{
	return (struct rte_ipv4_hdr){ .version_ihl = 0x45,
				      .total_length = htons((uint16_t)bytes),
				      .time_to_live = 64,
				      .next_proto_id = IPPROTO_UDP,
				      .src_addr = source,
				      .dst_addr = target };
}

static struct rte_udp_hdr udp_header(uint16_t port, unsigned bytes)
{
	return (struct rte_udp_hdr){ htons(port), htons(port), htons((uint16_t)bytes), 0 };
}

void frame_template(struct gauge_template *template, enum gauge_way way, const struct gauge_ends *ends)
{
	struct rte_ether_hdr eth = { .ether_type = htons(RTE_ETHER_TYPE_IPV4) };
	struct tunnel tunnel = { ip_header(ends->gnb, ends->gtpu, GAUGE_OUTER + GAUGE_INNER),
				 udp_header(GTPU_PORT, GAUGE_OUTER - 20 + GAUGE_INNER),
				 GTPU_PLAIN,
				 GTPU_GPDU,
				 htons(GAUGE_INNER),
				 0 };
	struct inner inner = { .ip = ip_header(way == GAUGE_UP ? 0 : ends->host, way == GAUGE_UP ? ends->host : 0,
					       GAUGE_INNER),
			       .udp = udp_header(9, GAUGE_INNER - 20) };
	unsigned at = sizeof(eth);

	memcpy(template->bytes, &eth, sizeof(eth));
	if (way == GAUGE_UP) {
		tunnel.ip.hdr_checksum = rte_ipv4_cksum(&tunnel.ip);
		memcpy(template->bytes + at, &tunnel, sizeof(tunnel));
		at += sizeof(tunnel);
	}
	memcpy(template->bytes + at, &inner, sizeof(inner));
	template->length = at + sizeof(inner);
}

void frame_build(void *frame, const struct gauge_template *template, const struct gauge_session *session,
		 const struct gauge_load *load)
{
	uint8_t *bytes = frame;
	struct inner *inner = (void *)(bytes + template->length - sizeof(*inner));

	memcpy(bytes, template->bytes, template->length);
	inner->load = *load;
	inner->load.check = load_check(load);
	if (load->way == GAUGE_UP) {
		struct tunnel *tunnel = (void *)(bytes + sizeof(struct rte_ether_hdr));

		tunnel->teid = session->teid;
		inner->ip.src_addr = session->ipv4;
	} else {
		inner->ip.dst_addr = session->ipv4;
	}
	inner->ip.hdr_checksum = rte_ipv4_cksum(&inner->ip);
}

static bool ip_whole(const struct rte_ipv4_hdr *ip, unsigned bytes)
{
	return ip->version_ihl == 0x45 && ntohs(ip->total_length) == bytes && ip->next_proto_id == IPPROTO_UDP &&
	       rte_ipv4_cksum(ip) == 0;
}

// Length of the GTP-U header with what stands between it and the inner packet; 0 if it makes no sense.
static unsigned gtpu_bytes(const struct tunnel *tunnel, unsigned room)
{
	const uint8_t *options = (const uint8_t *)(tunnel + 1);
	unsigned bytes = 8;

	if (!(tunnel->flags & GTPU_OPTIONS))
		return bytes;
	if (room < sizeof(*tunnel) + 4)
		return 0;
	bytes += 4;
	if (tunnel->flags & GTPU_EXTENDED && options[3])
		bytes += 4; // one PDU session container
	return bytes;
}

static enum gauge_sight tunnel_read(const struct tunnel *tunnel, unsigned bytes, const struct gauge_session *session,
				    const struct gauge_ends *ends)
{
	if (!ip_whole(&tunnel->ip, bytes) || ntohs(tunnel->udp.dgram_len) != bytes - sizeof(tunnel->ip) ||
	    ntohs(tunnel->udp.dst_port) != GTPU_PORT || (tunnel->flags & ~GTPU_OPTIONS) != GTPU_PLAIN ||
	    tunnel->type != GTPU_GPDU || ntohs(tunnel->length) != bytes - 36)
		return GAUGE_DAMAGED;
	return tunnel->ip.src_addr == ends->gtpu && tunnel->ip.dst_addr == ends->gnb &&
		       tunnel->teid == session->peer_teid
		   ? GAUGE_GOOD
		   : GAUGE_STRAY;
}

// The load is always the last thing in the frame, so it can be read whatever became of the rest.
enum gauge_sight frame_read(const void *frame, unsigned length, enum gauge_way way, const struct gauge_book *book,
			    struct gauge_load *load)
{
	const struct rte_ether_hdr *eth = frame;
	const uint8_t *end = (const uint8_t *)frame + length;
	const struct inner *inner = (const void *)(end - sizeof(*inner));
	const struct gauge_session *session;
	struct rte_udp_hdr udp = udp_header(9, GAUGE_INNER - 20);
	unsigned before = sizeof(*eth);
	enum gauge_sight sight = GAUGE_GOOD;

	if (length < sizeof(*eth) + sizeof(*inner) || eth->ether_type != htons(RTE_ETHER_TYPE_IPV4))
		return GAUGE_FOREIGN;
	*load = inner->load;
	if (load->check != load_check(load) || load->session >= book->sessions || load->way >= GAUGE_WAYS)
		return GAUGE_BROKEN;
	session = &book->session[load->session];
	if (load->way != way)
		return GAUGE_STRAY;
	if (way == GAUGE_DOWN) {
		const struct tunnel *tunnel = (const void *)(eth + 1);

		if (length < sizeof(*eth) + sizeof(*tunnel) + sizeof(*inner))
			return GAUGE_DAMAGED;
		before += (unsigned)sizeof(*tunnel) - 8 + gtpu_bytes(tunnel, length - before);
		sight = tunnel_read(tunnel, length - (unsigned)sizeof(*eth), session, &book->ends);
	}
	if (length != before + sizeof(*inner) || !ip_whole(&inner->ip, sizeof(*inner)) ||
	    memcmp(&inner->udp, &udp, sizeof(udp)))
		return GAUGE_DAMAGED;
	if (sight != GAUGE_GOOD)
		return sight;
	return inner->ip.src_addr == (way == GAUGE_UP ? session->ipv4 : book->ends.host) &&
		       inner->ip.dst_addr == (way == GAUGE_UP ? book->ends.host : session->ipv4)
		   ? GAUGE_GOOD
		   : GAUGE_STRAY;
}
