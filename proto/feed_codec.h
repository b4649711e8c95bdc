// feed_codec.h - the one codec between feed.proto and plain structs; ctrl and the courier both use it.
//
// A message is one struct feed_word: its size is bounded, so nothing of it is allocated for the caller. Decoding believes
// nothing: a value that does not fit its field refuses the whole message. What a bearer or a rate may say is checked by
// bearer_check and bearer_rate_check, by whoever is going to use it. Any thread, no state.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "shared/plane/limits.h"
#include "shared/wire/change.h"
#include "shared/wire/shard.h"

// Couriers of other builds speak with this ctrl as long as the version is the same: fields are added, never taken away or given
// another meaning, and a field that is zero is not there. What needs to be understood raises it.
#define FEED_VERSION 1u
#define FEED_SOCKET "feed-%u.ipc" // in the run directory, one a nest; ctrl listens, the courier dials
#define FEED_WINDOW 256u          // changes of one shard ctrl may have unacknowledged; the courier has a place for each
#define FEED_BATCH_MAX 512u       // changes, reports or usage records in one message
#define FEED_BYTES_MAX (128u * 1024) // of an encoded message; neither side takes more

enum feed_kind { FEED_NONE, FEED_HELLO, FEED_WELCOME, FEED_REFUSE, FEED_BATCH, FEED_REPORTS, FEED_USAGE, FEED_HEARD };

// Where a shard stands. seat: its owner, 255 = none.
struct feed_stand {
	uint64_t epoch, seq, digest;
	uint32_t sessions;
	uint8_t seat;
};

struct feed_hello {
	uint32_t version;
	uint32_t nest; // below PLANE_NESTS
	char build[64];
	uint64_t plane_generation;
	uint32_t slots, foreign, rates, slot_bits; // region_shape, plane_net: what ctrl must agree with
	uint32_t sheet, gtpu_ipv4;                 // sheet 0: this build, or its plane, has no room for rules
	uint32_t skills;                           // enum sheet_skill; 0: of a build that does not say
	uint32_t pools;
	struct shard_pool pool[SHARD_POOLS_MAX];
	struct feed_stand stand[SHARDS]; // by shard
};

struct feed_welcome {
	uint64_t epoch;
	uint32_t usage_interval_ms;
};

struct feed_refuse {
	char reason[256];
};
// All changes of a batch carry its epoch.
struct feed_batch {
	uint64_t epoch;
	uint32_t count;
	struct change change[FEED_BATCH_MAX];
};

// number: of the message in its connection, counted over reports and usage together, from 1.
struct feed_reports {
	uint64_t number;
	uint32_t count;
	struct report report[FEED_BATCH_MAX];
};

// Counters of one cell, cumulative since its TEID was set.
struct feed_count {
	uint64_t uplink_packets, uplink_bytes, downlink_packets, downlink_bytes;
	uint64_t red_packets; // both directions
};

struct feed_usage {
	uint32_t slot, teid;
	uint8_t shard;
	struct feed_count count;
	uint64_t life; // since when it counts; larger = later. What different lives counted adds up
};

// What a URR has counted within that life of its session's counters.
struct feed_gauge {
	uint32_t slot, teid;
	uint32_t urr, serial; // sheet.h
	uint8_t shard, reserved[7];
	uint64_t life;
	uint64_t uplink_packets, uplink_bytes, downlink_packets, downlink_bytes;
	uint64_t first_ns, last_ns; // of its packets, nanoseconds since 1970; 0 = none
};

// The gauges of a session come with its usage, in one message.
struct feed_usages {
	uint64_t number;
	uint32_t count, gauges;
	struct feed_usage usage[FEED_BATCH_MAX];
	struct feed_gauge gauge[FEED_BATCH_MAX];
};

struct feed_heard {
	uint64_t number; // all messages up to this one are durable where they have to be
};

// About 100 kB: keep it off small stacks.
struct feed_word {
	enum feed_kind kind;
	union {
		struct feed_hello hello;
		struct feed_welcome welcome;
		struct feed_refuse refuse;
		struct feed_batch batch;
		struct feed_reports reports;
		struct feed_usages usages;
		struct feed_heard heard;
	};
};

// Writes word into bytes[0..max). FEED_BYTES_MAX is always enough. Returns the length, or -EMSGSIZE, -ENOMEM, -EINVAL
// (kind or count out of range). Strings must be terminated.
int feed_encode(const struct feed_word *word, uint8_t *bytes, size_t max);

// Returns 0 and fills word; or -EBADMSG (not protobuf, no body, a value out of range) with *fault naming what (static
// string) and word->kind FEED_NONE. Strings come back terminated.
int feed_decode(struct feed_word *word, const uint8_t *bytes, size_t length, const char **fault);
