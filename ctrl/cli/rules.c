// rules.c - the rules of a session beyond the short form, to and from JSON. Memory belongs to the row; one thread.
#include "ctrl/cli/rules.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctrl/cli/plain.h"

struct rules {
	Shoal__Oss__Rule rule[RULES_MAX], *rule_list[RULES_MAX];
	Shoal__Oss__Match match[RULES_MAX];
	Shoal__Oss__Forward forward[RULES_MAX];
	Shoal__Oss__Rate rate[RULES_MAX], *rate_list[RULES_MAX];
	Shoal__Oss__Measure measure[RULES_MAX], *measure_list[RULES_MAX];
	struct plain_room room;
};

static const char *set_number(uint32_t *number, const char *word)
{
	uint64_t value;
	const char *why = units_parse_number(word, UINT32_MAX, &value);

	if (!why)
		*number = (uint32_t)value;
	return why;
}

static const char *set_interface(Shoal__Oss__Interface *side, const char *word)
{
	if (!strcmp(word, "access"))
		*side = SHOAL__OSS__INTERFACE__ACCESS;
	else if (!strcmp(word, "core"))
		*side = SHOAL__OSS__INTERFACE__CORE;
	else if (!strcmp(word, "cp"))
		*side = SHOAL__OSS__INTERFACE__CP;
	else
		return "is none of access, core, cp";
	return NULL;
}

static const char *set_text(struct rules *rules, char **at, const char *word)
{
	*at = plain_take(&rules->room, strlen(word) + 1);
	if (!*at)
		return "is too much for one session";
	memcpy(*at, word, strlen(word));
	return NULL;
}

static const char *set_ipv6(struct rules *rules, ProtobufCBinaryData *address, const char *word)
{
	address->data = plain_take(&rules->room, 16);
	if (!address->data)
		return "is too much for one session";
	address->len = 16;
	return inet_pton(AF_INET6, word, address->data) == 1 ? NULL : "is not an IPv6 address";
}

static const char *set_rule(struct rules *rules, unsigned i, const char *key, const char *word)
{
	if (!strcmp(key, "id"))
		return set_number(&rules->rule[i].id, word);
	if (!strcmp(key, "precedence"))
		return set_number(&rules->rule[i].precedence, word);
	if (!strcmp(key, "rate_id"))
		return set_number(&rules->rule[i].rate_id, word);
	if (!strcmp(key, "source"))
		return set_interface(&rules->match[i].source, word);
	if (!strcmp(key, "teid"))
		return set_number(&rules->match[i].teid, word);
	if (!strcmp(key, "filter"))
		return set_text(rules, &rules->match[i].filter, word);
	if (!strcmp(key, "tunnel"))
		return set_number(&rules->match[i].tunnel, word);
	if (!strcmp(key, "destination"))
		return set_interface(&rules->forward[i].destination, word);
	if (!strcmp(key, "peer"))
		return units_parse_ipv4(word, &rules->forward[i].peer_ipv4);
	if (!strcmp(key, "peer_ipv6"))
		return set_ipv6(rules, &rules->forward[i].peer_ipv6, word);
	if (!strcmp(key, "peer_teid"))
		return set_number(&rules->forward[i].peer_teid, word);
	if (!strcmp(key, "dscp")) {
		rules->forward[i].has_dscp = true;
		return set_number(&rules->forward[i].dscp, word);
	}
	if (!strcmp(key, "notify_delay_ms"))
		return set_number(&rules->forward[i].notify_delay_ms, word);
	if (!strcmp(key, "buffer_packets")) {
		rules->forward[i].has_buffer_packets = true;
		return set_number(&rules->forward[i].buffer_packets, word);
	}
	return "is no field of a rule";
}

static const char *set_rate(struct rules *rules, unsigned i, const char *key, const char *word)
{
	const struct row_field *field;

	if (!strcmp(key, "id"))
		return set_number(&rules->rate[i].id, word);
	field = row_find(key);
	if (!field || !row_is_attribute(field))
		return "is no field of a rate";
	return field->set_rate(&rules->rate[i], word);
}

