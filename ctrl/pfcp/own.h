// own.h - who we are, as the configuration says. Pure.
#pragma once
#include "ctrl/pfcp/codec/ie_type.h"
#include "ctrl/pfcp/codec/ie_value.h"
#include "shared/base/conf.h"

void own_node_id(const struct conf *conf, struct pfcp_node_id *id);

// Where tunnels over IPv6 end, as the primary takes it: the first address of an access port that others than its neighbours know. Left
// as it is if there is none.
void own_gtpu_ipv6(const struct conf *conf, uint8_t gtpu_ipv6[16]);
// Over either family, as far as they do.
struct pfcp_address own_gtpu(const struct conf *conf);
