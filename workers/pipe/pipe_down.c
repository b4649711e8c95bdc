// pipe_down.c - the short way of downlink packets. Owned by the worker's loop; one thread.
//
// Eight packets at once: header and session are compared, the tunnel's headers and the packet's own are made, all in registers; then
// each takes its tokens, in order; then what passed is written, three stores for each.
#include "workers/pipe/pipe_asked.h"
#include "workers/pipe/pipe_short.h"

// The words that are written, from TUNNEL_BYTES in front of the packet on: the tunnel's headers, and the first of the packet's own.
// clang-format off
enum { OUTER, FRAGMENT, TTL, SOURCE, DESTINATION, PORTS, UDP, GTPU, TEID, USER, USER_FRAGMENT, USER_TTL, WORDS };
// clang-format on

// What eight packets and their sessions say.
struct asked {
	COLUMN word[4], ends[4]; // as they lie in the packets; ends[2]: destination, ends[3]: ports, where it has them
	COLUMN first, third;     // of the words, in host order
	COLUMN length, front;
	struct pipe_sessions sessions;
};

// UDP ports of the tunnels: flow_port, of eight, and GTP-U's.
PIPE_STEP COLUMN flow_ports_eight(const struct asked *asked)
{
	COLUMN protocol = asked->third >> 16 & pipe_words.byte, ports = columns_swap(asked->ends[3]), high, low;

	ports &= (COLUMN)((protocol == pipe_words.udp_protocol) | (protocol == pipe_words.tcp) |
			  (protocol == pipe_words.sctp)) &
		 (COLUMN)((asked->word[1] & pipe_words.fragment) == 0) &
		 (COLUMN)((COLUMN_SIGNED)asked->length > (COLUMN_SIGNED)pipe_words.ports_least);
	high = columns_swap(asked->word[3]) ^ ports >> 24;
	low = columns_swap(asked->ends[2]) ^ (ports << 8 | protocol);
	high = columns_high(low, (uint32_t)FLOW_FACTOR) + high * pipe_words.flow_low + low * pipe_words.flow_high;
	return (high >> 18 << 16) | pipe_words.port_first;
}

// Takes eight packets' words and their sessions'. Returns which are wrong.
PIPE_STEP COLUMN ask(const struct pipe_run *run, const struct pipe_eight *eight, struct asked *asked)
{
	const void *const *packet = (const void *const *)eight->packet;
	COLUMN wrong = pipe_sessions(run->pipe, eight->line, &asked->sessions), left = eight->span >> 16, excess;

	columns_take(asked->word, packet, 0);
	columns_take(asked->ends, packet, 8);
	asked->first = columns_swap(asked->word[0]);
	asked->third = columns_swap(asked->word[2]);
	asked->length = asked->first & pipe_words.low;
	asked->front = pipe_words.front + ((asked->sessions.flags & pipe_words.qfi) << 1);
	excess = (left - asked->length) | (asked->length - pipe_words.front_ip) |
		 (run->pipe->net->access_mtu - asked->front - left); // whichever is below zero
	return wrong | ((asked->first ^ pipe_words.version) >> 24) | excess >> 31 |
	       (columns_swap(asked->ends[2]) ^ asked->sessions.address) | (COLUMN)(asked->third >> 25 == 0) |
	       pipe_unsound(asked->word, asked->ends[2]);
}
_Static_assert(BEARER_QFI << 1 == TUNNEL_BYTES_QFI - TUNNEL_BYTES, "a flag makes room");

// The tunnel's source address as it lies, and the sum of those halves of its header that are the same for all.
struct ours {
	COLUMN source, sum;
};

PIPE_STEP struct ours ours(const struct pipe *pipe)
{
	uint32_t source = pipe->net->gtpu_ipv4;
	uint32_t sum = 0x4500 + IP4_DF + (TUNNEL_TTL << 8 | IP_UDP) + (source >> 16) + (source & 0xffff);

	return (struct ours){ (COLUMN){ 0 } + __builtin_bswap32(source), (COLUMN){ 0 } + sum };
}

// What tunnel_put writes, and the packets' own words behind it.
PIPE_STEP void answer(const struct ours *ours, struct asked *asked, COLUMN word[WORDS])
{
	COLUMN total = asked->length + asked->front, peer = asked->sessions.peer, ports = flow_ports_eight(asked);
	COLUMN tos = pipe_hop(&asked->first, &asked->third, asked->sessions.treatment);
	COLUMN sum = ours->sum + total + tos + (peer & pipe_words.low) + (peer >> 16);

	sum = (sum & pipe_words.low) + (sum >> 16);
	sum = (sum + (sum >> 16)) & pipe_words.low;
	word[OUTER] = columns_swap(tos << 16 | total | pipe_words.version);
	word[FRAGMENT] = pipe_words.whole;
	word[TTL] = columns_swap(sum ^ pipe_words.tunnel_third);
	word[SOURCE] = ours->source;
	word[DESTINATION] = columns_swap(peer);
	word[PORTS] = columns_swap(ports);
	word[UDP] = columns_swap((total - pipe_words.front_ip) << 16);
	word[GTPU] = columns_swap((total - pipe_words.front) | pipe_words.gpdu);
	word[TEID] = columns_swap(asked->sessions.teid);
	word[USER] = columns_swap(asked->first);
	word[USER_FRAGMENT] = asked->word[1];
	word[USER_TTL] = columns_swap(asked->third);
}

