// event.c - `shoal events`: prints what shoal-ctrl publishes. One thread.
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <stdio.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/secure.h"
#include "ctrl/cli/command.h"

#define EVENTS_WAITING 8192 // the most NNG takes; a worker that stops moves up to 256 shards at once

static const char topic[] = "shoal."; // oss.proto: before every event

static const char *kind_name(Shoal__Oss__EventKind kind)
{
	static const char *const names[] = {
		[SHOAL__OSS__EVENT_KIND__SESSION_APPLIED] = "session.applied",
		[SHOAL__OSS__EVENT_KIND__SESSION_DELETED] = "session.deleted",
		[SHOAL__OSS__EVENT_KIND__WORKER_UP] = "worker.up",
		[SHOAL__OSS__EVENT_KIND__WORKER_DOWN] = "worker.down",
		[SHOAL__OSS__EVENT_KIND__USAGE] = "usage",
		[SHOAL__OSS__EVENT_KIND__SHARD_MOVED] = "shard.moved",
		[SHOAL__OSS__EVENT_KIND__ALARM] = "alarm",
		[SHOAL__OSS__EVENT_KIND__QUARANTINE] = "quarantine",
		[SHOAL__OSS__EVENT_KIND__UPGRADE] = "upgrade",
		[SHOAL__OSS__EVENT_KIND__PATH_FAILED] = "path.failed",
		[SHOAL__OSS__EVENT_KIND__PATH_RECOVERED] = "path.recovered",
		[SHOAL__OSS__EVENT_KIND__TUNNEL_LOST] = "tunnel.lost",
	};
	const char *name = (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;

	return name ? name : "event";
}

static void print_json(const Shoal__Oss__Event *event)
{
	json_t *object =
	    json_pack("{s:I, s:I, s:s, s:I, s:i, s:i, s:s}", "number", (json_int_t)event->number, "at_ms",
		      (json_int_t)event->at_ms, "kind", kind_name(event->kind), "session", (json_int_t)event->session,
		      "seat", (int)event->seat, "shard", (int)event->shard, "text", event->text);

	if (event->usage)
		json_object_set_new(object, "usage",
				    json_pack("{s:I, s:I, s:I, s:I, s:I}", "uplink_packets",
					      (json_int_t)event->usage->uplink_packets, "uplink_bytes",
					      (json_int_t)event->usage->uplink_bytes, "downlink_packets",
					      (json_int_t)event->usage->downlink_packets, "downlink_bytes",
					      (json_int_t)event->usage->downlink_bytes, "red_packets",
					      (json_int_t)event->usage->red_packets));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

// The text says all there is to say of workers and shards; sessions and usage are numbers.
static void print_text(const Shoal__Oss__Event *event)
{
	printf("%s  %-16s", units_when(event->at_ms).text, kind_name(event->kind));
	if (event->session)
		printf("  session %" PRIu64, event->session);
	if (event->usage)
		printf("  up %s, down %s", units_bytes(event->usage->uplink_bytes).text,
		       units_bytes(event->usage->downlink_bytes).text);
	if (event->text[0])
		printf("  %s", event->text);
	putchar('\n');
}

// Numbers are dense, so a hole is a loss, and it is said.
static void note_gap(uint64_t *last, uint64_t number)
{
	if (*last && number > *last + 1)
		fprintf(stderr, "shoal: %" PRIu64 " events were lost before %" PRIu64 "\n", number - *last - 1, number);
	*last = number;
}

static bool take_event(const struct cli *cli, nng_msg *message, uint64_t *last)
{
	size_t skip = sizeof(topic) - 1;
	Shoal__Oss__Event *event = NULL;

	if (nng_msg_len(message) >= skip)
		event = shoal__oss__event__unpack(NULL, nng_msg_len(message) - skip,
						  (const uint8_t *)nng_msg_body(message) + skip);
	if (!event) {
		fputs("shoal: an event that is not of this protocol\n", stderr);
		return false;
	}
	note_gap(last, event->number);
	if (cli->json)
		print_json(event);
	else
		print_text(event);
	fflush(stdout);
	shoal__oss__event__free_unpacked(event, NULL);
	return true;
}

static int subscribe(const struct cli *cli, nng_socket *socket)
{
	nng_dialer dialer;
	int error = nng_sub0_open(socket);

	if (error)
		return error;
	nng_socket_set_size(*socket, NNG_OPT_RECVMAXSZ, CLIENT_MESSAGE_MAX);
	nng_socket_set_int(*socket, NNG_OPT_RECVBUF, EVENTS_WAITING);
	error = nng_socket_set(*socket, NNG_OPT_SUB_SUBSCRIBE, topic, sizeof(topic) - 1);
	if (!error)
		error = secure_dialer(&cli->tls, *socket, cli->event_url, &dialer);
	if (!error)
		error = nng_dialer_start(dialer, 0);
	if (error)
		nng_close(*socket);
	return error;
}

static int receive(const struct cli *cli, nng_socket socket, uint64_t count)
{
	uint64_t last = 0;

	while (count) {
		nng_msg *message;
		int error = nng_recvmsg(socket, &message, 0);

		if (error) {
			fprintf(stderr, "shoal: %s: %s\n", cli->event_url, nng_strerror(error));
			return CLI_UNREACHABLE;
		}
		count -= take_event(cli, message, &last);
		nng_msg_free(message);
		if (ferror(stdout))
			return CLI_PARTLY;
	}
	return CLI_OK;
}

static int run_events(struct cli *cli, const struct args *args)
{
	const char *url = args_value(args, "url");
	nng_socket socket;
	uint64_t count = UINT64_MAX;
	int error;

	if (!args_number(args, "n", (const uint64_t[]){ 1, UINT32_MAX }, &count))
		return -EINVAL;
	if (url)
		snprintf(cli->event_url, sizeof(cli->event_url), "%s", url);
	if (!cli->event_url[0])
		return args_refuse(args, "url: say where events come from; it cannot be told from %s", cli->url);
	error = subscribe(cli, &socket);
	if (error) {
		secure_say(&cli->tls, cli->event_url, error);
		return CLI_UNREACHABLE;
	}
	fprintf(stderr, "listening to %s\n", cli->event_url);
	error = receive(cli, socket, count);
	nng_close(socket);
	return error;
}

static const struct args_option event_options[] = {
	{ "url", "URL", "where they come from; default: events.ipc beside the RPC's oss.ipc, else the RPC's own URL" },
	{ "n", "N", "stop after N events" },
	{ 0 },
};

const struct command event_commands[] = {
	{
	    .name = "events",
	    .summary = "Prints events as they happen: sessions applied, workers up and down, shards moved, usage",
	    .text =
		"Only what happens from now on. Events are numbered: where some were lost, that is said on stderr.\n",
	    .examples = "  shoal events\n"
			"  shoal events --json | jq 'select(.kind == \"worker.down\")'\n",
	    .options = event_options,
	    .run = run_events,
	},
	{ 0 },
};
