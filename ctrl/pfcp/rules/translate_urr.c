// translate_urr.c - what a URR says (TS 29.244 7.5.2.4). Which triggers and quotas go together is ctrl's to say. Pure.
#include <errno.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/translate_read.h"

#define NTP_OFFSET 2208988800ull // seconds from 1900 to 1970
#define NTP_ERA 0x80000000ull    // stamps below are of the next era, from 2036 on (RFC 4330 3)

static const bool of_urr[PFCP_IE_TYPES] = { [PFCP_IE_URR_ID] = true,
					    [PFCP_IE_MEASUREMENT_METHOD] = true,
					    [PFCP_IE_REPORTING_TRIGGERS] = true,
					    [PFCP_IE_MEASUREMENT_PERIOD] = true,
					    [PFCP_IE_VOLUME_THRESHOLD] = true,
					    [PFCP_IE_VOLUME_QUOTA] = true,
					    [PFCP_IE_TIME_THRESHOLD] = true,
					    [PFCP_IE_TIME_QUOTA] = true,
					    [PFCP_IE_QUOTA_HOLDING_TIME] = true,
					    [PFCP_IE_QUOTA_VALIDITY_TIME] = true,
					    [PFCP_IE_MONITORING_TIME] = true,
					    [PFCP_IE_SUBSEQUENT_VOLUME_THRESHOLD] = true,
					    [PFCP_IE_SUBSEQUENT_TIME_THRESHOLD] = true,
					    [PFCP_IE_SUBSEQUENT_VOLUME_QUOTA] = true,
					    [PFCP_IE_SUBSEQUENT_TIME_QUOTA] = true,
					    [PFCP_IE_EVENT_THRESHOLD] = true,
					    [PFCP_IE_EVENT_QUOTA] = true,
					    [PFCP_IE_SUBSEQUENT_EVENT_THRESHOLD] = true,
					    [PFCP_IE_SUBSEQUENT_EVENT_QUOTA] = true,
					    [PFCP_IE_INACTIVITY_DETECTION_TIME] = true,
					    [PFCP_IE_DROPPED_DL_TRAFFIC_THRESHOLD] = true,
					    [PFCP_IE_LINKED_URR_ID] = true,
					    [PFCP_IE_MEASUREMENT_INFORMATION] = true };

#define TRIGGERS \
	(PFCP_REPORTING_TRIGGERS_PERIO | PFCP_REPORTING_TRIGGERS_VOLTH | PFCP_REPORTING_TRIGGERS_TIMTH | \
	 PFCP_REPORTING_TRIGGERS_QUHTI | PFCP_REPORTING_TRIGGERS_START | PFCP_REPORTING_TRIGGERS_STOPT | \
	 PFCP_REPORTING_TRIGGERS_DROTH | PFCP_REPORTING_TRIGGERS_LIUSA | PFCP_REPORTING_TRIGGERS_VOLQU | \
	 PFCP_REPORTING_TRIGGERS_TIMQU | PFCP_REPORTING_TRIGGERS_EVETH | PFCP_REPORTING_TRIGGERS_EVEQU | \
	 PFCP_REPORTING_TRIGGERS_QUVTI)

#define INFORMATION \
	(PFCP_MEASUREMENT_INFORMATION_MBQE | PFCP_MEASUREMENT_INFORMATION_INAM | PFCP_MEASUREMENT_INFORMATION_RADI | \
	 PFCP_MEASUREMENT_INFORMATION_ISTM | PFCP_MEASUREMENT_INFORMATION_MNOP)

static uint32_t number_of(const struct reading *reading, uint16_t type)
{
	return (uint32_t)pfcp_number(pfcp_first(&reading->rules->tree, NULL, type));
}

