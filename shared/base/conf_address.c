// conf_address.c - the kinds of values that are addresses and prefixes.
// Pure; any thread may call.
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/conf_parts.h"

static const uint8_t zeros[16];

static bool ipv4_parse(const char *text, uint32_t *address)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*address = ntohl(in.s_addr);
	return true;
}

static void ipv4_write(uint32_t address, FILE *file)
{
	fprintf(file, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

// An address one host may have: neither this-network, loopback, multicast nor reserved (RFC 6890).
static bool ipv4_unicast(uint32_t address)
{
	uint32_t first = address >> 24;

	return first && first != 127 && first < 224;
}

// Neither unspecified, loopback nor multicast (RFC 4291 2.4).
static bool ipv6_unicast(const uint8_t bytes[16])
{
	static const uint8_t loopback[16] = { [15] = 1 };

	return memcmp(bytes, zeros, 16) && memcmp(bytes, loopback, 16) && bytes[0] != 0xff;
}

// "none", and "auto" for the GTP-U endpoint, are 0; each field's own default says which word it knows.
static bool read_ipv4(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	uint32_t address = 0;

	if (strcmp(text, field->fallback) && (!ipv4_parse(text, &address) || !ipv4_unicast(address)))
		return conf_refuse(why, "a host's IPv4 address or '%s' is expected, not '%.60s'", field->fallback,
				   text);
	*(uint32_t *)value = address;
	return true;
}

static void write_ipv4(const struct conf_field *field, const void *value, FILE *file)
{
	if (*(const uint32_t *)value)
		ipv4_write(*(const uint32_t *)value, file);
	else
		fputs(field->fallback, file);
}

static bool read_ipv6(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	uint8_t bytes[16] = { 0 };

	if (strcmp(text, field->fallback) && (inet_pton(AF_INET6, text, bytes) != 1 || !ipv6_unicast(bytes)))
		return conf_refuse(why, "a host's IPv6 address or '%s' is expected, not '%.60s'", field->fallback,
				   text);
	memcpy(value, bytes, sizeof bytes);
	return true;
}

static void ipv6_write(const uint8_t bytes[16], FILE *file)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(file, "'%s'", inet_ntop(AF_INET6, bytes, text, sizeof text)); // quoted: a colon has a meaning in YAML
}

static void write_ipv6(const struct conf_field *field, const void *value, FILE *file)
{
	if (memcmp(value, zeros, sizeof zeros))
		ipv6_write(value, file);
	else
		fputs(field->fallback, file);
}

const struct conf_kind conf_kind_ipv4 = { read_ipv4, write_ipv4, NULL };
const struct conf_kind conf_kind_ipv6 = { read_ipv6, write_ipv6, NULL };

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return found ? (int)(found - digits) : -1;
}

