// usage.h - usage reports (TS 29.244 7.5.5.2, 7.5.7.2, 7.5.8.3): what ctrl has counted for a URR, as an IE.
//
// Pure.
#pragma once
#include "ctrl/pfcp/codec/ie.h"
#include "ctrl/pfcp/codec/ie_write.h"
#include "proto/oss.pb-c.h"

struct usage_method { // what a URR wants measured
	uint32_t urr;
	bool volume, packets, duration;
	bool referred; // the query that is answered is called so
	uint32_t reference;
};

// Of the Create URR with this id among a session's rules (front.h); of a URR that is not there volume and time.
struct usage_method usage_method_of(const struct pfcp_tree *rules, uint32_t urr);

// type: of the usage report of a modification, a deletion, or a session report. method: of its URR.
void usage_report_put(struct pfcp_writer *writer, unsigned type, const Shoal__Oss__UsageReport *report,
		      struct usage_method method);
