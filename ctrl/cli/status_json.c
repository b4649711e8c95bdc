// status_json.c - the gateway's status as a JSON object. Pure but for the memory it returns; one thread.
#include "ctrl/cli/status_json.h"

#include "ctrl/cli/upgrade.h"
#include "ctrl/cli/worker_print.h"

static void put(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *account_json(const Shoal__Oss__Account *account)
{
	json_t *object = json_object();

	put(object, "rx", account->rx);
	put(object, "forwarded", account->forwarded);
	put(object, "refused", account->refused);
	put(object, "lent", account->lent);
	put(object, "held", account->held);
	put(object, "rooms", account->rooms);
	put(object, "rooms_free", account->rooms_free);
	put(object, "rooms_port", account->rooms_port);
	json_object_set_new(object, "closes", json_boolean(account->closes));
	return object;
}

static json_t *ports_json(const Shoal__Oss__StatusAnswer *status)
{
	json_t *array = json_array();

	for (size_t i = 0; i < status->n_ports; i++) {
		const Shoal__Oss__Port *port = status->ports[i];
		json_t *object =
		    json_pack("{s:s, s:b, s:s}", "name", port->name, "up", port->up, "driver", port->driver);

		put(object, "rx_packets", port->rx_packets);
		put(object, "rx_bytes", port->rx_bytes);
		put(object, "tx_packets", port->tx_packets);
		put(object, "tx_bytes", port->tx_bytes);
		put(object, "rx_missed", port->rx_missed);
		put(object, "tx_failed", port->tx_failed);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *nests_json(const Shoal__Oss__StatusAnswer *status)
{
	json_t *array = json_array();

	for (size_t i = 0; i < status->n_nests; i++) {
		const Shoal__Oss__Nest *nest = status->nests[i];

		json_array_append_new(array, json_pack("{s:i, s:s, s:i, s:b, s:b}", "nest", (int)nest->nest, "build",
						       nest->build, "pid", nest->pid, "ready", nest->ready, "home",
						       nest->home));
	}
	return array;
}

json_t *status_json(const Shoal__Oss__StatusAnswer *status)
{
	json_t *object = json_pack("{s:s, s:s, s:b, s:b}", "version", status->version, "build", status->build,
				   "primary_up", status->primary_up, "courier_up", status->courier_up);

	put(object, "uptime_ms", status->uptime_ms);
	put(object, "primary_uptime_ms", status->primary_uptime_ms);
	put(object, "epoch", status->epoch);
	put(object, "sessions", status->sessions);
	put(object, "applied", status->applied);
	put(object, "changes_waiting", status->changes_waiting);
	put(object, "store_used_bytes", status->store_used_bytes);
	put(object, "store_limit_bytes", status->store_limit_bytes);
	if (status->account)
		json_object_set_new(object, "account", account_json(status->account));
	json_object_set_new(object, "nests", nests_json(status));
	json_object_set_new(object, "upgrade", json_string(upgrade_phase(status->upgrade)));
	json_object_set_new(object, "ports", ports_json(status));
	json_object_set_new(object, "workers", worker_json(status->workers, status->n_workers));
	return object;
}
