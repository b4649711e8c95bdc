// fleet_callers.c - ctrl at the fleet's door: its requests in, answers out. State: fleet->callers, the fleet thread's.
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "primary/fleet/fleet_inside.h"
#include "shared/base/log.h"

#define ORDER_BYTES (4u << 20)

static const struct talk_terms terms = { SP_REP, SP_REQ, ORDER_BYTES };

static int watch(const struct fleet_callers *callers, int how, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(callers->epoll, how, fd, &event) ? -errno : 0;
}

int fleet_callers_open(struct fleet *fleet, const char *path)
{
	struct fleet_callers *callers = &fleet->callers;
	int error;

	for (unsigned i = 0; i < FLEET_CALLERS; i++)
		callers->talk[i] = (struct talk)TALK_NOBODY;
	callers->door.fd = -1;
	callers->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (callers->epoll < 0)
		return -errno;
	error = talk_listen(&callers->door, path);
	return error ? error : watch(callers, EPOLL_CTL_ADD, callers->door.fd, EPOLLIN);
}

void fleet_callers_close(struct fleet *fleet)
{
	struct fleet_callers *callers = &fleet->callers;

	for (unsigned i = 0; i < FLEET_CALLERS; i++)
		talk_end(&callers->talk[i]);
	talk_shut(&callers->door);
	if (callers->epoll > 0)
		close(callers->epoll);
}

// An answer begins with the request's ids (sp.h).
static int answer(struct fleet *fleet, struct talk *talk, const uint8_t *request, size_t length)
{
	Shoal__Fleet__Answer answer = SHOAL__FLEET__ANSWER__INIT;
	int error, ids = sp_trace(request, length);
	uint8_t *room;
	size_t size;

	if (ids < 0)
		return ids;
	fleet_order(fleet, request + ids, length - (size_t)ids, &answer);
	size = (size_t)ids + shoal__fleet__answer__get_packed_size(&answer);
	error = talk_room(talk, size, &room);
	if (error)
		return error;
	memcpy(room, request, (size_t)ids);
	shoal__fleet__answer__pack(&answer, room + ids);
	fleet_traced_sent(fleet);
	return talk_say(talk, size);
}

// Who does not read his answer is not asked for more.
static void caller_serve(struct fleet *fleet, struct talk *talk)
{
	const uint8_t *request;
	size_t length;
	int error = talk_busy(talk) ? talk_flush(talk) : 0;

	while (!error && !talk_busy(talk)) {
		error = talk_hear(talk, &request, &length);
		if (!error)
			error = answer(fleet, talk, request, length);
	}
	if (!error || error == -EAGAIN) {
		watch(&fleet->callers, EPOLL_CTL_MOD, talk->fd, talk_busy(talk) ? EPOLLOUT : EPOLLIN);
		return;
	}
	if (error != -ECONNRESET && error != -EPIPE)
		log_warning("fleet.caller", "a conversation ends: %s", strerror(-error));
	talk_end(talk);
}

static struct talk *place_free(struct fleet_callers *callers)
{
	for (unsigned i = 0; i < FLEET_CALLERS; i++)
		if (callers->talk[i].fd < 0)
			return &callers->talk[i];
	return NULL;
}

// False: nobody is there any more.
static bool door_look(struct fleet_callers *callers)
{
	struct talk *place = place_free(callers), none = TALK_NOBODY;
	int error = talk_accept(&callers->door, &terms, place ? place : &none);

	if (error == -EACCES)
		log_warning("fleet.stranger", "somebody of another account is closed unread");
	if (error)
		return error == -EACCES || error == -ECONNRESET;
	if (!place || watch(callers, EPOLL_CTL_ADD, place->fd, EPOLLIN)) {
		log_warning("fleet.many", "more than %u callers: one is sent away", FLEET_CALLERS);
		talk_end(place ? place : &none);
	}
	return true;
}

void fleet_callers_serve(struct fleet *fleet)
{
	while (door_look(&fleet->callers))
		;
	for (unsigned i = 0; i < FLEET_CALLERS; i++)
		if (fleet->callers.talk[i].fd >= 0)
			caller_serve(fleet, &fleet->callers.talk[i]);
}
