// ctrl_upgrade.c - what an upgrade asks of the rest of the controller.
#include <errno.h>
#include <stdlib.h>
#include "ctrl/ctrl.h"
#include "shared/base/log.h"

static void upgrade_order_heard(void *with, const Shoal__Fleet__Answer *answer)
{
	upgrade_answered(with, answer ? abs(answer->error) : EAGAIN, answer ? answer->message : "");
}

static bool hook_upgrade_order(void *with, const Shoal__Fleet__Order *order)
{
	struct ctrl *ctrl = with;

	return !fleet_order(ctrl->fleet, order, upgrade_order_heard, &ctrl->upgrade);
}

static uint32_t hook_upgrade_sessions(void *with, uint8_t shard)
{
	const struct ctrl *ctrl = with;

	return ctrl->truth.chains.chain[shard].sessions;
}

static void hook_upgrade_told(void *with, const char *text)
{
	struct ctrl *ctrl = with;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;

	log_info("upgrade.told", "upgrade: %s", text);
	event.kind = SHOAL__OSS__EVENT_KIND__UPGRADE;
	event.text = (char *)text;
	event_tell(&ctrl->event, &event);
}

void ctrl_upgrade_open(struct ctrl *ctrl)
{
	ctrl->upgrade.hooks =
	    (struct upgrade_hooks){ ctrl, hook_upgrade_order, hook_upgrade_sessions, hook_upgrade_told };
}
