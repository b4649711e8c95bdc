// reports.c - posts reports into the ring the courier reads. State: struct reports, owned by the loop thread.
#include "workers/loop/reports.h"
#include <string.h>
#include "shared/base/bell.h"
#include "shared/base/faults.h"

void reports_open(struct reports *reports, struct seat seat, int courier_bell)
{
	*reports = (struct reports){ seat, ring_resume(&seat.worker->report_head), courier_bell };
}

unsigned reports_space(const struct reports *reports)
{
	int space = ring_space(reports->head, &reports->seat.courier->report_tail, REPORT_SLOTS);

	return space > 0 ? (unsigned)space : 0;
}

struct report *reports_next(struct reports *reports)
{
	struct report *report = &reports->seat.worker->reports[reports->head++ % REPORT_SLOTS];

	// By halves: above 96 bytes gcc takes a string instruction, which waits for lines that the courier has.
	memset(report, 0, sizeof(*report) / 2);
	memset((uint8_t *)report + sizeof(*report) / 2, 0, sizeof(*report) / 2);
	return report;
}

void reports_publish(struct reports *reports)
{
	ring_publish(&reports->seat.worker->report_head, reports->head);
}

void reports_ring(struct reports *reports)
{
	bell_ring_if(&reports->seat.courier->sleeping, reports->bell);
}

static uint64_t gauge_ns(const struct plane *plane, uint64_t ticks)
{
	return ticks ? plane_wall_ns(plane, ticks) : 0;
}

void reports_gauge(struct reports *reports, struct report report, const struct lines_count *count,
		   const struct lines_gauge *gauge, const struct plane *plane)
{
	report.kind = REPORT_GAUGE;
	report.teid = count->teid;
	report.uplink_packets = gauge->packets[LINE_UPLINK];
	report.uplink_bytes = gauge->bytes[LINE_UPLINK];
	report.downlink_packets = gauge->packets[LINE_DOWNLINK];
	report.downlink_bytes = gauge->bytes[LINE_DOWNLINK];
	report.life = count->life;
	report.first_ns = gauge_ns(plane, gauge->first);
	report.last_ns = gauge_ns(plane, gauge->last);
	report.urr = gauge->urr;
	report.serial = gauge->serial;
	*reports_next(reports) = report;
	FAULT_POINT("gauge.posted");
}

void reports_ways(struct reports *reports, struct report report, const struct lines_count *count,
		  const struct plane *plane)
{
	struct lines_gauge ways = { 0 };

	for (unsigned way = 0; way < LINE_WAYS; way++) {
		ways.packets[way] = count->packets[way];
		ways.bytes[way] = count->bytes[way];
	}
	reports_gauge(reports, report, count, &ways, plane);
	reports_publish(reports);
}

void reports_final(struct reports *reports, struct report report, const struct lines_count *count)
{
	report.teid = count->teid;
	report.uplink_packets = count->packets[LINE_UPLINK];
	report.uplink_bytes = count->bytes[LINE_UPLINK];
	report.downlink_packets = count->packets[LINE_DOWNLINK];
	report.downlink_bytes = count->bytes[LINE_DOWNLINK];
	report.red_packets = count->red_packets[LINE_UPLINK] + count->red_packets[LINE_DOWNLINK];
	report.life = count->life;
	*reports_next(reports) = report;
	FAULT_POINT("final.posted");
	reports_publish(reports);
	FAULT_POINT("final.published");
}
