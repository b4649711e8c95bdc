// paths.c - see paths.h. One thread.
#include "ctrl/pfcp/paths.h"
#include <errno.h>
#include <string.h>
#include "shared/wire/cursor.h"

#define AGAIN_NS 1000000000ull // where ctrl does not say
#define PAGE 500u
#define WAIT_MS 10000u
#define DEADLINE_MS 2000u
#define RECENT_MS 600000u // so long after a failure it may have been an earlier process of ours that told it

void paths_open(struct paths *paths, struct rpc *rpc, struct node *node, uint64_t (*wall_ms)(void *arg))
{
	*paths = (struct paths){ .rpc = rpc, .node = node, .wall_ms = wall_ms };
}

static bool is_remote(const Shoal__Oss__Path *path, struct remote *to)
{
	*to = (struct remote){ .family = path->peer_ipv6.len ? 6 : 4, .socket = REMOTE_ANY };
	if (to->family == 4)
		be32_put(to->bytes, path->peer_ipv4);
	else if (path->peer_ipv6.len == sizeof(to->bytes))
		memcpy(to->bytes, path->peer_ipv6.data, sizeof(to->bytes));
	return to->family == 4 ? path->peer_ipv4 != 0 : path->peer_ipv6.len == sizeof(to->bytes);
}

// What has come back while we were away: nobody has been told since. Told once too often does no harm.
static bool may_have_failed(const struct paths *paths, const Shoal__Oss__Path *path)
{
	return !paths->again && path->asked > path->answered + 1 && paths->wall_ms(NULL) - path->since_ms < RECENT_MS;
}

static void take(struct paths *paths, const Shoal__Oss__Path *path)
{
	struct remote to;

	if (!is_remote(path, &to))
		return;
	if (path->state == SHOAL__OSS__PATH_STATE__PATH_DOWN)
		node_path(paths->node, &to, true, false);
	else if (path->state == SHOAL__OSS__PATH_STATE__PATH_UP)
		node_path(paths->node, &to, false, may_have_failed(paths, path));
}

static void page_take(struct paths *paths, const Shoal__Oss__PathListAnswer *list)
{
	if (!paths->after_bytes)
		paths->beginning = list->stand; // what changes while it is read is in the next
	for (size_t i = 0; i < list->n_paths; i++)
		take(paths, list->paths[i]);
	paths->after_bytes = list->next.len <= sizeof(paths->after) ? list->next.len : 0;
	if (paths->after_bytes) {
		memcpy(paths->after, list->next.data, paths->after_bytes);
		paths->due_ns = paths->now_ns;
		return;
	}
	paths->stand = paths->beginning;
	if (paths->stand) // 0 can't be waited for
		paths->due_ns = paths->now_ns;
	paths->again = true;
}

static void listed(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct paths *paths = arg;

	if (error == -ECANCELED)
		return;
	paths->due_ns = paths->now_ns + AGAIN_NS;
	if (response && response->status && response->status->code == SHOAL__OSS__CODE__OK &&
	    response->body_case == SHOAL__OSS__RESPONSE__BODY_PATH_LIST)
		page_take(paths, response->path_list);
	else
		paths->after_bytes = 0;
}

void paths_watch(struct paths *paths, uint64_t now_ns)
{
	Shoal__Oss__PathList list = SHOAL__OSS__PATH_LIST__INIT;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;

	paths->now_ns = now_ns;
	if (paths->due_ns > now_ns)
		return;
	list.after = (ProtobufCBinaryData){ paths->after_bytes, paths->after };
	list.limit = PAGE;
	list.down = list.up = true;
	list.wait = paths->again && !paths->after_bytes ? paths->stand : 0;
	request.deadline_ms = list.wait ? WAIT_MS : DEADLINE_MS;
	request.body_case = SHOAL__OSS__REQUEST__BODY_PATH_LIST;
	request.path_list = &list;
	paths->due_ns = UINT64_MAX;
	if (rpc_call(paths->rpc, &request, listed, paths))
		paths->due_ns = now_ns + AGAIN_NS;
}
