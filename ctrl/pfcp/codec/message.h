// message.h - the header of a PFCP message (TS 29.244 7.2.2), read and written.
//
// Pure. A datagram holds one message, or several one behind the other while `follows` is set (bundling, or a piggybacked answer).
#pragma once
#include <stdbool.h>
#include "ctrl/pfcp/codec/ie.h"
#include "ctrl/pfcp/codec/ie_write.h"

#define PFCP_PORT 8805u
#define PFCP_HEADER_NODE 8u
#define PFCP_HEADER_SESSION 16u
#define PFCP_SEQUENCE_MAX 0xffffffu

struct pfcp_header {
	uint8_t type;     // enum pfcp_message_type, or one we don't know
	uint8_t priority; // 0..15, 0 the highest; only with has_priority
	bool has_priority, has_seid, follows;
	uint64_t seid;
	uint32_t sequence;    // 24 bits
	const uint8_t *body;  // read only: the IEs,
	size_t bytes;         // and their length
	size_t message_bytes; // read only: header and body; where the next message begins if `follows`
};

// Returns 0; -EPROTONOSUPPORT: another version, of which only type and sequence are told as version 1 has them; -EBADMSG: shorter than its header, or its length
// lies (then what could be read is in *header, sequence 0 if that could not).
int pfcp_header_read(const uint8_t *datagram, size_t bytes, struct pfcp_header *header);

// Begins a message at the writer; body and lengths of *header don't count. What is put between the two is its body.
void pfcp_message_begin(struct pfcp_writer *writer, const struct pfcp_header *header, uint8_t **mark);
void pfcp_message_end(struct pfcp_writer *writer, uint8_t *mark);
