// oss.h - the RPC's door: an NNG REP socket on every configured url, many requests at once.
//
// A request that waits (for a worker to confirm) holds one of OSS_CALLS contexts, not the socket. A client that connects and
// says nothing, or half a message, costs a descriptor and some kilobytes. The main thread owns it; NNG's threads only post.
#pragma once
#include "ctrl/inbox.h"
#include "ctrl/request.h"
#include "shared/base/conf.h"

#define OSS_CALLS 256u

struct oss;

// What a call becomes; it is answered by request->answered.
typedef void oss_take(void *with, struct request *request);

// 0, or -errno with a log line. Requests arrive from the next inbox_run on.
int oss_open(const struct conf *conf, struct inbox *inbox, oss_take *take, void *with, struct oss **oss);
void oss_close(struct oss *oss);
