// conf_check.c - what only makes sense together: ports among each other, addresses and pools, processors, sizes.
// Each check names the field that is wrong. No state; the caller owns the configuration.
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include "shared/base/conf_parts.h"

#define IP6_LEAST_MTU 1280u
#define INTERFACE_NAME_MAX 15u // IFNAMSIZ less its final zero
#define SLOTS_MAX 65536u       // cells a shard can number in a TEID

static uint32_t ipv4_of(const struct conf_address *address)
{
	return (uint32_t)address->bytes[0] << 24 | (uint32_t)address->bytes[1] << 16 |
	       (uint32_t)address->bytes[2] << 8 | address->bytes[3];
}

static uint64_t ipv6_of(const uint8_t bytes[16])
{
	uint64_t prefix = 0;

	for (unsigned i = 0; i < 8; i++)
		prefix = prefix << 8 | bytes[i];
	return prefix;
}

static bool prefix_holds(const struct conf_address *own, uint8_t family, const uint8_t *bytes)
{
	unsigned whole = own->prefix_len / 8u;
	unsigned rest = own->prefix_len % 8u;

	if (own->family != family || memcmp(own->bytes, bytes, whole))
		return false;
	return !rest || !((own->bytes[whole] ^ bytes[whole]) >> (8 - rest));
}

static bool port_reaches(const struct conf_port *port, uint8_t family, const uint8_t *bytes)
{
	for (unsigned i = 0; i < port->addresses; i++)
		if (prefix_holds(&port->address[i], family, bytes))
			return true;
	return false;
}

static bool port_owns(const struct conf_port *port, uint8_t family, const uint8_t *bytes)
{
	for (unsigned i = 0; i < port->addresses; i++)
		if (port->address[i].family == family && !memcmp(port->address[i].bytes, bytes, family == 4 ? 4 : 16))
			return true;
	return false;
}

static bool same_device(const struct conf_port *a, const struct conf_port *b)
{
	// One memif socket serves several interfaces, told apart by the id among their options.
	if (a->driver == CONF_MEMIF && b->driver == CONF_MEMIF && strcmp(a->options, b->options))
		return false;
	return !strcmp(a->device, b->device);
}

static int check_device(const struct conf_source *source, const struct conf_port *port, unsigned i)
{
	bool interface = port->driver == CONF_AF_XDP || port->driver == CONF_AF_PACKET || port->driver == CONF_TAP;
	char field[32];

	snprintf(field, sizeof field, "ports[%u].device", i);
	if (interface && (strlen(port->device) > INTERFACE_NAME_MAX || strchr(port->device, '/')))
		return conf_fault(source, field, "'%.40s' can't be the name of an interface", port->device);
	if ((port->driver == CONF_MEMIF || port->driver == CONF_PCAP) && *port->device != '/')
		return conf_fault(source, field, "an absolute path is expected, not '%.80s'", port->device);
	return 0;
}

static int check_gateways(const struct conf_source *source, const struct conf_port *port, unsigned i)
{
	static const uint8_t none[16];
	struct in_addr ipv4 = { htonl(port->gateway4) };
	bool link_local = port->gateway6[0] == 0xfe && (port->gateway6[1] & 0xc0) == 0x80; // RFC 4291 2.5.6
	const uint8_t *bytes = (const uint8_t *)&ipv4;
	char field[32];

	snprintf(field, sizeof field, "ports[%u].gateway4", i);
	if (port->gateway4 && !port_reaches(port, 4, bytes))
		return conf_fault(source, field, "on no prefix of this port");
	if (port->gateway4 && port_owns(port, 4, bytes))
		return conf_fault(source, field, "the port's own address");
	snprintf(field, sizeof field, "ports[%u].gateway6", i);
	if (memcmp(port->gateway6, none, 16) && !link_local && !port_reaches(port, 6, port->gateway6))
		return conf_fault(source, field, "on no prefix of this port");
	if (port_owns(port, 6, port->gateway6))
		return conf_fault(source, field, "the port's own address");
	return 0;
}

