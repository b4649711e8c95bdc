// session_print.c - sessions as people read them. Prints on stdout; one thread.
#include "ctrl/cli/session_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/row.h"

static const char *or_dash(const char *text)
{
	return text && text[0] ? text : "-";
}

static void fact(const char *name, const char *value)
{
	printf("%-14s%s\n", name, or_dash(value));
}

static void print_rate(const char *name, const Shoal__Oss__Rate *rate)
{
	char text[32];

	printf("%-14s%s", name, units_rate(rate->cir_bps).text);
	for (const struct row_field *field = row_fields; field->name; field++)
		if (row_is_attribute(field) && strcmp(field->name, "rate") && field->get_rate(rate, text, sizeof(text)))
			printf(", %s %s", field->name, text);
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
	return side == SHOAL__OSS__INTERFACE__ACCESS ? "access" : side == SHOAL__OSS__INTERFACE__CORE ? "core" : "-";
}

static void print_rule(const Shoal__Oss__Rule *rule)
{
	printf("rule %-9u%s -> %s%s, precedence %u, rate %u", rule->id,
	       side_name(rule->match ? rule->match->source : 0),
	       side_name(rule->forward ? rule->forward->destination : 0),
	       rule->forward && rule->forward->drop ? " (drop)" : "", rule->precedence, rule->rate_id);
	if (rule->match && rule->match->filter[0])
		printf(", %s", rule->match->filter);
	if (rule->forward && rule->forward->peer_ipv4)
		printf(", to %s TEID 0x%08" PRIx32, units_ipv4(rule->forward->peer_ipv4).text,
		       rule->forward->peer_teid);
	putchar('\n');
}

static void print_rules(const Shoal__Oss__Session *session)
{
	char name[24];

	for (size_t i = 0; i < session->n_rules; i++)
		print_rule(session->rules[i]);
	for (size_t i = 0; i < session->n_rates; i++) {
		snprintf(name, sizeof(name), "rate %u", session->rates[i]->id);
		print_rate(name, session->rates[i]);
	}
}

void session_print(const Shoal__Oss__Session *session)
{
	const Shoal__Oss__Identity *identity = session->identity;

	printf("%-14s%" PRIu64 "\n", "session", session->id);
	fact("imsi", identity ? identity->imsi : NULL);
	fact("msisdn", identity ? identity->msisdn : NULL);
	fact("dnn", identity ? identity->dnn : NULL);
	fact("ipv4", session->ue ? units_ipv4(session->ue->ipv4).text : NULL);
	fact("ipv6", session->ue ? units_prefix6(session->ue->ipv6_prefix).text : NULL);
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
	sheet_cell(sheet, "%s", units_prefix6(session->ue ? session->ue->ipv6_prefix : 0).text);
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
