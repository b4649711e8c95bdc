// lane_back.c - looks at what came back, all of a burst together. The primary's loop only.
#include "primary/lane/lane_back.h"

// Not beyond what was lent, nor around the book's end.
static unsigned lane_next(const struct lease *lease, const struct lane_back *back, unsigned first)
{
	unsigned open = lease->head - lease->due, run = LANE_SLOTS - lease->due % LANE_SLOTS, left = back->n - first;

	run = run < open ? run : open;
	return run < left ? run : left;
}

// The compiler does eight at a time.
uint32_t lane_usual(const struct lane *lane, const struct rooms *rooms, struct lane_back *back, unsigned first,
		    unsigned *until)
{
	const struct lane_look at = lane_look_at(lane, rooms, &back->handle[first]);
	const unsigned n = lane_next(&lane->lease, back, first);
	uint8_t **packet = back->packet + first;
	uint32_t usual = 0;

	for (unsigned i = 0; i < n; i++) {
		usual |= (uint32_t)lane_is_usual(at, i) << i;
		packet[i] = lane_packet(at, i);
	}
	*until = first + (n ? n : 1);
	return usual << first;
}
