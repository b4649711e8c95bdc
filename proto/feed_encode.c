// feed_encode.c - struct feed_word to the bytes of feed.proto.
// protobuf-c wants a tree of messages joined by pointers: it is laid out in one scratch block per message. No state.
#include "proto/feed_codec.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "proto/feed.pb-c.h"
#include "proto/pack.h"

// One scratch element per repeated element, whatever its kind.
struct element {
	union {
		struct {
			Shoal__Feed__Change change;
			union {
				Shoal__Feed__Bearer bearer;
				Shoal__Feed__RateSpec rate;
				Shoal__Feed__Part part;
			};
		};
		struct {
			union {
				Shoal__Feed__Report report;
				Shoal__Feed__UsageRecord usage;
				Shoal__Feed__Gauge gauge;
			};
			Shoal__Feed__Count count;
		};
		Shoal__Feed__Stand stand;
		Shoal__Feed__Pool pool;
	};
};

struct scratch {
	Shoal__Feed__Word word;
	union {
		Shoal__Feed__Hello hello;
		Shoal__Feed__Welcome welcome;
		Shoal__Feed__Refuse refuse;
		Shoal__Feed__Batch batch;
		Shoal__Feed__Reports reports;
		Shoal__Feed__Usage usage;
		Shoal__Feed__Heard heard;
	};
	Shoal__Feed__Pool *pool[SHARD_POOLS_MAX]; // hello has two lists
	void *list[2 * FEED_BATCH_MAX];           // repeated fields are arrays of pointers; usage has two
	struct element element[];
};
_Static_assert(FEED_BATCH_MAX >= SHARDS + SHARD_POOLS_MAX, "hello's lists fit the scratch");

static void put_bearer(Shoal__Feed__Bearer *out, const struct bearer *in)
{
	shoal__feed__bearer__init(out);
	out->ue_ipv4 = in->ue_ipv4;
	out->ue_ipv6 = in->ue_ipv6;
	out->teid = in->teid;
	out->peer_teid = in->peer_teid;
	out->peer_ipv4 = in->peer_ipv4;
	out->qfi = in->qfi;
	out->up_rate = in->uplink.rate;
	out->up_mark = in->uplink.mark;
	out->up_flags = in->uplink.flags;
	out->down_rate = in->downlink.rate;
	out->down_mark = in->downlink.mark;
	out->down_flags = in->downlink.flags;
	out->sheet_bytes = in->sheet_bytes;
	out->sheet_sum = in->sheet_sum;
}

// The bytes stay where they are until the message is packed.
static void put_part(Shoal__Feed__Part *out, const struct change_part *in)
{
	shoal__feed__part__init(out);
	out->offset = in->offset;
	out->data.data = (uint8_t *)in->data;
	out->data.len = in->bytes <= sizeof(in->data) ? in->bytes : 0; // none: refused there
}

static void put_change(struct element *element, const struct change *in)
{
	Shoal__Feed__Change *out = &element->change;

	shoal__feed__change__init(out);
	out->prev = in->prev;
	out->seq = in->seq;
	out->shard = in->shard;
	out->slot = in->slot;
	out->verb = in->verb;
	out->rate_index = in->rate_index;
	if (in->verb == CHANGE_PART) {
		put_part(&element->part, &in->part);
		out->part = &element->part;
		return;
	}
	out->life = in->life;
	if (in->verb == CHANGE_RATE) {
		shoal__feed__rate_spec__init(&element->rate);
		element->rate.cir_bps = in->rate.cir_bps;
		element->rate.cbs_bytes = in->rate.cbs_bytes;
		element->rate.ebs_bytes = in->rate.ebs_bytes;
		out->rate = &element->rate;
	} else if (in->verb == CHANGE_SET || in->verb == CHANGE_CLEAR) {
		put_bearer(&element->bearer, &in->bearer);
		out->bearer = &element->bearer;
	}
}

static void put_count(Shoal__Feed__Count *out, const struct feed_count *in)
{
	shoal__feed__count__init(out);
	out->up_packets = in->uplink_packets;
	out->up_bytes = in->uplink_bytes;
	out->down_packets = in->downlink_packets;
	out->down_bytes = in->downlink_bytes;
	out->red_packets = in->red_packets;
}

static void put_data(Shoal__Feed__Report *out, const struct report *in)
{
	out->teid = (uint32_t)in->teid;
	out->episode = in->episode;
	out->pdr = in->pdr;
	out->tos = in->tos;
	out->qfi = in->qfi;
}

// protobuf-c's bytes are not const; nothing writes to them.
static void put_peer(Shoal__Feed__Report *out, const struct report *in)
{
	out->teid = (uint32_t)in->teid;
	out->elsewhere = in->elsewhere;
	out->peer = (ProtobufCBinaryData){ in->family == 6 ? 16 : 4, (uint8_t *)(uintptr_t)in->peer };
}

