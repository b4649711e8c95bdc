// session.c - the indexes. Exact keys, so a hit needs no comparison.
#include "ctrl/session/session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"

#define IMSI_MIN 6u
#define IMSI_MAX 15u
#define DNN_SHIFT 54u
#define OWNER_SEED 0x452821e638d01377ull

int sessions_open(struct sessions *sessions, struct place *place)
{
	bool open;

	*sessions = (struct sessions){ .place = place };
	open = !table_open(&sessions->by_id) && !table_open(&sessions->by_identity) && !table_open(&sessions->by_ipv4);
	for (unsigned i = 0; i < place->pools && open; i++)
		open = (i && place->domain[i] != i) || !table_open(&sessions->by_ipv6[i]);
	if (open)
		return 0;
	sessions_close(sessions);
	return -ENOMEM;
}

void sessions_close(struct sessions *sessions)
{
	for (uint32_t i = 0; sessions->by_id.slots && i <= sessions->by_id.mask; i++)
		session_free(sessions->by_id.slots[i].value);
	table_close(&sessions->by_id);
	table_close(&sessions->by_identity);
	table_close(&sessions->by_ipv4);
	for (unsigned i = 0; i < SHARD_POOLS_MAX; i++)
		table_close(&sessions->by_ipv6[i]);
}

void session_free(struct session *session)
{
	if (session) {
		free(session->sheet);
		free(session->alias);
		free(session->framed);
		free(session->measured);
	}
	free(session);
}

// 50 bits of digits, 4 of their count (leading zeros count), the rest for the DNN.
uint64_t session_identity(const char *imsi, unsigned dnn)
{
	uint64_t digits = 0;
	unsigned count = 0;

	for (; imsi[count]; count++) {
		if (imsi[count] < '0' || imsi[count] > '9' || count == IMSI_MAX)
			return 0;
		digits = digits * 10 + (uint64_t)(imsi[count] - '0');
	}
	return count < IMSI_MIN ? 0 : (uint64_t)dnn << DNN_SHIFT | (uint64_t)count << 50 | digits;
}

uint64_t session_anonymous(unsigned dnn)
{
	return (uint64_t)dnn << DNN_SHIFT;
}

uint64_t session_owner(const char *name)
{
	uint64_t owner = hash_bytes(OWNER_SEED, name, strlen(name));

	return owner ? owner : 1;
}

void session_imsi(const struct session *session, char imsi[SESSION_IMSI_BYTES])
{
	uint64_t digits = session->identity & ((1ull << 50) - 1);
	unsigned count = session->identity >> 50 & 15;

	imsi[count] = '\0';
	while (count--) {
		imsi[count] = (char)('0' + digits % 10);
		digits /= 10;
	}
}

unsigned session_dnn(const struct session *session)
{
	return (unsigned)(session->identity >> DNN_SHIFT);
}

struct session *session_by_id(const struct sessions *sessions, uint64_t id)
{
	return table_get(&sessions->by_id, id);
}

struct session *session_by_identity(const struct sessions *sessions, uint64_t identity)
{
	return table_get(&sessions->by_identity, identity);
}

static uint64_t key_of_ipv4(const struct sessions *sessions, unsigned dnn, uint32_t ipv4)
{
	return (uint64_t)sessions->place->domain[dnn] << 32 | ipv4;
}

static struct session *of_cell(const struct sessions *sessions, uint32_t cell)
{
	return cell == CELL_NONE ? NULL : sessions->place->grid->cells[cell].session;
}

static struct session *in_domain_ipv4(const struct sessions *sessions, unsigned dnn, uint32_t ipv4)
{
	struct session *session = of_cell(sessions, place_of_ipv4(sessions->place, dnn, ipv4));

	return session && session->bearer.ue_ipv4 == ipv4
		   ? session
		   : table_get(&sessions->by_ipv4, key_of_ipv4(sessions, dnn, ipv4));
}

static struct session *in_domain_ipv6(const struct sessions *sessions, unsigned dnn, uint64_t prefix)
{
	struct session *session = of_cell(sessions, place_of_ipv6(sessions->place, dnn, prefix));

	return session && session->bearer.ue_ipv6 == prefix
		   ? session
		   : table_get(&sessions->by_ipv6[sessions->place->domain[dnn]], prefix);
}

// The next pool from this one on that stands for a domain of its own; pools: there is no more.
static unsigned domain_next(const struct place *place, unsigned pool)
{
	while (pool < place->pools && place->domain[pool] != pool)
		pool++;
	return pool;
}

unsigned sessions_with_ipv4(const struct sessions *sessions, uint32_t ipv4)
{
	const struct place *place = sessions->place;
	unsigned count = 0;

	for (unsigned i = 0; i < place->pools; i = domain_next(place, i + 1))
		count += in_domain_ipv4(sessions, i, ipv4) != NULL;
	return count;
}

