// pipe.c - a burst, and the short way: what nearly every packet is, decided by few comparisons. Owned by the worker's loop; one
// thread.
//
// First all handles are looked at together, in columns, which the compiler does eight at a time; then headers and session lines
// are called into the cache; then each packet goes its way. What is not like most packets goes the long way (pipe_long.c), and
// the short way has changed nothing until it knows.
#include "workers/pipe.h"
#include "workers/pipe_parts.h"
#include "workers/pipe_steps.h"

#define FOR_EACH_BIT(i, word) \
	for (uint64_t i, left_ = (word); left_ && (i = (uint32_t)__builtin_ctz((uint32_t)left_), true); \
	     left_ &= left_ - 1)

static struct line nobody; // never valid, never written

void pipe_init(struct pipe *pipe, const struct plane_net *net, const struct rooms *rooms,
	       const struct region_shape *shape)
{
	*pipe = (struct pipe){ .net = net, .rooms = rooms, .shape = *shape, .byte_tokens = 8 * net->clock_hz };
}

// A burst comes from one card, so from one zone of rooms: the first packet's. Others, and handles that cannot be right, are left
// to the long way, as are packets too large or too small for the short one.
PIPE_STEP void sort(const struct pipe *pipe, const struct lane_handle *handles, unsigned n, struct pipe_steps *burst)
{
	unsigned zone = handles[0].room >> ROOM_ZONE_SHIFT & (ROOM_ZONES - 1);
	uint32_t first = zone << ROOM_ZONE_SHIFT, rooms = pipe->rooms->count[zone], ups = 0, downs = 0;
	int32_t up_most = (int32_t)TUNNEL_BYTES + pipe->net->core_mtu,
		down_most = pipe->net->access_mtu - (int32_t)TUNNEL_BYTES;
	unsigned slot_bits = pipe->net->slot_bits;
	uint8_t *base = pipe->rooms->base[zone];

	for (unsigned i = 0; i < n; i++) {
		const uint32_t *word =
		    (const uint32_t *)&handles[i]; // room, hint, offset and length, turn and port and code
		uint32_t room = word[0] - first, kind = word[3] >> 24;
		int32_t offset = word[2] & 0xffff, length = (int32_t)(word[2] >> 16);
		bool good = (room < rooms) & (offset + length <= (int32_t)ROOM_STRIDE);
		bool up =
		    (kind == LANE_UPLINK) & (length >= (int32_t)(TUNNEL_BYTES + IP4_HEADER)) & (length <= up_most);
		bool down = (kind == LANE_DOWNLINK) & (length >= (int32_t)IP4_HEADER) & (length <= down_most) &
			    (offset >= (int32_t)TUNNEL_BYTES_QFI) & (word[1] < SHARDS);

		burst->bytes[i] = base + (uint64_t)room * ROOM_STRIDE + offset;
		burst->region[i] = &pipe->shard[shard_of_teid(word[1])];
		burst->slot[i] = shard_slot_of_teid(word[1], slot_bits);
		ups |= (uint32_t)(good & up) << i;
		downs |= (uint32_t)(good & down) << i;
	}
	burst->way[LINE_UPLINK] = ups;
	burst->way[LINE_DOWNLINK] = downs;
}

static inline struct line *line_at(const struct region *region, struct line *lines, uint32_t slot)
{
	return slot < region->slots ? lines + slot : &nobody;
}

// The line that the destination names; foreign addresses are left to the long way.
static inline struct line *downlink_line(const struct pipe *pipe, const struct region *region, const uint8_t *packet,
					 uint32_t left)
{
	uint32_t slot = UINT32_MAX;

	if (packet[0] >> 4 == 4)
		slot = pipe_pool_slot(pipe->net, packet, 4);
	else if (left >= IP6_HEADER)
		slot = pipe_pool_slot(pipe->net, packet, 6);
	return line_at(region, region->downlink, slot);
}