static void put_report(struct element *element, const struct report *in)
{
	Shoal__Feed__Report *out = &element->report;

	shoal__feed__report__init(out);
	out->kind = in->kind;
	out->shard = in->shard;
	out->slot = in->slot;
	out->epoch = in->epoch;
	out->seq = in->seq;
	if (in->kind == REPORT_DATA)
		return put_data(out, in);
	if (in->kind == REPORT_ECHO || in->kind == REPORT_TUNNEL)
		return put_peer(out, in);
	if (in->kind != REPORT_FINAL && in->kind != REPORT_GAUGE) {
		out->digest = in->digest;
		return;
	}
	out->teid = (uint32_t)in->teid;
	put_count(&element->count, &(struct feed_count){ in->uplink_packets, in->uplink_bytes, in->downlink_packets,
							 in->downlink_bytes, in->red_packets });
	out->count = &element->count;
	out->life = in->life;
	out->first_ns = in->first_ns;
	out->last_ns = in->last_ns;
	out->urr = in->urr;
	out->serial = in->serial;
}

static void put_usage(struct element *element, const struct feed_usage *in)
{
	Shoal__Feed__UsageRecord *out = &element->usage;

	shoal__feed__usage_record__init(out);
	out->shard = in->shard;
	out->slot = in->slot;
	out->teid = in->teid;
	put_count(&element->count, &in->count);
	out->count = &element->count;
	out->life = in->life;
}

static void put_gauge(struct element *element, const struct feed_gauge *in)
{
	Shoal__Feed__Gauge *out = &element->gauge;

	shoal__feed__gauge__init(out);
	out->shard = in->shard;
	out->slot = in->slot;
	out->teid = in->teid;
	out->life = in->life;
	out->urr = in->urr;
	out->serial = in->serial;
	put_count(&element->count, &(struct feed_count){ in->uplink_packets, in->uplink_bytes, in->downlink_packets,
							 in->downlink_bytes, 0 });
	out->count = &element->count;
	out->first_ns = in->first_ns;
	out->last_ns = in->last_ns;
}

static void put_pool(Shoal__Feed__Pool *out, const struct shard_pool *in)
{
	shoal__feed__pool__init(out);
	out->ipv4 = in->ipv4;
	out->ipv4_len = in->ipv4_len;
	out->ipv6 = in->ipv6;
	out->ipv6_len = in->ipv6_len;
	out->first_slot = in->first_slot;
	out->rows = in->rows;
}

static void put_stand(Shoal__Feed__Stand *out, unsigned shard, const struct feed_stand *in)
{
	shoal__feed__stand__init(out);
	out->shard = shard;
	out->epoch = in->epoch;
	out->seq = in->seq;
	out->digest = in->digest;
	out->sessions = in->sessions;
	out->seat = in->seat;
}

static void put_hello(struct scratch *scratch, const struct feed_hello *in)
{
	Shoal__Feed__Hello *out = &scratch->hello;

	shoal__feed__hello__init(out);
	out->version = in->version;
	out->nest = in->nest;
	out->build = (char *)in->build;
	out->plane_generation = in->plane_generation;
	out->slots = in->slots;
	out->foreign = in->foreign;
	out->rates = in->rates;
	out->slot_bits = in->slot_bits;
	out->gtpu_ipv4 = in->gtpu_ipv4;
	out->sheet = in->sheet;
	out->skills = in->skills;
	for (unsigned i = 0; i < SHARDS; i++)
		put_stand(&scratch->element[i].stand, i, &in->stand[i]);
	for (unsigned i = 0; i < in->pools; i++) {
		scratch->pool[i] = &scratch->element[SHARDS + i].pool;
		put_pool(scratch->pool[i], &in->pool[i]);
	}
	out->stands = (void *)scratch->list;
	out->n_stands = SHARDS;
	out->pools = scratch->pool;
	out->n_pools = in->pools;
	scratch->word.hello = out;
	scratch->word.body_case = SHOAL__FEED__WORD__BODY_HELLO;
}

static void put_welcome(struct scratch *scratch, const struct feed_welcome *in)
{
	shoal__feed__welcome__init(&scratch->welcome);
	scratch->welcome.epoch = in->epoch;
	scratch->welcome.usage_interval_ms = in->usage_interval_ms;
	scratch->word.welcome = &scratch->welcome;
	scratch->word.body_case = SHOAL__FEED__WORD__BODY_WELCOME;
}

static void put_refuse(struct scratch *scratch, const struct feed_refuse *in)
{
	shoal__feed__refuse__init(&scratch->refuse);
	scratch->refuse.reason = (char *)in->reason;
	scratch->word.refuse = &scratch->refuse;
	scratch->word.body_case = SHOAL__FEED__WORD__BODY_REFUSE;
}

