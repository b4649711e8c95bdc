// instance.c - looks among the pools.
#include "ctrl/pfcp/rules/instance.h"
#include <string.h>
#include <strings.h>

static const struct conf_pool *pool_called(const struct conf *conf, const char *instance)
{
	const char *operator= strstr(instance, ".mnc");
	size_t length = operator? (size_t)(operator- instance) : strlen(instance);

	for (unsigned i = 0; i < conf->pools; i++)
		if (strlen(conf->pool[i].dnn) == length && !strncasecmp(conf->pool[i].dnn, instance, length))
			return &conf->pool[i];
	for (unsigned i = 0; i < conf->pools; i++)
		if (*conf->pool[i].network && !strcasecmp(conf->pool[i].network, instance))
			return &conf->pool[i];
	return NULL;
}

const char *instance_dnn(const struct conf *conf, const char *instance)
{
	const struct conf_pool *pool = pool_called(conf, instance);

	return pool ? pool->dnn : NULL;
}

bool instances_apart(const struct conf *conf, const char *a, const char *b)
{
	const struct conf_pool *one = pool_called(conf, a), *other = pool_called(conf, b);

	if (!conf->pools || !*conf->pool[0].network)
		return false;
	return !one || !other || strcmp(one->network, other->network) != 0;
}
