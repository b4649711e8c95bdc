// ctrl.c - puts the parts together and passes on what one has to tell the other.
#include "ctrl/ctrl.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/wall.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define TICK_MS 50

static void session_event(struct ctrl *ctrl, const struct session *session, Shoal__Oss__EventKind kind)
{
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;
	Shoal__Oss__Usage usage;

	event.kind = kind;
	event.session = session->id;
	event.shard = cell_shard(&ctrl->truth.grid, session->cell);
	if (kind != SHOAL__OSS__EVENT_KIND__SESSION_APPLIED) {
		count_pack(&session->usage, &usage);
		event.usage = &usage;
	}
	event_tell(&ctrl->event, &event);
}

static void hook_moving(void *with, uint32_t cell)
{
	struct ctrl *ctrl = with;

	push_moving(&ctrl->push, cell);
	ctrl_path_moved(ctrl, cell);
}

static void hook_left(void *with, struct session *session)
{
	struct ctrl *ctrl = with;

	paths_drop(&ctrl->paths, session);
	closing_leave(&ctrl->truth.books.closing, session);
	push_depart(&ctrl->push, session);
}

// Told once a change, whatever is sent again meanwhile.
static void hook_applied(void *with, struct session *session)
{
	struct ctrl *ctrl = with;
	uint64_t number = ctrl->truth.grid.cells[session->cell].number;

	if (session->announced == number)
		return;
	session->announced = number;
	release_applied(&ctrl->release, session->cell);
	session_event(ctrl, session, SHOAL__OSS__EVENT_KIND__SESSION_APPLIED);
}

static void hook_departed(void *with, struct session *session)
{
	struct ctrl *ctrl = with;

	release_applied(&ctrl->release, session->cell);
	closing_confirm(&ctrl->truth.books.closing, session, clock_ns());
}

// Only now, with its last counters, a session's deletion is told.
static void hook_settled(void *with, const struct session *session, bool correction)
{
	struct ctrl *ctrl = with;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;
	Shoal__Oss__Usage usage;

	event.kind = SHOAL__OSS__EVENT_KIND__SESSION_DELETED;
	event.session = session->id;
	event.shard = shard_of_teid(session->bearer.teid);
	if (correction)
		event.text = "correction";
	count_pack(&session->usage, &usage);
	event.usage = &usage;
	event_tell(&ctrl->event, &event);
	desk_settled(&ctrl->desk, session);
}

static void hook_stands(void *with, uint8_t shard)
{
	struct ctrl *ctrl = with;

	desk_stands(&ctrl->desk, shard);
}

static void hook_refused(void *with, uint32_t cell, uint64_t number)
{
	struct ctrl *ctrl = with;

	desk_refused(&ctrl->desk, cell, number);
}

static void hook_alarm(void *with, uint8_t shard, const char *text)
{
	struct ctrl *ctrl = with;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;
	char words[160];

	snprintf(words, sizeof(words), "shard %u %s", shard, text);
	log_warning("shard.alarm", "%s", words);
	event.kind = SHOAL__OSS__EVENT_KIND__ALARM;
	event.shard = shard;
	event.text = words;
	event_tell(&ctrl->event, &event);
	upgrade_alarm(&ctrl->upgrade, shard, text);
}

static void hook_usage(void *with, const struct feed_usage *heard)
{
	struct ctrl *ctrl = with;
	struct session *session = books_usage(&ctrl->truth.books, heard, wall_ms());

	if (session)
		session_event(ctrl, session, SHOAL__OSS__EVENT_KIND__USAGE);
}

static void hook_gauge(void *with, const struct feed_gauge *heard)
{
	books_gauge(&((struct ctrl *)with)->truth.books, heard, wall_ms());
}

static void hook_final(void *with, const struct report *report)
{
	struct ctrl *ctrl = with;

	books_report(&ctrl->truth.books, report, wall_ms());
}

static void hook_state(void *with)
{
	struct ctrl *ctrl = with;

	desk_state(&ctrl->desk);
	quarantine_state(&ctrl->quarantine);
	release_state(&ctrl->release, fleet_state(ctrl->fleet));
	upgrade_state(&ctrl->upgrade, fleet_state(ctrl->fleet), clock_ns());
}

static bool hook_release_order(void *with, const Shoal__Fleet__Order *order)
{
	struct ctrl *ctrl = with;

	return fleet_state(ctrl->fleet) && !fleet_order(ctrl->fleet, order, release_answered, &ctrl->release);
}

static void hook_reborn(void *with)
{
	struct ctrl *ctrl = with;

	exceptions_again(&ctrl->exceptions);
	aliases_again(&ctrl->truth.aliases);
	framed_again(&ctrl->truth.framed);
	quarantine_reborn(&ctrl->quarantine);
}

