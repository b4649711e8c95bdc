// loop.c - see loop.h. One thread owns all of it.
#include "ctrl/pfcp/loop.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "ctrl/pfcp/applications.h"
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/own.h"
#include "ctrl/pfcp/paths.h"
#include "ctrl/pfcp/report/outbox.h"
#include "ctrl/pfcp/reports.h"
#include "ctrl/pfcp/rights.h"
#include "ctrl/pfcp/rules/instance.h"
#include "ctrl/pfcp/session/session.h"
#include "ctrl/pfcp/sockets.h"
#include "ctrl/pfcp/status.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/notify.h"
#include "shared/wire/cursor.h"

#define CALLS_MAX 2048u // requests to ctrl under way
#define BURST 2u        // system calls' datagrams of a socket in a turn: then what came is served, and others are heard
#define NTP_1970 2208988800u // seconds from 1900 to 1970
#define MS_NS 1000000ull

struct loop {
	const struct conf *conf;
	int signals;
	struct sockets sockets;
	struct rpc *rpc;
	struct memory memory;
	struct node node;
	struct sessions *sessions;
	struct outbox outbox;
	struct reports reports;
	struct paths paths;
	struct applications applications;
	bool serving, lost;
};

// ---- What the node wants done

static void leave(void *arg, const struct remote *to, const uint8_t *datagram, size_t length)
{
	struct loop *loop = arg;

	sockets_send(&loop->sockets, to, datagram, length);
}

static int note(void *arg, struct assoc *assoc, const char *value)
{
	struct loop *loop = arg;

	return memory_note(&loop->memory, assoc, value);
}

static void refuse(void *arg, struct deal *deal, const struct pfcp_header *header, const struct pfcp_fault *fault)
{
	sessions_refuse(((struct loop *)arg)->sessions, &(const struct pfcp_request){ header, deal, NULL }, fault);
}

static void session(void *arg, struct deal *deal, const struct pfcp_header *header, const struct pfcp_tree *tree)
{
	const struct loop *loop = arg;

	sessions_request(loop->sessions, &(const struct pfcp_request){ header, deal, tree }, loop->node.now_ns);
}

static int drop(void *arg, const char *owner)
{
	return sessions_drop(((struct loop *)arg)->sessions, owner);
}

static int owns(void *arg, const char *owner)
{
	return sessions_owned(((struct loop *)arg)->sessions, owner);
}

static int sweep(void *arg, struct deal *deal)
{
	return sessions_sweep(((struct loop *)arg)->sessions, deal);
}

static void provision(void *arg, struct deal *deal, const struct pfcp_tree *tree)
{
	provision_request(&((struct loop *)arg)->applications.provision, deal, tree);
}

// ---- What sessions want to know

static const char *dnn(void *arg, const char *instance)
{
	return instance_dnn(((const struct loop *)arg)->conf, instance);
}

static bool apart(void *arg, const char *a, const char *b)
{
	return instances_apart(((const struct loop *)arg)->conf, a, b);
}

// Where the request came to.
static void address(void *arg, const struct deal *deal, struct pfcp_address *to)
{
	const struct conf_address *own = &((const struct loop *)arg)->conf->pfcp_listen[deal->from.socket];

	*to = (struct pfcp_address){ .has_ipv4 = own->family == 4, .has_ipv6 = own->family == 6 };
	if (to->has_ipv4)
		to->ipv4 = be32_get(own->bytes);
	else
		memcpy(to->ipv6, own->bytes, sizeof(to->ipv6));
}

static uint64_t wall_ms(void *arg)
{
	return clock_wall_ns() / MS_NS;
}

static size_t advise(void *arg, struct deal *deal, uint8_t *datagram, size_t length, size_t size)
{
	return node_advise(&((struct loop *)arg)->node, deal, datagram, length, size);
}

static void owned(void *arg, bool yes)
{
	node_owns(&((struct loop *)arg)->node, yes);
}

static void swept(void *arg, struct deal *deal, uint8_t cause)
{
	node_swept(&((struct loop *)arg)->node, deal, cause);
}

static void moved(void *arg, uint64_t session, const struct report_to *to)
{
	outbox_moved(&((struct loop *)arg)->outbox, session, to);
}

