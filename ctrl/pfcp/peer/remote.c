// remote.c - see remote.h. Pure.
#include "ctrl/pfcp/peer/remote.h"
#include <arpa/inet.h>
#include <string.h>
#include "ctrl/kit/hash.h"

bool remote_same(const struct remote *one, const struct remote *other)
{
	return one->family == other->family && one->scope == other->scope &&
	       !memcmp(one->bytes, other->bytes, sizeof(one->bytes));
}

bool remote_in(const struct remote *remote, const struct conf_address *prefix)
{
	unsigned whole = prefix->prefix_len / 8u;
	unsigned rest = prefix->prefix_len % 8u;

	if (remote->family != prefix->family || memcmp(remote->bytes, prefix->bytes, whole))
		return false;
	return !rest || !((remote->bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest));
}

void remote_text(const struct remote *remote, char text[REMOTE_TEXT])
{
	if (!inet_ntop(remote->family == 4 ? AF_INET : AF_INET6, remote->bytes, text, REMOTE_TEXT))
		strcpy(text, "?");
}

uint64_t remote_hash(const struct remote *remote, uint64_t seed)
{
	return hash_bytes(hash_u64(seed, (uint64_t)remote->port << 32 | remote->scope), remote->bytes,
			  remote->family == 4 ? 4 : sizeof(remote->bytes));
}
