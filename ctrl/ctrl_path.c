// ctrl_path.c - what paths have to do with the other parts: sessions, the primary, events.
#include <stdio.h>
#include <string.h>
#include "ctrl/ctrl.h"
#include "ctrl/kit/wall.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/wire/cursor.h"

static bool hook_order(void *with, const Shoal__Fleet__Order *order)
{
	struct ctrl *ctrl = with;

	return !fleet_order(ctrl->fleet, order, paths_answered, &ctrl->paths);
}

static void hook_turned(void *with, const struct path *path)
{
	struct ctrl *ctrl = with;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;
	bool down = path->state == SHOAL__OSS__PATH_STATE__PATH_DOWN;
	char name[PATH_TEXT], words[160];

	path_name(&path->peer, name);
	if (down)
		snprintf(words, sizeof(words), "%s: no answer to %u Echo Requests; %u tunnels lead there", name,
			 ctrl->conf->gtpu_n3, path->tunnels);
	else
		snprintf(words, sizeof(words), "%s: answers again; %u tunnels lead there", name, path->tunnels);
	log_warning(down ? "path.failed" : "path.recovered", "%s", words);
	event.kind = down ? SHOAL__OSS__EVENT_KIND__PATH_FAILED : SHOAL__OSS__EVENT_KIND__PATH_RECOVERED;
	event.text = words;
	event_tell(&ctrl->event, &event);
}

static void hook_lost(void *with, const struct session *session, const struct path_error *error)
{
	struct ctrl *ctrl = with;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;
	char name[PATH_TEXT], words[160];

	path_name(&error->peer, name);
	snprintf(words, sizeof(words), "%s has nobody for TEID 0x%08x", name, error->teid);
	event.kind = SHOAL__OSS__EVENT_KIND__TUNNEL_LOST;
	event.session = session->id;
	event.shard = cell_shard(&ctrl->truth.grid, session->cell);
	event.text = words;
	event_tell(&ctrl->event, &event);
}

// In a change's turn the cell may have the session of a later one: what that has is durable, too.
void ctrl_path_moved(struct ctrl *ctrl, uint32_t cell)
{
	struct session *session = ctrl->truth.grid.cells[cell].session;

	if (session)
		paths_set(&ctrl->paths, session, clock_ns());
}

static void own_name(const struct conf *conf, struct path_peer own[2])
{
	static const uint8_t none[16];

	own[0].family = 4;
	be32_put(own[0].address, conf->gtpu_address);
	conf_gtpu_ipv6(conf, own[1].address);
	own[1].family = memcmp(own[1].address, none, sizeof(none)) ? 6 : 0;
}

int ctrl_path_open(struct ctrl *ctrl)
{
	struct paths *paths = &ctrl->paths;
	int error;

	*paths = (struct paths){ .interval_ns = ctrl->conf->gtpu_echo_s * 1000000000ull,
				 .t3_ns = ctrl->conf->gtpu_t3_ms * 1000000ull,
				 .n3 = ctrl->conf->gtpu_n3,
				 .stand = ctrl->truth.load.starts << 32 | 1,
				 .with = ctrl,
				 .order = hook_order,
				 .turned = hook_turned,
				 .lost = hook_lost };
	own_name(ctrl->conf, paths->own);
	error = paths_open(paths);
	for (uint32_t i = 0; !error && i < ctrl->truth.grid.slots * SHARDS; i++)
		ctrl_path_moved(ctrl, i);
	ctrl->desk.paths = paths;
	return error;
}

void ctrl_path_heard(void *with, const struct report *report)
{
	struct ctrl *ctrl = with;

	paths_hear(&ctrl->paths, report, clock_ns(), wall_ms());
}

// Whether a peer's answer would come to us: through primary, slow lane and courier.
static bool can_hear(const struct ctrl *ctrl)
{
	const Shoal__Fleet__State *state = fleet_state(ctrl->fleet);
	bool courier = false, slow = false;

	for (unsigned i = 0; i < PLANE_NESTS; i++)
		courier |= ctrl->push.connected[i];
	for (size_t i = 0; state && i < state->n_seats; i++)
		slow |= state->seats[i]->seat == PLANE_SEAT_SLOW &&
			state->seats[i]->state == SHOAL__OSS__WORKER_STATE__WORKER_READY;
	return courier && slow;
}

void ctrl_path_tick(struct ctrl *ctrl, uint64_t now_ns)
{
	paths_tick(&ctrl->paths, now_ns, wall_ms(), can_hear(ctrl));
}
