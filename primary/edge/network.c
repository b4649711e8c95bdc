// network.c - numbers the networks of the configuration, in the order in which ports name them; and sends by them.
#include "primary/edge/network.h"
#include <string.h>
#include "primary/edge/network_find.h"

static bool first_named(const struct conf *conf, unsigned port)
{
	for (unsigned p = 0; p < port; p++)
		if (!strcmp(conf->port[p].network, conf->port[port].network))
			return false;
	return *conf->port[port].network != 0;
}

static unsigned number_of(const struct conf *conf, const char *name)
{
	unsigned number = 0;

	for (unsigned p = 0; p < conf->ports && *name; p++) {
		number += first_named(conf, p);
		if (!strcmp(conf->port[p].network, name))
			return number;
	}
	return 0;
}

unsigned networks_of_port(const struct conf *conf, unsigned port)
{
	return number_of(conf, conf->port[port].network);
}

void networks_make(struct networks *networks, const struct conf *conf, const struct plane_net *net)
{
	*networks = (struct networks){ .pools = conf->pools, .slot_bits = net->slot_bits, .places = net->places };
	for (unsigned p = 0; p < conf->ports; p++) {
		networks->port[p] = (uint8_t)number_of(conf, conf->port[p].network);
		networks->count += first_named(conf, p);
	}
	for (unsigned i = 0; i < conf->pools; i++) {
		networks->pool[i].laid = net->pool[i];
		networks->pool[i].network = (uint8_t)number_of(conf, conf->pool[i].network);
	}
}

uint32_t networks_exception(const struct networks *networks, unsigned network, struct address address)
{
	return addrmap_get(&networks->exceptions, networks_key(network, address), NETWORKS_NOBODY);
}

void networks_run(const struct networks *networks, const struct lease *lease, struct lane_handle *back, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		networks_leave(networks, &back[i], &lease->lent[(lease->due + i) % LANE_SLOTS]);
}
