// predefined.c - see predefined.h.
#include "ctrl/pfcp/rules/predefined.h"
#include <stdio.h>
#include <string.h>
#include "shared/wire/filter.h"

_Static_assert(sizeof(((struct conf *)0)->pfcp_rule) / sizeof(struct conf_pfcp_rule) == PREDEFINED_MAX,
	       "one is the other");

const struct conf_pfcp_rule *predefined_find(const struct conf *conf, const void *name, size_t bytes)
{
	for (unsigned i = 0; conf && i < conf->pfcp_rules; i++)
		if (strlen(conf->pfcp_rule[i].name) == bytes && !memcmp(conf->pfcp_rule[i].name, name, bytes))
			return &conf->pfcp_rule[i];
	return NULL;
}

static const char *filter_fault(const char *text)
{
	struct filter filter;
	const char *why;

	if (filter_read(text, strlen(text), &filter, &why))
		return why;
	return filter.local.family ? "a rule for all subscribers names none" : NULL;
}

int predefined_check(const struct conf *conf, char *error, size_t error_bytes)
{
	char field[48];

	for (unsigned i = 0; i < conf->pfcp_rules; i++)
		for (unsigned j = 0; j < conf->pfcp_rule[i].filters; j++) {
			const char *fault = filter_fault(conf->pfcp_rule[i].filter[j]);

			snprintf(field, sizeof(field), "pfcp_rules[%u].filters[%u]", i, j);
			if (fault)
				return conf_doubt(conf, field, fault, error, error_bytes);
		}
	return 0;
}
