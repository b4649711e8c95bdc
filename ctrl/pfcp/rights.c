// rights.c - see rights.h. Files are read before, and UDP sockets opened; what is opened later are sockets to ctrl and the service manager.
#include "ctrl/pfcp/rights.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "ctrl/kit/calls.h"
#include "shared/base/account.h"
#include "shared/base/log.h"

static const char *const allowed[] = {
	// waiting, and the way to ctrl (ctrl/client/rpc.h)
	"ppoll poll epoll_create1 epoll_ctl epoll_wait epoll_pwait timerfd_create timerfd_settime read",
	"socket=1 connect getsockopt sendmsg recvfrom close", // 1: AF_UNIX
	// datagrams, the log
	"sendmmsg sendto recvmmsg recvmsg write",
	// memory, time, the end
	"brk mmap munmap mremap madvise getrandom clock_gettime futex rt_sigreturn restart_syscall getpid gettid "
	"tgkill exit exit_group",
};

int rights_drop(const struct conf *conf)
{
	struct account account;
	int error = account_find(conf->pfcp_user, &account);

	_Static_assert(AF_UNIX == 1, "which sockets may still be opened");
	if (!error)
		return calls_settle(&account, allowed, sizeof(allowed) / sizeof(*allowed));
	log_error("rights.drop", "user: %s", strerror(-error));
	return error;
}