static void hook_event(void *with, const Shoal__Fleet__Event *from)
{
	static const Shoal__Oss__EventKind kinds[] = {
		[SHOAL__FLEET__EVENT_KIND__SEAT_UP] = SHOAL__OSS__EVENT_KIND__WORKER_UP,
		[SHOAL__FLEET__EVENT_KIND__SEAT_DOWN] = SHOAL__OSS__EVENT_KIND__WORKER_DOWN,
		[SHOAL__FLEET__EVENT_KIND__SHARD_MOVED] = SHOAL__OSS__EVENT_KIND__SHARD_MOVED,
		[SHOAL__FLEET__EVENT_KIND__PORT_UP] = SHOAL__OSS__EVENT_KIND__ALARM,
		[SHOAL__FLEET__EVENT_KIND__PORT_DOWN] = SHOAL__OSS__EVENT_KIND__ALARM,
		[SHOAL__FLEET__EVENT_KIND__ALARM] = SHOAL__OSS__EVENT_KIND__ALARM,
		[SHOAL__FLEET__EVENT_KIND__POISON] = SHOAL__OSS__EVENT_KIND__ALARM,
	};
	struct ctrl *ctrl = with;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;

	if (from->kind == SHOAL__FLEET__EVENT_KIND__POISON)
		quarantine_event(&ctrl->quarantine, from, fleet_state(ctrl->fleet)->generation);
	if ((unsigned)from->kind >= sizeof(kinds) / sizeof(*kinds))
		return;
	event.kind = kinds[from->kind];
	event.seat = from->seat;
	event.shard = from->shard;
	event.text = from->text;
	event_tell(&ctrl->event, &event);
}

static void hook_quarantine(void *with, uint64_t session, const char *text)
{
	struct ctrl *ctrl = with;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;

	log_warning("session.quarantine", "session %llu %s", (unsigned long long)session, text);
	event.kind = SHOAL__OSS__EVENT_KIND__QUARANTINE;
	event.session = session;
	event.text = (char *)text;
	event_tell(&ctrl->event, &event);
}

static void hook_door(void *with, const char *text)
{
	struct ctrl *ctrl = with;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;

	event.kind = SHOAL__OSS__EVENT_KIND__ALARM;
	event.text = (char *)text;
	event_tell(&ctrl->event, &event);
}

static void hook_store(void *with, int error)
{
	struct ctrl *ctrl = with;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;
	char words[512];

	snprintf(words, sizeof(words), "store %s: %s", ctrl->conf->store_dir,
		 error ? strerror(-error) : "changes are taken again");
	if (error)
		log_error("store.refuses", "%s; changes are refused, packets and reads go on", words);
	else
		log_info("store.takes", "%s", words);
	event.kind = SHOAL__OSS__EVENT_KIND__ALARM;
	event.text = words;
	event_tell(&ctrl->event, &event);
}

static void hook_take(void *with, struct request *request)
{
	struct ctrl *ctrl = with;

	desk_take(&ctrl->desk, request);
}

static int feeds_open(struct ctrl *ctrl)
{
	struct feed_needs needs = { .conf = ctrl->conf,
				    .place = &ctrl->truth.place,
				    .grid = &ctrl->truth.grid,
				    .push = &ctrl->push,
				    .usage = hook_usage,
				    .gauge = hook_gauge,
				    .progress = &ctrl->truth.books.progress,
				    .with = ctrl };
	int error = 0;

	for (; !error && needs.link < PLANE_NESTS; needs.link++)
		error = feed_open(&needs, &ctrl->feed[needs.link]);
	return error;
}

static int doors_open(struct ctrl *ctrl)
{
	struct fleet_hooks fleet_hooks = { ctrl, hook_state, hook_event, hook_reborn };
	int error = inbox_open(&ctrl->inbox);

	if (!error)
		error = fleet_open(ctrl->conf->run_dir, &fleet_hooks, &ctrl->fleet);
	ctrl->desk.fleet = ctrl->quarantine.fleet = ctrl->fleet;
	if (!error)
		error = feeds_open(ctrl);
	return error;
}

static int truth_load(struct ctrl *ctrl)
{
	struct store store;
	int error = store_lmdb_open(&store, ctrl->conf->store_dir, ctrl->conf->store_mib);

	if (!error)
		error = truth_open(&ctrl->truth, ctrl->conf, &store, ctrl->salvage);
	ctrl->truth.ledger.hooks = (struct ledger_hooks){ ctrl, hook_moving, hook_left };
	ctrl->truth.scribe.turned = hook_store;
	ctrl->truth.scribe.turned_with = ctrl;
	ctrl->quarantine.scribe = &ctrl->truth.scribe;
	ctrl->quarantine.sessions = &ctrl->truth.sessions;
	ctrl->quarantine.tell = hook_quarantine;
	ctrl->quarantine.with = ctrl;
	return error ? error : quarantine_open(&ctrl->quarantine, ctrl->salvage);
}

int ctrl_bind(struct ctrl *ctrl)
{
	struct oss_needs needs = { ctrl->conf, &ctrl->desk.refusals, hook_take, hook_door, ctrl };
	int error = oss_open(&needs, &ctrl->oss);

	ctrl->event.oss = ctrl->oss;
	return error;
}

