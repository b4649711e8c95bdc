// account.h - becoming somebody who may do little: another user, no group but one, no capability.
//
// Single-threaded moments of a process's life only: the kernel keeps these per thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct account {
	bool given; // false: stay who we are
	uid_t uid;
	gid_t gid;
};

// A name or a number (its group is then of the same number); "" = not given. 0, or -ENOENT. Reads files: not after a sandbox.
int account_find(const char *name, struct account *account);

// Becomes the account, if root calls and one is given, and gives up every capability for good. 0 or -errno.
int account_become(const struct account *account);

// Keeps of our capabilities only those in the mask (1 << CAP_...). 0 or -errno.
int account_keep(uint64_t capabilities);
