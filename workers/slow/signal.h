// signal.h - GTP-U messages that are no user data, and what is said about user data that has no place here (TS 29.281 7). Pure.
//
// What is read is kept apart from the packet, so that the answer may be written over it: from checked lengths, at most SIGNAL_BYTES.
// IPv4 and IPv6 outside.
#pragma once
#include "shared/plane/verdict.h"
#include "shared/wire/gtpu.h"
#include "workers/slow/slow.h"

#define SIGNAL_BYTES 96u // no answer is longer

struct signal {
	struct gtpu_packet gtpu;
	enum gtpu_fault fault;               // GTPU_SOUND or GTPU_UNKNOWN
	uint8_t source[16], destination[16]; // outer addresses; IPv4 in the first four bytes
	uint8_t family, tos;
	bool inside;             // it came out of a tunnel: a subscriber's word
	uint16_t port;           // UDP source
	const uint8_t *elements; // behind the header and its extensions
	uint32_t elements_bytes;
};

// Reads outer IP, UDP and GTP-U header. VERDICT_ANSWERED, or the refusal; VERDICT_SLOW_REFUSED: UDP to another port, or not UDP.
enum verdict signal_read(struct signal *signal, const struct slow_packet *packet);

// What an Error Indication is about: the tunnel's far end. False: one of the two is missing, twice there, or of a length that is none.
struct signal_error {
	uint32_t teid;
	uint8_t family;
	uint8_t peer[16]; // IPv4 in the first four, the others zero
};
bool signal_error_read(const struct signal *signal, struct signal_error *error);

// Echo Response with the request's sequence number and Recovery 0 (7.2.2, 8.2), to the port it came from.
void signal_echo_answer(struct slow_packet *packet, const struct signal *request);

// Error Indication (7.3.1) about a G-PDU: its TEID, the address it was sent to, the port it came from (5.2.2.1).
void signal_error_put(struct slow_packet *packet, const struct signal *g_pdu);

// Supported Extension Headers Notification (7.2.3): those we know.
void signal_notice_put(struct slow_packet *packet, const struct signal *signal);
