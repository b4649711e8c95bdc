// ues.c - the radio side's table of subscribers, with one open-addressed index for each way to ask.
// Built once by ues_read; afterwards read-only, so any thread may ask.
#include "tests/lab/ues.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UES_COLUMNS 6u
#define UES_EMPTY UINT32_MAX

enum ues_key { BY_IPV4, BY_IPV6, BY_TEID, UES_KEYS };

struct ues {
	struct ue *all;
	size_t count, space;
	uint32_t *index[UES_KEYS];
	size_t mask; // of every index
};

static uint64_t ue_key(const struct ue *ue, enum ues_key key)
{
	return key == BY_IPV4 ? ue->ipv4 : key == BY_IPV6 ? ue->ipv6 : ue->downlink_teid;
}

static size_t ues_start(const struct ues *ues, uint64_t key)
{
	return (size_t)(key * 0x9e3779b97f4a7c15u >> 32) & ues->mask;
}

static const struct ue *ues_find(const struct ues *ues, enum ues_key by, uint64_t key)
{
	size_t at = ues_start(ues, key);

	while (key && ues->index[by][at] != UES_EMPTY) {
		const struct ue *ue = &ues->all[ues->index[by][at]];

		if (ue_key(ue, by) == key)
			return ue;
		at = (at + 1) & ues->mask;
	}
	return NULL;
}

// Indexes everything that was read. Returns the number of the first subscriber whose key is taken, or count.
static size_t ues_index(struct ues *ues, enum ues_key by)
{
	memset(ues->index[by], 0xff, (ues->mask + 1) * sizeof(uint32_t));
	for (size_t n = 0; n < ues->count; n++) {
		uint64_t key = ue_key(&ues->all[n], by);
		size_t at = ues_start(ues, key);

		if (!key)
			continue;
		if (ues_find(ues, by, key))
			return n;
		while (ues->index[by][at] != UES_EMPTY)
			at = (at + 1) & ues->mask;
		ues->index[by][at] = (uint32_t)n;
	}
	return ues->count;
}

static int cell_ipv4(char *cell, uint32_t *out)
{
	struct in_addr address;

	*out = 0;
	if (!*cell)
		return 0;
	if (inet_pton(AF_INET, cell, &address) != 1)
		return -EINVAL;
	*out = ntohl(address.s_addr);
	return 0;
}

static int cell_ipv6(char *cell, uint64_t *out)
{
	struct in6_addr address;
	char *slash = strchr(cell, '/');

	*out = 0;
	if (!*cell)
		return 0;
	if (slash && strcmp(slash, "/64") != 0)
		return -EINVAL;
	if (slash)
		*slash = 0;
	if (inet_pton(AF_INET6, cell, &address) != 1)
		return -EINVAL;
	for (int i = 0; i < 8; i++)
		*out = *out << 8 | address.s6_addr[i];
	return 0;
}

static int cell_number(const char *cell, unsigned long max, uint32_t *out)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(cell, &end, 0);
	if (errno || end == cell || *end || value > max)
		return -EINVAL;
	*out = (uint32_t)value;
	return 0;
}

static const char *ue_parse(char *line, struct ue *ue)
{
	char *cell[UES_COLUMNS];
	unsigned n = 0;
	uint32_t qfi = UE_NO_QFI;

	line[strcspn(line, "\r\n")] = 0;
	for (char *rest = line; rest && n < UES_COLUMNS; n++)
		cell[n] = strsep(&rest, ",");
	if (n != UES_COLUMNS)
		return "six columns expected";
	if (cell_ipv4(cell[0], &ue->ipv4) < 0)
		return "ipv4: not an address";
	if (cell_ipv6(cell[1], &ue->ipv6) < 0)
		return "ipv6: not a /64 prefix";
	if (!ue->ipv4 && !ue->ipv6)
		return "no address at all";
	if (cell_number(cell[2], UINT32_MAX, &ue->uplink_teid) < 0)
		return "uplink_teid: not a TEID";
	if (cell_number(cell[3], UINT32_MAX, &ue->downlink_teid) < 0)
		return "downlink_teid: not a TEID";
	if (cell_ipv4(cell[4], &ue->peer) < 0 || !ue->peer)
		return "peer: not an address";
	if (*cell[5] && cell_number(cell[5], 63, &qfi) < 0)
		return "qfi: not 0..63";
	ue->qfi = (uint8_t)qfi;
	return NULL;
}

static const char *ues_add(struct ues *ues, char *line)
{
	if (ues->count == ues->space) {
		size_t space = ues->space ? ues->space * 2 : 256;
		struct ue *all = realloc(ues->all, space * sizeof(*all));

		if (!all)
			return "out of memory";
		ues->all = all;
		ues->space = space;
	}
	return ue_parse(line, &ues->all[ues->count++]);
}

// Returns what is wrong with *line, or null.
static const char *ues_read_lines(struct ues *ues, FILE *file, unsigned *line)
{
	static const char head[] = "ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi";
	char text[512];

	for (*line = 1; fgets(text, sizeof(text), file); ++*line) {
		const char *fault = NULL;

		if (*line == 1)
			fault = strncmp(text, head, sizeof(head) - 1) ? "the first line must name the columns" : NULL;
		else
			fault = ues_add(ues, text);
		if (fault)
			return fault;
	}
	return ferror(file) ? strerror(errno) : NULL;
}

static const char *ues_build(struct ues *ues, unsigned *line)
{
	static const char *const taken[] = { "ipv4 is taken", "ipv6 is taken", "downlink_teid is taken" };

	ues->mask = 15;
	while (ues->mask < ues->count * 4)
		ues->mask = ues->mask * 2 + 1;
	for (enum ues_key by = 0; by < UES_KEYS; by++) {
		size_t n;

		ues->index[by] = malloc((ues->mask + 1) * sizeof(uint32_t));
		if (!ues->index[by])
			return "out of memory";
		n = ues_index(ues, by);
		if (n < ues->count) {
			*line = (unsigned)n + 2;
			return taken[by];
		}
	}
	return NULL;
}

struct ues *ues_read(const char *path, char *error, size_t error_bytes)
{
	struct ues *ues = calloc(1, sizeof(*ues));
	FILE *file = fopen(path, "re");
	const char *fault;
	unsigned line = 0;

	if (!ues || !file) {
		snprintf(error, error_bytes, "%s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		free(ues);
		return NULL;
	}
	fault = ues_read_lines(ues, file, &line);
	fclose(file);
	if (!fault)
		fault = ues_build(ues, &line);
	if (!fault)
		return ues;
	snprintf(error, error_bytes, "%s:%u: %s", path, line, fault);
	ues_free(ues);
	return NULL;
}

void ues_free(struct ues *ues)
{
	if (!ues)
		return;
	for (enum ues_key by = 0; by < UES_KEYS; by++)
		free(ues->index[by]);
	free(ues->all);
	free(ues);
}

size_t ues_count(const struct ues *ues)
{
	return ues->count;
}

const struct ue *ues_by_ipv4(const struct ues *ues, uint32_t ipv4)
{
	return ues_find(ues, BY_IPV4, ipv4);
}

const struct ue *ues_by_ipv6(const struct ues *ues, uint64_t prefix)
{
	return ues_find(ues, BY_IPV6, prefix);
}

const struct ue *ues_by_teid(const struct ues *ues, uint32_t downlink_teid)
{
	return ues_find(ues, BY_TEID, downlink_teid);
}
