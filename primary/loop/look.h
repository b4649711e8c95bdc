// look.h - what is looked for in frames at the door beside where they go: foreign TEIDs (alias.h), sessions that are traced (trace.h).
//
// While there are neither, nothing is asked of any frame: struct loop's `looks` is 0. The primary's loop.
#pragma once
#include "primary/edge/steer.h"

struct loop;
struct post_word;

enum look { LOOK_ALIASES = 1, LOOK_TRACES = 2 }; // sets of these

// The usual ones of a burst. Returns those that stay so: others go by the whole rule, to be looked at again.
uint64_t look_burst(struct loop *loop, const struct nic_burst *in, const struct steer_burst *to, uint64_t usual);

// A frame that goes to a lane by the whole rule; ip: its packet, as it came. Returns how it is lent.
struct lane_words look_frame(struct loop *loop, struct lane_words words, uint8_t *ip);

// A packet that goes to a lane from inside: what its code has besides.
uint8_t look_inside(struct loop *loop, const struct lane_handle *handle);

// What steering knows beside its ports, and who is traced: POST_EXCEPTIONS, POST_ALIASES, POST_FRAMED, POST_TRACES.
void look_order(struct loop *loop, const struct post_word *order);