static void begin_rule(struct row *row, unsigned i)
{
	struct rules *rules = row->rules;

	shoal__oss__rule__init(&rules->rule[i]);
	shoal__oss__match__init(&rules->match[i]);
	shoal__oss__forward__init(&rules->forward[i]);
	rules->rule[i].match = &rules->match[i];
	rules->rule[i].forward = &rules->forward[i];
	rules->rule_list[i] = &rules->rule[i];
	row->session.rules = rules->rule_list;
	row->session.n_rules = i + 1;
	row->session.bearer = NULL; // a session has one or the other
}

static void begin_rate(struct row *row, unsigned i)
{
	struct rules *rules = row->rules;

	shoal__oss__rate__init(&rules->rate[i]);
	rules->rate_list[i] = &rules->rate[i];
	row->session.rates = rules->rate_list;
	row->session.n_rates = i + 1;
}

static void begin_measure(struct row *row, unsigned i)
{
	struct rules *rules = row->rules;

	shoal__oss__measure__init(&rules->measure[i]);
	rules->measure_list[i] = &rules->measure[i];
	row->session.measures = rules->measure_list;
	row->session.n_measures = i + 1;
}

// A flow description alone, or with what else a filter may say.
static const char *set_filter(struct rules *rules, Shoal__Oss__Filter **at, const json_t *value)
{
	const char *key;

	*at = plain_take(&rules->room, sizeof(**at));
	if (!*at)
		return "is too much for one session";
	shoal__oss__filter__init(*at);
	if (json_is_string(value))
		return plain_set(&(*at)->base, "flow", value, &rules->room);
	if (!json_is_object(value))
		return "has an element that is neither text nor an object";
	return plain_read(&(*at)->base, value, &rules->room, &key);
}

static const char *set_filters(struct rules *rules, unsigned i, const json_t *array)
{
	Shoal__Oss__Match *match = &rules->match[i];
	const char *why = NULL;

	match->n_filters = 0;
	if (!json_is_array(array) || json_array_size(array) > RULES_MAX)
		return "is not an array of up to 64 filters";
	match->filters = plain_take(&rules->room, json_array_size(array) * sizeof(match->filters[0]));
	if (!match->filters)
		return "is too much for one session";
	for (size_t k = 0; k < json_array_size(array) && !why; k++) {
		why = set_filter(rules, &match->filters[k], json_array_get(array, k));
		match->n_filters = k + 1;
	}
	return why;
}

// Networks behind the UE, a text each.
static const char *set_framed(struct rules *rules, unsigned i, const json_t *array)
{
	struct networks *networks = plain_take(&rules->room, sizeof(*networks));
	Shoal__Oss__Match *match = &rules->match[i];
	const char *why = NULL;

	if (!networks)
		return "is too much for one session";
	if (!json_is_array(array))
		return "is not an array of networks";
	for (size_t k = 0; k < json_array_size(array) && !why; k++) {
		const char *word = json_string_value(json_array_get(array, k));

		why = word ? networks_add(networks, word) : "has an element that is no text";
	}
	match->framed_ipv4 = networks->ipv4s;
	match->n_framed_ipv4 = networks->n_ipv4;
	match->framed_ipv6 = networks->ipv6s;
	match->n_framed_ipv6 = networks->n_ipv6;
	return why;
}

// Lists of a rule. False: it is none.
static bool set_list(struct rules *rules, unsigned i, const char *key, const json_t *value, const char **why)
{
	Shoal__Oss__Rule *rule = &rules->rule[i];
	struct plain_room *room = &rules->room;

	if (!strcmp(key, "measure_ids"))
		*why = plain_numbers(value, RULES_REFERENCES, room, &rule->measure_ids, &rule->n_measure_ids);
	else if (!strcmp(key, "rate_ids"))
		*why = plain_numbers(value, RULES_REFERENCES, room, &rule->rate_ids, &rule->n_rate_ids);
	else if (!strcmp(key, "qfis"))
		*why = plain_numbers(value, 64, room, &rules->match[i].qfis, &rules->match[i].n_qfis);
	else if (!strcmp(key, "filters"))
		*why = set_filters(rules, i, value);
	else if (!strcmp(key, "framed"))
		*why = set_framed(rules, i, value);
	else
		return false;
	return true;
}

