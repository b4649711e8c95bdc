// heard.c - turns what a peer says into a report, within limits.
#include "workers/slow/heard.h"
#include <string.h>
#include "shared/wire/cursor.h"

static struct report report_of(const struct signal *signal, enum report_kind kind)
{
	struct report report = { .kind = (uint8_t)kind, .family = signal->family };

	memcpy(report.peer, signal->source, signal->family == 4 ? 4 : 16);
	return report;
}

// A peer's share first: one that floods takes nothing from the others.
static bool heard_admit(struct slow *slow, const struct signal *signal, uint64_t now)
{
	return slow_admit(&slow->talkers[slow_place(signal)], now) && slow_admit(&slow->talk, now);
}

// For builds that know less, it is a message like others that are not served.
static enum verdict heard_verdict(const struct slow *slow, enum verdict verdict)
{
	return plane_knows(slow->net, verdict) ? verdict : VERDICT_GTPU_TYPE;
}

static enum verdict heard_tell(struct slow *slow, const struct signal *signal, const struct report *report,
			       uint64_t now)
{
	if (slow->heards >= slow->hears || !heard_admit(slow, signal, now))
		return VERDICT_SLOW_REFUSED;
	slow->heard[slow->heards++] = *report;
	return heard_verdict(slow, VERDICT_GTPU_HEARD);
}

static enum verdict heard_echo(struct slow *slow, const struct signal *signal, uint64_t now)
{
	struct report report = report_of(signal, REPORT_ECHO);

	report.seq = signal->gtpu.sequence;
	return heard_tell(slow, signal, &report, now);
}

static enum verdict heard_error(struct slow *slow, const struct signal *signal, uint64_t now)
{
	struct report report = report_of(signal, REPORT_TUNNEL);
	struct signal_error error;

	if (!signal_error_read(signal, &error))
		return VERDICT_BAD_GTPU;
	if (error.family != signal->family || memcmp(error.peer, report.peer, sizeof(error.peer)) != 0)
		return heard_verdict(slow, VERDICT_GTPU_FORGED);
	report.teid = error.teid;
	return heard_tell(slow, signal, &report, now);
}

enum verdict heard_message(struct slow *slow, const struct signal *signal, uint64_t now)
{
	if (signal->inside)
		return VERDICT_GTPU_TYPE;
	return signal->gtpu.type == GTPU_ECHO_RESPONSE ? heard_echo(slow, signal, now) : heard_error(slow, signal, now);
}
