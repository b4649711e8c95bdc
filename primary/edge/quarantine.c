// quarantine.c - keeps the table of quarantined sessions. The primary's loop only.
#include "primary/edge/quarantine.h"

#include <string.h>

#include "primary/edge/network_find.h"
#include "shared/wire/ip.h"

// ::/64 is nobody's prefix, so neither a TEID nor a place is taken for an address.
static struct address key_of_teid(const struct quarantine *quarantine, uint32_t teid)
{
	return (struct address){ 0, teid & quarantine->teid_bits };
}

static struct address key_of_place(uint32_t hint)
{
	return (struct address){ 0, 1ull << 32 | hint };
}

int quarantine_init(struct quarantine *quarantine, unsigned slot_bits)
{
	quarantine->teid_bits = ~sheet_tunnel_teid(0, SHEET_TUNNELS - 1, slot_bits);
	quarantine->place_bits = (1u << (SHARD_BITS + slot_bits)) - 1;
	return addrmap_init(&quarantine->where, 3 * QUARANTINE_MAX);
}

void quarantine_fini(struct quarantine *quarantine)
{
	addrmap_fini(&quarantine->where);
}

uint32_t quarantine_teid(const struct quarantine *quarantine, uint32_t teid)
{
	return addrmap_get(&quarantine->where, key_of_teid(quarantine, teid), QUARANTINE_NONE);
}

static uint32_t quarantine_address(const struct quarantine *quarantine, struct address key)
{
	return addrmap_get(&quarantine->where, key, QUARANTINE_NONE);
}

uint32_t quarantine_down(const struct quarantine *quarantine, struct address key, uint32_t hint)
{
	return quarantine_address(quarantine, quarantine->networks ? key_of_place(hint) : key);
}

uint32_t quarantine_find(const struct quarantine *quarantine, const struct quarantine_suspect *suspect)
{
	uint32_t index = QUARANTINE_NONE;

	if (suspect->teid)
		index = quarantine_teid(quarantine, suspect->teid);
	if (index == QUARANTINE_NONE && suspect->place)
		index = quarantine_address(quarantine, key_of_place(suspect->place - 1));
	if (quarantine->networks)
		return index;
	if (index == QUARANTINE_NONE && suspect->ipv4)
		index = quarantine_address(quarantine, address_ipv4(suspect->ipv4));
	if (index == QUARANTINE_NONE && suspect->ipv6)
		index = quarantine_address(quarantine, (struct address){ suspect->ipv6, 0 });
	return index;
}

static void quarantine_put_addresses(struct quarantine *quarantine, const struct quarantine_suspect *suspect,
				     uint32_t index)
{
	if (suspect->ipv4)
		addrmap_put(&quarantine->where, address_ipv4(suspect->ipv4), index);
	if (suspect->ipv6)
		addrmap_put(&quarantine->where, (struct address){ suspect->ipv6, 0 }, index);
}

static void quarantine_put(struct quarantine *quarantine, const struct quarantine_suspect *suspect, uint32_t own,
			   uint64_t refused)
{
	uint32_t index = atomic_load_explicit(&quarantine->count, memory_order_relaxed);

	quarantine->suspect[index] = *suspect;
	quarantine->own[index] = own;
	atomic_store_explicit(&quarantine->refused[index], refused, memory_order_relaxed);
	if (suspect->teid)
		addrmap_put(&quarantine->where, key_of_teid(quarantine, suspect->teid), index);
	if (quarantine->networks) {
		uint32_t hint = suspect->place ? suspect->place - 1 : suspect->teid & quarantine->place_bits;

		addrmap_put(&quarantine->where, key_of_place(hint), index);
	} else {
		quarantine_put_addresses(quarantine, suspect, index);
	}
	atomic_store_explicit(&quarantine->count, index + 1,
			      memory_order_release); // pairs with the fleet thread's reading
}

