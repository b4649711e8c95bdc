// tls.h - the TLS of one door: its certificate and key, and the CA that vouches for its clients.
//
// TLS 1.2 and later, a certificate from every client, no renegotiation, no resumption (each connection proves itself anew). The
// files may be read anew at any time; connections that stand go on. Main thread.
#pragma once
#include <stdbool.h>
#include <openssl/types.h>
#include "shared/base/conf.h"

struct tls {
	const struct conf_door *door;
	SSL_CTX *context;
};

// 0, or -errno with a log line. The key must be nobody's but its owner's.
int tls_open(struct tls *tls, const struct conf_door *door);
void tls_close(struct tls *tls);

// Reads the files anew. -errno with a log line: what there was stays.
int tls_renew(struct tls *tls);

#define TLS_TEXT_BYTES 600u
// Whether our certificate, or one of the CA's, ends within 30 days: says which, in the log too.
bool tls_ends_soon(const struct tls *tls, char text[TLS_TEXT_BYTES]);
