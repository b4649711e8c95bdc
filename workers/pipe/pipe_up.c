// pipe_up.c - the short way of uplink packets. Owned by the worker's loop; one thread.
//
// Eight packets at once: outer headers, tunnel and session are compared, inner headers made anew, all in registers; then each takes
// its tokens, in order; then what passed is written, sixteen bytes of each in one store.
#include "shared/wire/sheet.h"
#include "workers/pipe/pipe_asked.h"
#include "workers/pipe/pipe_short.h"

// Of the tunnel's headers: no options, no fragment, no congestion mark, as long as they say, a G-PDU without options. left: bytes there
// are.
PIPE_STEP COLUMN tunnel_wrong(const void *const packet[COLUMNS], COLUMN left)
{
	COLUMN outer[4], middle[4];

	columns_take(outer, packet, 0);
	columns_take(middle, packet, TUNNEL_MIDDLE);
	return ((columns_swap(outer[0]) & pipe_words.outer_counts) ^ (left | pipe_words.version)) |
	       (outer[1] & pipe_words.fragment) | ((outer[2] & pipe_words.udp_counts) ^ pipe_words.udp) |
	       pipe_unsound(outer, middle[0]) | ((middle[1] & pipe_words.high) ^ pipe_words.gtpu_port) |
	       ((columns_swap(middle[2]) >> 16) ^ (left - pipe_words.front_ip)) |
	       (columns_swap(middle[3]) ^ ((left - pipe_words.front) | pipe_words.gpdu));
}

// Looks at eight packets; user: the first sixteen bytes of the users' packets as they go on. Returns how they are treated.
PIPE_STEP COLUMN judge(const struct pipe_run *run, struct pipe_eight *eight, COLUMN user[4])
{
	const void *const *packet = (const void *const *)eight->packet;
	struct pipe_sessions sessions;
	COLUMN head[4], tail[4], first, third;

	eight->wrong = tunnel_wrong(packet, eight->span >> 16);
	eight->length = (eight->span >> 16) - pipe_words.front;
	eight->span += pipe_words.inward;
	columns_take(head, packet, TUNNEL_BYTES - 4); // from the TEID on
	columns_take(tail, packet, TUNNEL_BYTES + IP4_HEADER - 16);
	first = columns_swap(head[1]);
	third = columns_swap(head[3]);
	user[0] = head[1], user[1] = head[2], user[2] = head[3], user[3] = tail[2];
	eight->wrong |= ((first & pipe_words.version_counts) ^ (eight->length | pipe_words.version)) |
			(COLUMN)(third >> 25 == 0) | pipe_unsound(user, tail[3]);
	eight->wrong |= pipe_sessions(run->pipe, eight->line, &sessions);
	pipe_eight_rules(sessions.flags, eight);
	eight->wrong |= (columns_swap(head[0]) ^ sessions.teid) | (columns_swap(tail[2]) ^ sessions.address);
	pipe_hop(&first, &third, sessions.treatment);
	user[0] = columns_swap(first);
	user[2] = columns_swap(third);
	return sessions.treatment;
}

PIPE_STEP bool user6_good(const struct line *line, const uint8_t *packet, uint32_t length)
{
	return (line->flags & PIPE_PLAIN6) == PIPE_PLAIN6 && length > IP6_HEADER &&
	       IP6_HEADER + be16_get(packet + 4) == length && be64_get(packet + 8) == line->ue_ipv6 && packet[7] > 1;
}

static bool uplink6(const struct pipe *pipe, struct lane_handle *handle, uint8_t *outer, struct line *line,
		    uint64_t now)
{
	struct pipe_user user = { outer + TUNNEL_BYTES,
				  handle->length - TUNNEL_BYTES,
				  &pipe->shard[shard_of_teid(handle->hint)],
				  line,
				  LINE_UPLINK,
				  6 };
	__m128i lengths = tunnel_lengths(handle->length);
	uint8_t was;

	if (!tunnel_plain(outer, lengths) || tunnel_plain_teid(outer) != line->teid ||
	    !tunnel_fits(&tunnel_user6, outer + TUNNEL_USER, lengths) || !user6_good(line, user.packet, user.length) ||
	    !pipe_pay_alone(pipe, &user, now))
		return false;
	was = ip6_class(user.packet);
	pipe_pass(&user, was, police_tos(line->mark, POLICE_GREEN, was));
	pipe_handle_set(handle, user.length << 16 | (handle->offset + TUNNEL_BYTES), LANE_SIDE_CORE);
	return true;
}

