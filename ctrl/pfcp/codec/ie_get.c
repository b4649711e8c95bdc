// ie_get.c - values out of information elements (ie_get.h).
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "shared/wire/cursor.h"

#define LABEL_MAX 63u

// Steps of a value, each of which does nothing once there was too little.
struct pick {
	struct cursor cursor;
	bool short_of;
};

static inline struct pick pick_over(const struct pfcp_ie *ie)
{
	return (struct pick){ cursor_over(ie->value, ie->length), false };
}

static inline const uint8_t *pick_bytes(struct pick *pick, uint32_t count)
{
	const uint8_t *at = pick->cursor.at;

	if (pick->short_of || !cursor_skip(&pick->cursor, count)) {
		pick->short_of = true;
		return NULL;
	}
	return at;
}

static inline uint64_t pick_number(struct pick *pick, unsigned octets)
{
	const uint8_t *at = pick_bytes(pick, octets);

	return at ? be_get(at, octets) : 0;
}

static void pick_address(struct pick *pick, bool ipv4, bool ipv6, struct pfcp_address *address)
{
	const uint8_t *bytes;

	*address = (struct pfcp_address){ .has_ipv4 = ipv4, .has_ipv6 = ipv6 };
	address->ipv4 = ipv4 ? (uint32_t)pick_number(pick, 4) : 0;
	bytes = ipv6 ? pick_bytes(pick, 16) : NULL;
	if (bytes)
		memcpy(address->ipv6, bytes, 16);
}

static int pick_end(const struct pick *pick, bool sense)
{
	return pick->short_of ? -EMSGSIZE : sense ? 0 : -EINVAL;
}

uint64_t pfcp_number(const struct pfcp_ie *ie)
{
	static const struct {
		uint8_t octets, bits; // bits: of a single octet, those that count
	} numbers[PFCP_SHAPES] = {
		[PFCP_SHAPE_U6] = { 1, 0x3f }, [PFCP_SHAPE_U8] = { 1, 0xff },  [PFCP_SHAPE_U16] = { 2 },
		[PFCP_SHAPE_U24] = { 3 },      [PFCP_SHAPE_U32] = { 4 },       [PFCP_SHAPE_U64] = { 8 },
		[PFCP_SHAPE_TIME] = { 4 },     [PFCP_SHAPE_ENUM] = { 1, 0xf }, [PFCP_SHAPE_CHOICE] = { 1, 0xff },
	};
	const struct pfcp_kind *kind = ie ? pfcp_kind(ie->type) : NULL;
	unsigned octets = kind ? numbers[kind->shape].octets : 0;

	if (!octets || octets > ie->length)
		return 0;
	return octets == 1 ? *ie->value & numbers[kind->shape].bits : be_get(ie->value, octets);
}

uint64_t pfcp_flags(const struct pfcp_ie *ie)
{
	uint64_t flags = 0;

	for (unsigned i = 0; ie && i < ie->length && i < 8; i++)
		flags |= (uint64_t)ie->value[i] << 8 * i;
	return flags;
}

uint32_t pfcp_seconds(const struct pfcp_ie *ie)
{
	static const uint32_t unit[8] = { 2, 60, 600, 3600, 36000, 60, 60, 0 };
	unsigned octet = ie && ie->length ? ie->value[0] : 0;

	return octet >> 5 == 7 ? PFCP_FOREVER : unit[octet >> 5] * (octet & 0x1f);
}

static bool printable(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] <= ' ' || bytes[i] > '~')
			return false;
	return length > 0;
}

int pfcp_get_text(const struct pfcp_ie *ie, char *text, size_t size)
{
	if (ie->length >= size || !printable(ie->value, ie->length))
		return -EINVAL;
	memcpy(text, ie->value, ie->length);
	text[ie->length] = '\0';
	return 0;
}

// DNS labels to "a.b.c"; false if the bytes are not labels from end to end. An empty one may end them.
static bool labels_join(const uint8_t *bytes, size_t length, char *name)
{
	size_t at = 0, out = 0;

	if (length && bytes[length - 1] == 0)
		length--;
	while (at < length) {
		size_t label = bytes[at++];

		if (!label || label > LABEL_MAX || label > length - at || memchr(bytes + at, '.', label))
			return false;
		memcpy(name + out, bytes + at, label);
		at += label;
		out += label;
		name[out++] = '.';
	}
	if (!out || !printable((const uint8_t *)name, out))
		return false;
	name[out - 1] = '\0';
	return true;
}