struct session *session_by_ipv4(const struct sessions *sessions, unsigned dnn, uint32_t ipv4)
{
	const struct place *place = sessions->place;
	struct session *session = NULL;

	if (dnn != PLACE_ANY)
		return in_domain_ipv4(sessions, dnn, ipv4);
	for (unsigned i = 0; i < place->pools && !session; i = domain_next(place, i + 1))
		session = in_domain_ipv4(sessions, i, ipv4);
	return session;
}

struct session *session_by_ipv6(const struct sessions *sessions, unsigned dnn, uint64_t prefix)
{
	const struct place *place = sessions->place;
	struct session *session = NULL;

	if (dnn != PLACE_ANY)
		return in_domain_ipv6(sessions, dnn, prefix);
	for (unsigned i = 0; i < place->pools && !session; i = domain_next(place, i + 1))
		session = in_domain_ipv6(sessions, i, prefix);
	return session;
}

struct session *session_at(const struct sessions *sessions, uint8_t shard, uint32_t slot)
{
	const struct grid *grid = sessions->place->grid;

	return slot < grid->slots ? grid->cells[cell_at(grid, shard, slot)].session : NULL;
}

static struct session *session_of_cell(const struct sessions *sessions, uint32_t teid)
{
	return session_at(sessions, shard_of_teid(teid), shard_slot_of_teid(teid, sessions->place->grid->slot_bits));
}

struct session *session_by_teid(const struct sessions *sessions, uint32_t teid)
{
	const struct grid *grid = sessions->place->grid;
	uint32_t slot = shard_slot_of_teid(teid, grid->slot_bits);
	const struct cell *cell = slot < grid->slots ? &grid->cells[cell_at(grid, shard_of_teid(teid), slot)] : NULL;

	if (cell && cell->session && cell->session->bearer.teid == teid)
		return cell->session;
	return cell && cell->was && cell->was->session->bearer.teid == teid ? cell->was->session : NULL;
}

struct session *session_by_tunnel(const struct sessions *sessions, uint32_t teid)
{
	struct session *session = session_of_cell(sessions, teid);
	unsigned tunnels = session && session->sheet ? session->sheet->tunnels : 1;

	return session && sheet_tunnel(session->bearer.teid, teid, sessions->place->grid->slot_bits) < tunnels ? session
													       : NULL;
}

struct place_had session_had(const struct session *session)
{
	return (struct place_had){ session_dnn(session), session->cell, session->bearer.ue_ipv4,
				   session->bearer.ue_ipv6 };
}

uint8_t session_told(const struct sessions *sessions, const struct session *session)
{
	struct place_had had = session_had(session), told = place_told(sessions->place, &had);

	return (uint8_t)(!!told.ipv4 + !!told.ipv6);
}

static void indexes_drop(struct sessions *sessions, const struct session *session)
{
	struct place_had had = session_had(session);

	table_drop(&sessions->by_id, session->id);
	if (!session->owner)
		table_drop(&sessions->by_identity, session->identity);
	if (place_apart4(sessions->place, &had))
		table_drop(&sessions->by_ipv4, key_of_ipv4(sessions, had.dnn, had.ipv4));
	if (place_apart6(sessions->place, &had))
		table_drop(&sessions->by_ipv6[sessions->place->domain[had.dnn]], had.ipv6);
}

int session_enter(struct sessions *sessions, struct session *session)
{
	struct place_had had = session_had(session);
	int error = table_put(&sessions->by_id, session->id, session);

	if (!error && !session->owner)
		error = table_put(&sessions->by_identity, session->identity, session);
	if (!error && place_apart4(sessions->place, &had))
		error = table_put(&sessions->by_ipv4, key_of_ipv4(sessions, had.dnn, had.ipv4), session);
	if (!error && place_apart6(sessions->place, &had))
		error = table_put(&sessions->by_ipv6[sessions->place->domain[had.dnn]], had.ipv6, session);
	if (error) {
		indexes_drop(sessions, session);
		return error;
	}
	session->told = session_told(sessions, session);
	session->apart = session->told && sessions->place->shared;
	sessions->place->grid->cells[session->cell].session = session;
	place_lend(sessions->place, &had);
	table_call(&sessions->by_id, session->id + 1); // the next one's
	return 0;
}

void session_leave(struct sessions *sessions, struct session *session)
{
	struct place_had had = session_had(session);

	indexes_drop(sessions, session);
	place_return(sessions->place, &had);
	sessions->place->grid->cells[session->cell].session = NULL;
}

// Where it was there is room.
int session_move(struct sessions *sessions, struct session *session, uint64_t prefix)
{
	uint64_t before = session->bearer.ue_ipv6;
	int error;

	session_leave(sessions, session);
	session->bearer.ue_ipv6 = prefix;
	error = session_enter(sessions, session);
	if (!error)
		return 0;
	session->bearer.ue_ipv6 = before;
	session_enter(sessions, session);
	return error;
}
