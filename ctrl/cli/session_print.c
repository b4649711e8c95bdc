// session_print.c - sessions as people read them. Prints on stdout; one thread.
#include "ctrl/cli/session_print.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/row.h"
#include "ctrl/cli/rules.h"

static const char *or_dash(const char *text)
{
	return text && text[0] ? text : "-";
}

static void fact(const char *name, const char *value)
{
	printf("%-14s%s\n", name, or_dash(value));
}

static void print_limit(const char *way, const Shoal__Oss__Limit *limit)
{
	if (limit)
		printf(", %s %s%s", way, units_rate(limit->cir_bps).text, limit->gate_closed ? " (closed)" : "");
}

static void print_rate(const char *name, const Shoal__Oss__Rate *rate)
{
	char text[32];

	printf("%-14s%s", name, units_rate(rate->cir_bps).text);
	for (const struct row_field *field = row_fields; field->name; field++)
		if (row_is_attribute(field) && strcmp(field->name, "rate") && field->get_rate(rate, text, sizeof(text)))
			printf(", %s %s", field->name, text);
	print_limit("uplink", rate->uplink);
	print_limit("downlink", rate->downlink);
	putchar('\n');
}

static void print_usage(const char *name, uint64_t packets, uint64_t bytes)
{
	printf("%-14s%s packets, %s\n", name, units_count(packets).text, units_bytes(bytes).text);
}

static void print_bearer(const Shoal__Oss__DefaultBearer *bearer)
{
	if (bearer->peer_ipv4)
		printf("%-14s%s, TEID 0x%08" PRIx32 "\n", "radio side", units_ipv4(bearer->peer_ipv4).text,
		       bearer->peer_teid);
	else
		fact("radio side", "not yet known");
	if (bearer->uplink)
		print_rate("uplink", bearer->uplink);
	if (bearer->downlink)
		print_rate("downlink", bearer->downlink);
}

static const char *side_name(Shoal__Oss__Interface side)
{
	static const char *const names[] = { "-", "access", "core", "cp" };

	return (unsigned)side < sizeof(names) / sizeof(names[0]) ? names[side] : "-";
}

static void print_numbers(const char *name, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s%u", i ? " " : name, numbers[i]);
}

static void print_match(const Shoal__Oss__Session *session, const Shoal__Oss__Match *match)
{
	if (match->teid && !rules_own_teid(session->teid, match))
		printf(", for TEID 0x%08" PRIx32, match->teid);
	else if (match->tunnel)
		printf(", by TEID 0x%08" PRIx32, match->teid);
	print_numbers(", QFI ", match->qfis, match->n_qfis);
	if (match->filter[0])
		printf("\n%-16s%s", "", match->filter);
	for (size_t i = 0; i < match->n_filters; i++) {
		const Shoal__Oss__Filter *filter = match->filters[i];

		printf("\n%-16s%s", "", *filter->flow ? filter->flow : "any flow");
		if (filter->tos_mask)
			printf(", TOS 0x%02" PRIx32 " of 0x%02" PRIx32, filter->tos, filter->tos_mask);
		if (filter->has_spi)
			printf(", SPI 0x%08" PRIx32, filter->spi);
		if (filter->has_flow_label)
			printf(", flow label 0x%05" PRIx32, filter->flow_label);
	}
}

static const char *action_name(const Shoal__Oss__Forward *forward)
{
	if (forward->drop)
		return " (drop)";
	return forward->buffer ? " (wait)" : "";
}

static void print_networks(const Shoal__Oss__Match *match)
{
	char text[NETWORKS_ONE_TEXT];

	for (size_t i = 0; i < match->n_framed_ipv4; i++)
		printf("\n%-16sframed route %s", "", networks_ipv4(match->framed_ipv4[i], text));
	for (size_t i = 0; i < match->n_framed_ipv6; i++)
		printf("\n%-16sframed route %s", "", networks_ipv6(match->framed_ipv6[i], text));
	if (match->framed_alone)
		printf("\n%-16sframed routes alone", "");
}

static void print_forward(const Shoal__Oss__Forward *forward)
{
	char ipv6[INET6_ADDRSTRLEN];

	if (forward->peer_ipv4)
		printf(", to %s TEID 0x%08" PRIx32, units_ipv4(forward->peer_ipv4).text, forward->peer_teid);
	if (forward->peer_ipv6.len == 16 && inet_ntop(AF_INET6, forward->peer_ipv6.data, ipv6, sizeof(ipv6)))
		printf(", to %s TEID 0x%08" PRIx32, ipv6, forward->peer_teid);
	if (forward->has_buffer_packets)
		printf(", at most %u packets", forward->buffer_packets);
	if (forward->notify_delay_ms)
		printf(", told after %u ms", forward->notify_delay_ms);
	if (forward->has_dscp)
		printf(", DSCP %u", forward->dscp);
}

static void print_rule(const Shoal__Oss__Session *session, const Shoal__Oss__Rule *rule)
{
	printf("rule %-9u%s -> %s%s, precedence %u", rule->id, side_name(rule->match ? rule->match->source : 0),
	       side_name(rule->forward ? rule->forward->destination : 0),
	       rule->forward ? action_name(rule->forward) : "", rule->precedence);
	if (rule->rate_id)
		printf(", rate %u", rule->rate_id);
	print_numbers(", rates ", rule->rate_ids, rule->n_rate_ids);
	print_numbers(", measures ", rule->measure_ids, rule->n_measure_ids);
	if (rule->forward)
		print_forward(rule->forward);
	if (rule->match) {
		print_match(session, rule->match);
		print_networks(rule->match);
	}
	putchar('\n');
}

