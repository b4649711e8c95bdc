// rules_write.c - the rules of a session as JSON. Reads a message, builds an object its caller owns; one thread.
#include "ctrl/cli/rules.h"

#include <string.h>

static void put_number(json_t *object, const char *key, uint32_t number)
{
	if (number)
		json_object_set_new(object, key, json_integer(number));
}

static void put_interface(json_t *object, const char *key, Shoal__Oss__Interface side)
{
	if (side != SHOAL__OSS__INTERFACE__INTERFACE_UNSET)
		json_object_set_new(object, key,
				    json_string(side == SHOAL__OSS__INTERFACE__ACCESS ? "access" : "core"));
}

static void put_match(json_t *object, const Shoal__Oss__Match *match)
{
	put_interface(object, "source", match->source);
	put_number(object, "teid", match->teid);
	if (match->filter[0])
		json_object_set_new(object, "filter", json_string(match->filter));
}

static void put_forward(json_t *object, const Shoal__Oss__Forward *forward)
{
	put_interface(object, "destination", forward->destination);
	if (forward->peer_ipv4)
		json_object_set_new(object, "peer", json_string(units_ipv4(forward->peer_ipv4).text));
	put_number(object, "peer_teid", forward->peer_teid);
	if (forward->drop)
		json_object_set_new(object, "drop", json_true());
}

static json_t *rule_json(const Shoal__Oss__Rule *rule)
{
	json_t *object = json_object();
	json_t *ids = json_array();

	put_number(object, "id", rule->id);
	put_number(object, "precedence", rule->precedence);
	if (rule->match)
		put_match(object, rule->match);
	if (rule->forward)
		put_forward(object, rule->forward);
	put_number(object, "rate_id", rule->rate_id);
	for (size_t i = 0; i < rule->n_measure_ids; i++)
		json_array_append_new(ids, json_integer(rule->measure_ids[i]));
	if (rule->n_measure_ids)
		json_object_set(object, "measure_ids", ids);
	json_decref(ids);
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
	return object;
}

static json_t *measure_json(const Shoal__Oss__Measure *measure)
{
	json_t *object = json_object();

	put_number(object, "id", measure->id);
	json_object_set_new(object, "volume", json_boolean(measure->volume));
	return object;
}

static void put_array(json_t *object, const char *key, json_t *array)
{
	if (json_array_size(array))
		json_object_set(object, key, array);
	json_decref(array);
}

void rules_write(const Shoal__Oss__Session *session, json_t *object)
{
	json_t *rules = json_array(), *rates = json_array(), *measures = json_array();

	for (size_t i = 0; i < session->n_rules; i++)
		json_array_append_new(rules, rule_json(session->rules[i]));
	for (size_t i = 0; i < session->n_rates; i++)
		json_array_append_new(rates, rate_json(session->rates[i]));
	for (size_t i = 0; i < session->n_measures; i++)
		json_array_append_new(measures, measure_json(session->measures[i]));
	put_array(object, "rules", rules);
	put_array(object, "rates", rates);
	put_array(object, "measures", measures);
}
