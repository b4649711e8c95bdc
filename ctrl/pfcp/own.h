// own.h - who we are, as the configuration says. Pure.
#pragma once
#include "ctrl/pfcp/codec/ie_type.h"
#include "ctrl/pfcp/codec/ie_value.h"
#include "shared/base/conf.h"

void own_node_id(const struct conf *conf, struct pfcp_node_id *id);

// Where tunnels end, over either family, as far as they do.
struct pfcp_address own_gtpu(const struct conf *conf);
