// pfcp_again.c - IEs written again from what was read of them (pfcp_again.h).
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "tests/unit/pfcp_again.h"

#define AGAIN(name) \
	static int name##_again(struct pfcp_writer *writer, const struct pfcp_ie *ie) \
	{ \
		struct pfcp_##name value; \
		int error = pfcp_get_##name(ie, &value); \
\
		if (!error) \
			pfcp_put_##name(writer, ie->type, &value); \
		return error; \
	}

AGAIN(node_id)
AGAIN(fseid)
AGAIN(fteid)
AGAIN(ue_address)
AGAIN(outer_creation)
AGAIN(outer_removal)
AGAIN(sdf)
AGAIN(rate)
AGAIN(gate)
AGAIN(volume)
AGAIN(dropped)
AGAIN(failed_rule)
AGAIN(redirect)
AGAIN(address)
AGAIN(pfd)

static int policy_again(struct pfcp_writer *writer, const struct pfcp_ie *ie)
{
	struct pfcp_piece policy;
	int error = pfcp_get_policy(ie, &policy);

	if (!error)
		pfcp_put_policy(writer, ie->type, &policy);
	return error;
}

static int name_again(struct pfcp_writer *writer, const struct pfcp_ie *ie)
{
	char name[PFCP_NAME];
	int error = ie->length ? pfcp_get_name(ie, name) : 0;

	if (!ie->length) // it names nothing, and no more when it is written again
		pfcp_copy(writer, ie);
	else if (!error && strlen(name) == ie->length)
		pfcp_put_text(writer, ie->type, name);
	else if (!error)
		pfcp_put_name(writer, ie->type, name);
	return error;
}

typedef int again(struct pfcp_writer *writer, const struct pfcp_ie *ie);

static again *const agains[PFCP_SHAPES] = {
	[PFCP_SHAPE_NAME] = name_again,
	[PFCP_SHAPE_NODE_ID] = node_id_again,
	[PFCP_SHAPE_FSEID] = fseid_again,
	[PFCP_SHAPE_FTEID] = fteid_again,
	[PFCP_SHAPE_UE_ADDRESS] = ue_address_again,
	[PFCP_SHAPE_OUTER_CREATION] = outer_creation_again,
	[PFCP_SHAPE_OUTER_REMOVAL] = outer_removal_again,
	[PFCP_SHAPE_SDF] = sdf_again,
	[PFCP_SHAPE_RATE] = rate_again,
	[PFCP_SHAPE_GATE] = gate_again,
	[PFCP_SHAPE_VOLUME] = volume_again,
	[PFCP_SHAPE_DROPPED] = dropped_again,
	[PFCP_SHAPE_FAILED_RULE] = failed_rule_again,
	[PFCP_SHAPE_REDIRECT] = redirect_again,
	[PFCP_SHAPE_POLICY] = policy_again,
	[PFCP_SHAPE_GTPU_PEER] = address_again,
	[PFCP_SHAPE_ADDRESS] = address_again,
	[PFCP_SHAPE_PFD] = pfd_again,
};

int pfcp_again_ie(struct pfcp_writer *writer, const struct pfcp_tree *tree, const struct pfcp_ie *ie)
{
	const struct pfcp_kind *kind = pfcp_kind(ie->type);
	uint8_t *mark;
	int error = 0;

	if (!kind || kind->shape != PFCP_SHAPE_GROUP || !ie->child) {
		if (kind && agains[kind->shape] && !pfcp_value_check(ie))
			return agains[kind->shape](writer, ie);
		pfcp_copy(writer, ie);
		return 0;
	}
	pfcp_begin(writer, ie->type, &mark);
	for (const struct pfcp_ie *child = pfcp_child(tree, ie); child && !error; child = pfcp_next(tree, child))
		error = pfcp_again_ie(writer, tree, child);
	pfcp_end(writer, mark);
	return error;
}
