// oss.h - the doors: RPC (NNG REQ/REP) and events (NNG PUB/SUB) on every configured url, many clients and requests at once.
//
// We speak NNG's words on the sockets ourselves (sp.h). NNG 1.5's listener stops accepting for good once a client leaves in the
// middle of its greeting, and costs twenty threads; this door must stand whatever stands in it. A client that connects and says
// nothing, or half a message, costs a descriptor and as many bytes as it has sent, and is sent away after OSS_PATIENCE_NS. Who
// may come in, and what it may do, its listener says (listener.h). Handshakes of TLS are taken a few a turn, after everybody
// else, and only so many at once: a flood of them delays other handshakes and nothing more.
// Main thread.
#pragma once
#include <stdbool.h>
#include "ctrl/door/refusal.h"
#include "ctrl/door/request.h"
#include "shared/base/conf.h"

#define OSS_CALLERS_MAX 16384u
#define OSS_UNREAD_MAX (256u << 20)   // bytes of answers that they have not read; beyond, each may have few
#define OSS_BUFFERED_MAX (256u << 20) // bytes of unfinished messages, all clients together
#define OSS_PATIENCE_NS 10000000000ull
#define OSS_SHAKING_MAX 512u    // handshakes under way; about 60 KiB each. Beyond, the oldest at the fullest door goes
#define OSS_SUBSCRIBERS_MAX 64u // clients that hear events

struct oss;

// What a request becomes; it is answered by request->answered.
typedef void oss_take(void *with, struct request *request);

struct oss_needs {
	const struct conf *conf;
	struct refusals *refusals; // counted here
	oss_take *take;
	void (*alarm)(void *with, const char *text); // a certificate ends soon, or cannot be read
	void *with;
};

// 0, or -errno with a log line.
int oss_open(const struct oss_needs *needs, struct oss **oss);
void oss_close(struct oss *oss);

int oss_fd(const struct oss *oss);               // readable when oss_serve has something to do
void oss_serve(struct oss *oss);                 // what has come, what can go
void oss_tick(struct oss *oss, uint64_t now_ns); // sends away who has been silent in the middle of something
void oss_renew(struct oss *oss);                 // reads the certificates anew

bool oss_heard(const struct oss *oss); // whether there is any subscriber

// Sends an event to all who hear them. Never blocks; who is too far behind misses it.
void oss_publish(struct oss *oss, const void *bytes, size_t length);
