// feed_decode.c - the bytes of feed.proto to struct feed_word.
// The message is unpacked (proto/unpack.h) into memory that goes as a whole, this file narrows each field into the plain struct and refuses
// what does not fit. No state.
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "proto/feed.pb-c.h"
#include "proto/feed_codec.h"
#include "proto/unpack.h"

#define BLOCK_BYTES 16384u

static int refuse(const char **fault, const char *what)
{
	*fault = what;
	return -EBADMSG;
}

static int get_text(char *out, size_t bytes, const char *in)
{
	size_t length = strlen(in);

	if (length >= bytes)
		return -EBADMSG;
	memcpy(out, in, length + 1);
	return 0;
}

static int get_bearer(struct bearer *out, const Shoal__Feed__Bearer *in)
{
	if (in->qfi > UINT8_MAX || in->up_rate > UINT16_MAX || in->up_mark > UINT8_MAX || in->up_flags > UINT8_MAX ||
	    in->down_rate > UINT16_MAX || in->down_mark > UINT8_MAX || in->down_flags > UINT8_MAX ||
	    in->sheet_bytes > UINT16_MAX)
		return -EBADMSG;
	*out = (struct bearer){
		.ue_ipv6 = in->ue_ipv6,
		.ue_ipv4 = in->ue_ipv4,
		.teid = in->teid,
		.peer_teid = in->peer_teid,
		.peer_ipv4 = in->peer_ipv4,
		.uplink = { (uint16_t)in->up_rate, (uint8_t)in->up_mark, (uint8_t)in->up_flags },
		.downlink = { (uint16_t)in->down_rate, (uint8_t)in->down_mark, (uint8_t)in->down_flags },
		.qfi = (uint8_t)in->qfi,
		.sheet_bytes = (uint16_t)in->sheet_bytes,
		.sheet_sum = in->sheet_sum,
	};
	return 0;
}

static int get_part(struct change_part *out, const Shoal__Feed__Part *in)
{
	if (in->offset > UINT16_MAX || !in->data.len || in->data.len > sizeof(out->data))
		return -EBADMSG;
	*out = (struct change_part){ .offset = (uint16_t)in->offset, .bytes = (uint16_t)in->data.len };
	memcpy(out->data, in->data.data, in->data.len);
	return 0;
}

// A verb comes with the body it needs and no other. One that is none, or of a later build, becomes CHANGE_NONE: whoever is to apply it refuses it, and
// the changes beside it reach their shards.
static int get_change(struct change *out, const Shoal__Feed__Change *in, const char **fault)
{
	bool bearer = in->verb == CHANGE_SET || in->verb == CHANGE_CLEAR;
	bool rate = in->verb == CHANGE_RATE, part = in->verb == CHANGE_PART;

	if (in->shard >= SHARDS)
		return refuse(fault, "change.shard");
	if (in->rate_index > UINT16_MAX)
		return refuse(fault, "change.rate_index");
	*out = (struct change){
		.prev = in->prev,
		.seq = in->seq,
		.slot = in->slot,
		.shard = (uint8_t)in->shard,
		.verb = in->verb < CHANGE_VERBS ? (uint8_t)in->verb : CHANGE_NONE,
		.rate_index = (uint16_t)in->rate_index,
	};
	if (out->verb == CHANGE_NONE)
		return 0;
	if (part != !!in->part || (part && get_part(&out->part, in->part)))
		return refuse(fault, "change.part");
	if (!part)
		out->life = in->life;
	if (bearer != !!in->bearer || (bearer && get_bearer(&out->bearer, in->bearer)))
		return refuse(fault, "change.bearer");
	if (rate != !!in->rate)
		return refuse(fault, "change.rate");
	if (rate)
		out->rate = (struct bearer_rate){ in->rate->cir_bps, in->rate->cbs_bytes, in->rate->ebs_bytes };
	return 0;
}

static struct feed_count get_count(const Shoal__Feed__Count *in)
{
	return (struct feed_count){ in->up_packets, in->up_bytes, in->down_packets, in->down_bytes, in->red_packets };
}

static int get_data(struct report *out, const Shoal__Feed__Report *in, const char **fault)
{
	if (in->pdr > UINT16_MAX || in->tos > UINT8_MAX || in->qfi > UINT8_MAX)
		return refuse(fault, "report.data");
	out->teid = in->teid;
	out->episode = in->episode;
	out->pdr = (uint16_t)in->pdr;
	out->tos = (uint8_t)in->tos;
	out->qfi = (uint8_t)in->qfi;
	return 0;
}

static int get_peer(struct report *out, const Shoal__Feed__Report *in, const char **fault)
{
	if (in->peer.len != 4 && in->peer.len != 16)
		return refuse(fault, "report.peer");
	out->teid = in->teid;
	out->elsewhere = in->elsewhere != 0;
	out->family = in->peer.len == 16 ? 6 : 4;
	memcpy(out->peer, in->peer.data, in->peer.len);
	return 0;
}

