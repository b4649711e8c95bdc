// desk_upgrade.c - requests about the upgrade of the workers to another build.
#include <errno.h>
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/fleet/upgrade.h"
#include "shared/base/clock.h"

#define PERMILLE_MAX 1000u
#define WATCH_MAX_MS 3600000u

static void upgrade_answer(struct job *job)
{
	struct upgrade *upgrade = job->desk->upgrade;
	Shoal__Oss__UpgradeAnswer *answer = job_take(job, sizeof(*answer));

	if (!answer)
		return;
	shoal__oss__upgrade_answer__init(answer);
	answer->phase = upgrade->phase;
	answer->from_build = upgrade->from_build;
	answer->to_build = upgrade->to_build;
	answer->moved = upgrade->moved;
	answer->reason = upgrade->reason;
	answer->started_ms = upgrade->started_ms;
	answer->ended_ms = upgrade->ended_ms;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_UPGRADE;
	job->response.upgrade = answer;
}

static int start_check(struct job *job, const Shoal__Oss__UpgradeStart *start)
{
	if (!*start->binary)
		return fault_say(&job->fault, SHOAL__OSS__CODE__MISSING_FIELD, "binary", "Which nursery is it to be?");
	if (*start->binary != '/' || strlen(start->binary) >= sizeof(job->desk->upgrade->binary))
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "binary",
				 "An absolute path on the gateway's disk, of at most 511 bytes.");
	if (start->canary_permille > PERMILLE_MAX)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "canary_permille", "At most 1,000.");
	if (start->watch_ms > WATCH_MAX_MS)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "watch_ms", "At most an hour.");
	return 0;
}

// A client that sends it again, because it heard no answer, must not be told that another one is under way.
static bool start_again(struct job *job)
{
	const struct desk *desk = job->desk;
	const ProtobufCBinaryData *key = &job->message->key;

	return upgrade_runs(desk->upgrade) && key->len && key->len == desk->upgrade_key_bytes &&
	       !memcmp(key->data, desk->upgrade_key, key->len);
}

void desk_upgrade_start(struct job *job)
{
	const Shoal__Oss__UpgradeStart *start = job->message->upgrade_start;
	struct desk *desk = job->desk;

	if (start_check(job, start))
		return;
	if (!desk->fleet || !fleet_state(desk->fleet)) {
		fault_say(&job->fault, SHOAL__OSS__CODE__UNAVAILABLE, "", "The primary does not answer.");
		return;
	}
	if (!start_again(job) && upgrade_start(desk->upgrade, start, clock_ns())) {
		fault_say(&job->fault, SHOAL__OSS__CODE__BUSY, "", "An upgrade is under way.");
		return;
	}
	desk->upgrade_key_bytes = job->message->key.len;
	memcpy(desk->upgrade_key, job->message->key.data, job->message->key.len);
	upgrade_answer(job);
}

void desk_upgrade_get(struct job *job)
{
	upgrade_answer(job);
}

void desk_upgrade_abort(struct job *job)
{
	int error = upgrade_abort(job->desk->upgrade);

	if (error == -ENOENT)
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "", "There is no upgrade under way.");
	else if (error == -EBUSY)
		fault_say(
		    &job->fault, SHOAL__OSS__CODE__BUSY, "",
		    "The new build serves everything and the old one leaves: to go back, upgrade to the old one.");
	else
		upgrade_answer(job);
}
