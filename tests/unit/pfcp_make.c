// pfcp_make.c - IEs for tests (pfcp_make.h).
#include <assert.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "tests/unit/pfcp_make.h"

#define BYTES_MORE 24u // of a value of any length, beyond its least

uint32_t pfcp_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 32);
}

static uint64_t random_64(uint64_t *seed)
{
	return (uint64_t)pfcp_random(seed) << 32 | pfcp_random(seed);
}

static void bytes_make(uint8_t *bytes, unsigned length, uint64_t *seed)
{
	for (unsigned i = 0; i < length; i++)
		bytes[i] = (uint8_t)pfcp_random(seed);
}

// families: 1 IPv4, 2 IPv6, 3 both.
static struct pfcp_address address_make(unsigned families, uint64_t *seed)
{
	struct pfcp_address address = { .has_ipv4 = families & 1, .has_ipv6 = families & 2 };

	address.ipv4 = address.has_ipv4 ? pfcp_random(seed) : 0;
	if (address.has_ipv6)
		bytes_make(address.ipv6, sizeof(address.ipv6), seed);
	return address;
}

static unsigned families_make(uint64_t *seed)
{
	return 1 + pfcp_random(seed) % 3;
}

static struct pfcp_address any_address_make(uint64_t *seed)
{
	return address_make(families_make(seed), seed);
}

static void node_id_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	struct pfcp_node_id node = { .kind = (uint8_t)(pfcp_random(seed) % 3), .name = "" };

	if (node.kind == PFCP_NODE_ID_NAME)
		strcpy(node.name, "smf-1.core.example");
	else
		node.address = address_make(node.kind == PFCP_NODE_ID_IPV4 ? 1 : 2, seed);
	pfcp_put_node_id(writer, type, &node);
}

static void fteid_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	struct pfcp_fteid fteid = { .choose = pfcp_random(seed) % 2 };
	unsigned families = families_make(seed);

	if (fteid.choose) {
		fteid.address = (struct pfcp_address){ .has_ipv4 = families & 1, .has_ipv6 = families & 2 };
		fteid.has_choose_id = pfcp_random(seed) % 2;
		fteid.choose_id = fteid.has_choose_id ? (uint8_t)pfcp_random(seed) : 0;
	} else {
		fteid.teid = pfcp_random(seed);
		fteid.address = address_make(families, seed);
	}
	pfcp_put_fteid(writer, type, &fteid);
}

static void ue_address_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	struct pfcp_ue_address ue = { .destination = pfcp_random(seed) % 2, .has_delegated = pfcp_random(seed) % 2 };
	unsigned families = pfcp_random(seed) % 4;

	ue.address = address_make(families, seed);
	ue.choose_ipv4 = !(families & 1);
	ue.choose_ipv6 = !(families & 2) && pfcp_random(seed) % 2;
	ue.delegated_bits = ue.has_delegated ? (uint8_t)(pfcp_random(seed) % 65) : 0;
	ue.has_prefix_bits = pfcp_random(seed) % 2;
	ue.prefix_bits = ue.has_prefix_bits ? (uint8_t)(pfcp_random(seed) % 129) : 0;
	pfcp_put_ue_address(writer, type, &ue);
}

static void outer_creation_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	struct pfcp_outer_creation outer = { .description = (uint16_t)(1u << pfcp_random(seed) % 8) };

	if (pfcp_random(seed) % 4 == 0)
		outer.description |= PFCP_OUTER_HEADER_CREATION_STAG | PFCP_OUTER_HEADER_CREATION_N19;
	outer.address = address_make((outer.description & 0x15 ? 1u : 0u) | (outer.description & 0x2a ? 2u : 0u), seed);
	if (outer.description & 3)
		outer.teid = pfcp_random(seed);
	if (outer.description & 12)
		outer.port = (uint16_t)pfcp_random(seed);
	if (outer.description & PFCP_OUTER_HEADER_CREATION_CTAG)
		bytes_make(outer.ctag, 3, seed);
	if (outer.description & PFCP_OUTER_HEADER_CREATION_STAG)
		bytes_make(outer.stag, 3, seed);
	pfcp_put_outer_creation(writer, type, &outer);
}

