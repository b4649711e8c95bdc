// fig12.c - the paper's figure 12 on this machine: session tables with and without locks, read and changed at once.
//
//   bench-fig12 SESSIONS ROUNDS TABLE/READERS/RATE[/hot][=LABEL]...
//
// Each argument is a variant, each runs once a round for MS milliseconds, in an order that rotates; after each round everybody moves
// on by one processor. TABLE: see table.h. RATE: changes
// a second, 0, or max. hot: 256 sessions only, each change made twice. Prints a line a slice:
// round,variant,value,changes,missed,torn,switched; value is million look-ups a second of all readers, changes are those that
// took effect, a second.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/wire/shard.h"
#include "tests/bench/tables/match.h"
#include "tests/bench/tables/pages.h"

#define MS 4u
#define VARIANTS 64

static const struct table *const kinds[] = { &table_mutex, &table_spinlock, &table_ticket, &table_flip,
					     &table_hash,  &table_own,      &table_line,   &table_free };
#define KINDS (sizeof(kinds) / sizeof(*kinds))

struct variant {
	const char *label;
	unsigned kind;
	struct match_wish wish;
};

static struct match matches[KINDS];
static struct variant variants[VARIANTS];

static int usage(void)
{
	fprintf(stderr, "usage: bench-fig12 SESSIONS ROUNDS TABLE/READERS/RATE[/hot][=LABEL]...\n");
	return 2;
}

static int kind_of(const char *name, size_t length)
{
	for (unsigned kind = 0; kind < KINDS; kind++)
		if (strlen(kinds[kind]->name) == length && !memcmp(kinds[kind]->name, name, length))
			return (int)kind;
	return -1;
}

static bool variant_read(struct variant *variant, char *text, uint32_t sessions)
{
	char *label = strchr(text, '='), *slash = strchr(text, '/'), rate[16];
	int kind = slash ? kind_of(text, (size_t)(slash - text)) : -1;

	*variant = (struct variant){ .label = label ? label + 1 : text, .kind = (unsigned)kind };
	variant->wish = (struct match_wish){ .slots = sessions / SHARDS, .times = 1, .ms = MS };
	if (label)
		*label = 0;
	if (kind < 0 || sscanf(slash, "/%u/%15[a-z0-9]", &variant->wish.readers, rate) != 2)
		return false;
	variant->wish.rate = strcmp(rate, "max") ? (uint32_t)atoi(rate) : MATCH_FLAT_OUT;
	if (strstr(slash, "/hot")) {
		variant->wish.slots = 1;
		variant->wish.times = 2;
	}
	return variant->wish.readers >= 1 && variant->wish.readers <= TABLE_READERS &&
	       !(variant->wish.rate && kinds[kind]->readonly);
}

static void tables_make(unsigned count, uint32_t sessions)
{
	struct table_site site = { .sessions = sessions };

	for (unsigned i = 0; i < count; i++) {
		struct match *match = &matches[variants[i].kind];

		if (match->kind)
			continue;
		if (kinds[variants[i].kind] == &table_hash)
			site.socket = pages_socket((size_t)sessions * 56 + (64u << 20));
		*match = match_make(kinds[variants[i].kind], &site);
	}
}

static void slice(unsigned round, const struct variant *variant)
{
	struct match_told told = match_run(&matches[variant->kind], &variant->wish);

	printf("%u,%s,%.4f,%.0f,%llu,%llu,%d\n", round, variant->label, (double)told.all.lookups / told.seconds / 1e6,
	       (double)told.all.applied / told.seconds, (unsigned long long)told.all.missed,
	       (unsigned long long)told.all.torn, told.switched);
}

int main(int argc, char **argv)
{
	unsigned count = argc > 3 ? (unsigned)argc - 3 : 0;
	uint32_t sessions = argc > 3 ? (uint32_t)atoi(argv[1]) : 0;
	unsigned rounds = argc > 3 ? (unsigned)atoi(argv[2]) : 0;

	if (!count || count > VARIANTS || sessions < 16 * SHARDS || sessions % (16 * SHARDS) ||
	    sessions > SHARDS << SHARD_SLOT_BITS_MAX)
		return usage();
	for (unsigned i = 0; i < count; i++)
		if (!variant_read(&variants[i], argv[i + 3], sessions))
			return usage();
	tables_make(count, sessions);
	match_open();
	printf("round,variant,value,changes,missed,torn,switched\n");
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < count; i++) {
			unsigned turn = (round / 2 + i) % count;

			slice(round, &variants[round % 2 ? count - 1 - turn : turn]);
		}
		match_rotate();
	}
	match_close();
	return 0;
}
