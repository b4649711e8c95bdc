// refusal.h - why a door lets somebody not in, or not do something. The list is the enum and the counters' names and help.
#pragma once
#include <stdint.h>

#define REFUSALS(R) \
	R(ACCOUNT, door_account, "connections closed unread: of an account that the ipc door is not for") \
	R(CROWD, door_crowd, "connections closed because there were too many: the longest silent") \
	R(SLOW, door_slow, "connections closed because something begun was not finished in time") \
	R(NONSENSE, door_nonsense, "connections closed because of what they said") \
	R(DEAF, door_deaf, "events not sent to subscribers who were too far behind; their numbers show the gap") \
	R(TLS_PLAIN, tls_plain, "handshakes refused: not TLS at all") \
	R(TLS_VERSION, tls_version, "handshakes refused: a version of TLS before 1.2") \
	R(TLS_ANONYMOUS, tls_anonymous, "handshakes refused: no certificate") \
	R(TLS_ISSUER, tls_issuer, "handshakes refused: the certificate is not of this door's CA") \
	R(TLS_EXPIRED, tls_expired, "handshakes refused: the certificate is expired or not valid yet") \
	R(TLS_OTHER, tls_other, "handshakes refused or broken off for other reasons") \
	R(FORBIDDEN, role_forbidden, "requests refused because the door's role does not allow them")

enum refusal {
#define R(name, counter, help) REFUSAL_##name,
	REFUSALS(R)
#undef R
	    REFUSAL_COUNT
};

struct refusals {
	uint64_t count[REFUSAL_COUNT];
};

const char *refusal_name(enum refusal refusal);
const char *refusal_help(enum refusal refusal);
