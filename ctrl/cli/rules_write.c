// rules_write.c - the rules of a session as JSON. Reads a message, builds an object its caller owns; one thread.
#include "ctrl/cli/rules.h"

#include <arpa/inet.h>

#include "ctrl/cli/plain.h"

static void put_number(json_t *object, const char *key, uint32_t number)
{
	if (number)
		json_object_set_new(object, key, json_integer(number));
}

static void put_interface(json_t *object, const char *key, Shoal__Oss__Interface side)
{
	static const char *const names[] = { NULL, "access", "core", "cp" };

	if ((unsigned)side < sizeof(names) / sizeof(names[0]) && names[side])
		json_object_set_new(object, key, json_string(names[side]));
}

static void put_true(json_t *object, const char *key, bool value)
{
	if (value)
		json_object_set_new(object, key, json_true());
}

static void put_array(json_t *object, const char *key, json_t *array)
{
	if (json_array_size(array))
		json_object_set(object, key, array);
	json_decref(array);
}

static void put_numbers(json_t *object, const char *key, const uint32_t *numbers, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_integer(numbers[i]));
	put_array(object, key, array);
}

bool rules_own_teid(uint32_t session, const Shoal__Oss__Match *match)
{
	uint32_t apart = session ^ match->teid, step = match->tunnel ? apart / match->tunnel : 0;

	if (!session || !match->tunnel)
		return session && !apart;
	return apart % match->tunnel == 0 && step > 255 && !(step & (step - 1));
}

static void put_networks(json_t *object, const Shoal__Oss__Match *match)
{
	char text[NETWORKS_ONE_TEXT];
	json_t *networks = json_array();

	for (size_t i = 0; i < match->n_framed_ipv4; i++)
		json_array_append_new(networks, json_string(networks_ipv4(match->framed_ipv4[i], text)));
	for (size_t i = 0; i < match->n_framed_ipv6; i++)
		json_array_append_new(networks, json_string(networks_ipv6(match->framed_ipv6[i], text)));
	put_array(object, "framed", networks);
	put_true(object, "framed_alone", match->framed_alone);
}

static void put_match(json_t *object, uint32_t teid, const Shoal__Oss__Match *match)
{
	json_t *filters = json_array();

	put_interface(object, "source", match->source);
	put_number(object, rules_own_teid(teid, match) ? "local_teid" : "teid", match->teid);
	put_number(object, "tunnel", match->tunnel);
	put_true(object, "tunnelled", match->tunnelled);
	put_networks(object, match);
	if (match->filter[0])
		json_object_set_new(object, "filter", json_string(match->filter));
	for (size_t i = 0; i < match->n_filters; i++)
		json_array_append_new(filters, plain_json(&match->filters[i]->base));
	put_array(object, "filters", filters);
	put_numbers(object, "qfis", match->qfis, match->n_qfis);
}

static void put_ipv6(json_t *object, const char *key, const ProtobufCBinaryData *address)
{
	char text[INET6_ADDRSTRLEN];

	if (address->len == 16 && inet_ntop(AF_INET6, address->data, text, sizeof(text)))
		json_object_set_new(object, key, json_string(text));
}

static void put_forward(json_t *object, const Shoal__Oss__Forward *forward)
{
	put_interface(object, "destination", forward->destination);
	if (forward->peer_ipv4)
		json_object_set_new(object, "peer", json_string(units_ipv4(forward->peer_ipv4).text));
	put_number(object, "peer_teid", forward->peer_teid);
	put_ipv6(object, "peer_ipv6", &forward->peer_ipv6);
	put_true(object, "drop", forward->drop);
	put_true(object, "buffer", forward->buffer);
	if (forward->has_buffer_packets)
		json_object_set_new(object, "buffer_packets", json_integer(forward->buffer_packets));
	put_true(object, "notify", forward->notify);
	put_number(object, "notify_delay_ms", forward->notify_delay_ms);
	if (forward->has_dscp)
		json_object_set_new(object, "dscp", json_integer(forward->dscp));
}

static json_t *rule_json(uint32_t teid, const Shoal__Oss__Rule *rule)
{
	json_t *object = json_object();

	put_number(object, "id", rule->id);
	put_number(object, "precedence", rule->precedence);
	if (rule->match)
		put_match(object, teid, rule->match);
	if (rule->forward)
		put_forward(object, rule->forward);
	put_number(object, "rate_id", rule->rate_id);
	put_numbers(object, "rate_ids", rule->rate_ids, rule->n_rate_ids);
	put_numbers(object, "measure_ids", rule->measure_ids, rule->n_measure_ids);
	return object;
}

static json_t *rate_json(const Shoal__Oss__Rate *rate)
{
	json_t *object = json_object();
	char text[32];

	put_number(object, "id", rate->id);
	for (const struct row_field *field = row_fields; field->name; field++)
		if (row_is_attribute(field) && field->get_rate(rate, text, sizeof(text)))
			json_object_set_new(object, field->name, json_string(text));
	put_true(object, "reflective", rate->reflective);
	if (rate->uplink)
		json_object_set_new(object, "uplink", plain_json(&rate->uplink->base));
	if (rate->downlink)
		json_object_set_new(object, "downlink", plain_json(&rate->downlink->base));
	return object;
}

void rules_write(const Shoal__Oss__Session *session, json_t *object)
{
	json_t *rules = json_array(), *rates = json_array(), *measures = json_array();

	for (size_t i = 0; i < session->n_rules; i++)
		json_array_append_new(rules, rule_json(session->teid, session->rules[i]));
	for (size_t i = 0; i < session->n_rates; i++)
		json_array_append_new(rates, rate_json(session->rates[i]));
	for (size_t i = 0; i < session->n_measures; i++)
		json_array_append_new(measures, plain_json(&session->measures[i]->base));
	put_array(object, "rules", rules);
	put_array(object, "rates", rates);
	put_array(object, "measures", measures);
}
