// desk_trace.c - requests about traces: start, read, stop.
#include <stdlib.h>
#include "ctrl/desk/job.h"
#include "ctrl/session/session.h"
#include "ctrl/tell/traces.h"
#include "shared/base/clock.h"

#define ANSWER_BYTES (256u * 1024) // of one answer, about
#define ANSWER_PACKETS 1000u

static bool wish_check(struct job *job, const Shoal__Oss__TraceStart *start)
{
	if (start->snap > TRACES_SNAP)
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "snap", "At most 2,048 bytes of a packet.");
	else if (start->rate > TRACES_RATE_MAX)
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "rate", "At most 20,000 packets a second.");
	else if (!session_by_id(job->desk->ledger->sessions, start->session))
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "session", "No such session.");
	else if (!job->desk->fleet || !fleet_state(job->desk->fleet))
		fault_say(&job->fault, SHOAL__OSS__CODE__UNAVAILABLE, "", "The primary does not answer.");
	return !job->fault.code;
}

// What there is of it; false with job->fault.
static bool trace_fill(struct job *job, const struct trace *trace)
{
	Shoal__Oss__TraceAnswer *answer = job_take(job, sizeof(*answer));
	Shoal__Oss__TracePacket **list = job_take(job, ANSWER_PACKETS * sizeof(*list));
	size_t bytes = 0;

	if (!answer || !list)
		return false;
	shoal__oss__trace_answer__init(answer);
	answer->trace = trace->id;
	answer->packets = list;
	for (struct trace_packet *packet = trace->first;
	     packet && answer->n_packets < ANSWER_PACKETS && bytes < ANSWER_BYTES; packet = packet->next) {
		list[answer->n_packets++] = &packet->message;
		bytes += packet->bytes;
	}
	answer->seen = trace->seen.before + trace->seen.last;
	answer->lost = trace_lost(trace);
	answer->ended = (char *)trace->ended;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_TRACE;
	job->response.trace = answer;
	return true;
}

void desk_trace_start(struct job *job)
{
	const Shoal__Oss__TraceStart *start = job->message->trace_start;
	struct trace_wish wish = { .session = start->session,
				   .snap = start->snap ? start->snap : TRACES_SNAP,
				   .per_second = start->rate ? start->rate : TRACES_RATE,
				   .key = job->message->key.data,
				   .key_bytes = job->message->key.len };
	const struct trace *trace;

	if (!wish_check(job, start))
		return;
	trace = traces_start(job->desk->traces, &wish, clock_ns());
	if (trace)
		trace_fill(job, trace);
	else
		fault_say(&job->fault, SHOAL__OSS__CODE__LIMIT, "", "Eight sessions are being traced already.");
}

static struct trace *trace_of(struct job *job, uint64_t id)
{
	struct trace *trace = traces_find(job->desk->traces, id);

	if (!trace)
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "trace",
			  "No such trace; one that nobody reads for 10 s ends, and all do with the controller.");
	return trace;
}

void desk_trace_read(struct job *job)
{
	const Shoal__Oss__TraceRead *read = job->message->trace_read;
	struct trace *trace = trace_of(job, read->trace);

	if (!trace)
		return;
	trace_forget(trace, read->after);
	trace->read_ns = clock_ns();
	if (!trace_fill(job, trace))
		return;
	trace->over = *trace->ended && !trace->first;
	if (trace->first || trace->over)
		return;
	job->wait = job_wait(job, WAIT_TRACE);
	if (!job->wait)
		return;
	job->wait->arrived = job->desk->traces->arrived;
	if (read->wait_ms && read->wait_ms < job->message->deadline_ms)
		job->wait->deadline_ns = job->request->arrived_ns + read->wait_ms * 1000000ull;
	trace->read_ns = job->wait->deadline_ns;
}

// The answer that was prepared is of when it came; now there may be more to say.
bool desk_trace_came(struct wait *wait)
{
	const struct traces *traces = wait->desk->traces;
	struct request *request = wait->request;
	struct trace *trace;
	struct job job;

	if (wait->arrived == traces->arrived)
		return false;
	wait->arrived = traces->arrived;
	job_open(&job, wait->desk, request);
	trace = job.fault.code ? NULL : trace_of(&job, job.message->trace_read->trace);
	if (trace && (!trace_fill(&job, trace) || !(trace->first || *trace->ended)))
		return false;
	if (trace) {
		trace->read_ns = clock_ns();
		trace->over = !trace->first;
	}
	free(request->answer);
	request->answer = job_answer(&job, &request->answer_bytes);
	return true;
}

void desk_trace_stop(struct job *job)
{
	struct trace *trace = trace_of(job, job->message->trace_stop->trace);

	if (!trace)
		return;
	traces_stop(job->desk->traces, trace);
	trace_fill(job, trace);
}
