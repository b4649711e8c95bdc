// rpc.h - requests to ctrl for processes that never block: many under way on one connection, answers on the caller's own thread.
//
//   rpc_call -> queue -> socket -> ctrl -> socket -> rpc_work -> done(response)     or, at its deadline, done(null, error)
//
// It speaks the words of NNG's REQ itself (proto/sp.h): one thread, one descriptor to poll, no library's threads in a process that has a
// filter for its system calls. A connection that breaks is made again, and what had no answer yet is sent again: so a request that
// changes something has to carry a key. ctrl may be started later, or again. What ctrl answers (BUSY too) is the caller's to judge.
//
// One thread. After start it needs: socket, connect, close, sendmsg, recvfrom, epoll_ctl, epoll_wait, timerfd_settime, read, and memory.
#pragma once
#include "proto/oss.pb-c.h"

#define RPC_WINDOW_MAX 4096u
#define RPC_SLACK_MS 1000u // beyond the request's own deadline, which ctrl keeps: by then nobody answers any more

struct rpc;

// Called once for every request that was taken, from rpc_work or rpc_close. The response is gone when it returns. Null: error says why:
// -ETIMEDOUT no answer; -ECANCELED rpc_close; otherwise why there is no connection: -ECONNREFUSED, -ENOENT, -EACCES, -EPROTO.
// It may make other requests.
typedef void rpc_done(void *arg, const Shoal__Oss__Response *response, int error);

// url: ipc://PATH. window: requests under way at once, 1 to RPC_WINDOW_MAX. Connects when it can. 0; -EPROTONOSUPPORT, -ENAMETOOLONG: the
// url; or -errno.
int rpc_open(const char *url, unsigned window, struct rpc **rpc);
void rpc_close(struct rpc *rpc);

int rpc_fd(const struct rpc *rpc); // readable: rpc_work has something to do
void rpc_work(struct rpc *rpc);

// Version is filled in; nothing of the request is needed afterwards. 0; -EAGAIN the window is full; -EMSGSIZE; -ENOMEM; -ECANCELED in rpc_close.
int rpc_call(struct rpc *rpc, const Shoal__Oss__Request *request, rpc_done *done, void *arg);

unsigned rpc_under_way(const struct rpc *rpc);