// Out of a tunnel with a container, as a gNB sends all.
static bool plain4(const struct pipe *pipe, struct lane_handle *handle, struct pipe_user *user, uint64_t now)
{
	const uint8_t *packet = user->packet;
	uint8_t was;

	if ((user->line->flags & PIPE_PLAIN4) != PIPE_PLAIN4 || user->length < IP4_HEADER || packet[0] != 0x45 ||
	    be16_get(packet + 2) != user->length || be32_get(packet + 12) != user->line->ue_ipv4 || packet[8] <= 1 ||
	    !ip4_sound(packet) || !pipe_pay_alone(pipe, user, now))
		return false;
	was = packet[1];
	pipe_pass(user, was, police_tos(user->line->mark, POLICE_GREEN, was));
	pipe_handle_set(handle, user->length << 16 | (handle->offset + handle->length - user->length), LANE_SIDE_CORE);
	return true;
}

// Its session has a sheet: all that is left to be asked is what that says.
static bool ruled(struct pipe_asked *asked, struct lane_handle *handle)
{
	struct pipe_user *user = &asked->user;

	if (asked->tunnel >= SHEET_TUNNELS || ip_read(&asked->ip, user->packet, user->length) != IP_SOUND)
		return false;
	user->family = asked->ip.version;
	user->length = asked->ip.length;
	handle->hint = 0;
	handle->code = (uint8_t)pipe_ruled_up(asked, handle);
	return true;
}

// Whether it has gone, out of a tunnel like most.
static bool usual(const struct pipe *pipe, struct lane_handle *handle, struct line *line, uint64_t now)
{
	uint8_t *outer = room_at(pipe->rooms, handle->room) + handle->offset, container;
	uint32_t front = tunnel_usual(outer, handle->length, &container), teid = tunnel_plain_teid(outer);
	struct pipe_asked asked = { .pipe = pipe, .now = now, .inward = (uint16_t)front, .outer_tos = outer[1] };

	if (!front || !(line->flags & LINE_VALID))
		return false;
	asked.user = (struct pipe_user){
		outer + front, handle->length - front, &pipe->shard[shard_of_teid(handle->hint)], line, LINE_UPLINK, 4
	};
	if (!(line->flags & BEARER_SHEET))
		return teid == line->teid && plain4(pipe, handle, &asked.user, now);
	asked.tunnel = sheet_tunnel(line->teid, teid, pipe->net->slot_bits);
	asked.container = container;
	return ruled(&asked, handle);
}

static __attribute__((noinline)) void uplink_other(const struct pipe *pipe, struct lane_handle *handle,
						   struct line *line, uint64_t now)
{
	if (!usual(pipe, handle, line, now))
		pipe_long(pipe, handle, now);
}

void pipe_uplinks(struct pipe *pipe, struct lane_handle *handles, const struct pipe_list *list, uint64_t now)
{
	const struct pipe_run run = {
		pipe, handles, list, now, pipe->byte_tokens, LANE_SIDE_CORE, uplink6, uplink_other
	};

	for (uint32_t k = 0; k < list->n; k += COLUMNS) {
		struct pipe_eight eight;
		COLUMN user[4];

		pipe_call(pipe);
		pipe_eight_take(&run, k, &eight);
		pipe_eight_rate(&run, k, judge(&run, &eight, user), &eight);
		if (PIPE_UNLIKELY(eight.sheets))
			pipe_ruled_call(pipe, list->shard + k, eight.line, LINE_UPLINK, eight.sheets);
		pipe_pay_eight(&run, list->n - k, &eight);
		columns_put((void *const *)eight.packet, TUNNEL_BYTES, user);
		pipe_hopped();
	}
}
