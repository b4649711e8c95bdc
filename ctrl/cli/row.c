// row.c - one session on its way in or out, and the table of its fields. Owned by its caller; one thread.
#include "ctrl/cli/row.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctrl/cli/row_rate.h"

static bool all_digits(const char *word)
{
	return word[strspn(word, "0123456789")] == 0;
}

static const char *set_imsi(struct row *row, const char *word)
{
	size_t length = strlen(word);

	if (length < 6 || length > 15 || !all_digits(word)) // TS 23.003 2.2
		return "is not an IMSI (6 to 15 digits)";
	memcpy(row->imsi, word, length + 1);
	return NULL;
}

static const char *set_msisdn(struct row *row, const char *word)
{
	size_t length = strlen(word);

	if (length > 15 || !all_digits(word)) // TS 23.003 3.3, E.164
		return "is not an MSISDN (up to 15 digits)";
	memcpy(row->msisdn, word, length + 1);
	return NULL;
}

// TS 23.003 9.1: labels of letters, digits and hyphens, parted by dots, at most 100 octets.
static const char *set_dnn(struct row *row, const char *word)
{
	size_t length = strlen(word);

	if (length > 100)
		return "is longer than 100 characters";
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)word[i]) && !strchr("-._", word[i]))
			return "is not a DNN (letters, digits, '-', '_', '.')";
	memcpy(row->dnn, word, length + 1);
	return NULL;
}

static const char *set_ipv4(struct row *row, const char *word)
{
	row->ue.want_ipv4 = !strcmp(word, "auto");
	return row->ue.want_ipv4 ? NULL : units_parse_ipv4(word, &row->ue.ipv4);
}

static const char *set_ipv6(struct row *row, const char *word)
{
	row->ue.want_ipv6 = !strcmp(word, "auto");
	return row->ue.want_ipv6 ? NULL : units_parse_prefix6(word, &row->ue.ipv6_prefix);
}

static const char *set_peer(struct row *row, const char *word)
{
	return units_parse_ipv4(word, &row->bearer.peer_ipv4);
}

static const char *set_peer_teid(struct row *row, const char *word)
{
	uint64_t number;
	const char *why = units_parse_number(word, UINT32_MAX, &number);

	if (!why)
		row->bearer.peer_teid = (uint32_t)number;
	return why;
}

static const char *set_framed_route(struct row *row, const char *word)
{
	const char *why = networks_read(&row->networks, word);

	row->session.framed_ipv4 = row->networks.ipv4s;
	row->session.n_framed_ipv4 = row->networks.n_ipv4;
	row->session.framed_ipv6 = row->networks.ipv6s;
	row->session.n_framed_ipv6 = row->networks.n_ipv6;
	return why;
}

static bool put_text(char *text, size_t room, const char *value)
{
	snprintf(text, room, "%s", value);
	return value[0] != 0;
}

static bool get_imsi(const Shoal__Oss__Session *session, char *text, size_t room)
{
	return session->identity && put_text(text, room, session->identity->imsi);
}

static bool get_msisdn(const Shoal__Oss__Session *session, char *text, size_t room)
{
	return session->identity && put_text(text, room, session->identity->msisdn);
}

static bool get_dnn(const Shoal__Oss__Session *session, char *text, size_t room)
{
	return session->identity && put_text(text, room, session->identity->dnn);
}

static bool get_ipv4(const Shoal__Oss__Session *session, char *text, size_t room)
{
	return session->ue && session->ue->ipv4 && put_text(text, room, units_ipv4(session->ue->ipv4).text);
}

static bool get_ipv6(const Shoal__Oss__Session *session, char *text, size_t room)
{
	return session->ue && session->ue->ipv6_prefix &&
	       put_text(text, room, units_prefix6(session->ue->ipv6_prefix).text);
}

static bool get_peer(const Shoal__Oss__Session *session, char *text, size_t room)
{
	return session->bearer && session->bearer->peer_ipv4 &&
	       put_text(text, room, units_ipv4(session->bearer->peer_ipv4).text);
}

static bool get_peer_teid(const Shoal__Oss__Session *session, char *text, size_t room)
{
	if (!session->bearer || !session->bearer->peer_teid)
		return false;
	snprintf(text, room, "%u", session->bearer->peer_teid);
	return true;
}

// One attribute of a rate is three fields: each direction, and both at once.
#define RATE_FIELDS(NAME, VALUE, HELP, IS_NUMBER, SET, GET) \
	{ "ul_" NAME, VALUE, HELP ", uplink", IS_NUMBER, ROW_UP, NULL, NULL, SET, GET }, \
	    { "dl_" NAME, VALUE, HELP ", downlink", IS_NUMBER, ROW_DOWN, NULL, NULL, SET, GET }, \
	{ \
		NAME, VALUE, HELP ", both directions", IS_NUMBER, ROW_BOTH, NULL, NULL, SET, GET \
	}

