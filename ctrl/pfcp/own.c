// own.c - see own.h. Pure.
#include "ctrl/pfcp/own.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

void own_node_id(const struct conf *conf, struct pfcp_node_id *id)
{
	const char *text = conf->pfcp_node_id;
	struct in_addr ipv4;

	*id = (struct pfcp_node_id){ .kind = PFCP_NODE_ID_NAME };
	if (inet_pton(AF_INET, text, &ipv4) == 1) {
		id->kind = PFCP_NODE_ID_IPV4;
		id->address = (struct pfcp_address){ .has_ipv4 = true, .ipv4 = ntohl(ipv4.s_addr) };
	} else if (inet_pton(AF_INET6, text, id->address.ipv6) == 1) {
		id->kind = PFCP_NODE_ID_IPV6;
		id->address.has_ipv6 = true;
	} else {
		snprintf(id->name, sizeof(id->name), "%s", text);
	}
}

struct pfcp_address own_gtpu(const struct conf *conf)
{
	static const uint8_t none[16];
	struct pfcp_address address = { .has_ipv4 = conf->gtpu_address, .ipv4 = conf->gtpu_address };

	conf_gtpu_ipv6(conf, address.ipv6);
	address.has_ipv6 = memcmp(address.ipv6, none, sizeof(none)) != 0;
	return address;
}