static void said(void *arg, uint64_t session, bool done)
{
	outbox_said(&((struct loop *)arg)->outbox, session, done);
}

static void followed(void *arg, unsigned changed, unsigned left)
{
	applications_followed(&((struct loop *)arg)->applications, changed, left);
}

static void dropped(void *arg, const char *owner)
{
	node_dropped(&((struct loop *)arg)->node, owner);
}

// ---- What ctrl says

static bool found(void *arg, const Shoal__Oss__Note *note, const char *value)
{
	struct loop *loop = arg;

	return applications_owns(note) ? applications_found(&loop->applications, note)
				       : node_found(&loop->node, note->name, value, note->at_ms);
}

// Our Recovery Time Stamp is when ctrl's store was made: it lives as long as sessions do.
static void ready(void *arg, uint64_t made_ms)
{
	struct loop *loop = arg;

	loop->node.setting.stamp = (uint32_t)(made_ms / 1000 + NTP_1970);
	node_skills(&loop->node, loop->memory.missing);
	node_start(&loop->node, clock_ns());
	loop->serving = true;
	notify_ready("serving");
}

static void noted(void *arg, struct assoc *assoc, bool done)
{
	struct loop *loop = arg;

	node_noted(&loop->node, assoc, done);
}

static void lost(void *arg)
{
	struct loop *loop = arg;

	log_error("pfcp.lost", "the controller has another store than before: all that was known is gone");
	loop->lost = true;
}

// ---- Turns

static void datagram(void *arg, const struct remote *from, const uint8_t *bytes, size_t length)
{
	node_datagram(&((struct loop *)arg)->node, from, bytes, length);
}

static void datagrams_take(struct loop *loop, unsigned socket)
{
	for (unsigned i = 0; i < BURST && sockets_receive(&loop->sockets, socket, datagram, loop); i++)
		;
}

// SIGUSR1: tells what it knows. SIGUSR2: asks to be released. The others are the end.
static bool told_to_end(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGUSR1 && info.ssi_signo != SIGUSR2)
			return true;
		if (info.ssi_signo == SIGUSR1)
			status_log(&loop->node);
		else
			node_leave(&loop->node);
	}
	return false;
}

static struct timespec pause_until(uint64_t due_ns, uint64_t now_ns)
{
	uint64_t pause_ns = due_ns > now_ns ? due_ns - now_ns : 0;

	if (pause_ns > 3600 * 1000 * MS_NS)
		pause_ns = 3600 * 1000 * MS_NS;
	return (struct timespec){ (time_t)(pause_ns / (1000 * MS_NS)), (long)(pause_ns % (1000 * MS_NS)) };
}

static uint64_t due(const struct loop *loop)
{
	const uint64_t served[] = { node_due(&loop->node), outbox_due(&loop->outbox), loop->paths.due_ns,
				    loop->applications.provision.due_ns };
	uint64_t due_ns = sessions_due(loop->sessions);

	due_ns = loop->memory.due_ns < due_ns ? loop->memory.due_ns : due_ns;
	for (unsigned i = 0; loop->serving && i < sizeof(served) / sizeof(*served); i++)
		due_ns = served[i] < due_ns ? served[i] : due_ns;
	return due_ns;
}

static void tick(struct loop *loop, uint64_t now_ns)
{
	memory_tick(&loop->memory, now_ns);
	if (loop->serving) {
		node_tick(&loop->node, now_ns);
		outbox_tick(&loop->outbox, now_ns);
		paths_watch(&loop->paths, now_ns);
		provision_tick(&loop->applications.provision, now_ns);
		node_load(&loop->node, loop->memory.load, wall_ms(loop));
		node_skills(&loop->node, loop->memory.missing);
	}
	sessions_tick(loop->sessions, now_ns);
}

