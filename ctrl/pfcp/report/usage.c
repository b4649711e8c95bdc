// usage.c - see usage.h. Pure.
#include "ctrl/pfcp/report/usage.h"
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"

#define NTP_OFFSET 2208988800ull // seconds from 1900 to 1970
#define TRIGGER_OCTETS 3u
#define EVENTS_MAX 128u // of a report, so that all of a session's are one datagram

#define TRAFFIC (PFCP_USAGE_REPORT_TRIGGER_START | PFCP_USAGE_REPORT_TRIGGER_STOPT)

struct usage_method usage_method_of(const struct pfcp_tree *rules, uint32_t urr)
{
	for (const struct pfcp_ie *ie = pfcp_first(rules, NULL, PFCP_IE_CREATE_URR); ie; ie = pfcp_again(rules, ie)) {
		uint64_t method = pfcp_flags(pfcp_first(rules, ie, PFCP_IE_MEASUREMENT_METHOD));
		uint64_t more = pfcp_flags(pfcp_first(rules, ie, PFCP_IE_MEASUREMENT_INFORMATION));

		if (pfcp_number(pfcp_first(rules, ie, PFCP_IE_URR_ID)) == urr)
			return (struct usage_method){ .urr = urr,
						      .volume = method & PFCP_MEASUREMENT_METHOD_VOLUM,
						      .packets = more & PFCP_MEASUREMENT_INFORMATION_MNOP,
						      .duration = method & PFCP_MEASUREMENT_METHOD_DURAT };
	}
	return (struct usage_method){ .urr = urr, .volume = true, .duration = true };
}

static void time_put(struct pfcp_writer *writer, unsigned type, uint64_t ms)
{
	if (ms)
		pfcp_put_u32(writer, type, (uint32_t)(ms / 1000 + NTP_OFFSET));
}

static void volume_put(struct pfcp_writer *writer, const Shoal__Oss__UsageReport *report, bool packets)
{
	const struct pfcp_volume volume = { .has = (uint8_t)(PFCP_VOLUME_BYTES | (packets ? PFCP_VOLUME_PACKETS : 0)),
					    .total = report->uplink_bytes + report->downlink_bytes,
					    .uplink = report->uplink_bytes,
					    .downlink = report->downlink_bytes,
					    .total_packets = report->uplink_packets + report->downlink_packets,
					    .uplink_packets = report->uplink_packets,
					    .downlink_packets = report->downlink_packets };

	pfcp_put_volume(writer, PFCP_IE_VOLUME_MEASUREMENT, &volume);
}

// One for each event. Of those whose time is not known it is known that they began before the next one.
static void events_put(struct pfcp_writer *writer, const Shoal__Oss__UsageReport *report)
{
	size_t count = report->events < EVENTS_MAX ? (size_t)report->events : EVENTS_MAX, known = report->n_event_ms;

	for (size_t i = 0; known && i < count; i++)
		time_put(writer, PFCP_IE_EVENT_TIME_STAMP,
			 report->event_ms[count - i > known ? 0 : known - (count - i)]);
}

// The start or the stop of traffic is an event: it has neither a beginning nor an end, unless something was counted until then.
static bool is_event(const Shoal__Oss__UsageReport *report)
{
	return !(report->triggers & ~(uint32_t)TRAFFIC) && !report->uplink_bytes && !report->downlink_bytes &&
	       !report->duration_s && !report->events;
}

static void measured_put(struct pfcp_writer *writer, const Shoal__Oss__UsageReport *report, struct usage_method method)
{
	time_put(writer, PFCP_IE_START_TIME, report->start_ms);
	time_put(writer, PFCP_IE_END_TIME, report->end_ms);
	if (method.volume)
		volume_put(writer, report, method.packets);
	if (method.duration)
		pfcp_put_u32(writer, PFCP_IE_DURATION_MEASUREMENT, (uint32_t)report->duration_s);
	time_put(writer, PFCP_IE_TIME_OF_FIRST_PACKET, report->first_ms);
	time_put(writer, PFCP_IE_TIME_OF_LAST_PACKET, report->last_ms);
	if (report->information)
		pfcp_put_flags(writer, PFCP_IE_USAGE_INFORMATION, report->information, 1);
}

void usage_report_put(struct pfcp_writer *writer, unsigned type, const Shoal__Oss__UsageReport *report,
		      struct usage_method method)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_put_u32(writer, PFCP_IE_URR_ID, method.urr);
	pfcp_put_u32(writer, PFCP_IE_UR_SEQN, report->number);
	pfcp_put_flags(writer, PFCP_IE_USAGE_REPORT_TRIGGER, report->triggers, TRIGGER_OCTETS);
	if (!is_event(report))
		measured_put(writer, report, method);
	if (type == PFCP_IE_SESSION_USAGE_REPORT) // 7.5.5.2 and 7.5.7.2 list none
		events_put(writer, report);
	if (method.referred && report->triggers & PFCP_USAGE_REPORT_TRIGGER_IMMER)
		pfcp_put_u32(writer, PFCP_IE_QUERY_URR_REFERENCE, method.reference);
	pfcp_end(writer, mark);
}
