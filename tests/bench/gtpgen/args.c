// args.c - reads the device arguments. Called by the thread that probes devices.
#include "tests/bench/gtpgen/args.h"
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_kvargs.h>

enum kind { NUMBER, WIDE, HALF, ADDRESS, TEXT, WAY, NUMBERS };

struct rule {
	const char *key;
	enum kind kind;
	size_t at;
	uint64_t low, high;
	const char *value; // default
};

#define AT(field) offsetof(struct args, field)

static const struct rule rules[] = {
	{ "way", WAY, AT(way), 0, 0, "mixed" },
	{ "size", HALF, AT(plan.size), FRAME_INNER, FRAME_INNER_MAX, "64" },
	{ "radio", ADDRESS, AT(plan.radio), 0, 0, "10.99.3.2" },
	{ "gateway", ADDRESS, AT(plan.gateway), 0, 0, "10.99.3.1" },
	{ "host", ADDRESS, AT(plan.host), 0, 0, "10.99.6.2" },
	{ "sessions", TEXT, AT(keys.file), 1, sizeof(((struct keys_plan *)0)->file) - 1, NULL },
	{ "count", NUMBER, AT(keys.count), 1, KEYS_SESSIONS_MAX, "1" },
	{ "teid", NUMBER, AT(keys.teid), 0, UINT32_MAX, "1" },
	{ "ue", ADDRESS, AT(keys.address), 0, 0, "10.128.0.1" },
	{ "peer_teid", NUMBER, AT(keys.peer_teid), 0, UINT32_MAX, "1" },
	{ "seed", WIDE, AT(keys.seed), 0, UINT64_MAX, "1" },
	{ "subsets", NUMBERS, AT(keys.subset), 1, KEYS_SESSIONS_MAX, NULL },
	{ "board", TEXT, AT(board), 1, sizeof(((struct args *)0)->board) - 1, NULL },
	{ "rate", WIDE, AT(rate), 0, 1000000000, "0" },
	{ "window", NUMBER, AT(window), 0, 1u << 20, "0" },
	{ "verify", NUMBER, AT(verify), 0, UINT32_MAX, "64" },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static bool read_number(const struct rule *rule, const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value >= rule->low && *value <= rule->high;
}

static bool read_address(const char *text, uint32_t *value)
{
	unsigned a, b, c, d;
	char more;

	if (sscanf(text, "%u.%u.%u.%u%c", &a, &b, &c, &d, &more) != 4 || (a | b | c | d) > 255)
		return false;
	*value = a << 24 | b << 16 | c << 8 | d;
	return true;
}

static bool read_numbers(const struct rule *rule, const char *text, uint32_t *to) // n:n:...
{
	for (unsigned i = 0; i < KEYS_LISTS; i++) {
		char one[16];
		size_t length = strcspn(text, ":");
		uint64_t number;

		if (length >= sizeof(one))
			return false;
		memcpy(one, text, length);
		one[length] = 0;
		if (!read_number(rule, one, &number))
			return false;
		to[i] = (uint32_t)number;
		text += length;
		if (!*text++)
			return true;
	}
	return false;
}

static bool read_way(const char *text, enum frame_way *way)
{
	static const char *const words[] = { [FRAME_UP] = "up", [FRAME_DOWN] = "down", [FRAME_MIXED] = "mixed" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(text, words[i])) {
			*way = (enum frame_way)i;
			return true;
		}
	return false;
}

static bool read_value(const struct rule *rule, const char *text, void *to)
{
	uint64_t number;

	switch (rule->kind) {
	case ADDRESS:
		return read_address(text, to);
	case WAY:
		return read_way(text, to);
	case NUMBERS:
		return read_numbers(rule, text, to);
	case TEXT:
		if (strlen(text) < rule->low || strlen(text) > rule->high)
			return false;
		strcpy(to, text);
		return true;
	default:
		break;
	}
	if (!read_number(rule, text, &number))
		return false;
	memcpy(to, &number, rule->kind == WIDE ? 8 : rule->kind == HALF ? 2 : 4); // little-endian, as frame.c asserts
	return true;
}

static int read_one(const char *key, const char *text, void *args)
{
	for (unsigned i = 0; i < RULES; i++) {
		if (strcmp(key, rules[i].key) != 0)
			continue;
		if (text && read_value(&rules[i], text, (char *)args + rules[i].at))
			return 0;
		fprintf(stderr, "net_gtpgen: %s=%s is out of bounds, or malformed\n", key, text ? text : "");
	}
	return -EINVAL;
}

static void args_defaults(struct args *args)
{
	memset(args, 0, sizeof(*args));
	for (unsigned i = 0; i < RULES; i++)
		if (rules[i].value)
			read_value(&rules[i], rules[i].value, (char *)args + rules[i].at);
}

int args_read(const char *text, struct args *args)
{
	const char *known[RULES + 1] = { 0 };
	struct rte_kvargs *list;
	int error;

	args_defaults(args);
	if (!text || !*text)
		return 0;
	for (unsigned i = 0; i < RULES; i++)
		known[i] = rules[i].key;
	list = rte_kvargs_parse(text, known);
	if (!list) {
		fprintf(stderr, "net_gtpgen: '%s': an argument is not known, or malformed\n", text);
		return -EINVAL;
	}
	error = rte_kvargs_process(list, NULL, read_one, args);
	rte_kvargs_free(list);
	return error;
}
