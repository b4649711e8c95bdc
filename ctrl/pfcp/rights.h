// rights.h - what shoal-pfcp gives up once its sockets are open: its user, capabilities, and the system calls it never makes.
#pragma once
#include "shared/base/conf.h"

// Becomes pfcp.user. In the only thread there is. 0, or -errno with a log line.
int rights_drop(const struct conf *conf);
