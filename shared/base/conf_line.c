// conf_line.c - where in the file a field stands. libyaml reads the file once more, and only when there is a fault to tell.
// No state; any thread may call.
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "shared/base/conf_parts.h"

struct spot {
	yaml_document_t *document;
	yaml_node_t *node;
	size_t line;
};

static bool key_is(const yaml_node_t *node, const char *key, size_t length)
{
	return node && node->type == YAML_SCALAR_NODE && node->data.scalar.length == length &&
	       !memcmp(node->data.scalar.value, key, length);
}

static bool enter_key(struct spot *spot, const char *key, size_t length)
{
	yaml_node_t *mapping = spot->node;
	bool found = false;

	if (mapping->type != YAML_MAPPING_NODE)
		return false;
	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
	     pair++) {
		yaml_node_t *name = yaml_document_get_node(spot->document, pair->key);

		if (!key_is(name, key, length))
			continue;
		found = true;
		spot->line = name->start_mark.line + 1;
		spot->node = yaml_document_get_node(spot->document, pair->value);
	}
	return found && spot->node;
}

static bool enter_entry(struct spot *spot, unsigned long index)
{
	yaml_node_t *list = spot->node;

	if (list->type != YAML_SEQUENCE_NODE ||
	    index >= (size_t)(list->data.sequence.items.top - list->data.sequence.items.start))
		return false;
	spot->node = yaml_document_get_node(spot->document, list->data.sequence.items.start[index]);
	if (!spot->node)
		return false;
	spot->line = spot->node->start_mark.line + 1;
	return true;
}

// One step of "ports[0].mtu": returns what is left of the path, or null if there is no such place.
static const char *enter(struct spot *spot, const char *path)
{
	size_t length = strcspn(path, ".[");
	char *end;

	if (*path == '.')
		return path + 1;
	if (*path != '[')
		return enter_key(spot, path, length) ? path + length : NULL;
	return enter_entry(spot, strtoul(path + 1, &end, 10)) && *end == ']' ? end + 1 : NULL;
}

static unsigned document_line(yaml_document_t *document, const char *path)
{
	struct spot spot = { .document = document, .node = yaml_document_get_root_node(document) };

	while (spot.node && path && *path)
		path = enter(&spot, path);
	return (unsigned)spot.line;
}

unsigned conf_line(const struct conf_source *source, const char *field, const char **problem)
{
	yaml_document_t document;
	yaml_parser_t parser;
	unsigned line;

	*problem = NULL;
	if (!yaml_parser_initialize(&parser))
		return 0;
	yaml_parser_set_input_string(&parser, (const unsigned char *)source->bytes, source->length);
	if (yaml_parser_load(&parser, &document)) {
		line = document_line(&document, field);
		yaml_document_delete(&document);
	} else {
		line = (unsigned)parser.problem_mark.line + 1;
		*problem = parser.problem ? parser.problem : "not YAML";
	}
	yaml_parser_delete(&parser);
	return line;
}
