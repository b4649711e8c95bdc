// desk_quarantine.c - requests about sessions set apart: list, release.
#include <errno.h>
#include <string.h>
#include "ctrl/desk/job.h"

static Shoal__Oss__Quarantined *quarantined(struct job *job, const struct quarantine_entry *entry)
{
	const struct session *session = session_by_id(job->desk->ledger->sessions, entry->session);
	Shoal__Oss__Quarantined *message = job_take(job, sizeof(*message));
	Shoal__Oss__Session *stored = session ? job_session(job, session) : NULL;

	if (!message)
		return NULL;
	shoal__oss__quarantined__init(message);
	message->session = entry->session;
	message->identity = stored ? stored->identity : NULL;
	message->at_ms = entry->at_ms;
	message->refused = entry->refused;
	message->record = (char *)entry->record;
	return message;
}

void desk_quarantine_list(struct job *job)
{
	const struct quarantine *quarantine = job->desk->quarantine;
	Shoal__Oss__QuarantineListAnswer *answer = job_take(job, sizeof(*answer));

	if (!answer)
		return;
	shoal__oss__quarantine_list_answer__init(answer);
	answer->sessions = job_take(job, (quarantine->count + 1) * sizeof(*answer->sessions));
	for (unsigned i = 0; answer->sessions && i < quarantine->count && !job->fault.code; i++)
		answer->sessions[answer->n_sessions++] = quarantined(job, &quarantine->entry[i]);
	if (job->fault.code)
		return;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_QUARANTINE_LIST;
	job->response.quarantine_list = answer;
}

void desk_quarantine_release(struct job *job)
{
	int error = quarantine_release(job->desk->quarantine, job->message->quarantine_release->session);

	if (!error)
		desk_quarantine_list(job);
	else if (error == -ENOENT)
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "session", "This session is not in quarantine.");
	else
		fault_say(&job->fault, SHOAL__OSS__CODE__STORE_FAILED, "", strerror(-error));
}
