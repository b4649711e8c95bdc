// net.h - a network in memory with the face of proto/talk.h: ctrl/feed/feed.c and workers/courier/feed.c run on it unchanged.
//
// One pair of sockets a nest: ctrl listens, the courier dials. What is sent lies on a wire until the simulation moves it, loses it,
// doubles it, lets it overtake, or cuts the wire. The talk_* functions those two files use are defined here.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/limits.h"

enum net_side { NET_CTRL, NET_COURIER, NET_SIDES };

enum net_harm { NET_NONE, NET_LOSE, NET_DOUBLE, NET_OVERTAKE };

// Forgets everything; sockets of dead processes too.
void net_reset(void);

// Lets the courier through when it dials next, if ctrl is there.
void net_connect(unsigned nest);

// Cuts it: what lies on it is lost, both ends hear of it. A process that died: its socket is gone, too.
void net_cut(unsigned nest);
void net_dead(unsigned nest, enum net_side side);

// Takes the oldest message that `from` has sent one step further, harmed or not. False: there is none, or no place.
bool net_move(unsigned nest, enum net_side from, enum net_harm harm);
