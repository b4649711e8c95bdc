// ground.c - lays the plane's constants. Main thread, once, before anybody else can see the plane.
#include "primary/ground.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/plane/verdict.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

static int pools_lay(const struct conf *conf, struct shard_pool pool[SHARD_POOLS_MAX])
{
	unsigned bad;
	int slots;

	for (unsigned i = 0; i < conf->pools; i++)
		pool[i] = (struct shard_pool){ .ipv4 = conf->pool[i].ipv4,
					       .ipv4_len = conf->pool[i].ipv4_len,
					       .ipv6 = conf->pool[i].ipv6,
					       .ipv6_len = conf->pool[i].ipv6_len };
	slots = shard_pools_lay(pool, conf->pools, &bad);
	if (slots < 0)
		log_error("ground.pool", "pools[%u]: %s", bad, strerror(-slots));
	else if ((uint32_t)slots + conf->foreign_slots > 1u << SHARD_SLOT_BITS_MAX) {
		log_error("ground.slots", "pools and limits.foreign_slots: %u cells a shard, at most %u",
			  slots + conf->foreign_slots, 1u << SHARD_SLOT_BITS_MAX);
		return -E2BIG;
	}
	return slots;
}

int ground_shape(const struct conf *conf, struct region_shape *shape)
{
	struct shard_pool pool[SHARD_POOLS_MAX] = { 0 };
	int slots = pools_lay(conf, pool);

	if (slots < 0)
		return slots;
	*shape = (struct region_shape){ .slots = (uint32_t)slots + conf->foreign_slots,
					.foreign = conf->foreign_slots,
					.rates = (uint16_t)conf->rates,
					.sheet = (uint16_t)(conf->rules_bytes / 64),
					.buckets = region_buckets(conf->foreign_slots) };
	return 0;
}

// The smallest MTU of the ports of a side: a packet that fits it fits whichever port it will leave by.
static uint16_t side_mtu(const struct conf *conf, unsigned role)
{
	uint16_t mtu = UINT16_MAX;

	for (unsigned i = 0; i < conf->ports; i++)
		if (conf->port[i].role & role && conf->port[i].mtu < mtu)
			mtu = conf->port[i].mtu;
	return mtu;
}

// What a subscriber's packet may have so that it fits all ports, its tunnel with a PDU Session Container included.
static uint16_t link_mtu(const struct plane_net *net)
{
	uint16_t tunnel = IP4_HEADER + UDP_HEADER + GTPU_HEADER_QFI;
	uint16_t inner = (uint16_t)(net->access_mtu - tunnel);
	uint16_t most = inner < net->core_mtu ? inner : net->core_mtu;

	return most > IP6_LEAST_MTU ? most : IP6_LEAST_MTU;
}

// The gateway's voice in ICMP: the first address of each family on a core port.
static void voice_lay(const struct conf_port *port, struct plane_net *net)
{
	static const uint8_t none[16];

	for (unsigned i = 0; i < port->addresses; i++) {
		const struct conf_address *address = &port->address[i];

		if (address->family == 4 && !net->icmp_ipv4)
			net->icmp_ipv4 = be32_get(address->bytes);
		if (address->family == 6 && !memcmp(net->icmp_ipv6, none, 16))
			memcpy(net->icmp_ipv6, address->bytes, 16);
	}
}

static void owns_lay(const struct conf_port *port, unsigned number, struct plane *plane)
{
	for (unsigned i = 0; i < port->addresses; i++) {
		struct plane_address *own = &plane->own[plane->owns++];

		memcpy(own->bytes, port->address[i].bytes, sizeof(own->bytes));
		own->family = port->address[i].family;
		own->prefix_len = port->address[i].prefix_len;
		own->port = (uint8_t)number;
	}
}

// The first port of the pool's network, and 1.
static uint8_t pool_voice(const struct conf *conf, const struct conf_pool *pool)
{
	for (unsigned p = 0; p < conf->ports && *pool->network; p++)
		if (!strcmp(conf->port[p].network, pool->network))
			return (uint8_t)(p + 1);
	return 0;
}

int ground_lay(const struct conf *conf, struct plane *plane)
{
	struct plane_net *net = &plane->net;
	int slots = pools_lay(conf, net->pool);

	if (slots < 0)
		return slots;
	plane->generation = (uint64_t)getpid() << 32 | (uint32_t)(clock_ns() >> 20);
	plane->primary_pid = getpid();
	plane->spin = conf->idle == CONF_SPIN;
	plane->workers = conf->workers;
	plane->born_ticks = clock_ticks();
	plane->born_ns = clock_wall_ns();
	net->clock_hz = clock_hz();
	net->gtpu_ipv4 = conf->gtpu_address;
	net->pools = conf->pools;
	net->places = conf_apart(conf);
	if (net->places)
		plane->abi |= PLANE_ABI_PLACES;
	net->slot_bits = shard_slot_bits(plane->shape.slots);
	net->access_mtu = side_mtu(conf, CONF_ACCESS);
	net->core_mtu = side_mtu(conf, CONF_CORE);
	net->verdicts = VERDICT_COUNT;
	net->link_mtu = conf->gtpu_link_mtu ? (uint16_t)conf->gtpu_link_mtu : link_mtu(net);
	plane->tcp_mss = (uint16_t)conf->packets.tcp_mss;
	if (conf->packets.fragment)
		plane->cut = conf->gtpu_link_mtu ? (uint16_t)conf->gtpu_link_mtu : 1;
	for (unsigned i = 0; i < conf->pools; i++)
		plane->voice[i] = pool_voice(conf, &conf->pool[i]);
	for (unsigned i = 0; i < conf->ports; i++) {
		owns_lay(&conf->port[i], i, plane);
		if (conf->port[i].role & CONF_CORE)
			voice_lay(&conf->port[i], net);
	}
	conf_gtpu_ipv6(conf, plane->gtpu_ipv6);
	return 0;
}