// Headers and lines on their way into the cache: first what needs no header.
PIPE_STEP void prefetch(const struct pipe *pipe, const struct lane_handle *handles, struct pipe_steps *burst)
{
	FOR_EACH_BIT(i, burst->way[LINE_DOWNLINK])
	{
		__builtin_prefetch(burst->bytes[i], 1);
		__builtin_prefetch(burst->bytes[i] - TUNNEL_BYTES, 1);
	}
	FOR_EACH_BIT(i, burst->way[LINE_UPLINK])
	{
		__builtin_prefetch(burst->bytes[i], 1);
		__builtin_prefetch(burst->bytes[i] + TUNNEL_BYTES, 1);
		burst->line[i] = line_at(burst->region[i], burst->region[i]->uplink, burst->slot[i]);
		__builtin_prefetch(burst->line[i], 1);
	}
	FOR_EACH_BIT(i, burst->way[LINE_DOWNLINK])
	{
		burst->line[i] = downlink_line(pipe, burst->region[i], burst->bytes[i], handles[i].length);
		__builtin_prefetch(burst->line[i], 1);
	}
}

// Takes the packet's tokens, if it is green and nothing about its rate is unusual.
PIPE_STEP bool pay(const struct pipe *pipe, const struct pipe_user *user, uint64_t now)
{
	uint32_t rate = user->line->rate;

	if (!rate)
		return true;
	return rate < pipe->shape.rates &&
	       police_green(user->line, &user->region->rates[rate], user->length * pipe->byte_tokens, now);
}

PIPE_STEP bool uplink_pass(const struct pipe *pipe, struct lane_handle *handle, const struct pipe_user *user,
			   uint64_t now)
{
	uint8_t was;

	if (!pay(pipe, user, now))
		return false;
	was = user->family == 4 ? user->packet[1] : ip6_class(user->packet);
	handle->length = (uint16_t)user->length;
	pipe_pass(user, was, police_tos(user->line->mark, POLICE_GREEN, was));
	handle->hint = 0;
	handle->offset = (uint16_t)(handle->offset + TUNNEL_BYTES);
	handle->port = LANE_SIDE_CORE;
	handle->code = VERDICT_FORWARD;
	return true;
}

PIPE_STEP bool uplink4_good(const struct line *line, const uint8_t *packet)
{
	return line->flags >= (LINE_VALID | LINE_PLAIN4) && be32_get(packet + 12) == line->ue_ipv4 && packet[8] > 1 &&
	       ip4_sound(packet);
}

PIPE_STEP bool uplink6_good(const struct line *line, const uint8_t *packet, uint32_t length)
{
	return (line->flags & (LINE_VALID | LINE_PLAIN6)) == (LINE_VALID | LINE_PLAIN6) && length > IP6_HEADER &&
	       IP6_HEADER + be16_get(packet + 4) == length && be64_get(packet + 8) == line->ue_ipv6 && packet[7] > 1;
}

// Whether the packet could go the short way, and has.
PIPE_STEP bool uplink(const struct pipe *pipe, const struct pipe_steps *burst, uint64_t i, struct lane_handle *handle,
		      uint64_t now)
{
	uint8_t *outer = burst->bytes[i];
	struct line *line = burst->line[i];
	struct pipe_user user = { outer + TUNNEL_BYTES, handle->length - TUNNEL_BYTES,
				  burst->region[i],     line,
				  LINE_UPLINK,          4 };
	__m128i lengths = tunnel_lengths(handle->length);

	FAULT_PACKET(outer, handle->length);
	if (!tunnel_plain(outer, lengths) || tunnel_plain_teid(outer) != line->teid)
		return false;
	if (PIPE_LIKELY(tunnel_fits(&tunnel_user4, outer + TUNNEL_USER, lengths)))
		return uplink4_good(line, user.packet) && uplink_pass(pipe, handle, &user, now);
	user.family = 6;
	return tunnel_fits(&tunnel_user6, outer + TUNNEL_USER, lengths) &&
	       uplink6_good(line, user.packet, user.length) && uplink_pass(pipe, handle, &user, now);
}

PIPE_STEP bool downlink4_good(const struct line *line, const uint8_t *packet, uint32_t left, uint32_t length)
{
	return line->flags >= (LINE_VALID | LINE_PLAIN4) && be32_get(packet + 16) == line->ue_ipv4 && packet[8] > 1 &&
	       length <= left && length >= IP4_HEADER && ip4_sound(packet);
}

PIPE_STEP bool downlink6_good(const struct line *line, const uint8_t *packet, uint32_t left, uint32_t length)
{
	return (line->flags & (LINE_VALID | LINE_PLAIN6)) == (LINE_VALID | LINE_PLAIN6) &&
	       be64_get(packet + 24) == line->ue_ipv6 && packet[7] > 1 && length <= left && length > IP6_HEADER;
}

