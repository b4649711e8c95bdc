// report.c - see report.h. Pure.
#include "ctrl/pfcp/report/report.h"
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "shared/wire/cursor.h"

#define SERVICE_PPI 1u // Downlink Data Service Information, 8.2.27
#define SERVICE_QFI 2u
#define SIX_BITS 0x3fu
#define IE_LENGTH 2u // where it stands in an IE,
#define IE_HEAD 4u   // and what it counts from

static int usage_put(struct report_reader *reader, const Shoal__Oss__Report *report, struct pfcp_writer *writer)
{
	if (!report->n_usage)
		return -ENOENT;
	pfcp_put_flags(writer, PFCP_IE_REPORT_TYPE, PFCP_REPORT_TYPE_USAR, 1);
	for (size_t i = 0; i < report->n_usage; i++)
		usage_report_put(
		    writer, PFCP_IE_SESSION_USAGE_REPORT, report->usage[i],
		    usage_method_of(&reader->rules, front_pfcp_id(&reader->front, report->usage[i]->measure)));
	return 0;
}

// Which packet waits: what its sender says of its weight (the DSCP, 5.4.3 of TS 23.501), and its flow. Of a packet that is as any other its
// PDR tells enough.
static int data_put(struct report_reader *reader, const Shoal__Oss__Report *report, struct pfcp_writer *writer)
{
	const uint8_t service[] = { (uint8_t)(SERVICE_PPI | (report->has_qfi ? SERVICE_QFI : 0)),
				    (uint8_t)(report->tos >> 2 & SIX_BITS), (uint8_t)(report->qfi & SIX_BITS) };
	uint8_t *mark;

	pfcp_put_flags(writer, PFCP_IE_REPORT_TYPE, PFCP_REPORT_TYPE_DLDR, 1);
	pfcp_begin(writer, PFCP_IE_DOWNLINK_DATA_REPORT, &mark);
	pfcp_put_u16(writer, PFCP_IE_PDR_ID, (uint16_t)front_pfcp_id(&reader->front, report->rule));
	if (service[1])
		pfcp_put_bytes(writer, PFCP_IE_DOWNLINK_DATA_SERVICE_INFORMATION, service, report->has_qfi ? 3 : 2);
	pfcp_end(writer, mark);
	return 0;
}

// Where an IE of this type begins; `end`: nowhere.
static size_t place_of(const uint8_t *body, size_t at, size_t end, unsigned type)
{
	while (at + IE_HEAD <= end && be16_get(body + at) != type)
		at += IE_HEAD + be16_get(body + at + IE_LENGTH);
	return at + IE_HEAD <= end ? at : end;
}

// It is the last of the last group: data_put.
size_t report_plain(uint8_t *body, size_t bytes)
{
	size_t group = place_of(body, 0, bytes, PFCP_IE_DOWNLINK_DATA_REPORT), service = bytes;

	if (group < bytes)
		service = place_of(body, group + IE_HEAD, bytes, PFCP_IE_DOWNLINK_DATA_SERVICE_INFORMATION);
	if (service < bytes)
		be16_put(body + group + IE_LENGTH, (uint16_t)(service - group - IE_HEAD));
	return service;
}

static int inactive_put(struct report_reader *reader, const Shoal__Oss__Report *report, struct pfcp_writer *writer)
{
	(void)reader;
	(void)report;
	pfcp_put_flags(writer, PFCP_IE_REPORT_TYPE, PFCP_REPORT_TYPE_UPIR, 1);
	return 0;
}

