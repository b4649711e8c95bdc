// conf_text.c - libcyaml's part: shape of the file, unknown and repeated keys, lengths. Every value arrives as text: libcyaml
// 1.3 would read 12abc as 12, and its faults know neither our bounds nor the field's line.
// No state of its own; callers own what they get.
#include "shared/base/conf_texts.h"
#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "shared/base/conf_parts.h"

#define VALUE_MAX 1023 // longer than any field; each kind knows its own limit
#define PATH_BYTES 128

static const cyaml_schema_value_t string_schema = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, VALUE_MAX) };

#define SCHEMA_ONE(key, ...) CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_OPTIONAL, TEXT, key, 0, VALUE_MAX),
#define SCHEMA_MANY(key, member, counter, kind, low, high, help) \
	CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, TEXT, key, &string_schema, 0, high),

#define TEXT struct text_port
static const cyaml_schema_field_t port_schema[] = { CONF_PORT(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_pool
static const cyaml_schema_field_t pool_schema[] = { CONF_POOL(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_door
static const cyaml_schema_field_t door_schema[] = { CONF_DOOR(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_workers
static const cyaml_schema_field_t workers_schema[] = { CONF_WORKERS(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_primary
static const cyaml_schema_field_t primary_schema[] = { CONF_PRIMARY(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_buffering
static const cyaml_schema_field_t buffering_schema[] = { CONF_BUFFERING(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_limits
static const cyaml_schema_field_t limits_schema[] = { CONF_LIMITS(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_ctrl
static const cyaml_schema_field_t ctrl_schema[] = { CONF_CTRL(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_gtpu
static const cyaml_schema_field_t gtpu_schema[] = { CONF_GTPU(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_packets
static const cyaml_schema_field_t packets_schema[] = { CONF_PACKETS(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_pfcp
static const cyaml_schema_field_t pfcp_schema[] = { CONF_PFCP(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text_pfcp_rule
static const cyaml_schema_field_t pfcp_rule_schema[] = { CONF_PFCP_RULE(SCHEMA_ONE, SCHEMA_MANY) CYAML_FIELD_END };
#undef TEXT
#define TEXT struct text

static const cyaml_schema_value_t port_entry = { CYAML_VALUE_MAPPING(0, struct text_port, port_schema) };
static const cyaml_schema_value_t pool_entry = { CYAML_VALUE_MAPPING(0, struct text_pool, pool_schema) };
static const cyaml_schema_value_t door_entry = { CYAML_VALUE_MAPPING(0, struct text_door, door_schema) };
static const cyaml_schema_value_t pfcp_rule_entry = { CYAML_VALUE_MAPPING(0, struct text_pfcp_rule, pfcp_rule_schema) };

#define SCHEMA_SECTION(key) CYAML_FIELD_MAPPING(#key, CYAML_FLAG_OPTIONAL, struct text, key, key##_schema)
#define SCHEMA_LIST(key, entry, most) \
	CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct text, key, &entry, 0, most)
#define ENTRIES(list) (sizeof((struct conf *)0)->list / sizeof((struct conf *)0)->list[0])

static const cyaml_schema_field_t text_schema[] = { CONF_ROOT(SCHEMA_ONE, SCHEMA_MANY) SCHEMA_SECTION(workers),
						    SCHEMA_SECTION(primary),
						    SCHEMA_SECTION(buffering),
						    SCHEMA_SECTION(limits),
						    SCHEMA_SECTION(ctrl),
						    SCHEMA_SECTION(gtpu),
						    SCHEMA_SECTION(packets),
						    SCHEMA_SECTION(pfcp),
						    SCHEMA_LIST(ports, port_entry, ENTRIES(port)),
						    SCHEMA_LIST(pools, pool_entry, ENTRIES(pool)),
						    SCHEMA_LIST(doors, door_entry, ENTRIES(door)),
						    SCHEMA_LIST(pfcp_rules, pfcp_rule_entry, ENTRIES(pfcp_rule)),
						    CYAML_FIELD_END };
static const cyaml_schema_value_t text_value = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct text, text_schema) };

// What libcyaml said: the first complaint, and the field, put together from its backtrace, which comes innermost first.
struct complaint {
	char text[256];
	char field[PATH_BYTES];
	bool traced; // the innermost level of the backtrace has been seen
};

static void trace_prepend(struct complaint *complaint, const char *level)
{
	char outer[PATH_BYTES];
	const char *dot = *complaint->field && *complaint->field != '[' ? "." : "";

	if (snprintf(outer, sizeof outer, "%s%s%s", level, dot, complaint->field) < (int)sizeof outer)
		memcpy(complaint->field, outer, sizeof outer);
}

// libcyaml counts an entry when it begins, so that inside the first it says 1; only a list that is full has not counted the
// one too many. An unknown key is no field of the schema: there the backtrace ends at the mapping around it.
static void trace_level(struct complaint *complaint, const char *line)
{
	bool full = !complaint->traced && !strncmp(complaint->text, "Load: Excessive", 15);
	char name[64];
	char level[80];
	unsigned entry;

	if (sscanf(line, " in mapping field '%63[^']'", name) == 1) {
		trace_prepend(complaint, name);
	} else if (sscanf(line, " in sequence entry '%u'", &entry) == 1) {
		snprintf(level, sizeof level, "[%u]", entry && !full ? entry - 1 : entry);
		trace_prepend(complaint, level);
	} else if (!complaint->traced && sscanf(complaint->text, "Load: Unexpected key: %63[^\n]", name) == 1) {
		trace_prepend(complaint, name);
	}
	complaint->traced = true;
}

static void hear(cyaml_log_t level, void *with, const char *format, va_list arguments)
{
	struct complaint *complaint = with;
	char line[256];

	vsnprintf(line, sizeof line, format, arguments);
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "  in ", 5))
		trace_level(complaint, line);
	else if (!*complaint->text && strcmp(line, "Load: Backtrace:"))
		memcpy(complaint->text, line, sizeof line);
}

// The complaint in the words of the house.
static void reword(const char *said, char *words, size_t bytes)
{
	char wanted[32], found[32];
	unsigned most;

	if (!strncmp(said, "Load: ", 6))
		said += 6;
	if (!strncmp(said, "Unexpected key", 14))
		snprintf(words, bytes, "unknown key");
	else if (!strncmp(said, "Ignoring documents", 18))
		snprintf(words, bytes, "more than one document");
	else if (!strncmp(said, "Mapping field already seen", 26))
		snprintf(words, bytes, "given twice");
	else if (!strncmp(said, "STRING length >", 15))
		snprintf(words, bytes, "longer than any value may be (%u bytes)", VALUE_MAX);
	else if (sscanf(said, "Excessive entries (%u max)", &most) == 1)
		snprintf(words, bytes, "more than %u entries", most);
	else if (sscanf(said, "Expecting %31[^,], got event: %31s", wanted, found) == 2)
		snprintf(words, bytes, "a %s is expected here, this is a %s",
			 !strcmp(wanted, "STRING")    ? "single value"
			 : !strcmp(wanted, "MAPPING") ? "mapping"
						      : "list",
			 !strcmp(found, "SCALAR")          ? "single value"
			 : !strcmp(found, "MAPPING_START") ? "mapping"
							   : "list");
	else
		snprintf(words, bytes, "%.200s", said);
}

// What libyaml itself can't read has no field yet; its own line and reason are the better ones.
static int complain(const struct conf_source *source, const struct complaint *complaint, cyaml_err_t error)
{
	const char *problem;
	char words[256];

	conf_line(source, "", &problem);
	if (problem)
		return conf_fault(source, "", "%s", problem);
	if (error == CYAML_ERR_ALIAS)
		return conf_fault(source, complaint->field, "aliases are not taken; write the value out");
	if (!*complaint->text)
		return conf_fault(source, "", "keys and values are not where they should be (%s)",
				  cyaml_strerror(error));
	reword(complaint->text, words, sizeof words);
	return conf_fault(source, complaint->field, "%s", words);
}

static cyaml_config_t config_of(struct complaint *complaint)
{
	return (cyaml_config_t){ .log_fn = hear,
				 .log_ctx = complaint,
				 .mem_fn = cyaml_mem,
				 .log_level = CYAML_LOG_WARNING,
				 .flags = CYAML_CFG_NO_ALIAS };
}

int conf_text_load(const struct conf_source *source, struct text **text)
{
	struct complaint complaint = { 0 };
	const cyaml_config_t config = config_of(&complaint);
	cyaml_err_t error;

	*text = NULL;
	error =
	    cyaml_load_data((const uint8_t *)source->bytes, source->length, &config, &text_value, (void **)text, NULL);
	if (!error && *text && !*complaint.text)
		return 0;
	conf_text_free(*text);
	*text = NULL;
	if (!error && !*complaint.text)
		return conf_fault(source, "", "the file is empty");
	return complain(source, &complaint, error);
}

void conf_text_free(struct text *text)
{
	struct complaint complaint = { 0 };
	const cyaml_config_t config = config_of(&complaint);

	if (text)
		cyaml_free(&config, &text_value, text, 0);
}
