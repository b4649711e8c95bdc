// attach.h - brings the EAL up as a secondary of one generation of the primary. Once in a process's life.
#pragma once

// prefix, dir: from WELCOME. 0, or -errno with a log line.
int attach_eal(const char *prefix, const char *dir);
