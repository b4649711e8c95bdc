// conf_texts.h - the configuration's values as texts, by the table of fields. Private to conf*.c.
#pragma once
#include "shared/base/conf_table.h"

// What libcyaml fills: every value as it stands in the file, null where it is not given.
#define TEXT_ONE(key, ...) char *key;
#define TEXT_MANY(key, ...) \
	char **key; \
	uint32_t key##_count;

// clang-format off
struct text_port { CONF_PORT(TEXT_ONE, TEXT_MANY) };
struct text_pool { CONF_POOL(TEXT_ONE, TEXT_MANY) };
struct text_door { CONF_DOOR(TEXT_ONE, TEXT_MANY) };
struct text_workers { CONF_WORKERS(TEXT_ONE, TEXT_MANY) };
struct text_primary { CONF_PRIMARY(TEXT_ONE, TEXT_MANY) };
struct text_buffering { CONF_BUFFERING(TEXT_ONE, TEXT_MANY) };
struct text_limits { CONF_LIMITS(TEXT_ONE, TEXT_MANY) };
struct text_ctrl { CONF_CTRL(TEXT_ONE, TEXT_MANY) };
struct text_gtpu { CONF_GTPU(TEXT_ONE, TEXT_MANY) };
struct text_packets { CONF_PACKETS(TEXT_ONE, TEXT_MANY) };
struct text_pfcp { CONF_PFCP(TEXT_ONE, TEXT_MANY) };
struct text_pfcp_rule { CONF_PFCP_RULE(TEXT_ONE, TEXT_MANY) };
struct text {
	CONF_ROOT(TEXT_ONE, TEXT_MANY)
	struct text_workers workers;
	struct text_primary primary;
	struct text_buffering buffering;
	struct text_limits limits;
	struct text_ctrl ctrl;
	struct text_gtpu gtpu;
	struct text_packets packets;
	struct text_pfcp pfcp;
	struct text_port *ports;
	uint32_t ports_count;
	struct text_pool *pools;
	uint32_t pools_count;
	struct text_door *doors;
	uint32_t doors_count;
	struct text_pfcp_rule *pfcp_rules;
	uint32_t pfcp_rules_count;
};
// clang-format on
