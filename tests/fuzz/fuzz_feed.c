// fuzz_feed.c - messages of the feed of any bytes. What decodes must survive being encoded and decoded again; a refusal must
// name its cause.
#include <stdlib.h>
#include <string.h>
#include "proto/feed_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct feed_word first, second;

static void words_compare(void)
{
	if (first.kind != second.kind)
		abort();
	if (first.kind == FEED_BATCH &&
	    (first.batch.count != second.batch.count ||
	     memcmp(first.batch.change, second.batch.change, first.batch.count * sizeof(first.batch.change[0]))))
		abort();
	if (first.kind == FEED_REPORTS && (first.reports.count != second.reports.count ||
					   memcmp(first.reports.report, second.reports.report,
						  first.reports.count * sizeof(first.reports.report[0]))))
		abort();
	if (first.kind == FEED_USAGE &&
	    (first.usages.count != second.usages.count || first.usages.gauges != second.usages.gauges ||
	     memcmp(first.usages.gauge, second.usages.gauge, first.usages.gauges * sizeof(first.usages.gauge[0]))))
		abort();
	if (first.kind == FEED_REFUSE && strcmp(first.refuse.reason, second.refuse.reason))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t again[FEED_BYTES_MAX];
	const char *fault = NULL;
	int encoded;

	if (feed_decode(&first, bytes, length, &fault)) {
		if (!fault || first.kind != FEED_NONE)
			abort();
		return 0;
	}
	encoded = feed_encode(&first, again, sizeof(again));
	if (encoded < 0 || feed_decode(&second, again, (size_t)encoded, &fault))
		abort();
	words_compare();
	return 0;
}