static void print_volume(const char *name, const Shoal__Oss__Volume *volume)
{
	if (volume && volume->has_total)
		printf(", %s %s", name, units_bytes(volume->total).text);
	if (volume && volume->has_uplink)
		printf(", %s up %s", name, units_bytes(volume->uplink).text);
	if (volume && volume->has_downlink)
		printf(", %s down %s", name, units_bytes(volume->downlink).text);
}

static void print_seconds(const char *name, uint32_t seconds)
{
	if (seconds)
		printf(", %s %u s", name, seconds);
}

static void print_events(const char *name, uint32_t events, bool given)
{
	if (given)
		printf(", %s %u event%s", name, events, events == 1 ? "" : "s");
}

static void print_measure(const Shoal__Oss__Measure *measure)
{
	printf("measure %-6u%s%s%s", measure->id, measure->volume ? "volume" : "", measure->duration ? " duration" : "",
	       measure->event ? " events" : "");
	print_volume("threshold", measure->volume_threshold);
	print_volume("quota", measure->volume_quota);
	print_seconds("threshold", measure->time_threshold_s);
	print_seconds("quota", measure->time_quota_s);
	print_seconds("each", measure->period_s);
	print_events("threshold", measure->event_threshold, measure->event_threshold);
	print_events("quota", measure->event_quota, measure->has_event_quota);
	if (measure->dropped_packets)
		printf(", dropped %" PRIu64 " packets", measure->dropped_packets);
	if (measure->dropped_bytes)
		printf(", dropped %s", units_bytes(measure->dropped_bytes).text);
	putchar('\n');
}

static void print_rules(const Shoal__Oss__Session *session)
{
	char name[24];

	for (size_t i = 0; i < session->n_rules; i++)
		print_rule(session, session->rules[i]);
	for (size_t i = 0; i < session->n_rates; i++) {
		snprintf(name, sizeof(name), "rate %u", session->rates[i]->id);
		print_rate(name, session->rates[i]);
	}
	for (size_t i = 0; i < session->n_measures; i++)
		print_measure(session->measures[i]);
}

void session_print(const Shoal__Oss__Session *session)
{
	const Shoal__Oss__Identity *identity = session->identity;
	char networks[NETWORKS_TEXT];

	printf("%-14s%" PRIu64 "\n", "session", session->id);
	fact("imsi", identity ? identity->imsi : NULL);
	fact("msisdn", identity ? identity->msisdn : NULL);
	fact("dnn", identity ? identity->dnn : NULL);
	fact("ipv4", session->ue ? units_ipv4(session->ue->ipv4).text : NULL);
	fact("ipv6", session->ue && !session->ue->none ? units_prefix6(session->ue->ipv6_prefix).text : NULL);
	if (networks_write(session, networks, sizeof(networks)))
		fact("framed routes", networks);
	printf("%-14s%s, TEID 0x%08" PRIx32 "\n", "gateway", units_ipv4(session->gtpu_ipv4).text, session->teid);
	if (session->bearer)
		print_bearer(session->bearer);
	else
		print_rules(session);
	printf("%-14s%u, slot %u\n", "shard", session->shard, session->slot);
	fact("created", units_when(session->created_ms).text);
	if (session->owner[0])
		fact("owner", session->owner);
	fact("applied", session->applied ? "yes" : "not yet");
	if (session->quarantined)
		fact("quarantined", "yes: its packets are refused");
	if (!session->usage || !session->usage->at_ms)
		return;
	print_usage("sent up", session->usage->uplink_packets, session->usage->uplink_bytes);
	print_usage("sent down", session->usage->downlink_packets, session->usage->downlink_bytes);
	printf("%-14s%s packets\n", "over rate", units_count(session->usage->red_packets).text);
	fact("counted", units_when(session->usage->at_ms).text);
}

void session_sheet_open(struct sheet *sheet)
{
	static const char *const titles[] = { ">ID",        "IMSI",   "DNN",     "IPV4",  "IPV6",
					      "PEER",       "TEID",   "UP",      "DOWN",  ">SENT UP",
					      ">SENT DOWN", ">SHARD", "APPLIED", "OWNER", NULL };

	sheet_open(sheet, titles);
}

static void rate_cell(struct sheet *sheet, const Shoal__Oss__Rate *rate)
{
	sheet_cell(sheet, "%s", rate ? units_rate(rate->cir_bps).text : "-");
}

void session_sheet_row(struct sheet *sheet, const Shoal__Oss__Session *session)
{
	const Shoal__Oss__DefaultBearer *bearer = session->bearer;

	sheet_cell(sheet, "%" PRIu64, session->id);
	sheet_cell(sheet, "%s", or_dash(session->identity ? session->identity->imsi : NULL));
	sheet_cell(sheet, "%s", or_dash(session->identity ? session->identity->dnn : NULL));
	sheet_cell(sheet, "%s", units_ipv4(session->ue ? session->ue->ipv4 : 0).text);
	sheet_cell(sheet, "%s", units_prefix6(session->ue && !session->ue->none ? session->ue->ipv6_prefix : 0).text);
	sheet_cell(sheet, "%s", bearer ? units_ipv4(bearer->peer_ipv4).text : "rules");
	sheet_cell(sheet, "0x%08" PRIx32, session->teid);
	rate_cell(sheet, bearer ? bearer->uplink : NULL);
	rate_cell(sheet, bearer ? bearer->downlink : NULL);
	sheet_cell(sheet, "%s", units_bytes(session->usage ? session->usage->uplink_bytes : 0).text);
	sheet_cell(sheet, "%s", units_bytes(session->usage ? session->usage->downlink_bytes : 0).text);
	sheet_cell(sheet, "%u", session->shard);
	sheet_cell(sheet, "%s", session->applied ? "yes" : "no");
	sheet_cell(sheet, "%s", or_dash(session->owner));
}