// Datagrams wait in their sockets until ctrl has said what we have to remember.
static int turn(struct loop *loop)
{
	struct pollfd fds[2 + SOCKETS_MAX] = { { loop->signals, POLLIN, 0 }, { rpc_fd(loop->rpc), POLLIN, 0 } };
	unsigned sockets = loop->serving ? loop->sockets.count : 0;
	uint64_t now_ns = clock_ns();
	struct timespec pause = pause_until(due(loop), now_ns);

	for (unsigned i = 0; i < sockets; i++)
		fds[2 + i] = (struct pollfd){ loop->sockets.fd[i], POLLIN, 0 };
	if (ppoll(fds, 2 + sockets, &pause, NULL) < 0 && errno != EINTR)
		return -errno;
	tick(loop, clock_ns());
	if (fds[1].revents)
		rpc_work(loop->rpc);
	for (unsigned i = 0; i < sockets; i++)
		if (fds[2 + i].revents)
			datagrams_take(loop, i);
	if (loop->serving) {
		node_serve(&loop->node);
		status_notify(&loop->node);
	}
	sockets_flush(&loop->sockets);
	return 0;
}

// ---- Beginning and end

static int node_begin(struct loop *loop)
{
	const struct conf *conf = loop->conf;
	struct node_setting setting = { .heartbeat_ns = conf->pfcp_heartbeat_ms * MS_NS,
					.t1_ns = conf->pfcp_t1_ms * MS_NS,
					.n1 = conf->pfcp_n1,
					.peers = conf->pfcp_peer,
					.peers_count = conf->pfcp_peers,
					.associate = conf->pfcp_associate,
					.associate_count = conf->pfcp_associates,
					.own = conf->pfcp_listen,
					.own_count = conf->pfcp_listens,
					.gtpu = own_gtpu(conf),
					.resource = (const char(*)[64])conf->pfcp_resource,
					.resource_count = conf->pfcp_resources };
	const struct node_ways ways = { .send = leave,
					.session = session,
					.refuse = refuse,
					.note = note,
					.drop = drop,
					.owns = owns,
					.sweep = sweep,
					.provision = provision,
					.arg = loop };

	own_node_id(conf, &setting.id);
	return node_open(&loop->node, &setting, &ways);
}

static int sessions_begin(struct loop *loop)
{
	struct sessions_world world = { .rpc = loop->rpc,
					.gtpu_ipv4 = loop->conf->gtpu_address,
					.arg = loop,
					.dnn = dnn,
					.apart = apart,
					.address = address,
					.wall_ms = wall_ms,
					.advise = advise,
					.dropped = dropped,
					.owned = owned,
					.swept = swept,
					.moved = moved,
					.said = said,
					.followed = followed,
					.pfds = &loop->applications.provision.pfds,
					.conf = loop->conf };

	conf_gtpu_ipv6(loop->conf, world.gtpu_ipv6);
	own_node_id(loop->conf, &world.node_id);
	return sessions_open(&world, &loop->sessions);
}

static int begin(struct loop *loop)
{
	const struct memory_ears ears = { found, ready, noted, lost, loop };
	int error = rpc_open(loop->conf->pfcp_ctrl, CALLS_MAX, &loop->rpc);

	if (error) {
		log_error("pfcp.ctrl", "%s: %s", loop->conf->pfcp_ctrl, strerror(-error));
		return error;
	}
	memory_open(&loop->memory, loop->rpc, &ears);
	applications_open(&loop->applications, &loop->memory, &loop->node);
	paths_open(&loop->paths, loop->rpc, &loop->node, wall_ms);
	error = node_begin(loop);
	if (!error)
		error = sessions_begin(loop);
	loop->applications.sessions = loop->sessions;
	loop->reports = (struct reports){ loop->rpc, &loop->outbox, &loop->node, loop->sessions };
	if (!error)
		error = reports_open(&loop->reports);
	if (error)
		log_error("pfcp.memory", "%s", strerror(-error));
	return error;
}

int loop_run(const struct conf *conf, int signals)
{
	static struct loop loop; // large
	int error;

	loop.conf = conf;
	loop.signals = signals;
	loop.sockets.sent = &loop.node.tally[TALLY_SENT];
	loop.sockets.unsent = &loop.node.tally[TALLY_UNSENT];
	error = sockets_open(&loop.sockets, conf);
	if (!error)
		error = rights_drop(conf);
	if (!error)
		error = begin(&loop);
	while (!error && !loop.lost && !told_to_end(&loop))
		error = turn(&loop);
	notify_stopping();
	return error ? error : loop.lost ? LOOP_LOST : LOOP_TOLD;
}
