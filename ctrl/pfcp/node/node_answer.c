// node_answer.c - answers about the node: what ie.table says must be in one, and what may be and is known. One thread.
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/node/node_parts.h"
#include "shared/wire/sheet_skill.h"

#define STRANGERS_MAX 10u // answers a second to whom we don't know
#define SECOND_NS 1000000000ull

// What today's plane does: it chooses F-TEIDs and UE addresses, sends End Markers, serves framed routes and SMF sets, parts of which others take
// over, is told of applications, and lets as many packets wait as a BAR says, for as long, and tells of them so late (8.2.25).
static const uint64_t features =
    PFCP_UP_FUNCTION_FEATURES_FTUP | PFCP_UP_FUNCTION_FEATURES_EMPU | PFCP_UP_FUNCTION_FEATURES_UEIP |
    PFCP_UP_FUNCTION_FEATURES_PDIU | PFCP_UP_FUNCTION_FEATURES_SSET | PFCP_UP_FUNCTION_FEATURES_MPAS |
    PFCP_UP_FUNCTION_FEATURES_RESPS | PFCP_UP_FUNCTION_FEATURES_PFDM | PFCP_UP_FUNCTION_FEATURES_PFDE |
    PFCP_UP_FUNCTION_FEATURES_FRRT | PFCP_UP_FUNCTION_FEATURES_UDBC | PFCP_UP_FUNCTION_FEATURES_DLBD |
    PFCP_UP_FUNCTION_FEATURES_DDND;
#define FEATURES_OCTETS 6u

// Those that workers have to know of.
static const struct {
	uint32_t skill;
	uint64_t feature;
} skilled[] = {
	{ SHEET_SKILL_ROUTES, PFCP_UP_FUNCTION_FEATURES_FRRT },
	{ SHEET_SKILL_WAITS, PFCP_UP_FUNCTION_FEATURES_UDBC },
	{ SHEET_SKILL_LASTS, PFCP_UP_FUNCTION_FEATURES_DLBD },
};

void node_skills(struct node *node, uint32_t missing)
{
	uint64_t lacks = 0;

	for (unsigned i = 0; i < sizeof(skilled) / sizeof(*skilled); i++)
		lacks |= missing & skilled[i].skill ? skilled[i].feature : 0;
	if (lacks == node->lacks)
		return;
	node->lacks = lacks;
	node->update_ns = node->now_ns;
}

uint64_t features_now(const struct node *node)
{
	return features & ~node->lacks;
}

void features_put(const struct node *node, struct pfcp_writer *writer)
{
	pfcp_put_flags(writer, PFCP_IE_UP_FUNCTION_FEATURES, features_now(node), FEATURES_OCTETS);
}

void resources_put(const struct node *node, struct pfcp_writer *writer)
{
	const struct node_setting *setting = &node->setting;

	for (unsigned i = 0; i < setting->resource_count; i++)
		pfcp_put_ip_resource(writer, PFCP_IE_USER_PLANE_IP_RESOURCE_INFORMATION,
				     &(struct pfcp_ip_resource){ .address = setting->gtpu,
								 .instance = setting->resource[i],
								 .source = PFCP_SOURCE_INTERFACE_ACCESS });
}

// In `least` or better: mandatory (PFCP_M), or allowed at all (PFCP_O).
static bool holds(unsigned message, unsigned ie, enum pfcp_presence least)
{
	const struct pfcp_kind *kind = pfcp_kind(PFCP_MESSAGE(message));

	for (unsigned i = 0; kind && i < kind->children_count; i++)
		if (kind->children[i].type == ie)
			return kind->children[i].presence <= least;
	return false;
}

