// played.c - puts the gateway together and lets its two sides turn. State: `played`; one thread.
#include "tests/bench/lane/played.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "shared/base/bell.h"
#include "tests/bench/lane/worker.h"

#define WARM 200u // turns

struct played played = { .now_ns = 1000000000 };
struct marks marks;

static struct {
	struct conf conf;
	struct post orders, facts;
	struct tally_board board;
	struct record records[RECORDS];
	struct watch watch;
	_Atomic uint32_t awake;
} world;

static void world_own(unsigned port, uint32_t ipv4)
{
	struct plane_address *own = &played.view->plane->own[played.view->plane->owns++];

	*own = (struct plane_address){ .family = 4, .port = (uint8_t)port, .prefix_len = 24 };
	be32_put(own->bytes, ipv4);
}

static void world_users(void)
{
	static struct port_user users[WORKER_SESSIONS];

	for (unsigned n = 0; n < WORKER_SESSIONS; n++)
		users[n] = (struct port_user){ worker_teid(n), worker_address(n) };
	ports.user = users;
	ports.users = WORKER_SESSIONS;
}

static void world_make(void)
{
	static _Alignas(64) uint8_t zone[PLANE_SEATS][3 * PLANE_PAGE];
	struct loop_parts parts = { &world.conf,  NULL,          NULL,         &world.orders, &world.facts,
				    &world.watch, world.records, &world.board, { 0 } };

	ports_conf(&world.conf);
	world.conf.workers = 1;
	world.conf.hold = 128;
	played.view = worker_world(PORT_OWN_ACCESS);
	world_users();
	world_own(PORT_ACCESS, PORT_OWN_ACCESS);
	world_own(PORT_CORE, PORT_OWN_CORE);
	parts.view = played.view;
	played.nic = parts.nic = ports_open(&world.conf, played.view);
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		played.view->seats[seat] = seat_at(zone[seat]);
	for (unsigned i = 0; i < NEST_BELLS; i++)
		parts.bell[i] = bell_make();
	world.watch.bell = -1;
	post_init(&world.orders, &played.view->plane->sleeping, parts.bell[NEST_BELL_PRIMARY]);
	post_init(&world.facts, &world.awake, -1);
	if (loop_make(&parts, &played.loop))
		exit(1);
	neigh_announce(played.loop->neigh, played.now_ns);
}

static void worker_sits(void)
{
	struct seat_worker_page *page = played.view->seats[0].worker;

	post_put(&world.orders, (struct post_word){ .verb = POST_FORKED, .seat = 0, .pid = getpid() });
	atomic_store(&page->life, 1);
	atomic_store(&page->hinted, 1);
	atomic_store(&page->state, SEAT_READY);
}

void played_offer(unsigned up, unsigned down)
{
	ports.offered[PORT_ACCESS] += up;
	ports.offered[PORT_CORE] += down;
}

void played_turn(void)
{
	mark_set(MARK_PRIMARY);
	loop_turn(played.loop, played.now_ns);
	mark_set(MARK_WORKER);
	worker_turn();
	mark_set(MARK_NOBODY);
}

void played_open(void)
{
	world_make();
	worker_open(played.view);
	worker_sits();
	for (unsigned i = 0; i < WARM; i++) {
		played.now_ns += 10000;
		if (i == WARM / 2)
			played_offer(2, 2);
		played_turn();
	}
}

bool played_close(void)
{
	const struct tally *tally = &played.loop->tally;

	for (unsigned i = 0; i < 4; i++)
		played_turn();
	if (ports.sent[PORT_ACCESS] == ports.received[PORT_CORE] &&
	    ports.sent[PORT_CORE] == ports.received[PORT_ACCESS] && played_forwarded() > 0)
		return true;
	fprintf(stderr, "not everything came through: %lu in, %lu and %lu out\n", (unsigned long)tally->rx,
		(unsigned long)ports.sent[PORT_CORE], (unsigned long)ports.sent[PORT_ACCESS]);
	for (unsigned v = 0; v < VERDICT_COUNT; v++)
		if (tally->verdict[v])
			fprintf(stderr, "%s %lu\n", verdict_name(v), (unsigned long)tally->verdict[v]);
	return false;
}
