// conf_print.c - the configuration as YAML again, every field with its help text. No state; any thread may call.
#include <string.h>
#include "shared/base/conf_parts.h"

static void print_field(const struct conf_field *field, const char *value, const char *indent, FILE *file)
{
	unsigned count = field->many ? *(const unsigned *)(value + field->value_count_at) : 1;

	fprintf(file, "%s%s: %s", indent, field->key, field->many ? "[" : "");
	for (unsigned i = 0; i < count; i++) {
		fputs(i ? ", " : "", file);
		field->kind->write(field, value + field->value_at + (size_t)i * field->value_bytes, file);
	}
	fprintf(file, "%s # %s\n", field->many ? "]" : "", field->help);
}

static void print_item(const struct conf_section *section, const char *value, const char *first, FILE *file)
{
	const char *indent = *section->key ? section->many ? "    " : "  " : "";

	for (unsigned i = 0; i < section->fields_count; i++)
		print_field(&section->fields[i], value, i ? indent : first, file);
}

static void print_list(const struct conf_section *section, const char *value, FILE *file)
{
	unsigned count = *(const unsigned *)(value + section->value_count_at);

	fprintf(file, "%s:%s\n", section->key, count ? "" : " []");
	for (unsigned i = 0; i < count; i++)
		print_item(section, value + section->value_at + (size_t)i * section->value_bytes, "  - ", file);
}

void conf_print(const struct conf *conf, FILE *file)
{
	for (unsigned i = 0; i < conf_sections_count; i++) {
		const struct conf_section *section = &conf_sections[i];

		if (section->many) {
			print_list(section, (const char *)conf, file);
			continue;
		}
		if (*section->key)
			fprintf(file, "%s:\n", section->key);
		print_item(section, (const char *)conf, *section->key ? "  " : "", file);
	}
}