static void sdf_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	static const char flow[] = "permit out ip from any to assigned";
	unsigned bits = 1 + pfcp_random(seed) % 31;
	struct pfcp_sdf sdf = { .has_tos = bits & 1, .has_spi = bits & 2, .has_label = bits & 4, .has_id = bits & 8 };

	if (bits & 16) {
		sdf.flow = flow;
		sdf.flow_bytes = sizeof(flow) - 1;
	}
	sdf.tos = (uint16_t)pfcp_random(seed);
	sdf.spi = pfcp_random(seed);
	sdf.label = pfcp_random(seed) & 0xfffff;
	sdf.id = pfcp_random(seed);
	pfcp_put_sdf(writer, type, &sdf);
}

static void volume_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	unsigned most = type == PFCP_IE_VOLUME_MEASUREMENT ? 63 : 7;
	struct pfcp_volume volume = { .has = (uint8_t)(1 + pfcp_random(seed) % most) };

	volume.total = random_64(seed);
	volume.uplink = random_64(seed);
	volume.downlink = random_64(seed);
	volume.total_packets = random_64(seed);
	volume.uplink_packets = random_64(seed);
	volume.downlink_packets = random_64(seed);
	pfcp_put_volume(writer, type, &volume);
}

static void dropped_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	unsigned bits = 1 + pfcp_random(seed) % 3;
	struct pfcp_dropped dropped = { .has_packets = bits & 1, .has_bytes = bits & 2 };

	dropped.packets = random_64(seed);
	dropped.bytes = random_64(seed);
	pfcp_put_dropped(writer, type, &dropped);
}

static void redirect_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	static const char first[] = "10.1.2.3", second[] = "2001:db8::1";
	struct pfcp_redirect redirect = { .kind = (uint8_t)(pfcp_random(seed) % 5),
					  .address = { first, sizeof(first) - 1 } };

	if (redirect.kind == PFCP_REDIRECT_INFORMATION_IPV4V6)
		redirect.other = (struct pfcp_piece){ second, sizeof(second) - 1 };
	pfcp_put_redirect(writer, type, &redirect);
}

#define PIECE(text) \
	{ \
		text, sizeof(text) - 1 \
	}

// Any of the parts; the additional ones are lists.
static void pfd_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	static const struct pfcp_piece parts[PFCP_PFD_PARTS] = {
		PIECE("permit out 17 from 192.0.2.1 53 to assigned"),
		PIECE("http://192.0.2.9/a"),
		PIECE("cdn.example"),
		PIECE("custom"),
		PIECE("dnp1"),
		PIECE("\0\037permit out ip from any to any 7\0\046permit out 6 from 192.0.2.2 to any 443"),
		PIECE("\0\020http://192.0.2.8"),
		PIECE("\0\011a.example\0\4dnp2"),
	};
	struct pfcp_pfd pfd = { 0 };
	unsigned flags = pfcp_random(seed);

	for (unsigned i = 0; i < PFCP_PFD_PARTS; i++)
		if (flags >> i & 1)
			pfd.part[i] = parts[i];
	pfcp_put_pfd(writer, type, &pfd);
}

static void rule_value_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	struct pfcp_failed_rule rule = { (uint8_t)(pfcp_random(seed) % 7), pfcp_random(seed) & 0xff };
	struct pfcp_outer_removal removal = { (uint8_t)(pfcp_random(seed) % 9), pfcp_random(seed) % 2 };
	struct pfcp_rate rate = { random_64(seed) >> 24, random_64(seed) >> 24 };
	struct pfcp_gate gate = { pfcp_random(seed) % 2, pfcp_random(seed) % 2 };
	struct pfcp_piece policy = { "gold", 4 };

	switch (pfcp_kind(type)->shape) {
	case PFCP_SHAPE_FAILED_RULE:
		return pfcp_put_failed_rule(writer, type, &rule);
	case PFCP_SHAPE_OUTER_REMOVAL:
		return pfcp_put_outer_removal(writer, type, &removal);
	case PFCP_SHAPE_RATE:
		return pfcp_put_rate(writer, type, &rate);
	case PFCP_SHAPE_GATE:
		return pfcp_put_gate(writer, type, &gate);
	case PFCP_SHAPE_POLICY:
		return pfcp_put_policy(writer, type, &policy);
	default:
		assert(!"a shape that nobody makes");
	}
}