static int get_report(struct report *out, const Shoal__Feed__Report *in, const char **fault)
{
	bool final = in->kind == REPORT_FINAL || in->kind == REPORT_GAUGE;

	if (in->shard >= SHARDS)
		return refuse(fault, "report.shard");
	if (final && !in->count)
		return refuse(fault, "report.count");
	*out = (struct report){
		.kind = in->kind < REPORT_KINDS ? (uint8_t)in->kind : REPORT_NONE, // a later build's, not for us
		.shard = (uint8_t)in->shard,
		.slot = in->slot,
		.epoch = in->epoch,
		.seq = in->seq,
	};
	if (in->kind == REPORT_DATA)
		return get_data(out, in, fault);
	if (in->kind == REPORT_ECHO || in->kind == REPORT_TUNNEL)
		return get_peer(out, in, fault);
	if (!final) {
		out->digest = in->digest;
		return 0;
	}
	out->teid = in->teid;
	out->uplink_packets = in->count->up_packets;
	out->uplink_bytes = in->count->up_bytes;
	out->downlink_packets = in->count->down_packets;
	out->downlink_bytes = in->count->down_bytes;
	out->red_packets = in->count->red_packets;
	out->life = in->life;
	out->first_ns = in->first_ns;
	out->last_ns = in->last_ns;
	out->urr = in->urr;
	out->serial = in->serial;
	return 0;
}

static int get_usage(struct feed_usage *out, const Shoal__Feed__UsageRecord *in, const char **fault)
{
	if (in->shard >= SHARDS)
		return refuse(fault, "usage.shard");
	if (!in->count)
		return refuse(fault, "usage.count");
	*out = (struct feed_usage){ in->slot, in->teid, (uint8_t)in->shard, get_count(in->count), in->life };
	return 0;
}

static int get_gauge(struct feed_gauge *out, const Shoal__Feed__Gauge *in, const char **fault)
{
	if (in->shard >= SHARDS)
		return refuse(fault, "gauge.shard");
	if (!in->count)
		return refuse(fault, "gauge.count");
	*out = (struct feed_gauge){
		.slot = in->slot,
		.teid = in->teid,
		.shard = (uint8_t)in->shard,
		.urr = in->urr,
		.serial = in->serial,
		.life = in->life,
		.uplink_packets = in->count->up_packets,
		.uplink_bytes = in->count->up_bytes,
		.downlink_packets = in->count->down_packets,
		.downlink_bytes = in->count->down_bytes,
		.first_ns = in->first_ns,
		.last_ns = in->last_ns,
	};
	return 0;
}

static int get_pool(struct shard_pool *out, const Shoal__Feed__Pool *in)
{
	if (in->ipv4_len > 32 || in->ipv6_len > 64)
		return -EBADMSG;
	*out = (struct shard_pool){
		.ipv6 = in->ipv6,
		.ipv4 = in->ipv4,
		.first_slot = in->first_slot,
		.rows = in->rows,
		.ipv4_len = (uint8_t)in->ipv4_len,
		.ipv6_len = (uint8_t)in->ipv6_len,
	};
	return 0;
}

// Every shard has exactly one stand: there are as many as shards, and none comes twice.
static int get_stands(struct feed_hello *out, const Shoal__Feed__Hello *in, const char **fault)
{
	bool seen[SHARDS] = { false };

	if (in->n_stands != SHARDS)
		return refuse(fault, "hello.stands");
	for (unsigned i = 0; i < SHARDS; i++) {
		const Shoal__Feed__Stand *stand = in->stands[i];

		if (stand->shard >= SHARDS || seen[stand->shard])
			return refuse(fault, "stand.shard");
		if (stand->seat > UINT8_MAX)
			return refuse(fault, "stand.seat");
		seen[stand->shard] = true;
		out->stand[stand->shard] = (struct feed_stand){ stand->epoch, stand->seq, stand->digest,
								stand->sessions, (uint8_t)stand->seat };
	}
	return 0;
}

static int get_hello(struct feed_hello *out, const Shoal__Feed__Hello *in, const char **fault)
{
	out->version = in->version;
	out->plane_generation = in->plane_generation;
	out->slots = in->slots;
	out->foreign = in->foreign;
	out->rates = in->rates;
	out->slot_bits = in->slot_bits;
	out->gtpu_ipv4 = in->gtpu_ipv4;
	if (in->sheet > UINT16_MAX)
		return refuse(fault, "hello.sheet");
	out->sheet = in->sheet;
	out->skills = in->skills;
	if (in->nest >= PLANE_NESTS)
		return refuse(fault, "hello.nest");
	out->nest = in->nest;
	if (get_text(out->build, sizeof(out->build), in->build))
		return refuse(fault, "hello.build");
	if (in->n_pools > SHARD_POOLS_MAX)
		return refuse(fault, "hello.pools");
	out->pools = (uint32_t)in->n_pools;
	for (unsigned i = 0; i < out->pools; i++)
		if (get_pool(&out->pool[i], in->pools[i]))
			return refuse(fault, "hello.pools");
	return get_stands(out, in, fault);
}

