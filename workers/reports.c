// reports.c - posts reports into the ring the courier reads. State: struct reports, owned by the loop thread.
#include "workers/reports.h"
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

void reports_post(struct reports *reports, const struct report *report)
{
	reports->seat.worker->reports[reports->head++ % REPORT_SLOTS] = *report;
}

void reports_publish(struct reports *reports)
{
	ring_publish(&reports->seat.worker->report_head, reports->head);
}

void reports_ring(struct reports *reports)
{
	bell_ring_if(&reports->seat.courier->sleeping, reports->bell);
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
	reports_post(reports, &report);
	FAULT_POINT("final.posted");
	reports_publish(reports);
	FAULT_POINT("final.published");
}
