// sp.h - the words of NNG's PAIR, REQ/REP and PUB/SUB on a byte stream: greeting, frames, request ids. Pure.
//
//   greeting, both ways   00 53 50 00  protocol (2)  00 00
//   frame                 ipc: 01 length (8) message; tcp: length (8) message
//   PUB message           topic and body; a SUB client says nothing after its greeting
//   REQ/REP message       words of 4 bytes, the last with its top bit set; then the body. A reply repeats the words.
//
// All numbers are big-endian.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SP_GREETING 8u
#define SP_PAIR 0x10u
#define SP_PUB 0x20u
#define SP_SUB 0x21u
#define SP_REQ 0x30u
#define SP_REP 0x31u
#define SP_FRAME_MAX 9u
#define SP_TRACE_MAX 64u // bytes of request ids: sixteen hops

void sp_greeting_put(uint8_t bytes[SP_GREETING], uint16_t protocol);
bool sp_greeting_is(const uint8_t bytes[SP_GREETING], uint16_t protocol);

static inline size_t sp_frame(bool ipc)
{
	return ipc ? 9 : 8;
}

void sp_frame_put(uint8_t *bytes, bool ipc, uint64_t length);
int sp_frame_get(const uint8_t *bytes, bool ipc, uint64_t *length); // 0 or -EBADMSG

// Length of the request ids in front of the body, or -EBADMSG.
int sp_trace(const uint8_t *message, size_t length);
