// oss.h - the RPC's door: NNG REQ/REP on every configured url, many clients and many requests at once.
//
// We speak NNG's words on the sockets ourselves (sp.h). NNG 1.5's listener stops accepting for good once a client leaves in the
// middle of its greeting, and costs twenty threads; this door must stand whatever stands in it. A client that connects and says
// nothing, or half a message, costs a descriptor and as many bytes as it has sent, and is sent away after OSS_PATIENCE_NS.
// Main thread.
#pragma once
#include "ctrl/request.h"
#include "shared/base/conf.h"

#define OSS_CALLERS_MAX 16384u
#define OSS_BUFFERED_MAX (256u << 20) // bytes of unfinished messages, all clients together
#define OSS_PATIENCE_NS 10000000000ull

struct oss;

// What a request becomes; it is answered by request->answered.
typedef void oss_take(void *with, struct request *request);

// 0, or -errno with a log line.
int oss_open(const struct conf *conf, oss_take *take, void *with, struct oss **oss);
void oss_close(struct oss *oss);

int oss_fd(const struct oss *oss);               // readable when oss_serve has something to do
void oss_serve(struct oss *oss);                 // what has come, what can go
void oss_tick(struct oss *oss, uint64_t now_ns); // sends away who has been silent in the middle of something