static int volume_read(const struct reading *reading, uint16_t type, Shoal__Oss__Volume *volume,
		       Shoal__Oss__Volume **to)
{
	const struct pfcp_ie *ie = pfcp_first(&reading->rules->tree, NULL, type);
	struct pfcp_volume value;

	if (!ie)
		return 0;
	if (pfcp_get_volume(ie, &value))
		return rules_fault(reading->fault, PFCP_CAUSE_INVALID_LENGTH, type, "Not a volume.");
	shoal__oss__volume__init(volume);
	volume->total = value.total;
	volume->uplink = value.uplink;
	volume->downlink = value.downlink;
	volume->has_total = value.has & PFCP_VOLUME_TOTAL;
	volume->has_uplink = value.has & PFCP_VOLUME_UPLINK;
	volume->has_downlink = value.has & PFCP_VOLUME_DOWNLINK;
	*to = volume;
	return 0;
}

static int volumes_read(const struct reading *reading, Shoal__Oss__Measure *measure, Shoal__Oss__Volume volume[4])
{
	if (volume_read(reading, PFCP_IE_VOLUME_THRESHOLD, &volume[0], &measure->volume_threshold) ||
	    volume_read(reading, PFCP_IE_VOLUME_QUOTA, &volume[1], &measure->volume_quota) ||
	    volume_read(reading, PFCP_IE_SUBSEQUENT_VOLUME_THRESHOLD, &volume[2],
			&measure->subsequent_volume_threshold))
		return -EPROTO;
	return volume_read(reading, PFCP_IE_SUBSEQUENT_VOLUME_QUOTA, &volume[3], &measure->subsequent_volume_quota);
}

static int dropped_read(const struct reading *reading, Shoal__Oss__Measure *measure)
{
	const struct pfcp_ie *ie = pfcp_first(&reading->rules->tree, NULL, PFCP_IE_DROPPED_DL_TRAFFIC_THRESHOLD);
	struct pfcp_dropped value;

	if (ie && pfcp_get_dropped(ie, &value))
		return rules_fault(reading->fault, PFCP_CAUSE_INVALID_LENGTH, PFCP_IE_DROPPED_DL_TRAFFIC_THRESHOLD,
				   "Not a threshold of packets and bytes.");
	measure->dropped_packets = ie ? value.packets : 0;
	measure->dropped_bytes = ie ? value.bytes : 0;
	if (measure->triggers & PFCP_REPORTING_TRIGGERS_DROTH && !(measure->dropped_packets | measure->dropped_bytes))
		return rules_fault(reading->fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_DROPPED_DL_TRAFFIC_THRESHOLD,
				   "So much as what is dropped is compared with is missing.");
	return 0;
}

// An event is what ctrl says it is. Who wants to be told of some has to say how many.
static int events_read(const struct reading *reading, Shoal__Oss__Measure *measure)
{
	const struct pfcp_tree *tree = &reading->rules->tree;

	measure->event_threshold = number_of(reading, PFCP_IE_EVENT_THRESHOLD);
	measure->event_quota = number_of(reading, PFCP_IE_EVENT_QUOTA);
	measure->has_event_quota = pfcp_first(tree, NULL, PFCP_IE_EVENT_QUOTA) != NULL;
	measure->subsequent_event_threshold = number_of(reading, PFCP_IE_SUBSEQUENT_EVENT_THRESHOLD);
	measure->subsequent_event_quota = number_of(reading, PFCP_IE_SUBSEQUENT_EVENT_QUOTA);
	if (measure->triggers & PFCP_REPORTING_TRIGGERS_EVETH &&
	    !(measure->event_threshold | measure->subsequent_event_threshold))
		return rules_fault(reading->fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_EVENT_THRESHOLD,
				   "How many events make a threshold is missing.");
	if (measure->triggers & PFCP_REPORTING_TRIGGERS_EVEQU &&
	    !(measure->has_event_quota || measure->subsequent_event_quota))
		return rules_fault(reading->fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_EVENT_QUOTA,
				   "How many events are granted is missing.");
	return 0;
}