// Whether plain text could be written as labels: of 1 to 63 characters each.
static bool labels_fit(const char *name)
{
	size_t label = strcspn(name, ".");

	while (label && label <= LABEL_MAX && name[label]) {
		name += label + 1;
		label = strcspn(name, ".");
	}
	return label && label <= LABEL_MAX;
}

static int name_read(const uint8_t *bytes, size_t length, char *name)
{
	if (length >= PFCP_NAME)
		return -EINVAL;
	if (!labels_join(bytes, length, name)) {
		while (length && !bytes[length - 1]) // text in a field of fixed size, as SD-Core's SPGW-C has it
			length--;
		memcpy(name, bytes, length);
		name[length] = '\0';
		if (!printable(bytes, length) || !labels_fit(name))
			return -EINVAL;
	}
	for (; *name; name++)
		*name = (char)tolower((unsigned char)*name);
	return 0;
}

int pfcp_get_name(const struct pfcp_ie *ie, char *name)
{
	return name_read(ie->value, ie->length, name);
}

int pfcp_get_node_id(const struct pfcp_ie *ie, struct pfcp_node_id *node)
{
	struct pick pick = pick_over(ie);

	node->kind = pick_number(&pick, 1) & 0xf;
	*node->name = '\0'; // the rest of it is nobody's
	pick_address(&pick, node->kind == PFCP_NODE_ID_IPV4, node->kind == PFCP_NODE_ID_IPV6, &node->address);
	if (node->kind == PFCP_NODE_ID_NAME && !pick.short_of)
		return name_read(pick.cursor.at, pick.cursor.left, node->name);
	return pick_end(&pick, node->kind <= PFCP_NODE_ID_NAME);
}

// Each request that makes a session says its node: inet_ntop, which prints IPv4 by sprintf, takes ten times as long.
static void ipv4_text(uint32_t ipv4, char *text)
{
	for (unsigned shift = 32; shift > 0; shift -= 8) {
		unsigned octet = ipv4 >> (shift - 8) & 0xff;

		for (unsigned unit = octet > 99 ? 100 : octet > 9 ? 10 : 1; unit; unit /= 10)
			*text++ = (char)('0' + octet / unit % 10);
		*text++ = shift > 8 ? '.' : '\0';
	}
}

void pfcp_node_id_text(const struct pfcp_node_id *node, char *text)
{
	if (node->kind == PFCP_NODE_ID_IPV4)
		ipv4_text(node->address.ipv4, text);
	else if (node->kind == PFCP_NODE_ID_IPV6)
		inet_ntop(AF_INET6, node->address.ipv6, text, PFCP_NAME);
	else
		strcpy(text, node->name);
}

int pfcp_get_fseid(const struct pfcp_ie *ie, struct pfcp_fseid *fseid)
{
	struct pick pick = pick_over(ie);
	unsigned flags = (unsigned)pick_number(&pick, 1);

	fseid->seid = pick_number(&pick, 8);
	pick_address(&pick, flags & 2, flags & 1, &fseid->address);
	return pick_end(&pick, flags & 3);
}

// Who lets choose without a word about families, as OAI's SMF and SPGW-C do though 8.2.3 forbids it, is heard.
int pfcp_get_fteid(const struct pfcp_ie *ie, struct pfcp_fteid *fteid)
{
	struct pick pick = pick_over(ie);
	unsigned flags = (unsigned)pick_number(&pick, 1);

	*fteid = (struct pfcp_fteid){ .choose = flags & 4, .has_choose_id = (flags & 12) == 12 };
	if (fteid->choose) {
		fteid->choose_id = fteid->has_choose_id ? (uint8_t)pick_number(&pick, 1) : 0;
		fteid->address.has_ipv4 = flags & 1;
		fteid->address.has_ipv6 = flags & 2;
	} else {
		fteid->teid = (uint32_t)pick_number(&pick, 4);
		pick_address(&pick, flags & 1, flags & 2, &fteid->address);
	}
	return pick_end(&pick, flags & 7);
}

