// trace_file.h - packets of a trace as pcapng (draft-ietf-opsawg-pcapng): radio side and data network are two interfaces, times are in
// nanoseconds, and each packet says in a comment what became of it. One that is forwarded is there twice, with one packet id.
#pragma once
#include <stdio.h>
#include "proto/oss.pb-c.h"

struct trace_file {
	FILE *out;
	uint64_t lost[2]; // told in it so far, of each interface
};

void trace_file_begin(struct trace_file *file, uint64_t session, uint32_t snap);

// In the order in which they were seen. lost: of the trace, so far.
void trace_file_packets(struct trace_file *file, const Shoal__Oss__TraceAnswer *answer);

void trace_file_end(struct trace_file *file, uint64_t seen, uint64_t lost);