static int get_batch(struct feed_batch *out, const Shoal__Feed__Batch *in, const char **fault)
{
	int error = 0;

	if (in->n_changes > FEED_BATCH_MAX)
		return refuse(fault, "batch.changes");
	out->epoch = in->epoch;
	out->count = (uint32_t)in->n_changes;
	for (unsigned i = 0; i < out->count && !error; i++) {
		error = get_change(&out->change[i], in->changes[i], fault);
		out->change[i].epoch = in->epoch;
	}
	return error;
}

static int get_reports(struct feed_reports *out, const Shoal__Feed__Reports *in, const char **fault)
{
	int error = 0;

	if (in->n_reports > FEED_BATCH_MAX)
		return refuse(fault, "reports.reports");
	out->number = in->number;
	out->count = (uint32_t)in->n_reports;
	for (unsigned i = 0; i < out->count && !error; i++)
		error = get_report(&out->report[i], in->reports[i], fault);
	return error;
}

static int get_usages(struct feed_usages *out, const Shoal__Feed__Usage *in, const char **fault)
{
	int error = 0;

	if (in->n_records > FEED_BATCH_MAX)
		return refuse(fault, "usage.records");
	if (in->n_gauges > FEED_BATCH_MAX)
		return refuse(fault, "usage.gauges");
	out->number = in->number;
	out->gauges = (uint32_t)in->n_gauges;
	out->count = (uint32_t)in->n_records;
	for (unsigned i = 0; i < out->count && !error; i++)
		error = get_usage(&out->usage[i], in->records[i], fault);
	for (unsigned i = 0; i < out->gauges && !error; i++)
		error = get_gauge(&out->gauge[i], in->gauges[i], fault);
	return error;
}

static int get_word(struct feed_word *out, const Shoal__Feed__Word *in, const char **fault)
{
	switch (in->body_case) {
	case SHOAL__FEED__WORD__BODY_HELLO:
		out->kind = FEED_HELLO;
		return get_hello(&out->hello, in->hello, fault);
	case SHOAL__FEED__WORD__BODY_WELCOME:
		out->kind = FEED_WELCOME;
		out->welcome = (struct feed_welcome){ in->welcome->epoch, in->welcome->usage_interval_ms };
		return 0;
	case SHOAL__FEED__WORD__BODY_REFUSE:
		out->kind = FEED_REFUSE;
		if (get_text(out->refuse.reason, sizeof(out->refuse.reason), in->refuse->reason))
			return refuse(fault, "refuse.reason");
		return 0;
	case SHOAL__FEED__WORD__BODY_BATCH:
		out->kind = FEED_BATCH;
		return get_batch(&out->batch, in->batch, fault);
	case SHOAL__FEED__WORD__BODY_REPORTS:
		out->kind = FEED_REPORTS;
		return get_reports(&out->reports, in->reports, fault);
	case SHOAL__FEED__WORD__BODY_USAGE:
		out->kind = FEED_USAGE;
		return get_usages(&out->usages, in->usage, fault);
	case SHOAL__FEED__WORD__BODY_HEARD:
		out->kind = FEED_HEARD;
		out->heard.number = in->heard->number;
		return 0;
	default:
		return refuse(fault, "no body");
	}
}

// ---- Memory of one message

struct block {
	struct block *before;
	size_t used, room;
	_Alignas(max_align_t) uint8_t bytes[];
};

static void *block_take(void *with, size_t bytes)
{
	struct block **last = with, *block = *last;
	size_t aligned = (bytes + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);

	if (!block || block->room - block->used < aligned) {
		size_t room = aligned > BLOCK_BYTES ? aligned : BLOCK_BYTES;

		block = aligned < bytes ? NULL : malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		*block = (struct block){ .before = *last, .room = room };
		*last = block;
	}
	block->used += aligned;
	return block->bytes + block->used - aligned;
}

static void block_keep(void *with, void *memory)
{
	(void)with;
	(void)memory;
}

static void blocks_free(struct block *block)
{
	while (block) {
		struct block *before = block->before;

		free(block);
		block = before;
	}
}

int feed_decode(struct feed_word *word, const uint8_t *bytes, size_t length, const char **fault)
{
	struct block *blocks = NULL;
	ProtobufCAllocator allocator = { block_take, block_keep, &blocks };
	const Shoal__Feed__Word *parsed;
	int error;

	word->kind = FEED_NONE;
	if (length > FEED_BYTES_MAX)
		return refuse(fault, "message too long");
	parsed = unpack(&shoal__feed__word__descriptor, &allocator, bytes, length);
	error = parsed ? get_word(word, parsed, fault) : refuse(fault, "not protobuf");
	if (error)
		word->kind = FEED_NONE;
	blocks_free(blocks);
	return error;
}
