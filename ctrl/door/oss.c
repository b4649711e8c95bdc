// oss.c - one epoll over listeners and callers.
#include "ctrl/door/oss.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ctrl/door/call.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define ACCEPT_TURN 64u
#define SHAKE_TURN 4u
#define EVENTS_TURN 256
#define DESCRIPTORS_KEPT 128u // for the store, feeds and the rest
#define EXPIRY_LOOK_NS (12ull * 3600 * 1000000000)

struct oss {
	int epoll;
	struct listener listener[LISTENERS_MAX];
	unsigned listeners;
	struct caller_list half_open, shaking, idle, audience; // longest silent first
	struct caller_desk desk;
	struct oss_needs needs;
	uint32_t callers_max;
	uint64_t expiry_ns; // when certificates were last looked at; 0 = never
};

static void refused(struct oss *oss, enum refusal refusal)
{
	oss->needs.refusals->count[refusal]++;
}

static void caller_watch(struct oss *oss, struct caller *caller)
{
	struct epoll_event event = { .events = caller_wants(caller, &oss->desk), .data.ptr = caller };

	if (event.events == caller->events)
		return;
	caller->events = event.events;
	epoll_ctl(oss->epoll, EPOLL_CTL_MOD, caller->stream.fd, &event);
}

// A handshake has its time as a whole: whoever is in it stays where it is in the list.
static void caller_sort(struct oss *oss, struct caller *caller)
{
	struct caller_list *list = &oss->idle;

	if (caller_shaking(caller))
		list = &oss->shaking;
	else if (caller_half_open(caller))
		list = &oss->half_open;
	else if (caller->protocol == SP_SUB)
		list = &oss->audience;
	if (list != &oss->shaking || caller->list != list)
		caller_list_join(list, caller);
}

// Of many under way answers go out together, when there is room to write.
static void caller_answered(void *owner, struct caller *caller)
{
	struct oss *oss = owner;
	int error = caller_resume(caller, &oss->desk, clock_ns());

	if (!error && !caller->working) {
		error = caller_write(caller);
		if (!error && caller->have) // for which it was too loaded before
			error = caller_resume(caller, &oss->desk, clock_ns());
	}
	if (error) // not here, where the desk still has it in hand: it comes back as an event
		shutdown(caller->stream.fd, SHUT_RDWR);
	caller_sort(oss, caller);
	caller_watch(oss, caller);
}

static uint32_t callers_count(const struct oss *oss)
{
	return oss->half_open.count + oss->shaking.count + oss->idle.count + oss->audience.count;
}

// Room for one more: whoever has been silent longest, first among those who never finished a word.
static bool one_sent_away(struct oss *oss)
{
	struct caller *caller = oss->half_open.first ? oss->half_open.first : oss->shaking.first;

	for (struct caller *idle = oss->idle.first; !caller && idle; idle = idle->after)
		if (!idle->working)
			caller = idle;
	if (!caller)
		return false;
	log_warning("oss.crowded", "%u connections: the longest silent one is closed", callers_count(oss));
	refused(oss, REFUSAL_CROWD);
	caller_free(caller, &oss->desk);
	return true;
}

static void caller_admit(struct oss *oss, const struct listener *listener, int fd)
{
	struct caller *caller = caller_make(fd, listener, clock_ns());
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = caller };

	if (!caller || epoll_ctl(oss->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		free(caller);
		close(fd);
		return;
	}
	caller->events = event.events;
	caller_sort(oss, caller);
}

static void callers_accept(struct oss *oss, const struct listener *listener)
{
	for (unsigned i = 0; i < ACCEPT_TURN; i++) {
		int fd;

		if (callers_count(oss) >= oss->callers_max && !one_sent_away(oss))
			return;
		fd = listener_accept(listener);
		if ((fd == -EMFILE || fd == -ENFILE) && one_sent_away(oss))
			continue;
		if (fd == -EACCES)
			refused(oss, REFUSAL_ACCOUNT);
		else if (fd < 0)
			return;
		else
			caller_admit(oss, listener, fd);
	}
}

static void caller_away(struct oss *oss, struct caller *caller, int error)
{
	if (error != -ECONNRESET && error != -EPIPE) {
		refused(oss, error == -EUSERS ? REFUSAL_CROWD : REFUSAL_NONSENSE);
		log_info("oss.caller", "%s: a client is sent away: %s", caller->listener->door.url, strerror(-error));
	}
	caller_free(caller, &oss->desk);
}

