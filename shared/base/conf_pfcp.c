// conf_pfcp.c - the section about PFCP: hosts, prefixes of hosts and node ids, and what only makes sense together.
// No state; the caller owns the configuration.
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/conf_parts.h"

// An address of one host, its own loopback included; no link-local ones, which say nothing without an interface.
static bool host_parse(const char *text, struct conf_address *address)
{
	static const uint8_t nobody[16];

	if (inet_pton(AF_INET, text, address->bytes) == 1) {
		address->family = 4;
		address->prefix_len = 32;
		return address->bytes[0] && address->bytes[0] < 224;
	}
	address->family = 6;
	address->prefix_len = 128;
	return inet_pton(AF_INET6, text, address->bytes) == 1 && memcmp(address->bytes, nobody, 16) &&
	       address->bytes[0] != 0xff && !(address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80);
}

static bool read_host(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	struct conf_address address = { 0 };

	if (!host_parse(text, &address))
		return conf_refuse(why, "a host's address is expected, not '%.60s'", text);
	memcpy(value, &address, sizeof(address));
	return true;
}

static void host_text(const struct conf_address *address, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, text, INET6_ADDRSTRLEN);
}

static void write_host(const struct conf_field *field, const void *value, FILE *file)
{
	char text[INET6_ADDRSTRLEN];

	host_text(value, text);
	fprintf(file, "'%s'", text);
}

static bool bits_below(const struct conf_address *address, unsigned length)
{
	unsigned bits = address->family == 4 ? 32 : 128;

	for (unsigned i = length; i < bits; i++)
		if (address->bytes[i / 8] & 0x80 >> i % 8)
			return true;
	return false;
}

// "<address>/<length>": the address in `host`. -1: no length that fits.
static int prefix_length(const char *text, char *host, size_t size)
{
	const char *slash = strchr(text, '/');
	size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;

	if (!slash || (size_t)(slash - text) >= size || !digits || digits > 3 || slash[1 + digits])
		return -1;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	return atoi(slash + 1);
}

// A host, or all of a prefix.
static bool read_hosts(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	struct conf_address address = { 0 };
	char host[INET6_ADDRSTRLEN];
	int length = prefix_length(text, host, sizeof(host));

	if (!strchr(text, '/'))
		return read_host(field, text, value, why);
	if (length < 1 || !host_parse(host, &address) || length > address.prefix_len)
		return conf_refuse(why, "an address or a prefix is expected (10.3.0.0/24), not '%.60s'", text);
	if (bits_below(&address, (unsigned)length))
		return conf_refuse(why, "%.60s has bits set below its length", text);
	address.prefix_len = (uint8_t)length;
	memcpy(value, &address, sizeof(address));
	return true;
}

static void write_hosts(const struct conf_field *field, const void *value, FILE *file)
{
	const struct conf_address *address = value;
	char text[INET6_ADDRSTRLEN];

	host_text(address, text);
	fprintf(file, "'%s/%u'", text, address->prefix_len);
}

// Labels of a name (RFC 1035 2.3.4), with underscores as some networks have them.
static bool name_good(const char *text)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	for (size_t label = 0; *text; text += label + (text[label] == '.')) {
		label = strspn(text, good);
		if (!label || label > 63 || (text[label] && (text[label] != '.' || !text[label + 1])))
			return false;
	}
	return true;
}

// "auto" is the empty text until the check.
static bool read_node_id(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	struct conf_address address = { 0 };
	char *id = value;

	if (!strcmp(text, field->fallback))
		return true;
	if (host_parse(text, &address)) {
		host_text(&address, id);
		return true;
	}
	if (!*text || !name_good(text) || !text[strspn(text, "0123456789.")])
		return conf_refuse(why, "an address or a name is expected, not '%.60s'", text);
	return conf_read_text(field, text, value, why);
}

// A network instance as it goes into an IE: labels, however many.
static bool read_labels(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	const struct conf_field room = { .low = 1, .high = sizeof(((struct conf *)0)->pfcp_resource[0]) - 1 };

	if (!*text || !name_good(text))
		return conf_refuse(why, "a name is expected, not '%.60s'", text);
	return conf_read_text(&room, text, value, why);
}