// Six pairs of hex digits, nothing else; an address of one station (IEEE 802: the first octet's lowest bit is clear).
static bool mac_parse(const char *text, uint8_t mac[6])
{
	if (strlen(text) != 17)
		return false;
	for (unsigned i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]);
		int low = hex_digit(text[1]);

		if (high < 0 || low < 0 || (i < 5 && text[2] != ':'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return !(mac[0] & 1) && memcmp(mac, zeros, 6);
}

static bool read_mac(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	uint8_t mac[6] = { 0 };

	if (strcmp(text, field->fallback) && !mac_parse(text, mac))
		return conf_refuse(why, "a station's address (02:00:00:00:00:01) or '%s' is expected, not '%.40s'",
				   field->fallback, text);
	memcpy(value, mac, sizeof mac);
	return true;
}

static void write_mac(const struct conf_field *field, const void *value, FILE *file)
{
	const uint8_t *mac = value;

	if (memcmp(mac, zeros, 6))
		fprintf(file, "'%02x:%02x:%02x:%02x:%02x:%02x'", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	else
		fputs(field->fallback, file);
}

const struct conf_kind conf_kind_mac = { read_mac, write_mac, NULL };

// Cuts "<address>/<length>" in two. Returns the length, or -1.
static int prefix_cut(const char *text, char *address, size_t bytes)
{
	const char *slash = strchr(text, '/');
	size_t digits;

	if (!slash || (size_t)(slash - text) >= bytes)
		return -1;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	digits = strspn(slash + 1, "0123456789");
	return digits && digits < 4 && !slash[1 + digits] ? atoi(slash + 1) : -1;
}

static bool read_address(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	char host[INET6_ADDRSTRLEN];
	struct conf_address address = { 0 };
	int length = prefix_cut(text, host, sizeof host);
	uint32_t ipv4;

	if (length > 0 && length <= 32 && ipv4_parse(host, &ipv4) && ipv4_unicast(ipv4)) {
		address.family = 4;
		inet_pton(AF_INET, host, address.bytes);
	} else if (length > 0 && length <= 128 && inet_pton(AF_INET6, host, address.bytes) == 1 &&
		   ipv6_unicast(address.bytes)) {
		address.family = 6;
	} else {
		return conf_refuse(
		    why, "a host's address with its prefix length is expected (10.0.0.1/24), not '%.60s'", text);
	}
	address.prefix_len = (uint8_t)length;
	memcpy(value, &address, sizeof address);
	return true;
}

static void write_address(const struct conf_field *field, const void *value, FILE *file)
{
	const struct conf_address *address = value;
	char text[INET6_ADDRSTRLEN];

	inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof text);
	fprintf(file, "'%s/%u'", text, address->prefix_len);
}

const struct conf_kind conf_kind_address = { read_address, write_address, NULL };

static bool pool_bounds(const struct conf_field *field, int length, struct conf_why *why)
{
	if (length < field->low || length > field->high)
		return conf_refuse(why, "a pool is a /%d to a /%d, not a /%d", (int)field->low, (int)field->high,
				   length);
	return true;
}

static bool read_pool4(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	struct conf_pool *pool = (struct conf_pool *)((char *)value - offsetof(struct conf_pool, ipv4));
	char host[INET6_ADDRSTRLEN];
	int length = prefix_cut(text, host, sizeof host);

	if (!strcmp(text, "none"))
		return true;
	if (length < 0 || !ipv4_parse(host, &pool->ipv4))
		return conf_refuse(why, "an IPv4 prefix is expected (10.45.0.0/16), not '%.60s'", text);
	if (!pool_bounds(field, length, why))
		return false;
	if (!ipv4_unicast(pool->ipv4) || !ipv4_unicast(pool->ipv4 | UINT32_MAX >> length))
		return conf_refuse(why, "%.60s is not for hosts", text);
	if (pool->ipv4 << length)
		return conf_refuse(why, "%.60s has bits set below its length", text);
	pool->ipv4_len = (uint8_t)length;
	return true;
}

static void write_pool4(const struct conf_field *field, const void *value, FILE *file)
{
	const struct conf_pool *pool =
	    (const struct conf_pool *)((const char *)value - offsetof(struct conf_pool, ipv4));

	if (!pool->ipv4_len) {
		fputs("none", file);
		return;
	}
	ipv4_write(pool->ipv4, file);
	fprintf(file, "/%u", pool->ipv4_len);
}

static bool read_pool6(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	struct conf_pool *pool = (struct conf_pool *)((char *)value - offsetof(struct conf_pool, ipv6));
	char host[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	int length = prefix_cut(text, host, sizeof host);

	if (!strcmp(text, "none"))
		return true;
	if (length < 0 || inet_pton(AF_INET6, host, bytes) != 1)
		return conf_refuse(why, "an IPv6 prefix is expected (2001:db8:45::/48), not '%.60s'", text);
	if (!pool_bounds(field, length, why))
		return false;
	for (unsigned i = 0; i < 8; i++)
		pool->ipv6 = pool->ipv6 << 8 | bytes[i];
	if (!ipv6_unicast(bytes))
		return conf_refuse(why, "%.60s is not for hosts", text);
	if (pool->ipv6 << length || memcmp(bytes + 8, zeros, 8))
		return conf_refuse(why, "%.60s has bits set below its length", text);
	pool->ipv6_len = (uint8_t)length;
	return true;
}

static void write_pool6(const struct conf_field *field, const void *value, FILE *file)
{
	const struct conf_pool *pool =
	    (const struct conf_pool *)((const char *)value - offsetof(struct conf_pool, ipv6));
	uint8_t bytes[16] = { 0 };
	char text[INET6_ADDRSTRLEN];

	if (!pool->ipv6_len) {
		fputs("none", file);
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(pool->ipv6 >> (56 - 8 * i));
	fprintf(file, "'%s/%u'", inet_ntop(AF_INET6, bytes, text, sizeof text), pool->ipv6_len);
}

const struct conf_kind conf_kind_pool4 = { read_pool4, write_pool4, NULL };
const struct conf_kind conf_kind_pool6 = { read_pool6, write_pool6, NULL };
