// translate_framed.c - framed routes of PDIs: networks behind the UE (TS 29.244 5.16), as RADIUS writes them (RFC 2865 5.22, RFC 3162 2.5).
//
//   PREFIX[/LENGTH] [GATEWAY [METRIC...]]      without a length an IPv4 prefix is of its class: /8, /16 or /24
//
// Whose it is, is ctrl's to say. The gateway is the UE, whatever is written; metrics are for who has several ways. Pure.
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/translate_read.h"
#include "shared/wire/cursor.h"

#define ROUTE_TEXT 256u
#define ROUTING_NONE 0u // RFC 2865 5.10

enum { FRAMED4, FRAMED6 };

// Parts of a route, between its blanks. False: none is left.
static bool part_next(char **at, char **part)
{
	*at += strspn(*at, " ");
	*part = *at;
	*at += strcspn(*at, " ");
	if (**at)
		*(*at)++ = '\0';
	return **part != '\0';
}

static bool is_number(const char *text, unsigned long most, uint32_t *number)
{
	unsigned long value = 0;

	for (const char *at = text; *at; at++) {
		if (*at < '0' || *at > '9' || value > most)
			return false;
		value = value * 10 + (unsigned long)(*at - '0');
	}
	*number = (uint32_t)value;
	return *text && value <= most;
}

static uint32_t class_length(uint8_t first)
{
	return first < 0x80 ? 8 : first < 0xc0 ? 16 : 24;
}

// What is behind the prefix makes sense, and changes nothing.
static bool rest_good(char *at, int family)
{
	uint8_t gateway[16];
	uint32_t metric;
	char *part;

	if (part_next(&at, &part) && inet_pton(family, part, gateway) != 1)
		return false;
	while (part_next(&at, &part))
		if (!is_number(part, UINT32_MAX, &metric))
			return false;
	return true;
}

static bool route_parse(char *text, int family, uint8_t bytes[16], uint32_t *length)
{
	char *at = text, *part, *slash;

	if (!part_next(&at, &part))
		return false;
	slash = strchr(part, '/');
	if (slash)
		*slash++ = '\0';
	if (inet_pton(family, part, bytes) != 1 || (slash && !is_number(slash, 128, length)))
		return false;
	if (!slash && family == AF_INET6)
		return false;
	if (!slash)
		*length = class_length(bytes[0]);
	return rest_good(at, family);
}

static int route_read(const struct reading *reading, const struct pfcp_ie *ie, unsigned family)
{
	struct translation *to = reading->to;
	unsigned i = to->framed_used[family];
	char text[ROUTE_TEXT];
	uint8_t bytes[16];
	uint32_t length = 0;

	if (ie->length >= sizeof(text) || memchr(ie->value, 0, ie->length))
		return read_failure(reading, ie->type, "Not a framed route.");
	memcpy(text, ie->value, ie->length);
	text[ie->length] = '\0';
	if (!route_parse(text, family == FRAMED4 ? AF_INET : AF_INET6, bytes, &length))
		return read_failure(reading, ie->type, "Not a framed route: PREFIX/LENGTH [GATEWAY [METRIC...]].");
	if (i == TRANSLATE_FRAMED)
		return rules_fault(reading->fault, PFCP_CAUSE_NO_RESOURCES, ie->type,
				   "The session has too many framed routes.");
	to->framed_used[family]++;
	if (family == FRAMED4) {
		shoal__oss__ipv4_prefix__init(&to->framed_ipv4[i]);
		to->framed_ipv4[i].address = be32_get(bytes);
		to->framed_ipv4[i].length = length;
		to->framed_ipv4s[i] = &to->framed_ipv4[i];
	} else {
		shoal__oss__ipv6_prefix__init(&to->framed_ipv6[i]);
		to->framed_ipv6[i].high = be64_get(bytes);
		to->framed_ipv6[i].low = be64_get(bytes + 8);
		to->framed_ipv6[i].length = length;
		to->framed_ipv6s[i] = &to->framed_ipv6[i];
	}
	return 0;
}

static int routes_read(const struct reading *reading, const struct pfcp_ie *group, unsigned family, size_t *count)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	uint16_t type = family == FRAMED4 ? PFCP_IE_FRAMED_ROUTE : PFCP_IE_FRAMED_IPV6_ROUTE;

	*count = 0;
	for (const struct pfcp_ie *ie = pfcp_first(tree, group, type); ie; ie = pfcp_again(tree, ie), ++*count)
		if (route_read(reading, ie, family))
			return -EPROTO;
	return 0;
}

int framed_read(const struct reading *reading, const struct pfcp_ie *group, Shoal__Oss__Match *match)
{
	const struct pfcp_ie *routing = pfcp_first(&reading->rules->tree, group, PFCP_IE_FRAMED_ROUTING);
	struct translation *to = reading->to;

	if (routing && pfcp_number(routing) != ROUTING_NONE)
		return read_failure(reading, PFCP_IE_FRAMED_ROUTING, "No routing protocol is spoken with UEs.");
	match->framed_ipv4 = &to->framed_ipv4s[to->framed_used[FRAMED4]];
	match->framed_ipv6 = &to->framed_ipv6s[to->framed_used[FRAMED6]];
	if (routes_read(reading, group, FRAMED4, &match->n_framed_ipv4) ||
	    routes_read(reading, group, FRAMED6, &match->n_framed_ipv6))
		return -EPROTO;
	return 0;
}
