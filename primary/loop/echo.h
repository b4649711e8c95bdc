// echo.h - GTP-U Echo Requests (TS 29.281 7.2.1), as ctrl orders them: it supervises the paths and hears the answers. The primary's loop.
#pragma once
#include <stdint.h>
#include "primary/loop/post.h"

#define ECHOES_MAX 256u // of an order: the loop takes them between two bursts

struct loop;

struct echo_order {
	uint32_t ipv4; // the peer; 0 = by IPv6:
	uint8_t ipv6[16];
	uint16_t sequence;
};

void echo_order(struct loop *loop, const struct post_word *order); // POST_ECHOES; hands the list back

#define ECHO_BYTES 12u
void echo_write(uint8_t message[ECHO_BYTES], uint16_t sequence); // Pure.
