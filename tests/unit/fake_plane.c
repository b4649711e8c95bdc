// fake_plane.c - makes a plane of ordinary memory for tests.
#include "tests/unit/fake_plane.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static size_t whole_pages(size_t bytes)
{
	return (bytes + PLANE_PAGE - 1) & ~(size_t)(PLANE_PAGE - 1);
}

// Aligned as hugepages are; what sticks out on both sides is given back.
static void *pages(size_t bytes)
{
	size_t wanted = whole_pages(bytes), all = wanted + PLANE_PAGE, front;
	uint8_t *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	front = -(uintptr_t)memory & (PLANE_PAGE - 1);
	if (front)
		munmap(memory, front);
	munmap(memory + front + wanted, all - front - wanted);
	return memory + front;
}

static void plane_fill(struct plane *plane)
{
	unsigned bad;

	plane->magic = PLANE_MAGIC;
	plane->abi = PLANE_ABI;
	memcpy(plane->build, plane_build, sizeof(plane->build));
	plane->generation = 1;
	plane->shape = (struct region_shape){ .slots = FAKE_SLOTS,
					      .foreign = FAKE_FOREIGN,
					      .rates = 16,
					      .sheet = 32,
					      .buckets = region_buckets(FAKE_FOREIGN) };
	plane->net.clock_hz = 2000000000;
	plane->net.gtpu_ipv4 = 0x0a010001;
	plane->net.pools = 1;
	plane->net.pool[0] = (struct shard_pool){ .ipv4 = 0x0a2d0000, .ipv4_len = 18 };
	if (shard_pools_lay(plane->net.pool, 1, &bad) != FAKE_POOL_ROWS)
		abort();
	plane->net.slot_bits = shard_slot_bits(FAKE_SLOTS);
	plane->net.access_mtu = plane->net.core_mtu = 1500;
	plane->rooms[0] = FAKE_ROOMS;
	memset((void *)plane->owner, PLANE_SEAT_NONE, sizeof(plane->owner));
}

void fake_plane_make(struct plane_view *view)
{
	const struct region_shape *shape;
	uint8_t *shards;

	*view = (struct plane_view){ .plane = pages(PLANE_PAGE) };
	plane_fill(view->plane);
	view->rooms.base[0] = pages(FAKE_ROOMS * ROOM_STRIDE);
	view->rooms.count[0] = FAKE_ROOMS;
	for (unsigned n = 0; n < PLANE_SEATS; n++)
		view->seats[n] = seat_at(pages(3 * (size_t)PLANE_PAGE));
	shape = &view->plane->shape;
	view->image = pages(image_bytes(shape->slots, shape->rates, shape->sheet));
	shards = pages(SHARDS * region_stride(shape));
	for (unsigned s = 0; s < SHARDS; s++) {
		view->shards[s] = region_at(shards, shape, s);
		view->shards[s].header->magic = REGION_MAGIC;
		view->shards[s].header->shard = s;
		view->shards[s].header->owner = PLANE_SEAT_NONE;
	}
}

void fake_plane_free(struct plane_view *view)
{
	const struct region_shape *shape = &view->plane->shape;

	munmap(view->shards[0].header, whole_pages(SHARDS * region_stride(shape)));
	munmap(view->image, whole_pages(image_bytes(shape->slots, shape->rates, shape->sheet)));
	for (unsigned n = 0; n < PLANE_SEATS; n++)
		munmap(view->seats[n].primary, 3 * (size_t)PLANE_PAGE);
	munmap(view->rooms.base[0], whole_pages(FAKE_ROOMS * ROOM_STRIDE));
	munmap(view->plane, PLANE_PAGE);
}

struct bearer fake_bearer(const struct plane_view *view, uint8_t shard, uint32_t slot)
{
	return (struct bearer){
		.ue_ipv4 = shard_pool_ipv4(&view->plane->net.pool[0], slot, shard),
		.teid = shard_teid(1, slot, shard, view->plane->net.slot_bits),
		.peer_teid = 0x1000 + slot,
		.peer_ipv4 = 0x0a010064,
	};
}