const struct row_field row_fields[] = {
	{ "imsi", "DIGITS", "the subscriber, 6 to 15 digits", .set = set_imsi, .get = get_imsi },
	{ "msisdn", "DIGITS", "the subscriber's number", .set = set_msisdn, .get = get_msisdn },
	{ "dnn", "NAME", "data network name (APN); default: the first pool's", .set = set_dnn, .get = get_dnn },
	{ "ipv4", "[ADDR]", "UE address; auto, or nothing: from the pool", .set = set_ipv4, .get = get_ipv4 },
	{ "ipv6", "[PREFIX]", "UE /64 prefix; auto, or nothing: from the pool", .set = set_ipv6, .get = get_ipv6 },
	{ "peer", "ADDR", "GTP-U address of the radio side; default: not yet known", .set = set_peer, .get = get_peer },
	{ "peer_teid", "TEID", "tunnel endpoint there", true, .set = set_peer_teid, .get = get_peer_teid },
	{ "framed_route", "PREFIX...", "networks behind the UE, by blanks or commas apart: 192.0.2.0/28",
	  .set = set_framed_route, .get = networks_write },
	RATE_FIELDS("rate", "RATE", "bits per second: 10M; 0: unlimited", true, row_set_cir, row_get_cir),
	RATE_FIELDS("cbs", "BYTES", "committed burst; default: 100 ms of rate", true, row_set_cbs, row_get_cbs),
	RATE_FIELDS("ebs", "BYTES", "excess burst", true, row_set_ebs, row_get_ebs),
	// The uplink's is the radio side's to set.
	{ "qfi", "N", "QoS flow identifier, 0..63, written into downlink packets", true, ROW_DOWN, NULL, NULL,
	  row_set_qfi, row_get_qfi },
	RATE_FIELDS("mark", "CLASS", "keep, be, af1..af4, ef", false, row_set_mark, row_get_mark),
	RATE_FIELDS("red", "POLICY", "what is over the rate: drop, remark", false, row_set_red, row_get_red),
	RATE_FIELDS("colour", "MODE", "blind, aware (RFC 2697)", false, row_set_colour, row_get_colour),
	RATE_FIELDS("gate", "STATE", "open, closed", false, row_set_gate, row_get_gate),
	{ 0 },
};

bool row_is_attribute(const struct row_field *field)
{
	return field->set_rate && strncmp(field->name, "ul_", 3) && strncmp(field->name, "dl_", 3);
}

void row_clear(struct row *row)
{
	shoal__oss__session__init(&row->session);
	shoal__oss__identity__init(&row->identity);
	shoal__oss__ue_address__init(&row->ue);
	shoal__oss__default_bearer__init(&row->bearer);
	shoal__oss__rate__init(&row->rate[0]);
	shoal__oss__rate__init(&row->rate[1]);
	row->imsi[0] = row->msisdn[0] = row->dnn[0] = 0;
	row->identity.imsi = row->imsi;
	row->identity.msisdn = row->msisdn;
	row->identity.dnn = row->dnn;
	row->session.identity = &row->identity;
	row->session.ue = &row->ue;
	row->session.bearer = &row->bearer;
	row->bearer.uplink = &row->rate[0];
	row->bearer.downlink = &row->rate[1];
}

void row_close(struct row *row)
{
	free(row->rules);
	row->rules = NULL;
}

const struct row_field *row_find(const char *name)
{
	for (const struct row_field *field = row_fields; field->name; field++) {
		const char *a = field->name, *b = name;

		while (*a && (*a == *b || (*a == '_' && *b == '-')))
			a++, b++;
		if (*a == *b)
			return field;
	}
	return NULL;
}

const char *row_set(struct row *row, const struct row_field *field, const char *word)
{
	const char *why = NULL;

	if (!*word)
		return NULL;
	if (field->set)
		return field->set(row, word);
	if (field->side & ROW_UP)
		why = field->set_rate(&row->rate[0], word);
	if (!why && field->side & ROW_DOWN)
		why = field->set_rate(&row->rate[1], word);
	return why;
}

// Are there fields of the short form beside rules? Two empty rates are 4 bytes.
static bool both_forms(const struct row *row)
{
	return !row->session.bearer && shoal__oss__default_bearer__get_packed_size(&row->bearer) > 4;
}

bool row_check(const struct row *row, struct row_fault *fault)
{
	if (both_forms(row))
		row_fault(fault, "rules", NULL, "a session has either rules, or fields for peer and rate beside them");
	else if (!row->session.n_rules && (row->session.n_rates || row->session.n_measures))
		row_fault(fault, "rules", NULL, "rates and measures are for rules, and there are none");
	else if (!row->imsi[0])
		row_fault(fault, "imsi", NULL, "is missing");
	else if (!row->ue.want_ipv4 && !row->ue.want_ipv6 && !row->ue.ipv4 && !row->ue.ipv6_prefix)
		row_fault(fault, "ipv4", NULL, "a session needs an address: ipv4 or ipv6, or auto for one of a pool");
	else
		return true;
	return false;
}

bool row_get(const Shoal__Oss__Session *session, const struct row_field *field, char *text, size_t room)
{
	const Shoal__Oss__Rate *rate;

	text[0] = 0;
	if (field->get)
		return field->get(session, text, room);
	if (field->side == ROW_BOTH || !session->bearer)
		return false;
	rate = field->side == ROW_UP ? session->bearer->uplink : session->bearer->downlink;
	return rate && field->get_rate(rate, text, room);
}

void row_fault(struct row_fault *fault, const char *field, const char *word, const char *why)
{
	snprintf(fault->field, sizeof(fault->field), "%s", field);
	if (word)
		snprintf(fault->reason, sizeof(fault->reason), "'%s' %s", units_quote(word).text, why);
	else
		snprintf(fault->reason, sizeof(fault->reason), "%s", why);
}
