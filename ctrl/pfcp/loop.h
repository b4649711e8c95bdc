// loop.h - shoal-pfcp's one thread: sockets, ctrl and the node put together, and the wait for whichever has something to do.
#pragma once
#include "shared/base/conf.h"

enum loop_end { LOOP_TOLD, LOOP_LOST };

// Serves until a signal (read from the descriptor) ends it, or ctrl has another store. enum loop_end, or -errno with a log line.
int loop_run(const struct conf *conf, int signals);
