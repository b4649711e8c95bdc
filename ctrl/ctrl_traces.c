// ctrl_traces.c - traces and the primary that they are ordered from. The main thread.
#include "ctrl/ctrl.h"

static bool hook_order(void *with, const Shoal__Fleet__Order *order)
{
	struct ctrl *ctrl = with;

	return fleet_state(ctrl->fleet) && !fleet_order(ctrl->fleet, order, traces_answered, &ctrl->traces);
}

void ctrl_traces_open(struct ctrl *ctrl)
{
	ctrl->traces = (struct traces){ .sessions = &ctrl->truth.sessions,
					.starts = ctrl->truth.load.starts,
					.with = ctrl,
					.order = hook_order,
					.quiet = true };
	ctrl->desk.traces = &ctrl->traces;
}
