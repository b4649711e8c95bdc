// rights.h - what the controller gives up once its doors are open: its user, capabilities, and the system calls it never makes.
#pragma once
#include "shared/base/conf.h"

// Becomes ctrl.user, whose store it makes if there is none. Before any other thread: the kernel keeps these per thread. 0, or
// -errno with a log line.
int rights_drop(const struct conf *conf);