// Puts a PDU Session Container between the tunnel's headers, whose lengths count it already, and the packet.
PIPE_STEP void container_put(uint8_t *packet, uint8_t qfi)
{
	uint8_t headers[TUNNEL_BYTES];

	memcpy(headers, packet - TUNNEL_BYTES, TUNNEL_BYTES);
	memcpy(packet - TUNNEL_BYTES_QFI, headers, TUNNEL_BYTES);
	gtpu_put_qfi(packet - GTPU_HEADER_QFI, qfi);
}

PIPE_STEP void write_eight(const struct pipe_eight *eight, const COLUMN word[WORDS], COLUMN flags)
{
	void *const *packet = (void *const *)eight->packet;

	columns_put(packet, -(int)TUNNEL_BYTES, word + OUTER);
	columns_put(packet, 16 - (int)TUNNEL_BYTES, word + DESTINATION);
	columns_put(packet, 32 - (int)TUNNEL_BYTES, word + TEID);
	pipe_hopped();
	if (PIPE_UNLIKELY(columns_signs(flags << 29)))
		for (uint64_t i = 0; i < COLUMNS; i++)
			if (eight->line[i]->flags & BEARER_QFI)
				container_put(eight->packet[i], eight->line[i]->qfi);
	pipe_encapsulated();
}

PIPE_STEP bool user6_good(const struct line *line, const uint8_t *packet, uint32_t left, uint32_t length)
{
	return (line->flags & PIPE_PLAIN6) == PIPE_PLAIN6 && be64_get(packet + 24) == line->ue_ipv6 && packet[7] > 1 &&
	       length <= left && length > IP6_HEADER;
}

static bool downlink6(const struct pipe *pipe, struct lane_handle *handle, uint8_t *packet, struct line *line,
		      uint64_t now)
{
	struct pipe_user user = { packet, 0, &pipe->shard[shard_of_teid(handle->hint)], line, LINE_DOWNLINK, 6 };
	uint32_t left = handle->length;
	struct ip_packet ip;
	uint16_t port;
	uint8_t tos;

	if (packet[0] >> 4 != 6 || left < IP6_HEADER ||
	    (line->flags & BEARER_QFI && left > pipe->net->access_mtu - TUNNEL_BYTES_QFI))
		return false;
	ip = (struct ip_packet){
		IP6_HEADER + be16_get(packet + 4), IP6_HEADER, 6, ip6_class(packet), packet[7], packet[6]
	};
	user.length = ip.length;
	if (!user6_good(line, packet, left, user.length))
		return false;
	port = flow_port(packet, &ip); // before pass: a wide store must not be read back in other pieces
	if (!pipe_pay_alone(pipe, &user, now))
		return false;
	tos = police_tos(line->mark, POLICE_GREEN, ip.tos);
	pipe_pass(&user, ip.tos, tos);
	pipe_close(pipe, handle, &user, tos, port);
	handle->hint = 0;
	handle->code = VERDICT_FORWARD;
	return true;
}

// Its session has a sheet: all that is left to be asked is what that says.
static bool ruled(const struct pipe *pipe, struct lane_handle *handle, struct line *line, uint64_t now)
{
	struct pipe_asked asked = { .pipe = pipe,
				    .user = { .packet = room_at(pipe->rooms, handle->room) + handle->offset,
					      .region = &pipe->shard[shard_of_teid(handle->hint)],
					      .line = line,
					      .way = LINE_DOWNLINK },
				    .now = now };
	struct pipe_user *user = &asked.user;

	if (ip_read(&asked.ip, user->packet, handle->length) != IP_SOUND)
		return false;
	user->family = asked.ip.version;
	user->length = asked.ip.length;
	if (!pipe_destination_good(user))
		return false;
	handle->hint = 0;
	handle->code = (uint8_t)pipe_ruled(&asked, handle);
	return true;
}

static __attribute__((noinline)) void downlink_other(const struct pipe *pipe, struct lane_handle *handle,
						     struct line *line, uint64_t now)
{
	const uint8_t wanted = LINE_VALID | BEARER_SHEET;

	if ((line->flags & wanted) != wanted || !ruled(pipe, handle, line, now))
		pipe_long(pipe, handle, now);
}

void pipe_downlinks(struct pipe *pipe, struct lane_handle *handles, const struct pipe_list *list, uint64_t now)
{
	const struct pipe_run run = { pipe,      handles,       list, now, pipe->byte_tokens, LANE_SIDE_ACCESS,
				      downlink6, downlink_other };
	const struct ours from = ours(pipe);

	for (uint32_t k = 0; k < list->n; k += COLUMNS) {
		struct pipe_eight eight;
		struct asked asked;
		COLUMN word[WORDS];

		pipe_call(pipe);
		pipe_eight_take(&run, k, &eight);
		eight.wrong = ask(&run, &eight, &asked);
		pipe_eight_rules(asked.sessions.flags, &eight);
		eight.length = asked.length;
		eight.span = ((eight.span & pipe_words.low) - asked.front) | (asked.length + asked.front) << 16;
		pipe_eight_rate(&run, k, asked.sessions.treatment, &eight);
		answer(&from, &asked, word);
		if (PIPE_UNLIKELY(eight.sheets))
			pipe_ruled_call(pipe, list->shard + k, eight.line, LINE_DOWNLINK, eight.sheets);
		pipe_pay_eight(&run, list->n - k, &eight);
		write_eight(&eight, word, asked.sessions.flags);
	}
}
