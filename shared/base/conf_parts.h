// conf_parts.h - what the conf_*.c files share: kinds of values, fields, sections, and the way a fault is told.
//
// Private to conf*.c. conf.c reads the file, conf_text.c has libcyaml turn it into texts, conf_table.c turns texts into
// values by their kinds, conf_check.c looks at what only makes sense together, conf_print.c goes the way back.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "shared/base/conf.h"

struct text;
struct conf_field;

struct conf_why {
	char text[200];
};

// Fills *why and returns false.
bool conf_refuse(struct conf_why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct conf_word {
	const char *word;
	unsigned value;
};

// A type of value. read: from text as the user wrote it; false with the reason in *why. write: back into YAML.
struct conf_kind {
	bool (*read)(const struct conf_field *field, const char *text, void *value, struct conf_why *why);
	void (*write)(const struct conf_field *field, const void *value, FILE *file);
	const struct conf_word *words; // of an enumeration; ends with a null word
};

extern const struct conf_kind conf_kind_text, conf_kind_name, conf_kind_path, conf_kind_device, conf_kind_url;
extern const struct conf_kind conf_kind_number, conf_kind_cpu, conf_kind_mac, conf_kind_level;
extern const struct conf_kind conf_kind_ipv4, conf_kind_ipv6, conf_kind_address, conf_kind_pool4, conf_kind_pool6;
extern const struct conf_kind conf_kind_driver, conf_kind_role, conf_kind_idle, conf_kind_duty, conf_kind_yes;
extern const struct conf_kind conf_kind_placement, conf_kind_ue_to_ue, conf_kind_route;
extern const struct conf_kind conf_kind_door_url, conf_kind_name_or, conf_kind_file, conf_kind_account;
extern const struct conf_kind conf_kind_host, conf_kind_hosts, conf_kind_node_id, conf_kind_labels, conf_kind_flow;

struct conf_field {
	const char *key;
	const struct conf_kind *kind;
	uint32_t text_at, text_count_at; // in the section's struct text_*
	uint32_t value_at, value_bytes;  // in the section's struct
	uint32_t value_count_at;         // lists only
	bool many;                       // a list of at most `high`
	int64_t low, high;
	const char *fallback; // null = must be given
	const char *help;
};

struct conf_section {
	const char *key; // "" = the top level
	const struct conf_field *fields;
	unsigned fields_count;
	bool many;                       // a list of mappings
	uint32_t text_at, text_count_at; // in struct text
	uint32_t text_bytes;             // lists: of one entry
	uint32_t value_at, value_bytes;  // in struct conf; not lists: 0
	uint32_t value_count_at;
};

extern const struct conf_section conf_sections[];
extern const unsigned conf_sections_count;

// The file while it is being loaded, and where its first fault is told.
struct conf_source {
	const char *path;
	char *bytes;
	size_t length;
	char *error;
	size_t error_bytes;
};

// Tells "<path>:<line>: <field>: <text>" and returns -EINVAL. field: "ports[0].mtu"; "" = the whole file.
int conf_fault(const struct conf_source *source, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The line (from 1) where the field stands, or the nearest thing around it that exists; of equal keys the last. 0 = none. In a
// file that is not YAML, the line where that shows, and *problem says why (static string); else *problem is null.
unsigned conf_line(const struct conf_source *source, const char *field, const char **problem);

int conf_text_load(const struct conf_source *source, struct text **text);
void conf_text_free(struct text *text);

int conf_convert(const struct conf_source *source, const struct text *text, struct conf *conf);

// Puts addresses for "auto" and checks fields against each other.
int conf_check(const struct conf_source *source, struct conf *conf);
int conf_network_check(const struct conf_source *source,
		       const struct conf *conf); // its parts about networks and routes,
int conf_packets_check(const struct conf_source *source, const struct conf *conf);
int conf_door_check(const struct conf_source *source, struct conf *conf); // doors,
int conf_pfcp_check(const struct conf_source *source, struct conf *conf); // and about PFCP, after that

// The ways of kinds that others are made of.
bool conf_read_text(const struct conf_field *field, const char *text, void *value, struct conf_why *why);
bool conf_read_word(const struct conf_field *field, const char *text, void *value, struct conf_why *why);
void conf_write_text(const struct conf_field *field, const void *value, FILE *file);
void conf_write_word(const struct conf_field *field, const void *value, FILE *file);
