// store_file.h - the store's directory and file on the disk, before and beside LMDB: who may read them, who has them, whether they
// are whole.
//
// One process has a store. LMDB's own lock file would have to be written through a mapping, which ends the process by SIGBUS where a full
// disk has no room for the page; a lock on the file itself needs none.
#pragma once
#include "ctrl/store/store_check.h"

#define STORE_FILE_NAME "data.mdb"

// Makes dir (0700) and the file (0600) if they are missing. Returns a descriptor that has the file as long as it is open, or -errno
// with a log line that says what to do.
int store_file_open(const char *dir, struct store_checked *checked);

// Whether the file is still the one that fd has, and whether it can be written: 0, -EUCLEAN another one is there, or -errno.
int store_file_look(const char *dir, int fd);

// Whether its disk has no room left: LMDB calls a write that was cut short for that an I/O error.
bool store_file_full(int fd);