int pfcp_get_ue_address(const struct pfcp_ie *ie, struct pfcp_ue_address *ue)
{
	struct pick pick = pick_over(ie);
	unsigned flags = (unsigned)pick_number(&pick, 1);

	*ue = (struct pfcp_ue_address){
		.destination = flags & 4,
		.choose_ipv4 = flags & 16,
		.choose_ipv6 = flags & 32,
		.has_delegated = flags & 8,
		.has_prefix_bits = flags & 64,
	};
	pick_address(&pick, flags & 2, flags & 1, &ue->address);
	ue->delegated_bits = ue->has_delegated ? (uint8_t)pick_number(&pick, 1) : 0;
	ue->prefix_bits = ue->has_prefix_bits ? (uint8_t)pick_number(&pick, 1) : 0;
	return pick_end(&pick,
			(flags & 18) != 18 && (flags & 33) != 33 && ue->delegated_bits <= 64 && ue->prefix_bits <= 128);
}

int pfcp_get_outer_creation(const struct pfcp_ie *ie, struct pfcp_outer_creation *outer)
{
	struct pick pick = pick_over(ie);
	unsigned bits = __builtin_bswap16((uint16_t)pick_number(&pick, 2));
	const uint8_t *tag;

	*outer = (struct pfcp_outer_creation){ .description = (uint16_t)bits };
	if (bits & (PFCP_OUTER_HEADER_CREATION_GTPU_IPV4 | PFCP_OUTER_HEADER_CREATION_GTPU_IPV6))
		outer->teid = (uint32_t)pick_number(&pick, 4);
	pick_address(&pick,
		     bits & (PFCP_OUTER_HEADER_CREATION_GTPU_IPV4 | PFCP_OUTER_HEADER_CREATION_UDP_IPV4 |
			     PFCP_OUTER_HEADER_CREATION_IPV4),
		     bits & (PFCP_OUTER_HEADER_CREATION_GTPU_IPV6 | PFCP_OUTER_HEADER_CREATION_UDP_IPV6 |
			     PFCP_OUTER_HEADER_CREATION_IPV6),
		     &outer->address);
	if (bits & (PFCP_OUTER_HEADER_CREATION_UDP_IPV4 | PFCP_OUTER_HEADER_CREATION_UDP_IPV6))
		outer->port = (uint16_t)pick_number(&pick, 2);
	tag = bits & PFCP_OUTER_HEADER_CREATION_CTAG ? pick_bytes(&pick, 3) : NULL;
	if (tag)
		memcpy(outer->ctag, tag, 3);
	tag = bits & PFCP_OUTER_HEADER_CREATION_STAG ? pick_bytes(&pick, 3) : NULL;
	if (tag)
		memcpy(outer->stag, tag, 3);
	return pick_end(&pick, bits);
}

int pfcp_get_outer_removal(const struct pfcp_ie *ie, struct pfcp_outer_removal *outer)
{
	struct pick pick = pick_over(ie);

	outer->description = (uint8_t)pick_number(&pick, 1);
	outer->delete_pdu_container = pick.cursor.left && pick_number(&pick, 1) & 1;
	return pick_end(&pick, true);
}

int pfcp_get_sdf(const struct pfcp_ie *ie, struct pfcp_sdf *sdf)
{
	struct pick pick = pick_over(ie);
	unsigned flags = (unsigned)pick_number(&pick, 2) >> 8;

	*sdf = (struct pfcp_sdf){
		.has_tos = flags & 2, .has_spi = flags & 4, .has_label = flags & 8, .has_id = flags & 16
	};
	if (flags & 1) {
		sdf->flow_bytes = (uint16_t)pick_number(&pick, 2);
		sdf->flow = (const char *)pick_bytes(&pick, sdf->flow_bytes);
	}
	sdf->tos = sdf->has_tos ? (uint16_t)pick_number(&pick, 2) : 0;
	sdf->spi = sdf->has_spi ? (uint32_t)pick_number(&pick, 4) : 0;
	sdf->label = sdf->has_label ? (uint32_t)pick_number(&pick, 3) & 0xfffff : 0; // its four bits above are spare
	sdf->id = sdf->has_id ? (uint32_t)pick_number(&pick, 4) : 0;
	return pick_end(&pick, true);
}

int pfcp_get_rate(const struct pfcp_ie *ie, struct pfcp_rate *rate)
{
	struct pick pick = pick_over(ie);

	rate->uplink_kbps = pick_number(&pick, 5);
	rate->downlink_kbps = pick_number(&pick, 5);
	return pick_end(&pick, true);
}