static void structure_make(struct pfcp_writer *writer, unsigned type, uint64_t *seed)
{
	struct pfcp_address address = any_address_make(seed);
	struct pfcp_fseid fseid = { random_64(seed), address };

	switch (pfcp_kind(type)->shape) {
	case PFCP_SHAPE_NAME:
		return pfcp_put_name(writer, type, "internet.example");
	case PFCP_SHAPE_NODE_ID:
		return node_id_make(writer, type, seed);
	case PFCP_SHAPE_FSEID:
		return pfcp_put_fseid(writer, type, &fseid);
	case PFCP_SHAPE_FTEID:
		return fteid_make(writer, type, seed);
	case PFCP_SHAPE_UE_ADDRESS:
		return ue_address_make(writer, type, seed);
	case PFCP_SHAPE_OUTER_CREATION:
		return outer_creation_make(writer, type, seed);
	case PFCP_SHAPE_SDF:
		return sdf_make(writer, type, seed);
	case PFCP_SHAPE_VOLUME:
		return volume_make(writer, type, seed);
	case PFCP_SHAPE_DROPPED:
		return dropped_make(writer, type, seed);
	case PFCP_SHAPE_REDIRECT:
		return redirect_make(writer, type, seed);
	case PFCP_SHAPE_PFD:
		return pfd_make(writer, type, seed);
	case PFCP_SHAPE_GTPU_PEER:
	case PFCP_SHAPE_ADDRESS:
		return pfcp_put_address(writer, type, &address);
	default:
		return rule_value_make(writer, type, seed);
	}
}

void pfcp_make_ie(struct pfcp_writer *writer, unsigned type, enum pfcp_fill fill, unsigned without, uint64_t *seed)
{
	const struct pfcp_kind *kind = pfcp_kind(type);
	unsigned room = (unsigned)kind->most - kind->least, more = room < BYTES_MORE ? room : BYTES_MORE;
	uint8_t bytes[512], *mark;

	switch (kind->shape) {
	case PFCP_SHAPE_GROUP:
		pfcp_begin(writer, type, &mark);
		pfcp_make_children(writer, type, fill, without, seed);
		pfcp_end(writer, mark);
		return;
	case PFCP_SHAPE_FLAGS:
		more = kind->words[kind->words_count - 1].value / 8u;
		return pfcp_put_flags(writer, type, random_64(seed), more + 1);
	case PFCP_SHAPE_U6:
		return pfcp_put_u8(writer, type, pfcp_random(seed) & 0x3f);
	case PFCP_SHAPE_ENUM:
	case PFCP_SHAPE_CHOICE:
		return pfcp_put_u8(writer, type, (uint8_t)kind->words[pfcp_random(seed) % kind->words_count].value);
	case PFCP_SHAPE_TEXT:
		memset(bytes, 'a', sizeof(bytes));
		return pfcp_put_bytes(writer, type, bytes, kind->least + more);
	case PFCP_SHAPE_BYTES:
		bytes_make(bytes, sizeof(bytes), seed);
		return pfcp_put_bytes(writer, type, bytes, kind->least + pfcp_random(seed) % (more + 1));
	default:
		if (kind->shape >= PFCP_SHAPE_GATE || kind->shape == PFCP_SHAPE_NAME)
			return structure_make(writer, type, seed);
		bytes_make(bytes, sizeof(bytes), seed);
		return pfcp_put_bytes(writer, type, bytes, kind->least);
	}
}

// Whether an IE consists of values that the table describes; a group: all of its mandatory ones.
static bool shaped(unsigned type)
{
	const struct pfcp_kind *kind = pfcp_kind(type);
	bool all = kind->shape != PFCP_SHAPE_BYTES;

	for (unsigned i = 0; i < kind->children_count; i++)
		all = all && (kind->children[i].presence != PFCP_M || shaped(kind->children[i].type));
	return all;
}

void pfcp_make_children(struct pfcp_writer *writer, unsigned group, enum pfcp_fill fill, unsigned without,
			uint64_t *seed)
{
	const struct pfcp_kind *kind = pfcp_kind(group);

	for (unsigned i = 0; i < kind->children_count; i++) {
		const struct pfcp_child *child = &kind->children[i];
		bool wanted = fill == PFCP_FILL_ALL || child->presence == PFCP_M ||
			      (fill == PFCP_FILL_SHAPED && shaped(child->type));

		if (child->type != without && wanted)
			pfcp_make_ie(writer, child->type, fill, without, seed);
	}
}
