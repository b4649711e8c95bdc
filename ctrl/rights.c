// rights.c - giving up, in an order that still allows the next step. Runs once, in the only thread there is yet.
#include "ctrl/rights.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctrl/kit/calls.h"
#include "shared/base/account.h"
#include "shared/base/log.h"

// What the controller, LMDB, OpenSSL and libc call while serving. The rest answers EPERM, which every caller here survives.
static const char *const allowed[] = {
	// files: the store, certificates, the log
	"openat open close read write readv writev pread64 pwrite64 pwritev pwritev2 lseek fstat newfstatat "
	"stat lstat statx fstatfs statfs access faccessat faccessat2 readlink getcwd ftruncate fallocate "
	"fsync fdatasync msync sync_file_range flock fcntl unlink unlinkat rename mkdir rmdir chmod fchmod fchmodat "
	"umask "
	"dup getdents64",
	// memory
	"brk mmap munmap mremap mprotect madvise",
	// sockets and waiting
	"socket socketpair bind listen accept4 accept connect shutdown getsockname getpeername getsockopt "
	"setsockopt sendto sendmsg recvfrom recvmsg poll ppoll epoll_create1 epoll_ctl epoll_wait epoll_pwait "
	"eventfd2 pipe2 signalfd4",
	// threads, time, signals, identity
	"clone clone3 set_robust_list get_robust_list rseq futex sched_yield sched_getaffinity clock_gettime "
	"clock_getres clock_nanosleep nanosleep gettimeofday rt_sigaction rt_sigprocmask rt_sigreturn "
	"sigaltstack restart_syscall tgkill kill gettid getpid getuid geteuid getgid getegid getrandom "
	"getrlimit prlimit64 sysinfo uname prctl exit exit_group",
};

// The store is the user's; where there is none yet only root can make it.
static int store_give(const struct conf *conf, const struct account *account)
{
	if (!account->given || geteuid())
		return 0;
	if (mkdir(conf->store_dir, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chown(conf->store_dir, account->uid, account->gid) < 0 ? -errno : 0;
}

int rights_drop(const struct conf *conf)
{
	struct account account;
	int error = account_find(conf->ctrl_user, &account);

	if (!error)
		error = store_give(conf, &account);
	if (!error)
		return calls_settle(&account, allowed, sizeof(allowed) / sizeof(*allowed));
	log_error("rights.drop", "user: %s", strerror(-error));
	return error;
}
