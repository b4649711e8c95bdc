// rules.c - the rules of a session beyond the short form, to and from JSON. Memory belongs to the row; one thread.
#include "ctrl/cli/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTER_BYTES 256u

struct rules {
	Shoal__Oss__Rule rule[RULES_MAX], *rule_list[RULES_MAX];
	Shoal__Oss__Match match[RULES_MAX];
	Shoal__Oss__Forward forward[RULES_MAX];
	char filter[RULES_MAX][FILTER_BYTES];
	uint32_t measure_ids[RULES_MAX][RULES_MEASURES];
	Shoal__Oss__Rate rate[RULES_MAX], *rate_list[RULES_MAX];
	Shoal__Oss__Measure measure[RULES_MAX], *measure_list[RULES_MAX];
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
	else
		return "is neither access nor core";
	return NULL;
}

static const char *set_filter(struct rules *rules, unsigned i, const char *word)
{
	if (strlen(word) >= FILTER_BYTES)
		return "is longer than 255 bytes";
	strcpy(rules->filter[i], word);
	return NULL;
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
		return set_filter(rules, i, word);
	if (!strcmp(key, "destination"))
		return set_interface(&rules->forward[i].destination, word);
	if (!strcmp(key, "peer"))
		return units_parse_ipv4(word, &rules->forward[i].peer_ipv4);
	if (!strcmp(key, "peer_teid"))
		return set_number(&rules->forward[i].peer_teid, word);
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

static const char *set_measure(struct rules *rules, unsigned i, const char *key, const char *word)
{
	return strcmp(key, "id") ? "is no field of a measure" : set_number(&rules->measure[i].id, word);
}

static void begin_rule(struct row *row, unsigned i)
{
	struct rules *rules = row->rules;

	shoal__oss__rule__init(&rules->rule[i]);
	shoal__oss__match__init(&rules->match[i]);
	shoal__oss__forward__init(&rules->forward[i]);
	rules->filter[i][0] = 0;
	rules->match[i].filter = rules->filter[i];
	rules->rule[i].match = &rules->match[i];
	rules->rule[i].forward = &rules->forward[i];
	rules->rule[i].measure_ids = rules->measure_ids[i];
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

static const char *set_measure_ids(struct rules *rules, unsigned i, const json_t *array)
{
	size_t count = json_array_size(array);
	char room[24];

	if (!json_is_array(array) || count > RULES_MEASURES)
		return "is not an array of up to 8 numbers";
	for (size_t k = 0; k < count; k++) {
		const char *word = rules_word(json_array_get(array, k), room);

		if (!word || set_number(&rules->measure_ids[i][k], word))
			return "is not an array of up to 8 numbers";
	}
	rules->rule[i].n_measure_ids = count;
	return NULL;
}

static const struct kind {
	const char *key;
	void (*begin)(struct row *row, unsigned i);
	const char *(*set)(struct rules *rules, unsigned i, const char *key, const char *word);
} kinds[] = {
	{ "rules", begin_rule, set_rule },
	{ "rates", begin_rate, set_rate },
	{ "measures", begin_measure, set_measure },
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
	char room[24];
	const char *word = rules_word(value, room);

	if (kind->begin == begin_rule && !strcmp(key, "measure_ids"))
		return set_measure_ids(row->rules, i, value);
	if (kind->begin == begin_rule && !strcmp(key, "drop") && json_is_boolean(value)) {
		row->rules->forward[i].drop = json_is_true(value);
		return NULL;
	}
	if (kind->begin == begin_measure && !strcmp(key, "volume") && json_is_boolean(value)) {
		row->rules->measure[i].volume = json_is_true(value);
		return NULL;
	}
	return word ? kind->set(row->rules, i, key, word) : "has a value of the wrong type";
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
		row_fault(fault, key, NULL, "is not an array of up to 32 objects");
		return false;
	}
	if (!row->rules)
		row->rules = malloc(sizeof(*row->rules));
	if (!row->rules) {
		row_fault(fault, key, NULL, "no memory");
		return false;
	}
	for (unsigned i = 0; i < count; i++)
		if (!read_element(row, find_kind(key), i, json_array_get(array, i), fault))
			return false;
	return true;
}
