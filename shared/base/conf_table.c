// conf_table.c - the field lists as tables, and the walk that turns texts into values by them.
// Tables are constant; everything else belongs to the caller.
#include "shared/base/conf_texts.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "shared/base/conf_parts.h"

#define PATH_BYTES 96

#define FIELD_ONE(name, member, sort, least, most, otherwise, about) \
	{ .key = #name, \
	  .kind = &sort, \
	  .text_at = offsetof(TEXT, name), \
	  .value_at = offsetof(VALUE, member), \
	  .value_bytes = sizeof(((VALUE *)0)->member), \
	  .low = least, \
	  .high = most, \
	  .fallback = otherwise, \
	  .help = about },
#define FIELD_MANY(name, member, counter, sort, least, most, about) \
	{ .key = #name, \
	  .kind = &sort, \
	  .text_at = offsetof(TEXT, name), \
	  .text_count_at = offsetof(TEXT, name##_count), \
	  .value_at = offsetof(VALUE, member), \
	  .value_bytes = sizeof(((VALUE *)0)->member[0]), \
	  .value_count_at = offsetof(VALUE, counter), \
	  .many = true, \
	  .low = least, \
	  .high = most, \
	  .help = about },

#define VALUE struct conf
#define TEXT struct text
static const struct conf_field root_fields[] = { CONF_ROOT(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#define TEXT struct text_workers
static const struct conf_field workers_fields[] = { CONF_WORKERS(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#define TEXT struct text_primary
static const struct conf_field primary_fields[] = { CONF_PRIMARY(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#define TEXT struct text_buffering
static const struct conf_field buffering_fields[] = { CONF_BUFFERING(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#define TEXT struct text_limits
static const struct conf_field limits_fields[] = { CONF_LIMITS(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#define TEXT struct text_ctrl
static const struct conf_field ctrl_fields[] = { CONF_CTRL(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#define TEXT struct text_gtpu
static const struct conf_field gtpu_fields[] = { CONF_GTPU(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#define TEXT struct text_packets
static const struct conf_field packets_fields[] = { CONF_PACKETS(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#define TEXT struct text_pfcp
static const struct conf_field pfcp_fields[] = { CONF_PFCP(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#undef VALUE
#define VALUE struct conf_port
#define TEXT struct text_port
static const struct conf_field port_fields[] = { CONF_PORT(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#undef VALUE
#define VALUE struct conf_pool
#define TEXT struct text_pool
static const struct conf_field pool_fields[] = { CONF_POOL(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#undef VALUE
#define VALUE struct conf_door
#define TEXT struct text_door
static const struct conf_field door_fields[] = { CONF_DOOR(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#undef VALUE
#define VALUE struct conf_pfcp_rule
#define TEXT struct text_pfcp_rule
static const struct conf_field pfcp_rule_fields[] = { CONF_PFCP_RULE(FIELD_ONE, FIELD_MANY) };
#undef TEXT
#undef VALUE

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SECTION(name) \
	{ \
		.key = #name, .fields = name##_fields, .fields_count = COUNT(name##_fields), \
		.text_at = offsetof(struct text, name) \
	}
#define LIST(name) \
	{ \
		.key = #name "s", .fields = name##_fields, .fields_count = COUNT(name##_fields), .many = true, \
		.text_at = offsetof(struct text, name##s), .text_count_at = offsetof(struct text, name##s_count), \
		.text_bytes = sizeof(struct text_##name), .value_at = offsetof(struct conf, name), \
		.value_bytes = sizeof(struct conf_##name), .value_count_at = offsetof(struct conf, name##s) \
	}

const struct conf_section conf_sections[] = {
	{ .key = "", .fields = root_fields, .fields_count = COUNT(root_fields) },
	LIST(port),
	SECTION(workers),
	SECTION(primary),
	SECTION(buffering),
	LIST(pool),
	SECTION(limits),
	SECTION(ctrl),
	LIST(door),
	SECTION(gtpu),
	SECTION(packets),
	SECTION(pfcp),
	LIST(pfcp_rule),
};
const unsigned conf_sections_count = COUNT(conf_sections);

// One mapping of the file: its texts, the struct they go to, and its name for people.
struct item {
	const char *text;
	char *value;
	char path[PATH_BYTES];
};

static int convert_text(const struct conf_source *source, const char *path, const struct conf_field *field,
			const char *text, void *value)
{
	struct conf_why why;

	if (!text)
		return conf_fault(source, path, "must be given (%s)", field->help);
	return field->kind->read(field, text, value, &why) ? 0 : conf_fault(source, path, "%s", why.text);
}

static int convert_one(const struct conf_source *source, const struct item *item, const struct conf_field *field)
{
	const char *text = *(char *const *)(item->text + field->text_at);
	char path[PATH_BYTES + 32];

	snprintf(path, sizeof path, "%s%s%s", item->path, *item->path ? "." : "", field->key);
	return convert_text(source, path, field, text ? text : field->fallback, item->value + field->value_at);
}

static int convert_many(const struct conf_source *source, const struct item *item, const struct conf_field *field)
{
	char *const *texts = *(char **const *)(item->text + field->text_at);
	uint32_t count = *(const uint32_t *)(item->text + field->text_count_at);
	char *value = item->value + field->value_at;
	int error = 0;

	for (uint32_t i = 0; i < count && !error; i++) {
		char path[PATH_BYTES + 32];

		snprintf(path, sizeof path, "%s%s%s[%u]", item->path, *item->path ? "." : "", field->key, i);
		error = convert_text(source, path, field, texts[i], value + (size_t)i * field->value_bytes);
	}
	*(unsigned *)(item->value + field->value_count_at) = count;
	return error;
}

static int convert_item(const struct conf_source *source, const struct conf_section *section, const struct item *item)
{
	int error = 0;

	for (unsigned i = 0; i < section->fields_count && !error; i++) {
		const struct conf_field *field = &section->fields[i];

		error = field->many ? convert_many(source, item, field) : convert_one(source, item, field);
	}
	return error;
}

static int convert_list(const struct conf_source *source, const struct conf_section *section, const char *text,
			char *value)
{
	const char *entries = *(const char *const *)(text + section->text_at);
	uint32_t count = *(const uint32_t *)(text + section->text_count_at);
	int error = 0;

	for (uint32_t i = 0; i < count && !error; i++) {
		struct item item = { .text = entries + (size_t)i * section->text_bytes,
				     .value = value + section->value_at + (size_t)i * section->value_bytes };

		snprintf(item.path, sizeof item.path, "%s[%u]", section->key, i);
		error = convert_item(source, section, &item);
	}
	*(unsigned *)(value + section->value_count_at) = count;
	return error;
}

int conf_convert(const struct conf_source *source, const struct text *text, struct conf *conf)
{
	int error = 0;

	for (unsigned i = 0; i < conf_sections_count && !error; i++) {
		const struct conf_section *section = &conf_sections[i];
		struct item item = { .text = (const char *)text + section->text_at, .value = (char *)conf };

		snprintf(item.path, sizeof item.path, "%s", section->key);
		error = section->many ? convert_list(source, section, (const char *)text, (char *)conf)
				      : convert_item(source, section, &item);
	}
	return error;
}
