// conf.h - the one YAML configuration, shared by all processes (libcyaml reads it).
//
// deploy/config/shoal.yaml is the documented example and a test. Each field's type, bounds, default and help text stand in one table in
// conf_table.h. Addresses are converted: integers are host order. Owned by the caller, read-only. Not thread-safe while loading.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "shared/base/conf_packets.h"
#include "shared/base/conf_port.h"

enum conf_idle { CONF_ADAPTIVE, CONF_SPIN };
enum conf_duty { CONF_READ, CONF_PROVISION, CONF_OPERATE }; // each may do what those before it may
enum conf_yes { CONF_NO, CONF_YES };
enum conf_placement { CONF_CHECK, CONF_FORCE };

// Where RPC and events are served besides ctrl.oss.
struct conf_door {
	char url[256]; // ipc:///path, tls+tcp://address:port; tcp://address:port with `plain`
	enum conf_duty role;
	char dnn[64];                             // not empty: sees and changes sessions of this one alone
	char certificate[256], key[256], ca[256]; // TLS: ours, and who vouches for clients
	enum conf_yes plain;
	unsigned users;
	char user[8][32]; // ipc: may come in besides root and the controller's own; names or numbers
	char group[32];   // ipc: its members may
};

// A rule by name, which CP functions activate in their PDRs (TS 29.244 5.19).
struct conf_pfcp_rule {
	char name[64];
	unsigned filters;                    // 1 at least
	char filter[16][256];                // flow descriptions, as they were written (conf_doubt)
	enum conf_yes pass;                  // no: its packets are dropped
	uint32_t uplink_kbps, downlink_kbps; // 0 = no limit
	uint32_t qfi;                        // 0 = none of its own
};

struct conf {
	char path[512];
	char run_dir[256];     // sockets and locks
	uint32_t gtpu_address; // our GTP-U endpoint; also an address of an access port
	unsigned ports;
	struct conf_port port[16];
	unsigned workers;     // fast workers to keep running: 1..15
	char worker_user[32]; // workers, forked by root, become this user; empty = stay
	int primary_cpu;      // -1 = floating
	unsigned worker_cpus; // 0 = one per L2 boundary where there are cores, else floating
	int worker_cpu[15];
	int slow_cpu;                  // the slow lane's; -1 = floating
	enum conf_placement placement; // may cores that break a rule of topo/rule.h be taken?
	enum conf_idle idle;
	char hugepage_dir[256]; // hugetlbfs mount, 2 MB pages
	char record_dir[256];   // packets that killed two workers
	char plugin[256];       // a DPDK driver to load for ports with driver plugin; empty = none
	uint32_t rooms;         // packet rooms: 8192..1048576
	uint32_t hold;          // packets held per seat while it is full, dead or moving: 1024..262144
	uint32_t
	    buffer_packets; // downlink packets that may wait for the radio side: of all sessions together, 0..262144,
	uint32_t buffer_session; // of one: 1..4096
	uint32_t buffer_seconds; // and how long: 1..3600,
	uint32_t buffer_longest; // at most where it is asked for (conf_longest): 1..3600
	unsigned pools;
	struct conf_pool pool[16];
	uint32_t foreign_slots; // cells per shard for addresses from outside the pools
	uint32_t rates;         // rate table entries per shard: 2..65535
	uint32_t rules_bytes;   // of each cell, twice, for rules that two lines can't tell: 0..17920, by 64
	char store_dir[256];
	uint32_t store_mib; // LMDB map size
	char ctrl_user[32]; // ctrl, started as root, becomes this user; empty = stays
	unsigned oss_urls;
	char oss_url[4][256]; // ipc: RPC for root and ctrl's own user, role operate; default ipc://<run_dir>/oss.ipc
	char event_url[256];  // ipc: events for the same; default ipc://<run_dir>/events.ipc
	unsigned doors;
	struct conf_door door[8];
	uint32_t usage_interval_ms, closed_max;
	uint32_t gtpu_mute_s;                      // after the primary's start, no Error Indications
	uint32_t gtpu_echo_s, gtpu_t3_ms, gtpu_n3; // path supervision: interval (0 = none), T3-RESPONSE, N3-REQUESTS
	uint32_t gtpu_link_mtu; // told to subscribers in router advertisements; 0 = what fits all ports
	struct conf_packets packets;
	unsigned pfcp_listens; // 0 = no PFCP here
	struct conf_address pfcp_listen[8];
	char pfcp_node_id[104]; // an address or a name; default: the first of them
	unsigned pfcp_peers;
	struct conf_address pfcp_peer[64]; // prefixes of addresses that may associate
	unsigned pfcp_associates;
	struct conf_address pfcp_associate[16]; // whom we ask to associate
	unsigned pfcp_resources;
	char pfcp_resource[4][64]; // network instances that our GTP-U addresses are told for; names of labels
	char pfcp_ctrl[256];       // RPC of ctrl; default: the first of oss_url
	char pfcp_user[32];        // shoal-pfcp, started as root, becomes this user; empty = stays
	uint32_t pfcp_heartbeat_ms, pfcp_t1_ms, pfcp_n1;
	unsigned pfcp_rules;
	struct conf_pfcp_rule pfcp_rule[32];
	char log_level[16]; // error, warning, info, debug
};

// Reads and checks the file: 0 and a *conf for conf_free, or -errno, *conf null, and in `error` ("shoal.yaml:12: ports[0].mtu: 200 is below 1280").
int conf_load(const char *path, struct conf **conf, char *error, size_t error_bytes);
void conf_free(struct conf *conf);

// The same kind of message about a value that only its user can judge; -EINVAL.
int conf_doubt(const struct conf *conf, const char *field, const char *fault, char *error, size_t error_bytes);
// How many seconds packets wait at most, where the control plane asks for longer than usual.
static inline uint32_t conf_longest(const struct conf *conf)
{
	return conf->buffer_longest > conf->buffer_seconds ? conf->buffer_longest : conf->buffer_seconds;
}

// The first port on the same device: itself, or one that differs by its VLAN.
unsigned conf_carrier(const struct conf *conf, unsigned port);

// Whether several networks are named: an address says whose it is together with its network only.
bool conf_apart(const struct conf *conf);

// Where tunnels over IPv6 end: the first address of an access port that is not of its link alone. Left as it is if there is none.
void conf_gtpu_ipv6(const struct conf *conf, uint8_t gtpu_ipv6[16]);

// Prints the effective configuration as YAML that conf_load reads back to the same values.
void conf_print(const struct conf *conf, FILE *file);