// Ports may share a device if their VLANs differ, and all that is the device's is the same.
static int check_shared(const struct conf_source *source, const struct conf *conf, unsigned i, unsigned j)
{
	const struct conf_port *port = &conf->port[i], *other = &conf->port[j];
	char field[40];

	snprintf(field, sizeof field, "ports[%u].device", i);
	if (port->vlan == other->vlan)
		return conf_fault(source, field, "'%.80s' is the device of ports[%u] already", port->device, j);
	snprintf(field, sizeof field, "ports[%u].driver", i);
	if (port->driver != other->driver)
		return conf_fault(source, field, "another than that of ports[%u], which is on the same device", j);
	snprintf(field, sizeof field, "ports[%u].options", i);
	if (strcmp(port->options, other->options))
		return conf_fault(source, field, "others than those of ports[%u], which is on the same device", j);
	snprintf(field, sizeof field, "ports[%u].mac", i);
	if (memcmp(port->mac, other->mac, sizeof(port->mac)))
		return conf_fault(source, field, "another than that of ports[%u], which is on the same device", j);
	return 0;
}

// Addresses towards one network mean nothing in another; those towards the radio side are everybody's.
static bool apart(const struct conf_port *a, const struct conf_port *b)
{
	return a->role == CONF_CORE && b->role == CONF_CORE && *a->network && *b->network &&
	       strcmp(a->network, b->network);
}

static int check_twins(const struct conf_source *source, const struct conf *conf, unsigned i, unsigned j)
{
	const struct conf_port *port = &conf->port[i];
	const struct conf_port *other = &conf->port[j];
	char field[40];

	snprintf(field, sizeof field, "ports[%u].name", i);
	if (!strcmp(port->name, other->name))
		return conf_fault(source, field, "'%s' is ports[%u] already", port->name, j);
	if (same_device(port, other) && check_shared(source, conf, i, j))
		return -EINVAL;
	for (unsigned k = 0; k < port->addresses && !apart(port, other); k++) {
		snprintf(field, sizeof field, "ports[%u].addresses[%u]", i, k);
		if (port_owns(other, port->address[k].family, port->address[k].bytes))
			return conf_fault(source, field, "an address of ports[%u] already", j);
	}
	return 0;
}

static int check_addresses(const struct conf_source *source, const struct conf_port *port, unsigned i)
{
	struct conf_port before = *port;
	char field[40];

	snprintf(field, sizeof field, "ports[%u].addresses", i);
	if (!port->addresses)
		return conf_fault(source, field, "a port needs an address to answer and ask for neighbours");
	for (before.addresses = 0; before.addresses < port->addresses; before.addresses++) {
		const struct conf_address *address = &port->address[before.addresses];

		snprintf(field, sizeof field, "ports[%u].addresses[%u]", i, before.addresses);
		if (port_owns(&before, address->family, address->bytes))
			return conf_fault(source, field, "given twice");
	}
	return 0;
}

static int check_port(const struct conf_source *source, const struct conf *conf, unsigned i)
{
	const struct conf_port *port = &conf->port[i];
	int error = check_device(source, port, i);

	if (!error)
		error = check_addresses(source, port, i);
	if (!error)
		error = check_gateways(source, port, i);
	for (unsigned j = 0; j < i && !error; j++)
		error = check_twins(source, conf, i, j);
	return error;
}

// Code from outside is loaded only where two places ask for it by name.
static int check_plugin(const struct conf_source *source, const struct conf *conf)
{
	bool wanted = false;
	char field[32];

	for (unsigned i = 0; i < conf->ports; i++) {
		wanted |= conf->port[i].driver == CONF_PLUGIN;
		snprintf(field, sizeof field, "ports[%u].driver", i);
		if (wanted && !*conf->plugin)
			return conf_fault(source, field, "plugin, but primary.plugin names none");
	}
	if (*conf->plugin && !wanted)
		return conf_fault(source, "primary.plugin", "no port has driver plugin");
	return 0;
}