size_t answer_write(const struct node *node, const struct pfcp_header *request, const struct pfcp_fault *fault,
		    uint8_t bytes[NODE_ANSWER])
{
	struct pfcp_header header = { .type = (uint8_t)(request->type + 1),
				      .has_seid = pfcp_messages[request->type].of_session,
				      .sequence = request->sequence };
	struct pfcp_writer writer = pfcp_writer_over(bytes, NODE_ANSWER);
	uint8_t *mark;

	pfcp_message_begin(&writer, &header, &mark);
	if (holds(header.type, PFCP_IE_NODE_ID, PFCP_M))
		pfcp_put_node_id(&writer, PFCP_IE_NODE_ID, &node->setting.id);
	if (holds(header.type, PFCP_IE_CAUSE, PFCP_M))
		pfcp_put_u8(&writer, PFCP_IE_CAUSE, fault->cause);
	if (fault->offending && holds(header.type, PFCP_IE_OFFENDING_IE, PFCP_O))
		pfcp_put_u16(&writer, PFCP_IE_OFFENDING_IE, fault->offending);
	if (holds(header.type, PFCP_IE_RECOVERY_TIME_STAMP, PFCP_M))
		pfcp_put_u32(&writer, PFCP_IE_RECOVERY_TIME_STAMP, node->setting.stamp);
	if (fault->cause == PFCP_CAUSE_ACCEPTED && holds(header.type, PFCP_IE_UP_FUNCTION_FEATURES, PFCP_O))
		features_put(node, &writer);
	if (fault->cause == PFCP_CAUSE_ACCEPTED &&
	    holds(header.type, PFCP_IE_USER_PLANE_IP_RESOURCE_INFORMATION, PFCP_O))
		resources_put(node, &writer);
	pfcp_message_end(&writer, mark);
	return writer.full ? 0 : (size_t)(writer.at - writer.start);
}

void answer_send(struct node *node, const struct remote *to, const struct pfcp_header *request, uint8_t cause)
{
	const struct pfcp_fault fault = { .cause = cause };
	uint8_t bytes[NODE_ANSWER];
	size_t length = answer_write(node, request, &fault, bytes);

	node->ways.send(node->ways.arg, to, bytes, length);
}

void answer_deal(struct node *node, struct deal *deal, const struct pfcp_fault *fault)
{
	const struct pfcp_header request = { .type = deal->type, .sequence = deal->sequence };
	uint8_t bytes[NODE_ANSWER];

	deal_answer(deal, bytes, answer_write(node, &request, fault, bytes));
}

// Whether the request asks for its sessions to be kept.
static bool retention_asked(struct node *node, const struct deal *deal)
{
	struct pfcp_header header;
	struct pfcp_fault fault;

	return !pfcp_header_read(deal->bytes, deal->length, &header) &&
	       !pfcp_read(PFCP_MESSAGE(header.type), header.body, header.bytes, &node->tree, &fault) &&
	       pfcp_first(&node->tree, NULL, PFCP_IE_PFCP_SESSION_RETENTION_INFORMATION);
}

void answer_setup(struct node *node, struct deal *deal, bool kept)
{
	const struct pfcp_header request = { .type = deal->type, .sequence = deal->sequence };
	const struct pfcp_fault accepted = { .cause = PFCP_CAUSE_ACCEPTED };
	uint8_t bytes[NODE_ANSWER];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));

	writer.at += answer_write(node, &request, &accepted, bytes);
	if (kept && retention_asked(node, deal))
		pfcp_put_flags(&writer, PFCP_IE_PFCPASRSP_FLAGS, PFCP_PFCPASRSP_FLAGS_PSREI, 1);
	pfcp_message_end(&writer, bytes);
	deal_answer(deal, bytes, (size_t)(writer.at - writer.start));
}

void answer_version(struct node *node, const struct remote *to, const struct pfcp_header *request)
{
	const struct pfcp_header header = { .type = PFCP_VERSION_NOT_SUPPORTED_RESPONSE,
					    .sequence = request->sequence };
	uint8_t bytes[PFCP_HEADER_SESSION], *mark;
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));

	pfcp_message_begin(&writer, &header, &mark);
	pfcp_message_end(&writer, mark);
	node->ways.send(node->ways.arg, to, bytes, (size_t)(writer.at - writer.start));
}

bool answer_stranger(struct node *node)
{
	if (node->now_ns - node->words_ns >= SECOND_NS) {
		node->words_ns = node->now_ns;
		node->words = STRANGERS_MAX;
	}
	if (!node->words) {
		node->tally[TALLY_MUTED]++;
		return false;
	}
	node->words--;
	return true;
}
