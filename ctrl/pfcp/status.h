// status.h - what shoal-pfcp says of itself: counters and associations to the log (SIGUSR1), one line to the service manager.
#pragma once
#include "ctrl/pfcp/node/node.h"

void status_log(const struct node *node);
void status_notify(const struct node *node); // when it is another one than before
