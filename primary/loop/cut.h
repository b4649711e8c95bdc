// cut.h - sends a packet that is too large for its link in fragments (RFC 791 3.2, RFC 8200 4.5). The primary's loop.
//
// What its sender lets us cut, its worker sends on (struct plane, cut): out of a tunnel IPv4 without DF, into one the tunnel's own packet,
// whose sender we are. The first fragment stays in its room and has the packet's verdict; the others lie in rooms of our own, and no
// verdict counts them.
#pragma once
#include <stdbool.h>
#include "shared/plane/lane.h"

struct loop;

#define CUT_PIECES 4u // and no more: two are enough for any room and port

// Sends it to its side in pieces of at most `mtu` bytes. False: it is none that may be cut, and nothing was done; else its fate is settled.
bool cut_send(struct loop *loop, const struct lane_handle *back, unsigned mtu);