static void times_read(const struct reading *reading, Shoal__Oss__Measure *measure)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *monitoring = pfcp_first(tree, NULL, PFCP_IE_MONITORING_TIME);
	uint64_t at = pfcp_number(monitoring);

	if (monitoring)
		measure->monitoring_at_ms = ((at < NTP_ERA ? at + 2 * NTP_ERA : at) - NTP_OFFSET) * 1000;
	measure->time_threshold_s = number_of(reading, PFCP_IE_TIME_THRESHOLD);
	measure->time_quota_s = number_of(reading, PFCP_IE_TIME_QUOTA);
	measure->has_time_quota = pfcp_first(tree, NULL, PFCP_IE_TIME_QUOTA) != NULL;
	measure->period_s = number_of(reading, PFCP_IE_MEASUREMENT_PERIOD);
	measure->quota_holding_s = number_of(reading, PFCP_IE_QUOTA_HOLDING_TIME);
	measure->quota_validity_s = number_of(reading, PFCP_IE_QUOTA_VALIDITY_TIME);
	measure->inactivity_s = number_of(reading, PFCP_IE_INACTIVITY_DETECTION_TIME);
	measure->subsequent_time_threshold_s = number_of(reading, PFCP_IE_SUBSEQUENT_TIME_THRESHOLD);
	measure->subsequent_time_quota_s = number_of(reading, PFCP_IE_SUBSEQUENT_TIME_QUOTA);
}

// Counts what the CP function has granted, so that the same quota once more is another one.
static uint32_t grant_of(const struct translate_given *given, const struct rule *rule)
{
	for (unsigned i = 0; i < given->measures; i++)
		if (given->measure[i].id == oss_id(rule->id))
			return given->measure[i].grant + rule->granted;
	return 0;
}

static int links_read(const struct reading *reading, Shoal__Oss__Measure *measure)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *first = pfcp_first(tree, NULL, PFCP_IE_LINKED_URR_ID);
	unsigned count = 0;

	for (const struct pfcp_ie *ie = first; ie; ie = pfcp_again(tree, ie))
		count++;
	measure->linked_ids = read_numbers(reading, count);
	if (!measure->linked_ids)
		return -EPROTO;
	for (const struct pfcp_ie *ie = first; ie; ie = pfcp_again(tree, ie)) {
		if (!rules_find(reading->rules, RULE_URR, (uint32_t)pfcp_number(ie)))
			return read_failure(reading, PFCP_IE_LINKED_URR_ID,
					    "The URR is linked to one that does not exist.");
		measure->linked_ids[measure->n_linked_ids++] = oss_id((uint32_t)pfcp_number(ie));
	}
	return 0;
}

int urr_read(const struct reading *reading, const struct rule *rule, unsigned index)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	Shoal__Oss__Measure *measure = &reading->to->measure[index];
	uint64_t method;

	if (rules_open(reading->rules, rule, reading->fault) || read_admit(reading, NULL, of_urr))
		return -EPROTO;
	if (rule->id > IDS_PFCP_MAX)
		return read_failure(reading, PFCP_IE_URR_ID, "No rule has this id.");
	shoal__oss__measure__init(measure);
	method = pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_MEASUREMENT_METHOD));
	measure->id = oss_id(rule->id);
	measure->volume = method & PFCP_MEASUREMENT_METHOD_VOLUM;
	measure->duration = method & PFCP_MEASUREMENT_METHOD_DURAT;
	measure->event = method & PFCP_MEASUREMENT_METHOD_EVENT;
	if (!(measure->volume || measure->duration || measure->event))
		return read_failure(reading, PFCP_IE_MEASUREMENT_METHOD, "Nothing is measured.");
	measure->triggers = (uint32_t)pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_REPORTING_TRIGGERS));
	if (measure->triggers & ~(uint32_t)TRIGGERS)
		return read_failure(reading, PFCP_IE_REPORTING_TRIGGERS, "Not a trigger that is served.");
	measure->information = (uint32_t)pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_MEASUREMENT_INFORMATION));
	if (measure->information & ~(uint32_t)INFORMATION)
		return read_failure(reading, PFCP_IE_MEASUREMENT_INFORMATION, "Not served.");
	measure->grant = grant_of(reading->given, rule);
	times_read(reading, measure);
	if (volumes_read(reading, measure, reading->to->volume[index]) || dropped_read(reading, measure) ||
	    events_read(reading, measure))
		return -EPROTO;
	return links_read(reading, measure);
}