int ctrl_open(struct ctrl *ctrl)
{
	struct truth *truth = &ctrl->truth;
	int error = truth_load(ctrl);

	if (error)
		return error;
	ctrl->push.hooks = (struct push_hooks){ ctrl,       hook_applied, hook_departed,   hook_stands,
						hook_alarm, hook_final,   ctrl_path_heard, hook_refused };
	push_open(&ctrl->push, &truth->chains, truth->rates, truth->load.starts);
	truth->books.closing.settled = hook_settled;
	truth->books.closing.with = ctrl;
	closing_depart(&truth->books.closing, &ctrl->push);
	ctrl->desk = (struct desk){ .conf = ctrl->conf,
				    .store = &truth->store,
				    .scribe = &truth->scribe,
				    .load = &truth->load,
				    .ledger = &truth->ledger,
				    .keys = &truth->keys,
				    .push = &ctrl->push };
	ctrl_upgrade_open(ctrl);
	ctrl->desk.upgrade = &ctrl->upgrade;
	ctrl->desk.release = &ctrl->release;
	ctrl_traces_open(ctrl);
	ctrl->desk.quarantine = &ctrl->quarantine;
	ctrl->exceptions = (struct exceptions){ .sessions = &truth->sessions,
						.changed = &truth->ledger.exceptions_changed,
						.deaf = &truth->ledger.exceptions_deaf,
						.said = &truth->ledger.exceptions_said,
						.told = &truth->ledger.exceptions_told };
	ctrl->release.grid = &truth->grid;
	ctrl->release.push = &ctrl->push;
	ctrl->release.opened_ns = clock_ns();
	ctrl->release.order = hook_release_order;
	ctrl->release.with = ctrl;
	desk_open(&ctrl->desk);
	error = release_open(&ctrl->release);
	if (!error)
		error = ctrl_path_open(ctrl);
	if (!error)
		error = doors_open(ctrl);
	return error ? error : scribe_start(&truth->scribe, &ctrl->inbox);
}

void ctrl_renew(struct ctrl *ctrl)
{
	oss_renew(ctrl->oss);
}

// What the desk and push hold goes with the process.
void ctrl_close(struct ctrl *ctrl)
{
	scribe_stop(&ctrl->truth.scribe);
	books_flush(&ctrl->truth.books, wall_ms());
	store_close(&ctrl->truth.store);
}

static void tick(struct ctrl *ctrl, uint64_t now_ns)
{
	if (now_ns - ctrl->ticked_ns < TICK_MS * 1000000ull)
		return;
	ctrl->ticked_ns = now_ns;
	push_tick(&ctrl->push, now_ns);
	fleet_tick(ctrl->fleet, now_ns);
	desk_tick(&ctrl->desk, now_ns);
	oss_tick(ctrl->oss, now_ns);
	ctrl_path_tick(ctrl, now_ns);
	quarantine_tick(&ctrl->quarantine);
}

static int wait_ms(const struct ctrl *ctrl)
{
	int books_ms = books_wait_ms(&ctrl->truth.books, clock_ns());

	if (desk_busy(&ctrl->desk))
		return 0;
	return books_ms < TICK_MS ? books_ms : TICK_MS;
}

int ctrl_turn(struct ctrl *ctrl, int wake_fd)
{
	struct pollfd fds[4 + PLANE_NESTS] = { { .fd = ctrl->inbox.bell, .events = POLLIN },
					       { .fd = oss_fd(ctrl->oss), .events = POLLIN },
					       { .fd = wake_fd, .events = POLLIN },
					       fleet_poll(ctrl->fleet) };

	for (unsigned i = 0; i < PLANE_NESTS; i++)
		fds[4 + i] = feed_poll(ctrl->feed[i]);
	if (poll(fds, 4 + PLANE_NESTS, wait_ms(ctrl)) < 0 && errno != EINTR)
		return -errno;
	inbox_run(&ctrl->inbox);
	fleet_serve(ctrl->fleet);
	for (unsigned i = 0; i < PLANE_NESTS; i++)
		if (fds[4 + i].revents)
			feed_serve(ctrl->feed[i]);
	oss_serve(ctrl->oss);
	desk_run(&ctrl->desk);
	books_turn(&ctrl->truth.books, clock_ns(), wall_ms());
	quarantine_turn(&ctrl->quarantine);
	aliases_tell(&ctrl->truth.aliases, ctrl->fleet);
	framed_tell(&ctrl->truth.framed, ctrl->fleet);
	exceptions_tell(&ctrl->exceptions, ctrl->fleet);
	desk_aliases(&ctrl->desk);
	tick(ctrl, clock_ns());
	release_go(&ctrl->release);
	desk_drops(&ctrl->desk);
	traces_turn(&ctrl->traces, clock_ns());
	desk_traces(&ctrl->desk);
	for (unsigned i = 0; i < PLANE_NESTS; i++)
		feed_pump(ctrl->feed[i]);
	return ctrl->truth.scribe.lost ? -EUCLEAN : 0;
}
