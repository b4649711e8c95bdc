// trace_file.c - writes pcapng blocks. Errors are the stream's: the caller asks ferror. One thread.
#include "ctrl/cli/trace_file.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINKTYPE_RAW 101u // begins with an IPv4 or IPv6 header

enum block { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_STATISTICS = 5, BLOCK_PACKET = 6 };
enum side { SIDE_ACCESS, SIDE_CORE, SIDES };

// A block is made here, then written at once: its length stands in front of it.
struct making {
	uint32_t length;
	uint8_t bytes[8192];
};

static void put(struct making *block, const void *bytes, size_t length)
{
	static const uint8_t zeros[4];

	if (block->length + length + 4 > sizeof(block->bytes))
		return; // no packet and no text is that long
	memcpy(block->bytes + block->length, bytes, length);
	block->length += (uint32_t)length;
	memcpy(block->bytes + block->length, zeros, -length & 3);
	block->length += -length & 3;
}

static void put32(struct making *block, uint32_t value)
{
	put(block, &value, sizeof(value));
}

static void put_time(struct making *block, uint64_t ns)
{
	put32(block, (uint32_t)(ns >> 32));
	put32(block, (uint32_t)ns);
}

static void option(struct making *block, unsigned code, const void *bytes, size_t length)
{
	const uint16_t head[2] = { (uint16_t)code, (uint16_t)length };

	put(block, head, sizeof(head));
	put(block, bytes, length);
}

static void option_text(struct making *block, unsigned code, const char *text)
{
	option(block, code, text, strlen(text));
}

static void option64(struct making *block, unsigned code, uint64_t value)
{
	option(block, code, &value, sizeof(value));
}

static void begin(struct making *block, enum block type)
{
	block->length = 0;
	put32(block, type);
	put32(block, 0);
}

static void end(struct making *block, FILE *out)
{
	uint32_t length;

	put32(block, 0); // end of options
	length = block->length + 4;
	memcpy(block->bytes + 4, &length, sizeof(length));
	put32(block, length);
	fwrite(block->bytes, 1, block->length, out);
}

static void interface(struct trace_file *file, const char *name, const char *text, uint32_t snap)
{
	static const uint8_t nanoseconds = 9;
	const uint16_t link[2] = { LINKTYPE_RAW, 0 };
	struct making block;

	begin(&block, BLOCK_INTERFACE);
	put(&block, link, sizeof(link));
	put32(&block, snap);
	option_text(&block, 2, name);
	option_text(&block, 3, text);
	option(&block, 9, &nanoseconds, sizeof(nanoseconds));
	end(&block, file->out);
}

void trace_file_begin(struct trace_file *file, uint64_t session, uint32_t snap)
{
	struct making block;
	char text[64];

	begin(&block, BLOCK_SECTION);
	put32(&block, 0x1a2b3c4d); // byte order
	put32(&block, 1);          // version 1.0
	put32(&block, UINT32_MAX); // nobody knows how long it gets
	put32(&block, UINT32_MAX);
	snprintf(text, sizeof(text), "session %" PRIu64, session);
	option_text(&block, 1, text);
	option_text(&block, 4, "shoal");
	end(&block, file->out);
	interface(file, "access", "towards the radio side: GTP-U", snap);
	interface(file, "core", "towards the data network, or in a tunnel of the core side", snap);
}

struct seen {
	const Shoal__Oss__TraceSight *sight;
	const Shoal__Oss__TracePacket *packet;
};

static int seen_earlier(const void *a, const void *b)
{
	const struct seen *one = a, *other = b;

	if (one->sight->at_ns != other->sight->at_ns)
		return one->sight->at_ns < other->sight->at_ns ? -1 : 1;
	if (one->packet->number != other->packet->number)
		return one->packet->number < other->packet->number ? -1 : 1;
	return one->sight == one->packet->came ? -1 : 1;
}

static void comment(struct making *block, const Shoal__Oss__TracePacket *packet)
{
	char text[320], steps[128] = "", worker[24] = "";
	size_t at = 0;

	if (packet->worker < UINT8_MAX)
		snprintf(worker, sizeof(worker), ", worker %" PRIu32, packet->worker);
	for (size_t i = 0; i < packet->n_through && at < sizeof(steps); i++)
		at += (size_t)snprintf(steps + at, sizeof(steps) - at, "%s, ", packet->through[i]);
	snprintf(text, sizeof(text), "packet %" PRIu64 "%s: %s%s: %s", packet->number, worker, steps, packet->verdict,
		 packet->help);
	option_text(block, 1, text);
}

static void seen_write(struct trace_file *file, const struct seen *seen, uint64_t lost)
{
	const Shoal__Oss__TraceSight *sight = seen->sight;
	enum side side = sight->core ? SIDE_CORE : SIDE_ACCESS;
	const uint32_t direction = sight == seen->packet->came ? 1 : 2; // inbound, outbound
	struct making block;

	begin(&block, BLOCK_PACKET);
	put32(&block, side);
	put_time(&block, sight->at_ns);
	put32(&block, (uint32_t)sight->bytes.len);
	put32(&block, sight->length);
	put(&block, sight->bytes.data, sight->bytes.len);
	comment(&block, seen->packet);
	option(&block, 2, &direction, sizeof(direction));
	if (lost > file->lost[side]) {
		option64(&block, 4, lost - file->lost[side]);
		file->lost[side] = lost;
	}
	option64(&block, 5, seen->packet->number);
	end(&block, file->out);
}

void trace_file_packets(struct trace_file *file, const Shoal__Oss__TraceAnswer *answer)
{
	struct seen *seen = calloc(2 * answer->n_packets + 1, sizeof(*seen));
	size_t n = 0;

	for (size_t i = 0; seen && i < answer->n_packets; i++) {
		const Shoal__Oss__TracePacket *packet = answer->packets[i];

		if (packet->came)
			seen[n++] = (struct seen){ packet->came, packet };
		if (packet->left)
			seen[n++] = (struct seen){ packet->left, packet };
	}
	if (n)
		qsort(seen, n, sizeof(*seen), seen_earlier);
	for (size_t i = 0; i < n; i++)
		seen_write(file, &seen[i], answer->lost);
	free(seen);
}

void trace_file_end(struct trace_file *file, uint64_t seen, uint64_t lost)
{
	struct making block;

	for (uint32_t side = 0; side < SIDES; side++) {
		begin(&block, BLOCK_STATISTICS);
		put32(&block, side);
		put_time(&block, 0);
		option64(&block, 4, seen);
		option64(&block, 5, lost);
		end(&block, file->out);
	}
}