static bool set_switch(struct rules *rules, unsigned i, const char *key, const json_t *value)
{
	Shoal__Oss__Forward *forward = &rules->forward[i];

	if (!json_is_boolean(value))
		return false;
	if (!strcmp(key, "tunnelled"))
		rules->match[i].tunnelled = json_is_true(value);
	else if (!strcmp(key, "framed_alone"))
		rules->match[i].framed_alone = json_is_true(value);
	else if (!strcmp(key, "drop"))
		forward->drop = json_is_true(value);
	else if (!strcmp(key, "buffer"))
		forward->buffer = json_is_true(value);
	else if (!strcmp(key, "notify"))
		forward->notify = json_is_true(value);
	else
		return false;
	return true;
}

static const struct kind {
	const char *key;
	void (*begin)(struct row *row, unsigned i);
	const char *(*set)(struct rules *rules, unsigned i, const char *key, const char *word);
} kinds[] = {
	{ "rules", begin_rule, set_rule },
	{ "rates", begin_rate, set_rate },
	{ "measures", begin_measure, NULL },
};

static const struct kind *find_kind(const char *key)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].key, key))
			return &kinds[i];
	return NULL;
}

bool rules_key(const char *key)
{
	return find_kind(key) != NULL;
}

const char *rules_word(const json_t *value, char room[24])
{
	if (json_is_string(value))
		return json_string_value(value);
	if (!json_is_integer(value))
		return NULL;
	snprintf(room, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return room;
}

static const char *set_member(struct row *row, const struct kind *kind, unsigned i, const char *key,
			      const json_t *value)
{
	struct rules *rules = row->rules;
	char room[24];
	const char *word = rules_word(value, room), *why;

	if (kind->begin == begin_measure)
		return plain_set(&rules->measure[i].base, key, value, &rules->room);
	if (kind->begin == begin_rate &&
	    (!strcmp(key, "uplink") || !strcmp(key, "downlink") || !strcmp(key, "reflective")))
		return plain_set(&rules->rate[i].base, key, value, &rules->room);
	if (kind->begin == begin_rule && set_list(rules, i, key, value, &why))
		return why;
	if (kind->begin == begin_rule && (!strcmp(key, "local_teid") || set_switch(rules, i, key, value)))
		return NULL;
	return word ? kind->set(rules, i, key, word) : "has a value of the wrong type";
}

static bool read_element(struct row *row, const struct kind *kind, unsigned i, json_t *element, struct row_fault *fault)
{
	char path[96];
	const char *key;
	json_t *value;

	snprintf(path, sizeof(path), "%s[%u]", kind->key, i);
	if (!json_is_object(element)) {
		row_fault(fault, path, NULL, "is not an object");
		return false;
	}
	kind->begin(row, i);
	json_object_foreach(element, key, value)
	{
		const char *why = set_member(row, kind, i, key, value);

		if (!why)
			continue;
		snprintf(path, sizeof(path), "%s[%u].%s", kind->key, i, units_quote(key).text);
		row_fault(fault, path, NULL, why);
		return false;
	}
	return true;
}

bool rules_read(struct row *row, const char *key, const json_t *array, struct row_fault *fault)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count > RULES_MAX) {
		row_fault(fault, key, NULL, "is not an array of up to 64 objects");
		return false;
	}
	if (!row->rules)
		row->rules = malloc(sizeof(*row->rules));
	if (!row->rules) {
		row_fault(fault, key, NULL, "no memory");
		return false;
	}
	if (!row->session.n_rules && !row->session.n_rates && !row->session.n_measures)
		row->rules->room.used = 0; // another session's
	for (unsigned i = 0; i < count; i++)
		if (!read_element(row, find_kind(key), i, json_array_get(array, i), fault))
			return false;
	return true;
}
