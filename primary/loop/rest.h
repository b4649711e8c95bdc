// rest.h - what the primary's loop does when its turns find nothing: from pausing to yielding to sleeping, the less the longer nothing comes.
//
// Its thread only. What may wake it: bells, and ports that have descriptors; at others it looks from nap to nap.
#pragma once

struct loop;

int rest_open(struct loop *loop);  // once its ports are there; 0 or -errno
void rest_idle(struct loop *loop); // after each turn that found nothing
