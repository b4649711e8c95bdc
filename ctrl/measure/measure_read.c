// measure_read.c - a measure as the OSS writes it, as one that is carried out.
#include "ctrl/measure/measure.h"

#define ISTM (1u << 3) // Measurement Information, TS 29.244 8.2.68

static uint64_t limit_of(uint32_t number, bool given)
{
	return given ? number : UINT64_MAX;
}

// none: what an absent one, or for a threshold 0, stands for.
static void volume_read(const Shoal__Oss__Volume *volume, bool threshold, struct measure_limit *limit)
{
	limit->bytes[SHEET_TOTAL] = limit->bytes[SHEET_UP] = limit->bytes[SHEET_DOWN] = UINT64_MAX;
	if (!volume)
		return;
	if (volume->has_total && (volume->total || !threshold))
		limit->bytes[SHEET_TOTAL] = volume->total;
	if (volume->has_uplink && (volume->uplink || !threshold))
		limit->bytes[SHEET_UP] = volume->uplink;
	if (volume->has_downlink && (volume->downlink || !threshold))
		limit->bytes[SHEET_DOWN] = volume->downlink;
}

// Seconds and events.
static void numbers_read(struct measure_rules *rules, const Shoal__Oss__Measure *wanted)
{
	rules->threshold.seconds = limit_of(wanted->time_threshold_s, wanted->time_threshold_s);
	rules->threshold.events = limit_of(wanted->event_threshold, wanted->event_threshold);
	rules->quota.seconds = limit_of(wanted->time_quota_s, wanted->has_time_quota);
	rules->quota.events = limit_of(wanted->event_quota, wanted->has_event_quota);
	rules->later_threshold.seconds =
	    limit_of(wanted->subsequent_time_threshold_s, wanted->subsequent_time_threshold_s);
	rules->later_threshold.events =
	    limit_of(wanted->subsequent_event_threshold, wanted->subsequent_event_threshold);
	rules->later_quota.seconds = limit_of(wanted->subsequent_time_quota_s, wanted->subsequent_time_quota_s);
	rules->later_quota.events = limit_of(wanted->subsequent_event_quota, wanted->subsequent_event_quota);
}

void measure_read(struct measure_rules *rules, const Shoal__Oss__Measure *wanted, uint8_t ways)
{
	*rules = (struct measure_rules){ .id = wanted->id, .triggers = wanted->triggers, .ways = ways };
	rules->period_s = wanted->period_s;
	rules->holding_s = wanted->quota_holding_s;
	rules->inactivity_s = wanted->inactivity_s;
	rules->grant = wanted->grant;
	rules->validity_s = wanted->quota_validity_s;
	rules->dropped_packets = wanted->dropped_packets ? wanted->dropped_packets : UINT64_MAX;
	rules->dropped_bytes = wanted->dropped_bytes ? wanted->dropped_bytes : UINT64_MAX;
	rules->at_once = wanted->information & ISTM;
	rules->monitoring_ms = wanted->monitoring_at_ms;
	volume_read(wanted->volume_threshold, true, &rules->threshold);
	volume_read(wanted->volume_quota, false, &rules->quota);
	volume_read(wanted->subsequent_volume_threshold, true, &rules->later_threshold);
	volume_read(wanted->subsequent_volume_quota, false, &rules->later_quota);
	numbers_read(rules, wanted);
	rules->later_threshold_given = wanted->subsequent_volume_threshold || wanted->subsequent_time_threshold_s ||
				       wanted->subsequent_event_threshold;
	rules->later_quota_given =
	    wanted->subsequent_volume_quota || wanted->subsequent_time_quota_s || wanted->subsequent_event_quota;
}

bool measure_drops(const Shoal__Oss__Measure *wanted)
{
	return wanted->triggers & MEASURE_ASK_DROTH && (wanted->dropped_packets || wanted->dropped_bytes);
}

// Rules towards the core are uplink ones (TS 29.244 8.2.2).
uint8_t measure_ways(const Shoal__Oss__Session *session, uint32_t id)
{
	uint8_t ways = 0;

	for (size_t i = 0; i < session->n_rules; i++) {
		const Shoal__Oss__Rule *rule = session->rules[i];
		bool down = rule->match && rule->match->source == SHOAL__OSS__INTERFACE__CORE;

		for (size_t k = 0; k < rule->n_measure_ids; k++)
			if (rule->measure_ids[k] == id)
				ways |= (uint8_t)(1u << (down ? MEASURE_DOWN : MEASURE_UP));
	}
	return ways;
}
