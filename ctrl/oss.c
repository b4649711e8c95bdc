// oss.c - contexts that receive, wait for their answer, send it, and receive again.
#include "ctrl/oss.h"
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "ctrl/link.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

enum call_phase { CALL_RECEIVING, CALL_WORKING, CALL_SENDING };

struct call {
	struct inbox_item item; // first: the inbox gives it back
	struct request request;
	struct oss *oss;
	nng_ctx context;
	nng_aio *aio;
	nng_msg *message; // while working: the request's
	enum call_phase phase;
};

struct oss {
	nng_socket socket;
	struct inbox *inbox;
	oss_take *take;
	void *with;
	struct call call[OSS_CALLS];
};

static void call_done(void *with)
{
	struct call *call = with;

	inbox_post(call->oss->inbox, &call->item);
}

static void call_receive(struct call *call)
{
	call->phase = CALL_RECEIVING;
	nng_ctx_recv(call->context, call->aio);
}

static struct call *call_of(struct request *request)
{
	return (struct call *)((char *)request - offsetof(struct call, request));
}

// The request's own message carries the answer back, if NNG finds no memory for another the client asks again.
static void call_answer(struct request *request)
{
	struct call *call = call_of(request);
	nng_msg *message = call->message;

	call->message = NULL;
	nng_msg_clear(message);
	if (nng_msg_append(message, request->answer, request->answer_bytes)) {
		nng_msg_free(message);
		message = NULL;
	}
	free(request->answer);
	request->answer = NULL;
	if (!message) {
		call_receive(call);
		return;
	}
	call->phase = CALL_SENDING;
	nng_aio_set_msg(call->aio, message);
	nng_ctx_send(call->context, call->aio);
}

static void call_take(struct call *call)
{
	call->phase = CALL_WORKING;
	call->message = nng_aio_get_msg(call->aio);
	call->request = (struct request){ .bytes = nng_msg_body(call->message),
					  .length = nng_msg_len(call->message),
					  .arrived_ns = clock_ns(),
					  .answered = call_answer };
	call->oss->take(call->oss->with, &call->request);
}

static void call_run(struct inbox_item *item)
{
	struct call *call = (struct call *)item;
	int code = nng_aio_result(call->aio);

	if (code == NNG_ECLOSED || call->phase == CALL_WORKING)
		return;
	if (code && call->phase == CALL_SENDING)
		nng_msg_free(nng_aio_get_msg(call->aio)); // the client is gone
	if (!code && call->phase == CALL_RECEIVING)
		call_take(call);
	else
		call_receive(call);
}

// Each connection is a descriptor.
static void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_warning("oss.descriptors", "only %llu descriptors", (unsigned long long)limit.rlim_cur);
}

static int calls_open(struct oss *oss)
{
	int code = 0;

	for (unsigned i = 0; !code && i < OSS_CALLS; i++) {
		struct call *call = &oss->call[i];

		call->oss = oss;
		call->item.run = call_run;
		code = nng_ctx_open(&call->context, oss->socket);
		if (!code)
			code = nng_aio_alloc(&call->aio, call_done, call);
	}
	return link_error(code);
}

int oss_open(const struct conf *conf, struct inbox *inbox, oss_take *take, void *with, struct oss **made)
{
	struct oss *oss = calloc(1, sizeof(*oss));
	int error;

	if (!oss)
		return -ENOMEM;
	oss->inbox = inbox;
	oss->take = take;
	oss->with = with;
	descriptors_raise();
	error = link_error(nng_rep0_open(&oss->socket));
	if (error) {
		free(oss);
		return error;
	}
	error = calls_open(oss);
	for (unsigned i = 0; !error && i < conf->oss_urls; i++)
		error = link_listen(oss->socket, conf->oss_url[i], "RPC");
	if (error) {
		oss_close(oss);
		return error;
	}
	for (unsigned i = 0; i < OSS_CALLS; i++)
		call_receive(&oss->call[i]);
	*made = oss;
	return 0;
}

void oss_close(struct oss *oss)
{
	nng_close(oss->socket);
	for (unsigned i = 0; i < OSS_CALLS && oss->call[i].aio; i++) {
		nng_aio_stop(oss->call[i].aio);
		nng_aio_free(oss->call[i].aio);
		if (oss->call[i].message)
			nng_msg_free(oss->call[i].message);
	}
	free(oss);
}
