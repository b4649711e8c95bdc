// conf_kind.c - the kinds of values that are words, numbers and names: from the user's text to the struct and back.
// Pure; any thread may call. Addresses are in conf_address.c.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/conf_parts.h"

bool conf_refuse(struct conf_why *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why->text, sizeof why->text, format, arguments);
	va_end(arguments);
	return false;
}

// Printable ASCII only: what we take goes into logs, metrics and device arguments.
bool conf_read_text(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	size_t length = strlen(text);

	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return conf_refuse(why, "only printable ASCII characters may stand here");
	if (length < (size_t)field->low)
		return conf_refuse(why, "must not be empty");
	if (length > (size_t)field->high)
		return conf_refuse(why, "%zu characters are more than %d", length, (int)field->high);
	memcpy(value, text, length + 1);
	return true;
}

// Single quotes, doubled inside: the one YAML style in which no other character has a meaning.
void conf_write_text(const struct conf_field *field, const void *value, FILE *file)
{
	fputc('\'', file);
	for (const char *c = value; *c; c++)
		fputs(*c == '\'' ? "''" : (char[]){ *c, '\0' }, file);
	fputc('\'', file);
}

static bool read_name(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	if (text[strspn(text, good)])
		return conf_refuse(why, "a name is made of letters, digits, '.', '-' and '_'");
	return conf_read_text(field, text, value, why);
}

static bool read_path(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	if (*text != '/' || strpbrk(text, " ,"))
		return conf_refuse(why, "an absolute path without spaces and commas is expected, not '%.100s'", text);
	return conf_read_text(field, text, value, why);
}

// Ends up as one of several device arguments, separated by commas.
static bool read_device(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	if (strpbrk(text, " ,"))
		return conf_refuse(why, "a device has neither spaces nor commas in its name");
	return conf_read_text(field, text, value, why);
}

const struct conf_kind conf_kind_text = { conf_read_text, conf_write_text, NULL };
const struct conf_kind conf_kind_name = { read_name, conf_write_text, NULL };
const struct conf_kind conf_kind_path = { read_path, conf_write_text, NULL };
const struct conf_kind conf_kind_device = { read_device, conf_write_text, NULL };

static bool number_in(const char *text, int64_t low, int64_t high, int64_t *number, struct conf_why *why)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || text[digits])
		return conf_refuse(why, "a whole number is expected, not '%.40s'", text);
	*number = strtoll(text, NULL, 10); // too many digits give the largest
	if (*number < low)
		return conf_refuse(why, "%s is below %lld", text, (long long)low);
	if (*number > high)
		return conf_refuse(why, "%.40s is above %lld", text, (long long)high);
	return true;
}

static bool read_number(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	int64_t number = 0;

	if (!number_in(text, field->low, field->high, &number, why))
		return false;
	if (field->value_bytes == sizeof(uint16_t))
		*(uint16_t *)value = (uint16_t)number;
	else
		*(uint32_t *)value = (uint32_t)number;
	return true;
}

static void write_number(const struct conf_field *field, const void *value, FILE *file)
{
	fprintf(file, "%u",
		field->value_bytes == sizeof(uint16_t) ? *(const uint16_t *)value : *(const uint32_t *)value);
}

const struct conf_kind conf_kind_number = { read_number, write_number, NULL };

static bool read_cpu(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	int64_t number = -1;
	bool any = !field->many && !strcmp(text, "any");

	if (!any && !number_in(text, 0, 1023, &number, why))
		return false;
	*(int *)value = (int)number;
	return true;
}

static void write_cpu(const struct conf_field *field, const void *value, FILE *file)
{
	if (*(const int *)value < 0)
		fputs("any", file);
	else
		fprintf(file, "%d", *(const int *)value);
}

const struct conf_kind conf_kind_cpu = { read_cpu, write_cpu, NULL };

static const struct conf_word *word_find(const struct conf_field *field, const char *text, struct conf_why *why)
{
	char known[100] = "";

	for (const struct conf_word *word = field->kind->words; word->word; word++) {
		if (!strcmp(word->word, text))
			return word;
		snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", *known ? ", " : "", word->word);
	}
	conf_refuse(why, "'%.40s' is none of: %s", text, known);
	return NULL;
}

bool conf_read_word(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	const struct conf_word *word = word_find(field, text, why);

	if (word)
		*(unsigned *)value = word->value;
	return word;
}

void conf_write_word(const struct conf_field *field, const void *value, FILE *file)
{
	for (const struct conf_word *word = field->kind->words; word->word; word++)
		if (word->value == *(const unsigned *)value)
			fputs(word->word, file);
}

static const struct conf_word driver_words[] = { { "af_xdp", CONF_AF_XDP }, { "af_packet", CONF_AF_PACKET },
						 { "tap", CONF_TAP },       { "memif", CONF_MEMIF },
						 { "pcap", CONF_PCAP },     { "pci", CONF_PCI },
						 { "plugin", CONF_PLUGIN }, { NULL, 0 } };
static const struct conf_word role_words[] = {
	{ "access", CONF_ACCESS }, { "core", CONF_CORE }, { "both", CONF_BOTH }, { NULL, 0 }
};
static const struct conf_word idle_words[] = { { "adaptive", CONF_ADAPTIVE }, { "spin", CONF_SPIN }, { NULL, 0 } };
static const struct conf_word placement_words[] = { { "check", CONF_CHECK }, { "force", CONF_FORCE }, { NULL, 0 } };
_Static_assert(sizeof(enum conf_driver) == sizeof(unsigned), "conf_read_word writes one");

const struct conf_kind conf_kind_driver = { conf_read_word, conf_write_word, driver_words };
const struct conf_kind conf_kind_role = { conf_read_word, conf_write_word, role_words };
const struct conf_kind conf_kind_placement = { conf_read_word, conf_write_word, placement_words };
const struct conf_kind conf_kind_idle = { conf_read_word, conf_write_word, idle_words };

// Kept as its word: log_open takes that.
static bool read_level(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	const struct conf_word *word = word_find(field, text, why);

	if (word)
		strcpy(value, word->word);
	return word;
}

static const struct conf_word level_words[] = {
	{ "error", 0 }, { "warning", 0 }, { "info", 0 }, { "debug", 0 }, { NULL, 0 }
};

const struct conf_kind conf_kind_level = { read_level, conf_write_text, level_words };