// A new subscriber is one too many: the others stay.
static int audience_check(const struct oss *oss, const struct caller *caller)
{
	bool newcomer = caller->protocol == SP_SUB && caller->list != &oss->audience;

	return newcomer && oss->audience.count >= OSS_SUBSCRIBERS_MAX ? -EUSERS : 0;
}

static void caller_serve(struct oss *oss, struct caller *caller, uint32_t events)
{
	int error = 0;

	if (events & (EPOLLHUP | EPOLLERR)) // nobody is left to answer
		error = -ECONNRESET;
	if (!error && (events & EPOLLIN || stream_pending(&caller->stream) || caller->stream.wants_write))
		error = caller_read(caller, &oss->desk, clock_ns());
	if (!error)
		error = audience_check(oss, caller);
	if (!error)
		error = caller_write(caller);
	if (!error && caller->have) // which it may have been too loaded to take
		error = caller_resume(caller, &oss->desk, caller->heard_ns);
	if (error) {
		caller_away(oss, caller, error);
		return;
	}
	caller_sort(oss, caller);
	caller_watch(oss, caller);
}

static void caller_shake(struct oss *oss, struct caller *caller, uint32_t events)
{
	enum refusal why = REFUSAL_TLS_OTHER;
	int step = events & (EPOLLHUP | EPOLLERR) ? -ECONNRESET : stream_shake(&caller->stream, &why);

	if (step > 0) {
		caller_serve(oss, caller, EPOLLIN);
		return;
	}
	if (!step) {
		caller_sort(oss, caller);
		caller_watch(oss, caller);
		return;
	}
	if (caller->stream.ssl || step != -ECONNRESET) {
		refused(oss, why);
		log_info("oss.handshake", "%s: a client is not let in: %s", caller->listener->door.url,
			 refusal_help(why));
	}
	caller_free(caller, &oss->desk);
}

static struct listener *listener_of(struct oss *oss, void *event)
{
	for (unsigned i = 0; i < oss->listeners; i++)
		if (event == &oss->listener[i])
			return &oss->listener[i];
	return NULL;
}

// Those in a handshake have their turn when the others have had theirs; who is not reached is told of again by the next epoll_wait,
// which goes round. Nobody but the caller itself is freed here, so that every event's caller still lives.
static void handshakes_serve(struct oss *oss, const struct epoll_event *events, int count)
{
	for (int i = 0, taken = 0; i < count && taken < (int)SHAKE_TURN; i++) {
		if (!events[i].data.ptr)
			continue;
		caller_shake(oss, events[i].data.ptr, events[i].events);
		taken++;
	}
	while (oss->shaking.count > OSS_SHAKING_MAX) {
		refused(oss, REFUSAL_CROWD);
		caller_free(caller_list_crowd(&oss->shaking, oss->listener), &oss->desk);
	}
}

// Admitting may send a caller away whose event is still to come in this turn: listeners are served last.
void oss_serve(struct oss *oss)
{
	struct epoll_event events[EVENTS_TURN];
	struct listener *listeners[EVENTS_TURN];
	int count = epoll_wait(oss->epoll, events, EVENTS_TURN, 0);

	for (int i = 0; i < count; i++) {
		struct caller *caller = events[i].data.ptr;

		listeners[i] = listener_of(oss, caller);
		if (!listeners[i] && !caller->stream.shaken)
			continue;
		if (!listeners[i])
			caller_serve(oss, caller, events[i].events);
		events[i].data.ptr = NULL;
	}
	handshakes_serve(oss, events, count);
	for (int i = 0; i < count; i++)
		if (listeners[i])
			callers_accept(oss, listeners[i]);
}

bool oss_heard(const struct oss *oss)
{
	return oss->audience.count > 0;
}

void oss_publish(struct oss *oss, const void *bytes, size_t length)
{
	for (struct caller *caller = oss->audience.first, *next; caller; caller = next) {
		next = caller->after;
		if (caller_publish(caller, bytes, length)) {
			refused(oss, REFUSAL_DEAF);
			continue;
		}
		caller_watch(oss, caller); // written when the socket says there is room
	}
}

static void silent_away(struct oss *oss, struct caller_list *list, uint64_t now_ns)
{
	while (list->first && now_ns - list->first->heard_ns > OSS_PATIENCE_NS) {
		refused(oss, REFUSAL_SLOW);
		caller_free(list->first, &oss->desk);
	}
}