static int check_ports(const struct conf_source *source, const struct conf *conf)
{
	unsigned roles = 0;
	int error = 0;

	for (unsigned i = 0; i < conf->ports && !error; i++) {
		error = check_port(source, conf, i);
		roles |= conf->port[i].role;
	}
	if (!error)
		error = check_plugin(source, conf);
	if (!error && roles != CONF_BOTH)
		error = conf_fault(source, "ports",
				   "a gateway needs a port towards the radio side (role: access) and one "
				   "towards the network (role: core), or one for both");
	return error;
}

static int check_gtpu(const struct conf_source *source, struct conf *conf)
{
	for (unsigned i = 0; i < conf->ports; i++) {
		const struct conf_port *port = &conf->port[i];

		for (unsigned k = 0; k < port->addresses && port->role & CONF_ACCESS; k++) {
			const struct conf_address *address = &port->address[k];

			if (address->family != 4 || (conf->gtpu_address && conf->gtpu_address != ipv4_of(address)))
				continue;
			conf->gtpu_address = ipv4_of(address);
			return 0;
		}
	}
	return conf_fault(source, "gtpu_address",
			  conf->gtpu_address ? "not an address of a port with role access or both"
					     : "no port with role access or both has an IPv4 address");
}

static bool pool_holds4(const struct conf_pool *pool, uint32_t address)
{
	return pool->ipv4_len && !((address ^ pool->ipv4) >> (32 - pool->ipv4_len));
}

static bool pool_holds6(const struct conf_pool *pool, uint64_t prefix)
{
	return pool->ipv6_len && !((prefix ^ pool->ipv6) >> (64 - pool->ipv6_len));
}

// Whether their addresses mean the same: both are of one network, or one is of none.
static bool same_network(const char *a, const char *b)
{
	return !*a || !*b || !strcmp(a, b);
}

// A subscriber's address must be nobody else's in its network: neither ours nor our next hop's.
static int check_pool_ports(const struct conf_source *source, const struct conf *conf, unsigned i)
{
	const struct conf_pool *pool = &conf->pool[i];
	char field4[24], field6[24];

	snprintf(field4, sizeof field4, "pools[%u].ipv4", i);
	snprintf(field6, sizeof field6, "pools[%u].ipv6", i);
	for (unsigned p = 0; p < conf->ports; p++) {
		const struct conf_port *port = &conf->port[p];

		if (!same_network(port->network, pool->network))
			continue;
		if (port->gateway4 && pool_holds4(pool, port->gateway4))
			return conf_fault(source, field4, "holds the gateway of ports[%u]", p);
		if (pool_holds6(pool, ipv6_of(port->gateway6)))
			return conf_fault(source, field6, "holds the gateway of ports[%u]", p);
		for (unsigned k = 0; k < port->addresses; k++) {
			const struct conf_address *own = &port->address[k];

			if (own->family == 4 && pool_holds4(pool, ipv4_of(own)))
				return conf_fault(source, field4, "holds ports[%u].addresses[%u]", p, k);
			if (own->family == 6 && pool_holds6(pool, ipv6_of(own->bytes)))
				return conf_fault(source, field6, "holds ports[%u].addresses[%u]", p, k);
		}
	}
	return 0;
}

static bool pools_meet4(const struct conf_pool *a, const struct conf_pool *b)
{
	return a->ipv4_len && b->ipv4_len && (pool_holds4(a, b->ipv4) || pool_holds4(b, a->ipv4));
}

static bool pools_meet6(const struct conf_pool *a, const struct conf_pool *b)
{
	return a->ipv6_len && b->ipv6_len && (pool_holds6(a, b->ipv6) || pool_holds6(b, a->ipv6));
}

// Within a network addresses are one pool's; and a data network is of one network.
static int check_pool_twins(const struct conf_source *source, const struct conf *conf, unsigned i, unsigned j)
{
	const struct conf_pool *a = &conf->pool[i];
	const struct conf_pool *b = &conf->pool[j];
	char field[24];

	snprintf(field, sizeof field, "pools[%u].network", i);
	if (!same_network(a->network, b->network))
		return strcmp(a->dnn, b->dnn)
			   ? 0
			   : conf_fault(source, field, "pools[%u] has this dnn in '%s'", j, b->network);
	snprintf(field, sizeof field, "pools[%u].ipv4", i);
	if (pools_meet4(a, b))
		return conf_fault(source, field, "overlaps pools[%u]", j);
	snprintf(field, sizeof field, "pools[%u].ipv6", i);
	return pools_meet6(a, b) ? conf_fault(source, field, "overlaps pools[%u]", j) : 0;
}

