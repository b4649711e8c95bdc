// cable.h - the far end of a port under test. Whatever can't be is said on stdout and ends the process with 1.
#pragma once
#include <stdint.h>

int cable_open(const char *interface); // a raw socket on it, non-blocking

extern const uint8_t cable_mac[6]; // whom the frames are for

// Fills a frame of `length` >= 18 bytes that bears a number. cable_check ends the process if a byte is not as it was
// made, and returns the number.
void cable_make(uint8_t *frame, unsigned length, uint32_t number);
uint32_t cable_check(const uint8_t *frame, unsigned length);

void cable_send(int fd, unsigned length, uint32_t number);
int64_t cable_receive(int fd); // the next frame's number; -1: none there
