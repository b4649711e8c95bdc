// sessions.c - whose packets the gauge sends. Called by its one thread.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "tests/chaos/sessions.h"

#define SHARDS 256u
#define SHARD_STEP 97u // odd: goes through all of them, and neighbours in number are not neighbours in time

static int sessions_read(FILE *file, struct gauge_session **sessions)
{
	char line[128], address[64];
	unsigned count = 0, room = 0, teid, peer;

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%u,%63[0-9.],%u", &teid, address, &peer) != 3)
			continue;
		if (count == room) {
			struct gauge_session *more = realloc(*sessions, (room = room * 2 + 1024) * sizeof(*more));

			if (!more)
				return -ENOMEM;
			*sessions = more;
		}
		(*sessions)[count++] = (struct gauge_session){ htonl(teid), inet_addr(address), htonl(peer) };
	}
	return count ? (int)count : -ENODATA;
}

// One session of each shard, and round again.
static int sessions_spread(struct gauge_session **sessions, unsigned count)
{
	struct gauge_session *spread = malloc(count * sizeof(*spread));
	unsigned from[SHARDS] = { 0 }, done = 0;

	if (!spread)
		return -ENOMEM;
	for (unsigned shard = 0; done < count; shard = (shard + SHARD_STEP) % SHARDS) {
		unsigned i = from[shard];

		while (i < count && gauge_shard(&(*sessions)[i]) != shard)
			i++;
		if (i < count)
			spread[done++] = (*sessions)[i++];
		from[shard] = i;
	}
	free(*sessions);
	*sessions = spread;
	return (int)count;
}

int sessions_load(const char *path, struct gauge_session **sessions)
{
	FILE *file = fopen(path, "r");
	int count;

	*sessions = NULL;
	if (!file)
		return -errno;
	count = sessions_read(file, sessions);
	fclose(file);
	if (count > 0)
		count = sessions_spread(sessions, (unsigned)count);
	if (count < 0)
		free(*sessions);
	return count;
}
