// marker_runner.c - prints what the primary itself sends as hex, addresses of one family: marker_runner TEID FROM PEER TOS, an End Marker;
// marker_runner echo:SEQUENCE FROM PEER TOS, an Echo Request.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "primary/loop/echo.h"
#include "primary/loop/marker.h"
#include "shared/wire/cursor.h"

int main(int count, char **words)
{
	struct marker_order order = { .copies = 1 };
	struct own_way way = { 0 };
	uint8_t packet[OWN_BYTES], own[16];
	uint16_t length;

	if (count != 5)
		return 2;
	way.tos = (uint8_t)strtoul(words[4], NULL, 0);
	order.teid = (uint32_t)strtoul(words[1], NULL, 0);
	way.from6 = own;
	way.to6 = order.ipv6;
	if (inet_pton(AF_INET, words[2], own) == 1 && inet_pton(AF_INET, words[3], order.ipv6) == 1) {
		way.from4 = be32_get(own);
		way.to4 = be32_get(order.ipv6);
	} else if (inet_pton(AF_INET6, words[2], own) != 1 || inet_pton(AF_INET6, words[3], order.ipv6) != 1) {
		return 2;
	}
	if (!strncmp(words[1], "echo:", 5)) {
		uint8_t message[ECHO_BYTES];

		echo_write(message, (uint16_t)strtoul(words[1] + 5, NULL, 0));
		length = own_write(packet, &way, message, ECHO_BYTES);
	} else {
		length = marker_write(packet, &order, &way);
	}
	for (unsigned i = 0; i < length; i++)
		printf("%02x", packet[i]);
	putchar('\n');
	return 0;
}