static int error_put(struct report_reader *reader, const Shoal__Oss__Report *report, struct pfcp_writer *writer)
{
	struct pfcp_fteid remote = { .teid = report->peer_teid, .address = { .ipv4 = report->peer_ipv4 } };
	uint8_t *mark;

	(void)reader;
	remote.address.has_ipv6 = report->peer_ipv6.len == sizeof(remote.address.ipv6);
	remote.address.has_ipv4 = !remote.address.has_ipv6;
	if (remote.address.has_ipv6)
		memcpy(remote.address.ipv6, report->peer_ipv6.data, sizeof(remote.address.ipv6));
	pfcp_put_flags(writer, PFCP_IE_REPORT_TYPE, PFCP_REPORT_TYPE_ERIR, 1);
	pfcp_begin(writer, PFCP_IE_ERROR_INDICATION_REPORT, &mark);
	pfcp_put_fteid(writer, PFCP_IE_F_TEID, &remote);
	pfcp_end(writer, mark);
	return 0;
}

typedef int kind_put(struct report_reader *reader, const Shoal__Oss__Report *report, struct pfcp_writer *writer);

static kind_put *const kinds[] = {
	[SHOAL__OSS__REPORT_KIND__REPORT_USAGE] = usage_put,       [SHOAL__OSS__REPORT_KIND__REPORT_DATA] = data_put,
	[SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE] = inactive_put, [SHOAL__OSS__REPORT_KIND__REPORT_ERROR] = error_put,
	[SHOAL__OSS__REPORT_KIND__REPORT_DROPS] = usage_put,
};

int report_write(struct report_reader *reader, const Shoal__Oss__Report *report, struct report_to *to,
		 struct pfcp_writer *writer)
{
	unsigned kind = (unsigned)report->kind;
	int error;

	if (!report->front.len || kind >= sizeof(kinds) / sizeof(*kinds) || !kinds[kind])
		return -ENOENT;
	error = front_read(&reader->front, report->front.data, report->front.len, &reader->rules);
	if (error)
		return error;
	*to = (struct report_to){ reader->front.cp, reader->front.elsewhere };
	error = kinds[kind](reader, report, writer);
	return error ? error : writer->full ? -EMSGSIZE : 0;
}

// A count of packets in one octet or two, 8.2.30.
static uint16_t count_of(const struct pfcp_ie *ie)
{
	return ie->length == 1 ? ie->value[0] : be16_get(ie->value);
}

static struct report_bar bar_said(const struct pfcp_tree *answer)
{
	const struct pfcp_ie *bar = pfcp_first(answer, NULL, PFCP_IE_REPORT_UPDATE_BAR), *packets, *duration, *now,
			     *delay;

	if (!bar)
		return (struct report_bar){ 0 };
	packets = pfcp_first(answer, bar, PFCP_IE_SUGGESTED_BUFFERING_PACKETS_COUNT);
	delay = pfcp_first(answer, bar, PFCP_IE_DOWNLINK_DATA_NOTIFICATION_DELAY);
	duration = pfcp_first(answer, bar, PFCP_IE_DL_BUFFERING_DURATION);
	now = duration ? pfcp_first(answer, bar, PFCP_IE_DL_BUFFERING_SUGGESTED_PACKET_COUNT) : NULL;
	return (struct report_bar){ .said = packets || duration || delay,
				    .id = (uint8_t)pfcp_number(pfcp_first(answer, bar, PFCP_IE_BAR_ID)),
				    .packets = (uint8_t)pfcp_number(packets),
				    .has_packets = packets,
				    .delay = (uint8_t)pfcp_number(delay),
				    .has_delay = delay,
				    .seconds = duration ? pfcp_seconds(duration) : 0,
				    .packets_now = now ? count_of(now) : 0,
				    .has_packets_now = now };
}

bool report_said(const struct pfcp_tree *answer, struct report_said *said)
{
	const struct pfcp_ie *cp = pfcp_first(answer, NULL, PFCP_IE_F_SEID);
	uint64_t flags = pfcp_flags(pfcp_first(answer, NULL, PFCP_IE_PFCPSRRSP_FLAGS));

	*said = (struct report_said){ .drops = flags & PFCP_PFCPSRRSP_FLAGS_DROBU };
	said->moves = cp && !pfcp_get_fseid(cp, &said->cp);
	said->bar = bar_said(answer);
	return said->moves || said->drops || said->bar.said;
}
