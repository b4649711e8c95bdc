// marker_write.c - an End Marker's bytes. Pure.
#include "primary/loop/marker.h"
#include "shared/wire/gtpu.h"

// Version 1, no options, no body.
void marker_message(uint8_t message[MARKER_MESSAGE], uint32_t teid)
{
	gtpu_put(message, teid, 0);
	message[1] = GTPU_END_MARKER;
}

uint16_t marker_write(uint8_t *packet, const struct marker_order *order, const struct own_way *way)
{
	uint8_t message[MARKER_MESSAGE];

	marker_message(message, order->teid);
	return own_write(packet, way, message, MARKER_MESSAGE);
}
