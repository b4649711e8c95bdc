// estate.c - makes the plane's parts, and the sessions in it.
#include "tests/bench/tables/estate.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"
#include "tests/bench/tables/chance.h"
#include "tests/bench/tables/pages.h"

#define RATES 16u
#define FOREIGN_FIRST 0x0b0000u // in blocks of 256 addresses: 11.0.0.0 up to 223.255.255.255
#define FOREIGN_END 0xe00000u

static void plane_fill(struct plane *plane, const struct estate *estate)
{
	uint32_t slots = estate->sessions / SHARDS;

	plane->magic = PLANE_MAGIC;
	plane->abi = PLANE_ABI;
	plane->generation = 1;
	plane->shape = (struct region_shape){ .slots = slots,
					      .foreign = estate->foreign ? slots : 0,
					      .rates = RATES,
					      .buckets = region_buckets(estate->foreign ? slots : 0) };
	plane->net = (struct plane_net){ .clock_hz = clock_hz(), .gtpu_ipv4 = 0xc0000201, .pools = !estate->foreign };
	plane->net.pool[0] = (struct shard_pool){
		.ipv6 = 0x20010db800000000, .ipv4 = ESTATE_POOL, .rows = slots, .ipv4_len = 8, .ipv6_len = 40
	};
	plane->net.slot_bits = shard_slot_bits(slots);
	plane->born_ns = clock_wall_ns();
	plane->born_ticks = clock_ticks();
}

void estate_make(struct estate *estate, uint32_t sessions, unsigned foreign)
{
	struct plane_view *view = &estate->view;
	const struct region_shape *shape;
	uint8_t *shards;

	*estate = (struct estate){ .view.plane = pages_take(PLANE_PAGE), .sessions = sessions, .foreign = foreign };
	plane_fill(view->plane, estate);
	shape = &view->plane->shape;
	view->image = pages_take(image_bytes(shape->slots, shape->rates, shape->sheet));
	shards = pages_take(SHARDS * region_stride(shape));
	for (unsigned s = 0; s < SHARDS; s++) {
		view->shards[s] = region_at(shards, shape, s);
		view->shards[s].header->magic = REGION_MAGIC;
		view->shards[s].header->shard = s;
		view->shards[s].header->owner = PLANE_SEAT_NONE;
	}
}

// The n-th block of 256 addresses that foreign sessions live in: one to one, and in no order. Every block has one address for
// each shard, so shards fill evenly.
static uint32_t foreign_block(uint32_t row)
{
	uint32_t block = chance_scatter(row);

	while (block < FOREIGN_FIRST || block >= FOREIGN_END)
		block = chance_scatter(block); // along the cycle that the row lies on, back into range
	return block;
}

struct bearer estate_bearer(const struct estate *estate, uint32_t number, uint32_t version)
{
	const struct plane_net *net = &estate->view.plane->net;
	uint8_t shard = (uint8_t)(number % SHARDS);
	uint32_t slot = number / SHARDS, block;
	struct bearer bearer = { .teid = shard_teid(1, slot, shard, net->slot_bits),
				 .peer_teid = estate_peer_teid(version),
				 .peer_ipv4 = version,
				 .uplink = { .mark = BEARER_MARK_BE },
				 .downlink = { .mark = BEARER_MARK_BE },
				 .qfi = (uint8_t)(version & 63) };

	if (!estate->foreign) {
		bearer.ue_ipv4 = estate_pool_address(number);
		bearer.ue_ipv6 = shard_pool_ipv6(&net->pool[0], slot, shard);
		return bearer;
	}
	block = foreign_block(slot + FOREIGN_FIRST);
	bearer.ue_ipv4 = block << 8 | (uint8_t)(shard_of_ipv4(block << 8) ^ shard);
	bearer.ue_ipv6 = estate->foreign > 1 ? 0x2a00000000000000 | (uint64_t)bearer.ue_ipv4 << 8 : 0;
	return bearer;
}

void estate_fill(struct estate *estate)
{
	const struct plane *plane = estate->view.plane;

	for (uint32_t n = 0; n < estate->sessions; n++) {
		struct lines lines = { .region = &estate->view.shards[n % SHARDS],
				       .shape = &plane->shape,
				       .net = &plane->net,
				       .life = 1 };
		struct bearer bearer = estate_bearer(estate, n, 1);

		if (lines_set(&lines, n / SHARDS, &bearer)) {
			fprintf(stderr, "bench-tables: session %u was refused\n", n);
			exit(1);
		}
	}
}
