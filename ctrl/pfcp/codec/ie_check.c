// ie_check.c - whether a value is what its kind demands (ie_get.h): the getters, asked by shape.
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_table.h"

// Room for any of the structs that getters fill.
union value {
	char name[PFCP_NAME];
	struct pfcp_address address;
	struct pfcp_node_id node;
	struct pfcp_fseid fseid;
	struct pfcp_fteid fteid;
	struct pfcp_ue_address ue;
	struct pfcp_outer_creation creation;
	struct pfcp_outer_removal removal;
	struct pfcp_sdf sdf;
	struct pfcp_rate rate;
	struct pfcp_gate gate;
	struct pfcp_volume volume;
	struct pfcp_dropped dropped;
	struct pfcp_failed_rule rule;
	struct pfcp_redirect redirect;
	struct pfcp_piece policy;
	struct pfcp_pfd pfd;
};

static int rule_value_check(unsigned shape, const struct pfcp_ie *ie, union value *value)
{
	switch (shape) {
	case PFCP_SHAPE_OUTER_CREATION:
		return pfcp_get_outer_creation(ie, &value->creation);
	case PFCP_SHAPE_OUTER_REMOVAL:
		return pfcp_get_outer_removal(ie, &value->removal);
	case PFCP_SHAPE_SDF:
		return pfcp_get_sdf(ie, &value->sdf);
	case PFCP_SHAPE_RATE:
		return pfcp_get_rate(ie, &value->rate);
	case PFCP_SHAPE_GATE:
		return pfcp_get_gate(ie, &value->gate);
	case PFCP_SHAPE_VOLUME:
		return pfcp_get_volume(ie, &value->volume);
	case PFCP_SHAPE_DROPPED:
		return pfcp_get_dropped(ie, &value->dropped);
	case PFCP_SHAPE_FAILED_RULE:
		return pfcp_get_failed_rule(ie, &value->rule);
	case PFCP_SHAPE_REDIRECT:
		return pfcp_get_redirect(ie, &value->redirect);
	case PFCP_SHAPE_POLICY:
		return pfcp_get_policy(ie, &value->policy);
	case PFCP_SHAPE_PFD:
		return pfcp_get_pfd(ie, &value->pfd);
	default:
		return 0; // numbers, texts and bytes: their length says it all
	}
}

int pfcp_value_check(const struct pfcp_ie *ie)
{
	const struct pfcp_kind *kind = pfcp_kind(ie->type);
	unsigned shape = kind ? kind->shape : PFCP_SHAPE_NONE;
	union value value;

	switch (shape) {
	case PFCP_SHAPE_NAME:
		return ie->length ? pfcp_get_name(ie, value.name)
				  : 0; // where the table lets it be empty, it names nothing
	case PFCP_SHAPE_NODE_ID:
		return pfcp_get_node_id(ie, &value.node);
	case PFCP_SHAPE_FSEID:
		return pfcp_get_fseid(ie, &value.fseid);
	case PFCP_SHAPE_FTEID:
		return pfcp_get_fteid(ie, &value.fteid);
	case PFCP_SHAPE_UE_ADDRESS:
		return pfcp_get_ue_address(ie, &value.ue);
	case PFCP_SHAPE_GTPU_PEER:
	case PFCP_SHAPE_ADDRESS:
		return pfcp_get_address(ie, &value.address);
	default:
		return rule_value_check(shape, ie, &value);
	}
}
