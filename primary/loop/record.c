// record.c - writes packets that killed into pcap files. The fleet thread.
#include "primary/loop/record.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/wire/shard.h"

#define PCAP_MAGIC_NS 0xa1b23c4du // times in nanoseconds
#define PCAP_LINKTYPE_RAW 101u    // begins with an IPv4 or IPv6 header

struct pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, longest, linktype;
};

struct pcap_packet {
	uint32_t seconds, nanoseconds, stored, length;
};

struct record_words record_whose(const struct quarantine_suspect *suspect)
{
	struct record_words words = { "nobody" };
	uint8_t prefix[16] = { 0 };
	uint32_t ipv4 = htonl(suspect->ipv4);

	if (suspect->teid) {
		snprintf(words.text, sizeof(words.text), "teid 0x%08x", suspect->teid);
	} else if (suspect->ipv4) {
		inet_ntop(AF_INET, &ipv4, words.text, sizeof(words.text));
	} else if (suspect->ipv6) {
		be64_put(prefix, suspect->ipv6);
		inet_ntop(AF_INET6, prefix, words.text, sizeof(words.text));
		strncat(words.text, "/64", sizeof(words.text) - strlen(words.text) - 1);
	} else if (suspect->place) {
		snprintf(words.text, sizeof(words.text), "shard %u slot %u", (suspect->place - 1) % SHARDS,
			 (suspect->place - 1) / SHARDS);
	}
	return words;
}

// What a file name may hold.
static void name_clean(char *name)
{
	for (; *name; name++)
		if (*name == ' ' || *name == '/' || *name == ':')
			*name = '_';
}

// Its place in the folder: names sort by time.
static void path_make(const struct record *record, const char *dir, uint64_t wall_ns, char path[RECORD_PATH])
{
	time_t seconds = (time_t)(wall_ns / 1000000000u);
	char at[32], name[128];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(at, sizeof(at), "%Y%m%dT%H%M%S", &utc);
	snprintf(name, sizeof(name), "%s.%09uZ-%s-seat%u_signal%u-seat%u_signal%u.pcap", at,
		 (unsigned)(wall_ns % 1000000000u), record_whose(&record->suspect).text, record->first.seat,
		 record->first.signal, record->second.seat, record->second.signal);
	name_clean(name);
	snprintf(path, RECORD_PATH, "%s/%s", dir, name);
}

static int bytes_write(int fd, const void *bytes, size_t length)
{
	ssize_t n = write(fd, bytes, length);

	return n == (ssize_t)length ? 0 : n < 0 ? -errno : -ENOSPC;
}

static int pcap_write(int fd, const struct record *record, uint64_t wall_ns)
{
	const struct pcap_head head = { PCAP_MAGIC_NS, 2, 4, 0, 0, ROOM_STRIDE, PCAP_LINKTYPE_RAW };
	const struct pcap_packet packet = { (uint32_t)(wall_ns / 1000000000u), (uint32_t)(wall_ns % 1000000000u),
					    record->length, record->length };
	int error = bytes_write(fd, &head, sizeof(head));

	if (!error)
		error = bytes_write(fd, &packet, sizeof(packet));
	return error ? error : bytes_write(fd, record->bytes, record->length);
}

static int is_record(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && !strcmp(end, ".pcap");
}

// Makes room for one more.
static void oldest_remove(const char *dir)
{
	struct dirent **names;
	int count = scandir(dir, &names, is_record, alphasort);
	char path[RECORD_PATH + 256];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		if (i <= count - (int)RECORD_FILES)
			unlink(path);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

int record_write(const struct record *record, const char *dir, char path[RECORD_PATH])
{
	uint64_t wall_ns = clock_wall_ns();
	int fd, error;

	path[0] = 0;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	oldest_remove(dir);
	path_make(record, dir, wall_ns, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	error = fd < 0 ? -errno : pcap_write(fd, record, wall_ns);
	if (fd >= 0 && close(fd) && !error)
		error = -errno;
	if (error && fd >= 0)
		unlink(path);
	if (error)
		path[0] = 0;
	return error;
}
