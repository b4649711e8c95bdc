// request.h - one request on its way through ctrl: bytes in, bytes out. Knows no transport.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct role_pass;

struct request {
	struct request *next; // in whatever list it is in
	const uint8_t *bytes; // a packed shoal.oss.Request; alive until it is answered
	size_t length;
	uint64_t arrived_ns;
	uint64_t parked_ns;                                              // until then
	enum { REQUEST_UNKNOWN, REQUEST_READS, REQUEST_CHANGES } looked; // what it is, once somebody has looked
	const struct role_pass *pass; // what the door it came through allows (role.h); null = everything
	uint8_t *answer;              // a packed shoal.oss.Response, from malloc; whoever answers it frees it
	size_t answer_bytes;
	void (*answered)(struct request *request); // called once, in the main thread
};
