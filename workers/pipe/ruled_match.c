// ruled_match.c - eight filters side by side against one packet: a lane of a column for each filter. Pure.
#include "workers/pipe/ruled_match.h"
#include "workers/pipe/columns.h"

#define KIND_BITS 0x00ff00ffu // of a filter's kind: what is compared; which bits of it, lies above

// The packet's words, eight times over.
struct asked {
	COLUMN remote_port, local_port, kind, spi, has_spi, label;
};

// PDRs found so far: of each lane's filters.
struct found {
	COLUMN low, high;
};

COLUMN_STEP void ask(struct asked *asked, const struct ruled_key *key)
{
	asked->remote_port = COLUMNS_SAME(key->remote_port);
	asked->local_port = COLUMNS_SAME(key->local_port);
	asked->kind = COLUMNS_SAME(key->kind);
	asked->spi = COLUMNS_SAME(key->spi);
	asked->has_spi = COLUMNS_SAME(key->has_spi);
	asked->label = COLUMNS_SAME(key->label);
}

// Not zero in the lanes whose range the port is not within. All numbers are small, or those of a range that is none.
COLUMN_STEP COLUMN ports_wrong(const uint32_t *ranges, COLUMN port)
{
	COLUMN range = columns_read(ranges), low = range & 0xffff, high = range >> 16;
	COLUMN out =
	    (COLUMN)((COLUMN_SIGNED)port < (COLUMN_SIGNED)low) | (COLUMN)((COLUMN_SIGNED)port > (COLUMN_SIGNED)high);

	return out & (COLUMN)(range != 0xffff0000);
}

COLUMN_STEP COLUMN remote_wrong(const uint32_t *address, const uint32_t *mask, uint32_t remote)
{
	return (columns_read(address) ^ remote) & columns_read(mask);
}

COLUMN_STEP COLUMN kind_wrong(const uint32_t *kinds, COLUMN kind)
{
	COLUMN wanted = columns_read(kinds);

	return (wanted ^ kind) & wanted >> 8 & KIND_BITS;
}

COLUMN_STEP COLUMN spi_wrong(const uint32_t *spis, const uint32_t *has_spi, const struct asked *asked)
{
	return ((columns_read(spis) ^ asked->spi) | ~asked->has_spi) & (COLUMN)(columns_read(has_spi) != 0);
}

COLUMN_STEP void found_add(struct found *found, const uint32_t *low, const uint32_t *high, COLUMN wrong)
{
	COLUMN right = (COLUMN)(wrong == 0);

	found->low |= columns_read(low) & right;
	found->high |= columns_read(high) & right;
}

COLUMN_STEP uint32_t column_joined(COLUMN column)
{
	uint64_t pairs[4];

	memcpy(pairs, &column, sizeof(pairs));
	pairs[0] |= pairs[1] | pairs[2] | pairs[3];
	return (uint32_t)(pairs[0] | pairs[0] >> 32);
}

COLUMN_STEP uint64_t found_joined(const struct found *found)
{
	return column_joined(found->low) | (uint64_t)column_joined(found->high) << 32;
}

uint64_t ruled_match4(const struct sheet_filters4 *filters, unsigned groups, const struct ruled_key *key)
{
	struct found found = { 0 };
	struct asked asked;

	ask(&asked, key);
	for (const struct sheet_filters4 *end = filters + groups; filters < end; filters++) {
		COLUMN wrong = remote_wrong(filters->remote, filters->mask, key->remote[0]);

		wrong |= ports_wrong(filters->remote_ports, asked.remote_port);
		wrong |= ports_wrong(filters->local_ports, asked.local_port);
		wrong |= kind_wrong(filters->kind, asked.kind) | spi_wrong(filters->spi, filters->has_spi, &asked);
		found_add(&found, filters->pdrs_low, filters->pdrs_high, wrong);
	}
	return found_joined(&found);
}

uint64_t ruled_match6(const struct sheet_filters6 *filters, unsigned groups, const struct ruled_key *key)
{
	struct found found = { 0 };
	struct asked asked;

	ask(&asked, key);
	for (const struct sheet_filters6 *end = filters + groups; filters < end; filters++) {
		COLUMN wrong =
		    (columns_read(filters->label) ^ asked.label) & columns_read(filters->label_mask) & 0xfffff;

		for (unsigned i = 0; i < 4; i++)
			wrong |= remote_wrong(filters->remote[i], filters->mask[i], key->remote[i]);
		wrong |= ports_wrong(filters->remote_ports, asked.remote_port);
		wrong |= ports_wrong(filters->local_ports, asked.local_port);
		wrong |= kind_wrong(filters->kind, asked.kind) | spi_wrong(filters->spi, filters->has_spi, &asked);
		found_add(&found, filters->pdrs_low, filters->pdrs_high, wrong);
	}
	return found_joined(&found);
}

static bool port_within(uint32_t range, uint32_t port)
{
	return range == 0xffff0000 || (port >= (range & 0xffff) && port <= range >> 16);
}

static bool kind_fits(uint32_t wanted, uint32_t kind)
{
	return !((wanted ^ kind) & wanted >> 8 & KIND_BITS);
}

uint64_t ruled_match4_plain(const struct sheet_filters4 *filters, unsigned groups, const struct ruled_key *key)
{
	uint64_t pdrs = 0;

	for (unsigned i = 0; i < 8 * groups; i++) {
		const struct sheet_filters4 *group = filters + i / 8;
		unsigned at = i % 8;

		if ((group->remote[at] ^ key->remote[0]) & group->mask[at])
			continue;
		if (port_within(group->remote_ports[at], key->remote_port) &&
		    port_within(group->local_ports[at], key->local_port) && kind_fits(group->kind[at], key->kind) &&
		    (!group->has_spi[at] || (key->has_spi && key->spi == group->spi[at])))
			pdrs |= group->pdrs_low[at] | (uint64_t)group->pdrs_high[at] << 32;
	}
	return pdrs;
}

uint64_t ruled_match6_plain(const struct sheet_filters6 *filters, unsigned groups, const struct ruled_key *key)
{
	uint64_t pdrs = 0;

	for (unsigned i = 0; i < 8 * groups; i++) {
		const struct sheet_filters6 *group = filters + i / 8;
		unsigned at = i % 8;
		uint32_t wrong = (group->label[at] ^ key->label) & group->label_mask[at] & 0xfffff;

		for (unsigned word = 0; word < 4; word++)
			wrong |= (group->remote[word][at] ^ key->remote[word]) & group->mask[word][at];
		if (!wrong && port_within(group->remote_ports[at], key->remote_port) &&
		    port_within(group->local_ports[at], key->local_port) && kind_fits(group->kind[at], key->kind) &&
		    (!group->has_spi[at] || (key->has_spi && key->spi == group->spi[at])))
			pdrs |= group->pdrs_low[at] | (uint64_t)group->pdrs_high[at] << 32;
	}
	return pdrs;
}

unsigned ruled_choose(const struct sheet_pdr *pdrs, uint64_t candidates, unsigned qfi)
{
	uint64_t wanted = qfi < RULED_NO_QFI ? UINT64_C(1) << qfi : UINT64_MAX;

	for (; candidates; candidates &= candidates - 1) {
		unsigned first = (unsigned)__builtin_ctzll(candidates);

		if (!(~pdrs[first].qfis & wanted))
			return first;
	}
	return RULED_NO_PDR;
}
