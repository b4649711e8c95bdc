// test_nic_io.c - send or buffer: whatever a driver takes of a burst, each frame is sent once, or dropped once, or waits.
//
// The driver and the pool's ring are played: the one takes what chance says, the other knows where every mbuf is. After every step
// in = out + dropped + buffered, and no mbuf is free that is anywhere else, or free twice.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "primary/nic/nic_inside.h"
#include "shared/plane/verdict.h"

#define ROOMS 256u
#define PORT 3u

enum place { FREE, OURS, SENT }; // SENT: the driver has it, or has sent and freed it

static struct rte_mempool pool;
static struct nic nic;
static uint8_t *rooms;
static struct rte_mbuf mbufs[ROOMS];
static enum place place[ROOMS];
static uint64_t in, out, dropped, refused;
static unsigned takes; // of the next burst, at most
static bool bad;       // an mbuf was given back that was not out

static unsigned number_of(const struct rte_mbuf *mbuf)
{
	return (unsigned)(mbuf - mbufs);
}

// ---- The pool's ring

static int pool_put(struct rte_mempool *mp, void *const *all, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		bad |= place[number_of(all[i])] != OURS;
		place[number_of(all[i])] = FREE;
	}
	return 0;
}

static int pool_get(struct rte_mempool *mp, void **all, unsigned n)
{
	unsigned got = 0;

	for (unsigned i = 0; i < ROOMS && got < n; i++)
		if (place[i] == FREE) {
			place[i] = OURS;
			all[got++] = &mbufs[i];
		}
	return got == n ? 0 : -ENOBUFS;
}

static int pool_open(struct rte_mempool *mp)
{
	return 0;
}

static void pool_close(struct rte_mempool *mp)
{
}

static unsigned pool_count(const struct rte_mempool *mp)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ROOMS; i++)
		n += place[i] == FREE;
	return n;
}

static const struct rte_mempool_ops pool_ops = { .name = "played",
						 .alloc = pool_open,
						 .free = pool_close,
						 .enqueue = pool_put,
						 .dequeue = pool_get,
						 .get_count = pool_count };

// ---- The driver

static uint16_t driver_send(void *queue, struct rte_mbuf **burst, uint16_t n)
{
	uint16_t sent = n < takes ? n : (uint16_t)takes;

	for (unsigned i = 0; i < sent; i++) {
		bad |= place[number_of(burst[i])] != OURS;
		place[number_of(burst[i])] = SENT;
	}
	out += sent;
	return sent;
}

static void driver_is_done(void)
{
	for (unsigned i = 0; i < ROOMS; i++)
		if (place[i] == SENT)
			place[i] = FREE;
}

static int make(void **state)
{
	static void *queue[1] = { &nic }, *callback[1];
	memset(&nic, 0, sizeof(nic));
	memset(place, 0, sizeof(place));
	in = out = dropped = refused = 0;
	bad = false;
	rooms = calloc(ROOMS, ROOM_STRIDE);
	pool.size = ROOMS;
	nic.zone[0] = (struct nic_zone){
		.pool = &pool, .first = (uint8_t *)mbufs, .stride = sizeof(*mbufs), .rooms = rooms, .count = ROOMS
	};
	nic.port[0] = (struct nic_port){ .id = PORT, .zone = &nic.zone[0], .longest = 1600 };
	nic.ports = 1;
	for (unsigned i = 0; i < ROOMS; i++)
		mbufs[i] = (struct rte_mbuf){
			.pool = &pool, .buf_addr = rooms + (size_t)i * ROOM_STRIDE - NIC_LEAD, .nb_segs = 1, .refcnt = 1
		};
	rte_eth_fp_ops[PORT].tx_pkt_burst = driver_send;
	rte_eth_fp_ops[PORT].txq = (struct rte_ethdev_qdata){ queue, callback };
	return 0;
}

static int destroy(void **state)
{
	free(rooms);
	return 0;
}

static void account_closes(void)
{
	unsigned ours = 0, waits = nic.port[0].buffered;

	for (unsigned i = 0; i < ROOMS; i++)
		ours += place[i] == OURS;
	assert_int_equal(in, out + refused + dropped + waits);
	assert_int_equal(ours, waits + nic.out);
	assert_int_equal(atomic_load(&nic.port[0].failed), refused);
	assert_false(bad);
}

// A frame of our own: sent, or given up.
static void one(bool send)
{
	struct nic_frames one = { .n = 1, .frame[0] = { .offset = ROOM_HEADROOM, .length = 60 } };

	if (nic_room(&nic, &one.frame[0].room))
		return;
	in++;
	if (send) {
		refused += nic_tx(&nic, &one);
		return;
	}
	nic_free(&nic, one.frame[0].room);
	dropped++;
}

static void whatever_the_driver_takes_the_account_closes(void **state)
{
	srand(1);
	for (unsigned step = 0; step < 200000; step++) {
		unsigned what = (unsigned)rand() % 100;

		takes = (unsigned)rand() % (NIC_BURST + 8);
		if (what < 80)
			one(what < 70);
		else if (what < 95)
			refused += nic_flush(&nic, 0);
		else
			driver_is_done();
		account_closes();
	}
	assert_true(out > 0 && refused > 0 && dropped > 0);
	refused += nic_flush(&nic, 0);
	driver_is_done();
	assert_int_equal(pool_count(&pool), ROOMS);
}

static void a_part_that_is_taken_is_sent(void **state)
{
	takes = 5;
	for (unsigned i = 0; i < 12; i++)
		one(true);
	assert_int_equal(out, 0); // it waits for the flush, and the loop flushes at the end of each turn
	refused += nic_flush(&nic, 0);
	assert_int_equal(out, 5);
	assert_int_equal(refused, 7);
	account_closes();
	assert_int_equal(nic_flush(&nic, 0), 0);
}

// A driver writes where the mbuf says, so what a worker gave back has to end up inside the room.
static void the_mbuf_says_where_the_frame_lies(void **state)
{
	struct nic_frames one = { .n = 1, .frame[0] = { .offset = 18, .length = 100 } };
	uint32_t room;

	assert_int_equal(nic_room(&nic, &room), 0);
	in++;
	one.frame[0].room = room;
	refused += nic_tx(&nic, &one);
	assert_ptr_equal(rte_pktmbuf_mtod(&mbufs[room], uint8_t *), rooms + room * ROOM_STRIDE + 18);
	assert_int_equal(mbufs[room].data_len, 100);
	assert_int_equal(nic_room_of(&nic.zone[0], mbufs[room].buf_addr), room);
	assert_int_equal(nic_room_of(&nic.zone[0], mbufs[ROOMS - 1].buf_addr), ROOMS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whatever_the_driver_takes_the_account_closes, make, destroy),
		cmocka_unit_test_setup_teardown(a_part_that_is_taken_is_sent, make, destroy),
		cmocka_unit_test_setup_teardown(the_mbuf_says_where_the_frame_lies, make, destroy),
	};

	pool.ops_index = rte_mempool_register_ops(&pool_ops);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