// Cells of each shard that the pool needs: one for each 256 addresses of its smaller family (shard.h).
static uint64_t pool_rows(const struct conf_pool *pool)
{
	unsigned bits4 = pool->ipv4_len ? 24u - pool->ipv4_len : 64;
	unsigned bits6 = pool->ipv6_len ? 56u - pool->ipv6_len : 64;

	return 1ull << (bits4 < bits6 ? bits4 : bits6);
}

static int check_pools(const struct conf_source *source, const struct conf *conf)
{
	uint64_t slots = conf->foreign_slots;
	char field[24];

	for (unsigned i = 0; i < conf->pools; i++) {
		const struct conf_pool *pool = &conf->pool[i];
		int error = check_pool_ports(source, conf, i);

		snprintf(field, sizeof field, "pools[%u]", i);
		if (!pool->ipv4_len && !pool->ipv6_len)
			return conf_fault(source, field, "a pool needs ipv4, ipv6 or both");
		for (unsigned j = 0; j < i && !error; j++)
			error = check_pool_twins(source, conf, i, j);
		if (error)
			return error;
		slots += pool_rows(pool);
		if (slots > SLOTS_MAX)
			return conf_fault(source, field, "pools and foreign_slots together pass %u sessions a shard",
					  SLOTS_MAX);
	}
	if (!slots)
		return conf_fault(source, "limits.foreign_slots", "without pools there is no place for any session");
	if (conf->rules_bytes % 64)
		return conf_fault(source, "limits.rules_bytes", "%u is no multiple of 64", conf->rules_bytes);
	return 0;
}

static int check_processors(const struct conf_source *source, const struct conf *conf)
{
	char field[32];

	if (conf->worker_cpus && conf->worker_cpus != conf->workers)
		return conf_fault(source, "workers.cpus", "%u given for %u workers (workers.count)", conf->worker_cpus,
				  conf->workers);
	for (unsigned i = 0; i < conf->worker_cpus; i++) {
		snprintf(field, sizeof field, "workers.cpus[%u]", i);
		if (conf->worker_cpu[i] == conf->primary_cpu)
			return conf_fault(source, field, "%d is primary.cpu", conf->worker_cpu[i]);
		for (unsigned j = 0; j < i; j++)
			if (conf->worker_cpu[i] == conf->worker_cpu[j])
				return conf_fault(source, field, "%d is given twice", conf->worker_cpu[i]);
	}
	return 0;
}

static int check_sizes(const struct conf_source *source, const struct conf *conf)
{
	if (conf->hold > conf->rooms / 2)
		return conf_fault(source, "primary.hold", "%u is more than half of primary.rooms (%u)", conf->hold,
				  conf->rooms);
	if (conf->gtpu_link_mtu && conf->gtpu_link_mtu < IP6_LEAST_MTU)
		return conf_fault(source, "gtpu.link_mtu", "%u is below %u, the least that IPv6 takes (RFC 8200 5)",
				  conf->gtpu_link_mtu, IP6_LEAST_MTU);
	return 0;
}

int conf_check(const struct conf_source *source, struct conf *conf)
{
	int error = check_ports(source, conf);

	if (!error)
		error = check_gtpu(source, conf);
	if (!error)
		error = check_pools(source, conf);
	if (!error)
		error = conf_network_check(source, conf);
	if (!error)
		error = check_processors(source, conf);
	if (!error)
		error = check_sizes(source, conf);
	if (!error)
		error = conf_packets_check(source, conf);
	if (!error)
		error = conf_door_check(source, conf);
	return error ? error : conf_pfcp_check(source, conf);
}
