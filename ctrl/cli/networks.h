// networks.h - networks behind a UE (framed routes) as people write them: "192.0.2.0/28 2001:db8:7::/56", by blanks or commas apart.
//
// Pure but for the lists they are read into, which belong to the caller; one thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "proto/oss.pb-c.h"

#define NETWORKS_MAX 8u     // of a family, as the controller takes them
#define NETWORKS_TEXT 1024u // holds all of a session's
#define NETWORKS_ONE_TEXT 56u

struct networks {
	Shoal__Oss__Ipv4Prefix ipv4[NETWORKS_MAX], *ipv4s[NETWORKS_MAX];
	Shoal__Oss__Ipv6Prefix ipv6[NETWORKS_MAX], *ipv6s[NETWORKS_MAX];
	size_t n_ipv4, n_ipv6;
};

// One more. Null, or why not.
const char *networks_add(struct networks *networks, const char *word);
// All of a list, instead of what is there. Null, or why not.
const char *networks_read(struct networks *networks, const char *words);

const char *networks_ipv4(const Shoal__Oss__Ipv4Prefix *prefix, char text[NETWORKS_ONE_TEXT]);
const char *networks_ipv6(const Shoal__Oss__Ipv6Prefix *prefix, char text[NETWORKS_ONE_TEXT]);

// Those of a session, such that networks_read understands it. False: it has none of its own, whatever its rules have.
bool networks_write(const Shoal__Oss__Session *session, char *text, size_t room);
