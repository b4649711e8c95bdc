// marker_runner.c - prints an End Marker of the primary's as hex: marker_runner TEID FROM PEER, addresses of one family.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "primary/marker.h"
#include "shared/wire/cursor.h"

int main(int count, char **words)
{
	struct marker_order order = { .copies = 1 };
	struct marker_from from = { 0 };
	uint8_t packet[MARKER_BYTES], own[16];
	uint16_t length;

	if (count != 4)
		return 2;
	order.teid = (uint32_t)strtoul(words[1], NULL, 0);
	from.ipv6 = own;
	if (inet_pton(AF_INET, words[2], own) == 1 && inet_pton(AF_INET, words[3], order.ipv6) == 1) {
		from.ipv4 = be32_get(own);
		order.ipv4 = be32_get(order.ipv6);
	} else if (inet_pton(AF_INET6, words[2], own) != 1 || inet_pton(AF_INET6, words[3], order.ipv6) != 1) {
		return 2;
	}
	length = marker_write(packet, &order, &from);
	for (unsigned i = 0; i < length; i++)
		printf("%02x", packet[i]);
	putchar('\n');
	return 0;
}