static void expiries_look(struct oss *oss, uint64_t now_ns)
{
	char text[TLS_TEXT_BYTES];

	oss->expiry_ns = now_ns;
	for (unsigned i = 0; i < oss->listeners; i++)
		if (oss->listener[i].secured && tls_ends_soon(&oss->listener[i].tls, text))
			oss->needs.alarm(oss->needs.with, text);
}

void oss_tick(struct oss *oss, uint64_t now_ns)
{
	silent_away(oss, &oss->half_open, now_ns);
	silent_away(oss, &oss->shaking, now_ns);
	if (!oss->expiry_ns || now_ns - oss->expiry_ns > EXPIRY_LOOK_NS)
		expiries_look(oss, now_ns);
}

void oss_renew(struct oss *oss)
{
	for (unsigned i = 0; i < oss->listeners; i++) {
		struct listener *listener = &oss->listener[i];

		if (!listener->secured)
			continue;
		if (!tls_renew(&listener->tls))
			log_info("tls.renewed", "%s: certificates read anew", listener->door.url);
		else
			oss->needs.alarm(oss->needs.with, "new certificates cannot be read; the old ones stay");
	}
	oss->expiry_ns = 0;
}

int oss_fd(const struct oss *oss)
{
	return oss->epoll;
}

// Each connection is a descriptor.
static uint32_t descriptors_raise(void)
{
	struct rlimit limit = { 1024, 1024 };

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur <= 2 * DESCRIPTORS_KEPT)
		return DESCRIPTORS_KEPT;
	if (limit.rlim_cur - DESCRIPTORS_KEPT < OSS_CALLERS_MAX)
		return (uint32_t)limit.rlim_cur - DESCRIPTORS_KEPT;
	return OSS_CALLERS_MAX;
}

static int door_open(struct oss *oss, const struct listener *wanted)
{
	struct listener *listener = &oss->listener[oss->listeners];
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = listener };
	int error;

	*listener = *wanted;
	error = listener_open(listener, oss->needs.conf);
	if (error)
		return error;
	oss->listeners++;
	return epoll_ctl(oss->epoll, EPOLL_CTL_ADD, listener->fd, &event) < 0 ? -errno : 0;
}

// What stands under ctrl is for root and ourselves, who may do everything.
static int own_open(struct oss *oss, const char *url, bool requests)
{
	struct listener wanted = { .requests = requests, .events = !requests, .door.role = CONF_OPERATE };

	snprintf(wanted.door.url, sizeof(wanted.door.url), "%s", url);
	return door_open(oss, &wanted);
}

static int doors_open(struct oss *oss, const struct conf *conf)
{
	int error = own_open(oss, conf->event_url, false);

	for (unsigned i = 0; !error && i < conf->oss_urls; i++)
		error = own_open(oss, conf->oss_url[i], true);
	for (unsigned i = 0; !error && i < conf->doors; i++) {
		struct listener wanted = { .requests = true, .events = !*conf->door[i].dnn, .door = conf->door[i] };

		error = door_open(oss, &wanted);
	}
	return error;
}

int oss_open(const struct oss_needs *needs, struct oss **made)
{
	struct oss *oss = calloc(1, sizeof(*oss));
	int error;

	if (!oss)
		return -ENOMEM;
	oss->callers_max = descriptors_raise();
	oss->needs = *needs;
	oss->desk = (struct caller_desk){ .take = needs->take,
					  .with = needs->with,
					  .answered = caller_answered,
					  .owner = oss,
					  .buffered_max = OSS_BUFFERED_MAX,
					  .unread_max = OSS_UNREAD_MAX,
					  .calls = CALLS_NONE };
	oss->epoll = epoll_create1(EPOLL_CLOEXEC);
	error = oss->epoll < 0 ? -errno : doors_open(oss, needs->conf);
	if (error)
		oss_close(oss);
	else
		*made = oss;
	return error;
}

static void list_close(struct oss *oss, struct caller_list *list)
{
	while (list->first)
		caller_free(list->first, &oss->desk);
}

void oss_close(struct oss *oss)
{
	list_close(oss, &oss->half_open);
	list_close(oss, &oss->shaking);
	list_close(oss, &oss->idle);
	list_close(oss, &oss->audience);
	for (unsigned i = 0; i < oss->listeners; i++)
		listener_close(&oss->listener[i]);
	if (oss->epoll >= 0)
		close(oss->epoll);
	spares_close(&oss->desk.calls);
	free(oss);
}
