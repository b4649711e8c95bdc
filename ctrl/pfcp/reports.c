// reports.c - see reports.h. One thread.
#include "ctrl/pfcp/reports.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "ctrl/pfcp/session/session.h"

#define OWNERS "pfcp:" // all of ours begin so (assoc.h)
#define PAGE 64u       // each with its session's front
#define WAIT_MS 10000u // for the first report
#define DEADLINE_MS 2000u

struct listing {
	struct reports *reports;
	char owner[ASSOC_OWNER_BYTES];
};

static bool is_good(const Shoal__Oss__Response *response)
{
	return response && response->status && response->status->code == SHOAL__OSS__CODE__OK;
}

static void listed(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct listing *listing = arg;
	const Shoal__Oss__ReportListAnswer *list = NULL;

	if (is_good(response) && response->body_case == SHOAL__OSS__RESPONSE__BODY_REPORT_LIST)
		list = response->report_list;
	if (error != -ECANCELED)
		outbox_heard(listing->reports->outbox, listing->owner, list);
	free(listing);
}

static int list(void *arg, const char *owner, uint64_t after)
{
	struct reports *reports = arg;
	Shoal__Oss__ReportList wanted = SHOAL__OSS__REPORT_LIST__INIT;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	struct listing *listing = calloc(1, sizeof(*listing));
	int error;

	if (!listing)
		return -ENOMEM;
	listing->reports = reports;
	strncpy(listing->owner, owner, sizeof(listing->owner) - 1);
	wanted.owner_prefix = *owner ? listing->owner : OWNERS;
	wanted.after = after;
	wanted.limit = PAGE;
	wanted.wait = !*owner;
	request.deadline_ms = wanted.wait ? WAIT_MS : DEADLINE_MS;
	request.body_case = SHOAL__OSS__REQUEST__BODY_REPORT_LIST;
	request.report_list = &wanted;
	error = rpc_call(reports->rpc, &request, listed, listing);
	if (error)
		free(listing);
	return error;
}

static void closed(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct reports *reports = arg;

	if (error != -ECANCELED)
		outbox_closed(reports->outbox, is_good(response));
}

static int close_them(void *arg, const uint64_t *numbers, unsigned count)
{
	struct reports *reports = arg;
	Shoal__Oss__ReportDone done = SHOAL__OSS__REPORT_DONE__INIT;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	uint8_t key[16];

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return -EAGAIN;
	done.n_numbers = count;
	done.numbers = (uint64_t *)numbers;
	request.key = (ProtobufCBinaryData){ sizeof(key), key };
	request.deadline_ms = DEADLINE_MS;
	request.body_case = SHOAL__OSS__REQUEST__BODY_REPORT_DONE;
	request.report_done = &done;
	return rpc_call(reports->rpc, &request, closed, reports);
}

// ---- Of others

static const struct remote *standing(void *arg, const char *owner)
{
	const struct assoc *assoc = assoc_of_owner(&((const struct reports *)arg)->node->assocs, owner);

	return assoc ? &assoc->remote : NULL;
}

static bool place(void *arg, const struct remote *to)
{
	return peers_allow(&((const struct reports *)arg)->node->peers, to);
}

static bool absent(void *arg, const char *owner, const struct remote *to)
{
	return assoc_absent(&((const struct reports *)arg)->node->assocs, owner, to);
}

static int ask(void *arg, const struct node_question *question)
{
	return node_ask(((struct reports *)arg)->node, question);
}

static int say(void *arg, uint64_t session, const struct report_said *said)
{
	return sessions_said(((struct reports *)arg)->sessions, session, said);
}

int reports_open(struct reports *reports)
{
	const struct outbox_ways ways = { standing, place, absent, ask, list, close_them, say, reports };

	return outbox_open(reports->outbox, &ways, reports->node->tally);
}