static void write_node_id(const struct conf_field *field, const void *value, FILE *file)
{
	if (*(const char *)value)
		conf_write_text(field, value, file);
	else
		fputs(field->fallback, file);
}

// What it says is for who reads flow descriptions to judge (conf_doubt).
static bool read_flow(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	const struct conf_field room = { .low = 1, .high = sizeof(((struct conf_pfcp_rule *)0)->filter[0]) - 1 };

	return conf_read_text(&room, text, value, why);
}

const struct conf_kind conf_kind_flow = { read_flow, conf_write_text, NULL };
const struct conf_kind conf_kind_host = { read_host, write_host, NULL };
const struct conf_kind conf_kind_hosts = { read_hosts, write_hosts, NULL };
const struct conf_kind conf_kind_labels = { read_labels, conf_write_text, NULL };
const struct conf_kind conf_kind_node_id = { read_node_id, write_node_id, NULL };

static bool in_prefix(const struct conf_address *host, const struct conf_address *prefix)
{
	struct conf_address above = *host;

	if (host->family != prefix->family)
		return false;
	for (unsigned i = prefix->prefix_len; i < host->prefix_len; i++)
		above.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return !memcmp(above.bytes, prefix->bytes, sizeof(above.bytes));
}

// Whom we ask may answer, and there is an address of ours to ask from.
static const char *associate_fault(const struct conf *conf, const struct conf_address *host)
{
	bool allowed = false, spoken = !conf->pfcp_listens;

	for (unsigned i = 0; i < conf->pfcp_peers; i++)
		allowed |= in_prefix(host, &conf->pfcp_peer[i]);
	for (unsigned i = 0; i < conf->pfcp_listens; i++)
		spoken |= conf->pfcp_listen[i].family == host->family;
	return !allowed ? "not among pfcp.peers" : !spoken ? "pfcp.listen has no address of its family" : NULL;
}

static int associates_check(const struct conf_source *source, const struct conf *conf)
{
	char field[32];

	for (unsigned i = 0; i < conf->pfcp_associates; i++) {
		const char *fault = associate_fault(conf, &conf->pfcp_associate[i]);

		for (unsigned j = 0; j < i && !fault; j++)
			if (!memcmp(&conf->pfcp_associate[i], &conf->pfcp_associate[j], sizeof(*conf->pfcp_associate)))
				fault = "given twice";
		snprintf(field, sizeof(field), "pfcp.associate[%u]", i);
		if (fault)
			return conf_fault(source, field, "%s", fault);
	}
	return 0;
}

static int rules_check(const struct conf_source *source, const struct conf *conf)
{
	char field[32];

	for (unsigned i = 0; i < conf->pfcp_rules; i++) {
		snprintf(field, sizeof(field), "pfcp_rules[%u].name", i);
		for (unsigned j = 0; j < i; j++)
			if (!strcmp(conf->pfcp_rule[i].name, conf->pfcp_rule[j].name))
				return conf_fault(source, field, "the same as pfcp_rules[%u]", j);
		snprintf(field, sizeof(field), "pfcp_rules[%u].filters", i);
		if (!conf->pfcp_rule[i].filters)
			return conf_fault(source, field, "must be given");
	}
	return 0;
}

int conf_pfcp_check(const struct conf_source *source, struct conf *conf)
{
	char field[32];

	for (unsigned i = 0; i < conf->pfcp_listens; i++)
		for (unsigned j = 0; j < i; j++)
			if (!memcmp(&conf->pfcp_listen[i], &conf->pfcp_listen[j], sizeof(*conf->pfcp_listen))) {
				snprintf(field, sizeof(field), "pfcp.listen[%u]", i);
				return conf_fault(source, field, "given twice");
			}
	if (!*conf->pfcp_node_id && conf->pfcp_listens)
		host_text(&conf->pfcp_listen[0], conf->pfcp_node_id);
	if (!*conf->pfcp_ctrl)
		snprintf(conf->pfcp_ctrl, sizeof(conf->pfcp_ctrl), "%s", conf->oss_url[0]);
	return associates_check(source, conf) ? -EINVAL : rules_check(source, conf);
}
