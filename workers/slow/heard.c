// heard.c - turns what a peer says into a report, within limits.
#include "workers/slow/heard.h"
#include <string.h>
#include "shared/wire/cursor.h"

// A peer's share first: one that floods takes nothing from the others.
static bool heard_admit(struct slow *slow, const struct signal *signal, uint64_t now)
{
	return slow_admit(&slow->talkers[slow_place(signal)], now) && slow_admit(&slow->talk, now);
}

static bool elsewhere_admit(struct slow *slow, const struct signal *signal, uint64_t now)
{
	return slow_admit(&slow->elsewheres[slow_place(signal)], now) && slow_admit(&slow->elsewhere, now);
}

// For builds that know less, it is a message like others that are not served.
static enum verdict heard_verdict(const struct slow *slow, enum verdict verdict)
{
	return plane_knows(slow->net, verdict) ? verdict : VERDICT_GTPU_TYPE;
}

static enum verdict heard_tell(struct slow *slow, const struct report *report)
{
	slow->heard[slow->heards++] = *report;
	return heard_verdict(slow, VERDICT_GTPU_HEARD);
}

static enum verdict heard_echo(struct slow *slow, const struct signal *signal, uint64_t now)
{
	struct report report = { .kind = REPORT_ECHO, .family = signal->family, .seq = signal->gtpu.sequence };

	if (!heard_admit(slow, signal, now))
		return VERDICT_SLOW_REFUSED;
	memcpy(report.peer, signal->source, sizeof(report.peer));
	return heard_tell(slow, &report);
}

static bool from_there(const struct signal *signal, const struct signal_error *error)
{
	return error->family == signal->family && !memcmp(error->peer, signal->source, sizeof(error->peer));
}

static enum verdict heard_error(struct slow *slow, const struct signal *signal, uint64_t now)
{
	struct report report = { .kind = REPORT_TUNNEL };
	struct signal_error error;

	if (!signal_error_read(signal, &error))
		return VERDICT_BAD_GTPU;
	report.elsewhere = !from_there(signal, &error);
	if (report.elsewhere && !elsewhere_admit(slow, signal, now))
		return heard_verdict(slow, VERDICT_GTPU_FORGED);
	if (!report.elsewhere && !heard_admit(slow, signal, now))
		return VERDICT_SLOW_REFUSED;
	report.family = error.family;
	report.teid = error.teid;
	memcpy(report.peer, error.peer, sizeof(report.peer));
	return heard_tell(slow, &report);
}

enum verdict heard_message(struct slow *slow, const struct signal *signal, uint64_t now)
{
	if (signal->inside)
		return VERDICT_GTPU_TYPE;
	if (slow->heards >= slow->hears)
		return VERDICT_SLOW_REFUSED;
	return signal->gtpu.type == GTPU_ECHO_RESPONSE ? heard_echo(slow, signal, now) : heard_error(slow, signal, now);
}