PIPE_STEP bool downlink_pass(const struct pipe *pipe, struct lane_handle *handle, const struct pipe_user *user,
			     const struct ip_packet *ip, uint64_t now)
{
	uint16_t port = flow_port(user->packet, ip); // before pass: a wide store must not be read back in other pieces
	uint8_t tos;

	if (!pay(pipe, user, now))
		return false;
	tos = police_tos(user->line->mark, POLICE_GREEN, ip->tos);
	pipe_pass(user, ip->tos, tos);
	pipe_close(pipe, handle, user, tos, port);
	handle->hint = 0;
	handle->code = VERDICT_FORWARD;
	return true;
}

PIPE_STEP bool downlink(const struct pipe *pipe, const struct pipe_steps *burst, uint64_t i, struct lane_handle *handle,
			uint64_t now)
{
	uint8_t *packet = burst->bytes[i];
	struct line *line = burst->line[i];
	struct pipe_user user = { packet, 0, burst->region[i], line, LINE_DOWNLINK, 4 };
	uint32_t left = handle->length;

	FAULT_PACKET(packet, left);
	if (line->flags & BEARER_QFI && left > pipe->net->access_mtu - TUNNEL_BYTES_QFI)
		return false;
	if (PIPE_LIKELY(packet[0] == 0x45)) {
		struct ip_packet ip = { be16_get(packet + 2), IP4_HEADER, 4, packet[1], packet[8], packet[9] };

		user.length = ip.length;
		return downlink4_good(line, packet, left, user.length) && downlink_pass(pipe, handle, &user, &ip, now);
	}
	if (packet[0] >> 4 == 6 && left >= IP6_HEADER) {
		struct ip_packet ip = {
			IP6_HEADER + be16_get(packet + 4), IP6_HEADER, 6, ip6_class(packet), packet[7], packet[6]
		};

		user.length = ip.length;
		user.family = 6;
		return downlink6_good(line, packet, left, user.length) && downlink_pass(pipe, handle, &user, &ip, now);
	}
	return false;
}

static __attribute__((noinline)) void uplinks(const struct pipe *pipe, struct lane_handle *handles,
					      const struct pipe_steps *burst, uint64_t now)
{
	FOR_EACH_BIT(i, burst->way[LINE_UPLINK])
	if (PIPE_UNLIKELY(!uplink(pipe, burst, i, &handles[i], now)))
		pipe_long(pipe, &handles[i], now);
}

static __attribute__((noinline)) void downlinks(const struct pipe *pipe, struct lane_handle *handles,
						const struct pipe_steps *burst, uint64_t now)
{
	FOR_EACH_BIT(i, burst->way[LINE_DOWNLINK])
	if (PIPE_UNLIKELY(!downlink(pipe, burst, i, &handles[i], now)))
		pipe_long(pipe, &handles[i], now);
}

void pipe_burst(struct pipe *pipe, struct lane_handle *handles, unsigned n, uint64_t now)
{
	uint32_t all = n ? UINT32_MAX >> (32 - n) : 0;
	struct pipe_steps burst;

	sort(pipe, handles, n, &burst);
	prefetch(pipe, handles, &burst);
	FAULT_POINT("burst.sorted");
	uplinks(pipe, handles, &burst, now);
	downlinks(pipe, handles, &burst, now);
	FOR_EACH_BIT(i, all & ~(burst.way[LINE_UPLINK] | burst.way[LINE_DOWNLINK]))
	pipe_long(pipe, &handles[i], now);
}

// The same steps apart (pipe_steps.h); pipe_burst has its own copies, in which the burst is known to be nobody else's.
void pipe_sort(const struct pipe *pipe, const struct lane_handle *handles, unsigned n, struct pipe_steps *burst)
{
	sort(pipe, handles, n, burst);
}

void pipe_find(const struct pipe *pipe, const struct lane_handle *handles, struct pipe_steps *burst)
{
	prefetch(pipe, handles, burst);
}

void pipe_uplinks(const struct pipe *pipe, struct lane_handle *handles, const struct pipe_steps *burst, uint64_t now)
{
	uplinks(pipe, handles, burst, now);
}

void pipe_downlinks(const struct pipe *pipe, struct lane_handle *handles, const struct pipe_steps *burst, uint64_t now)
{
	downlinks(pipe, handles, burst, now);
}
