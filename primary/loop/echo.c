// echo.c - makes Echo Requests and sends them. The primary's loop.
#include "primary/loop/echo.h"

#include "primary/loop/loop.h"
#include "primary/loop/own.h"

void echo_order(struct loop *loop, const struct post_word *order)
{
	const struct echo_order *echo = order->list;
	uint8_t message[ECHO_BYTES];

	for (int64_t i = 0; i < order->value; i++) {
		echo_write(message, echo[i].sequence);
		own_send(loop, (struct own_peer){ echo[i].ipv4, echo[i].ipv6, 0 }, message, ECHO_BYTES, LOOP_ECHO);
	}
	loop_tell(loop, (struct post_word){ .verb = POST_RETURN, .list = order->list });
}
