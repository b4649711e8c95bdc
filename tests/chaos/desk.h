// desk.h - where the gauge takes orders: a Unix socket, one line in, one line out, one client at a time. Never blocks.
#pragma once
#include <stddef.h>

int desk_open(const char *path);         // 0 or -errno
int desk_take(char *line, size_t bytes); // 1: a line to be answered; 0: nothing
void desk_answer(const char *text);      // hangs up behind it
void desk_close(void);