uint32_t quarantine_add(struct quarantine *quarantine, const struct quarantine_suspect *suspect)
{
	if (!suspect->teid && !suspect->ipv4 && !suspect->ipv6 && !suspect->place)
		return 0;
	if (atomic_load(&quarantine->count) == QUARANTINE_MAX ||
	    quarantine_find(quarantine, suspect) != QUARANTINE_NONE)
		return 0;
	quarantine_put(quarantine, suspect, ++quarantine->added, 0);
	return quarantine->added;
}

// Counters go along with the suspects that stay.
void quarantine_replace(struct quarantine *quarantine, const struct quarantine_suspect *list, unsigned count,
			uint32_t heard)
{
	static struct quarantine_suspect kept[QUARANTINE_MAX]; // too large for the stack
	static uint64_t refused[QUARANTINE_MAX];
	static uint32_t own[QUARANTINE_MAX];
	unsigned n = 0, before = atomic_load(&quarantine->count);

	for (unsigned i = 0; i < count; i++, n++) {
		uint32_t was = quarantine_find(quarantine, &list[i]);

		kept[n] = list[i];
		own[n] = 0;
		refused[n] = was == QUARANTINE_NONE ? 0 : atomic_load(&quarantine->refused[was]);
	}
	for (unsigned i = 0; i < before && n < QUARANTINE_MAX; i++) {
		if (quarantine->own[i] <= heard)
			continue;
		kept[n] = quarantine->suspect[i];
		own[n] = quarantine->own[i];
		refused[n++] = atomic_load(&quarantine->refused[i]);
	}
	addrmap_clear(&quarantine->where);
	atomic_store(&quarantine->count, 0);
	for (unsigned i = 0; i < n; i++)
		quarantine_put(quarantine, &kept[i], own[i], refused[i]);
}

// The subscriber's address in an IP packet: where it goes, or where it comes from.
static struct quarantine_suspect address_of(const struct lane_handle *lent, const uint8_t *packet, bool source)
{
	struct quarantine_suspect suspect = { 0 };

	if (lent->length >= IP4_HEADER && packet[0] >> 4 == 4)
		suspect.ipv4 = be32_get(packet + (source ? 12 : 16));
	else if (lent->length >= IP6_HEADER && packet[0] >> 4 == 6)
		suspect.ipv6 = be64_get(packet + (source ? 8 : 24));
	return suspect;
}

// Whose place the address is in the packet's network.
static struct quarantine_suspect place_of(const struct networks *networks, const struct lane_handle *lent,
					  struct quarantine_suspect address)
{
	unsigned network = networks_of_lent(networks, lent);
	uint32_t hint = NETWORKS_NOBODY;

	if (network && address.ipv4)
		hint = networks_find4(networks, network, address.ipv4);
	else if (network && address.ipv6)
		hint = networks_find6(networks, network, address.ipv6);
	return (struct quarantine_suspect){ .place = hint + 1 }; // nobody: 0
}

static struct quarantine_suspect suspect_of(const struct lane_handle *lent, const uint8_t *packet)
{
	switch ((enum lane_kind)(lent->code & LEASE_KIND)) {
	case LANE_UPLINK:
	case LANE_FRAMED:
		return (struct quarantine_suspect){ .teid = lent->hint };
	case LANE_DOWNLINK:
		return address_of(lent, packet, false);
	case LANE_LOCAL: // of a subscriber; what else comes to the gateway itself is of no session
	case LANE_TTL:
	case LANE_BIG:
		if (lent->port == LANE_SIDE_ACCESS)
			return address_of(lent, packet, true);
		if ((lent->code & LEASE_KIND) != LANE_LOCAL)
			return address_of(lent, packet, false);
		break;
	default:
		break;
	}
	return (struct quarantine_suspect){ 0 };
}

struct quarantine_suspect quarantine_whose(const struct quarantine *quarantine, const struct lane_handle *lent,
					   const uint8_t *packet)
{
	struct quarantine_suspect suspect = suspect_of(lent, packet);

	return quarantine->networks && !suspect.teid ? place_of(quarantine->networks, lent, suspect) : suspect;
}