static void put_batch(struct scratch *scratch, const struct feed_batch *in)
{
	shoal__feed__batch__init(&scratch->batch);
	for (unsigned i = 0; i < in->count; i++)
		put_change(&scratch->element[i], &in->change[i]);
	scratch->batch.epoch = in->epoch;
	scratch->batch.changes = (void *)scratch->list;
	scratch->batch.n_changes = in->count;
	scratch->word.batch = &scratch->batch;
	scratch->word.body_case = SHOAL__FEED__WORD__BODY_BATCH;
}

static void put_reports(struct scratch *scratch, const struct feed_reports *in)
{
	shoal__feed__reports__init(&scratch->reports);
	for (unsigned i = 0; i < in->count; i++)
		put_report(&scratch->element[i], &in->report[i]);
	scratch->reports.reports = (void *)scratch->list;
	scratch->reports.n_reports = in->count;
	scratch->reports.number = in->number;
	scratch->word.reports = &scratch->reports;
	scratch->word.body_case = SHOAL__FEED__WORD__BODY_REPORTS;
}

static void put_usages(struct scratch *scratch, const struct feed_usages *in)
{
	shoal__feed__usage__init(&scratch->usage);
	for (unsigned i = 0; i < in->count; i++)
		put_usage(&scratch->element[i], &in->usage[i]);
	for (unsigned i = 0; i < in->gauges; i++)
		put_gauge(&scratch->element[in->count + i], &in->gauge[i]);
	scratch->usage.records = (void *)scratch->list;
	scratch->usage.n_records = in->count;
	scratch->usage.gauges = (void *)(scratch->list + in->count);
	scratch->usage.n_gauges = in->gauges;
	scratch->usage.number = in->number;
	scratch->word.usage = &scratch->usage;
	scratch->word.body_case = SHOAL__FEED__WORD__BODY_USAGE;
}

static void put_heard(struct scratch *scratch, const struct feed_heard *in)
{
	shoal__feed__heard__init(&scratch->heard);
	scratch->heard.number = in->number;
	scratch->word.heard = &scratch->heard;
	scratch->word.body_case = SHOAL__FEED__WORD__BODY_HEARD;
}

static void put_word(struct scratch *scratch, const struct feed_word *word)
{
	shoal__feed__word__init(&scratch->word);
	switch (word->kind) {
	case FEED_HELLO:
		return put_hello(scratch, &word->hello);
	case FEED_WELCOME:
		return put_welcome(scratch, &word->welcome);
	case FEED_REFUSE:
		return put_refuse(scratch, &word->refuse);
	case FEED_BATCH:
		return put_batch(scratch, &word->batch);
	case FEED_REPORTS:
		return put_reports(scratch, &word->reports);
	case FEED_USAGE:
		return put_usages(scratch, &word->usages);
	case FEED_HEARD:
		return put_heard(scratch, &word->heard);
	case FEED_NONE:
		return;
	}
}

// Scratch elements this word needs, or -EINVAL.
static int elements_of(const struct feed_word *word)
{
	switch (word->kind) {
	case FEED_HELLO:
		return word->hello.pools <= SHARD_POOLS_MAX ? (int)(SHARDS + word->hello.pools) : -EINVAL;
	case FEED_BATCH:
		return word->batch.count <= FEED_BATCH_MAX ? (int)word->batch.count : -EINVAL;
	case FEED_REPORTS:
		return word->reports.count <= FEED_BATCH_MAX ? (int)word->reports.count : -EINVAL;
	case FEED_USAGE:
		if (word->usages.count > FEED_BATCH_MAX || word->usages.gauges > FEED_BATCH_MAX)
			return -EINVAL;
		return (int)(word->usages.count + word->usages.gauges);
	case FEED_WELCOME:
	case FEED_REFUSE:
	case FEED_HEARD:
		return 0;
	default:
		return -EINVAL;
	}
}

int feed_encode(const struct feed_word *word, uint8_t *bytes, size_t max)
{
	int elements = elements_of(word);
	struct scratch *scratch;
	ssize_t length;

	if (elements < 0)
		return elements;
	scratch = malloc(sizeof(*scratch) + (size_t)elements * sizeof(scratch->element[0]));
	if (!scratch)
		return -ENOMEM;
	// Every member of an element's union begins at its start, so one list serves all kinds.
	for (int i = 0; i < elements; i++)
		scratch->list[i] = &scratch->element[i];
	put_word(scratch, word);
	length = pack_into(&scratch->word.base, bytes, max);
	free(scratch);
	if (length < 0)
		return -EMSGSIZE;
	memmove(bytes, bytes + max - length, (size_t)length);
	return (int)length;
}