int pfcp_get_gate(const struct pfcp_ie *ie, struct pfcp_gate *gate)
{
	struct pick pick = pick_over(ie);
	unsigned octet = (unsigned)pick_number(&pick, 1);

	*gate = (struct pfcp_gate){ .uplink_closed = octet & 12, .downlink_closed = octet & 3 };
	return pick_end(&pick, true);
}

int pfcp_get_volume(const struct pfcp_ie *ie, struct pfcp_volume *volume)
{
	struct pick pick = pick_over(ie);
	uint64_t *values[] = { &volume->total,         &volume->uplink,         &volume->downlink,
			       &volume->total_packets, &volume->uplink_packets, &volume->downlink_packets };
	unsigned known =
	    ie->type == PFCP_IE_VOLUME_MEASUREMENT ? PFCP_VOLUME_BYTES | PFCP_VOLUME_PACKETS : PFCP_VOLUME_BYTES;

	*volume = (struct pfcp_volume){ .has = (uint8_t)(pick_number(&pick, 1) & known) };
	for (unsigned i = 0; i < 6; i++)
		*values[i] = volume->has & 1u << i ? pick_number(&pick, 8) : 0;
	return pick_end(&pick, volume->has);
}

int pfcp_get_dropped(const struct pfcp_ie *ie, struct pfcp_dropped *dropped)
{
	struct pick pick = pick_over(ie);
	unsigned flags = (unsigned)pick_number(&pick, 1);

	*dropped = (struct pfcp_dropped){ .has_packets = flags & 1, .has_bytes = flags & 2 };
	dropped->packets = dropped->has_packets ? pick_number(&pick, 8) : 0;
	dropped->bytes = dropped->has_bytes ? pick_number(&pick, 8) : 0;
	return pick_end(&pick, flags & 3);
}

unsigned pfcp_rule_octets(unsigned kind)
{
	static const uint8_t octets[] = {
		[PFCP_FAILED_RULE_ID_PDR] = 2, [PFCP_FAILED_RULE_ID_FAR] = 4, [PFCP_FAILED_RULE_ID_QER] = 4,
		[PFCP_FAILED_RULE_ID_URR] = 4, [PFCP_FAILED_RULE_ID_BAR] = 1, [PFCP_FAILED_RULE_ID_MAR] = 2,
		[PFCP_FAILED_RULE_ID_SRR] = 1
	};

	return kind < sizeof(octets) ? octets[kind] : 0;
}

int pfcp_get_failed_rule(const struct pfcp_ie *ie, struct pfcp_failed_rule *rule)
{
	struct pick pick = pick_over(ie);

	rule->kind = pick_number(&pick, 1) & 0x1f;
	rule->id = (uint32_t)pick_number(&pick, pfcp_rule_octets(rule->kind));
	return pick_end(&pick, pfcp_rule_octets(rule->kind));
}

static struct pfcp_piece pick_piece(struct pick *pick, unsigned length_octets)
{
	uint16_t length = (uint16_t)pick_number(pick, length_octets);

	return (struct pfcp_piece){ (const char *)pick_bytes(pick, length), length };
}

int pfcp_get_redirect(const struct pfcp_ie *ie, struct pfcp_redirect *redirect)
{
	struct pick pick = pick_over(ie);

	*redirect = (struct pfcp_redirect){ .kind = pick_number(&pick, 1) & 0xf };
	redirect->address = pick_piece(&pick, 2);
	if (redirect->kind == PFCP_REDIRECT_INFORMATION_IPV4V6)
		redirect->other = pick_piece(&pick, 2);
	return pick_end(&pick, redirect->kind <= PFCP_REDIRECT_INFORMATION_IPV4V6 && redirect->address.length);
}

int pfcp_get_policy(const struct pfcp_ie *ie, struct pfcp_piece *policy)
{
	struct pick pick = pick_over(ie);

	*policy = pick_piece(&pick, 1);
	return pick_end(&pick, policy->length);
}

int pfcp_get_address(const struct pfcp_ie *ie, struct pfcp_address *address)
{
	struct pick pick = pick_over(ie);
	unsigned flags = (unsigned)pick_number(&pick, 1);

	pick_address(&pick, flags & 2, flags & 1, address);
	return pick_end(&pick, flags & 3);
}
