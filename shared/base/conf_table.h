// conf_table.h - the one table of the configuration: every field's key, type, bounds, default and help text.
//
// From the lists below come the struct of texts that libcyaml fills (conf_texts.h), its schema, the conversion and the printing.
// Private to conf*.c.
#pragma once
#include <stdint.h>
#include "shared/base/conf.h"

// ONE(key, member, kind, low, high, default, help): one value; null: must be given. MANY(key, member, its count, ...): a list, or none.
// clang-format off
#define CONF_ROOT(ONE, MANY) \
	ONE(run_dir, run_dir, conf_kind_path, 2, 56, "/run/shoal", "where sockets and locks live") \
	ONE(log_level, log_level, conf_kind_level, 0, 0, "info", "error, warning, info or debug") \
	ONE(gtpu_address, gtpu_address, conf_kind_ipv4, 0, 0, "auto", "GTP-U endpoint; auto: first IPv4 address of an access port") \
	ONE(idle, idle, conf_kind_idle, 0, 0, "adaptive", "adaptive: sleep when there is nothing to do; spin: never") \
	ONE(placement, placement, conf_kind_placement, 0, 0, "check", "check: cores that break a rule are refused; force: taken")

#define CONF_PORT(ONE, MANY) \
	ONE(name, name, conf_kind_name, 1, 31, NULL, "for people and counters") \
	ONE(driver, driver, conf_kind_driver, 0, 0, "af_xdp", "af_xdp, af_packet, tap, memif, pcap, pci or plugin") \
	ONE(device, device, conf_kind_device, 1, 255, NULL, "interface, memif socket, pcap file, PCI address or plug-in's device") \
	ONE(options, options, conf_kind_text, 0, 255, "", "appended to the driver's device arguments") \
	ONE(role, role, conf_kind_role, 0, 0, NULL, "access, core or both") \
	ONE(vlan, vlan, conf_kind_number, 0, 4094, "0", "802.1Q tag; 0: untagged") \
	ONE(mtu, mtu, conf_kind_number, 1280, 2000, "1500", "largest IP packet, bytes") \
	ONE(mac, mac, conf_kind_mac, 0, 0, "device", "device: the device's own") \
	MANY(addresses, address, addresses, conf_kind_address, 0, 16, "own addresses, each with its prefix length") \
	ONE(gateway4, gateway4, conf_kind_ipv4, 0, 0, "none", "next hop of IPv4 destinations not on link") \
	ONE(gateway6, gateway6, conf_kind_ipv6, 0, 0, "none", "next hop of IPv6 destinations not on link") \
	MANY(routes, route, routes, conf_kind_route, 0, 16, "further prefixes and their next hops, '<prefix> via <address>'") \
	ONE(network, network, conf_kind_name_or, 1, 63, "none", "routing domain of a port towards the network; none: there is one for all")

#define CONF_WORKERS(ONE, MANY) \
	ONE(count, workers, conf_kind_number, 1, 15, "2", "fast workers to keep running") \
	ONE(user, worker_user, conf_kind_account, 0, 0, "nobody", "whom workers become when root has started the nursery") \
	ONE(slow_cpu, slow_cpu, conf_kind_cpu, 0, 0, "any", "core of the slow lane; any: floating") \
	MANY(cpus, worker_cpu, worker_cpus, conf_kind_cpu, 0, 15, "one for each worker; empty: chosen at start")

#define CONF_PRIMARY(ONE, MANY) \
	ONE(cpu, primary_cpu, conf_kind_cpu, 0, 0, "any", "core of the packet loop; any: floating") \
	ONE(hugepage_dir, hugepage_dir, conf_kind_path, 2, 200, "/dev/hugepages", "hugetlbfs mount of 2 MB pages") \
	ONE(record_dir, record_dir, conf_kind_path, 2, 200, "/var/lib/shoal-records", "where packets that killed two workers are kept") \
	ONE(plugin, plugin, conf_kind_file, 0, 255, "none", "a DPDK driver to load for ports with driver plugin") \
	ONE(rooms, rooms, conf_kind_number, 8192, 1048576, "32768", "packet rooms, 2240 bytes each") \
	ONE(hold, hold, conf_kind_number, 1024, 262144, "8192", "packets held for each worker that is full, dead or moving")

#define CONF_BUFFERING(ONE, MANY) \
	ONE(packets, buffer_packets, conf_kind_number, 0, 262144, "4096", "downlink packets that wait for the radio side, of all sessions together") \
	ONE(session_packets, buffer_session, conf_kind_number, 1, 4096, "64", "of one session") \
	ONE(seconds, buffer_seconds, conf_kind_number, 1, 3600, "30", "how long a packet waits") \
	ONE(longest_seconds, buffer_longest, conf_kind_number, 1, 3600, "600", "where the control plane asks for longer; at least seconds")

#define CONF_POOL(ONE, MANY) \
	ONE(dnn, dnn, conf_kind_name, 1, 63, "internet", "data network name (APN)") \
	ONE(ipv4, ipv4, conf_kind_pool4, 8, 24, "none", "prefix, /8 to /24") \
	ONE(ipv6, ipv6, conf_kind_pool6, 16, 56, "none", "prefix, /16 to /56; each subscriber gets a /64") \
	ONE(network, network, conf_kind_name_or, 1, 63, "none", "routing domain of its subscribers, as ports name it; none: there is one for all")

#define CONF_LIMITS(ONE, MANY) \
	ONE(foreign_slots, foreign_slots, conf_kind_number, 0, 65536, "256", "sessions a shard with addresses not from the pools") \
	ONE(rates, rates, conf_kind_number, 2, 65535, "1024", "different rates a shard") \
	ONE(rules_bytes, rules_bytes, conf_kind_number, 0, 17920, "2048", "room for the rules of a session that needs more than two, kept twice")

#define CONF_DOOR(ONE, MANY) \
	ONE(url, url, conf_kind_door_url, 0, 0, NULL, "ipc:///<path>, tls+tcp://<address>:<port>, or tcp:// with plain") \
	ONE(role, role, conf_kind_duty, 0, 0, NULL, "read, provision or operate") \
	ONE(dnn, dnn, conf_kind_name_or, 0, 63, "any", "any, or the one data network whose sessions exist here") \
	ONE(certificate, certificate, conf_kind_file, 0, 255, "none", "TLS: our certificate, PEM") \
	ONE(key, key, conf_kind_file, 0, 255, "none", "TLS: its private key, PEM, mode 0600") \
	ONE(ca, ca, conf_kind_file, 0, 255, "none", "TLS: who vouches for this door's clients, PEM") \
	ONE(plain, plain, conf_kind_yes, 0, 0, "no", "yes: tcp without encryption and without knowing who it is") \
	MANY(users, user, users, conf_kind_account, 0, 8, "ipc: who may come in besides root and the controller's user") \
	ONE(group, group, conf_kind_account, 0, 0, "none", "ipc: a group whose members may come in")

#define CONF_CTRL(ONE, MANY) \
	ONE(user, ctrl_user, conf_kind_account, 0, 0, "none", "whom the controller becomes when root has started it") \
	ONE(store_dir, store_dir, conf_kind_path, 2, 200, "/var/lib/shoal", "where sessions are kept") \
	ONE(store_mib, store_mib, conf_kind_number, 16, 1048576, "4096", "largest size of the store, MiB") \
	MANY(oss, oss_url, oss_urls, conf_kind_url, 0, 4, "RPC on this host, for root; empty: ipc://<run_dir>/oss.ipc") \
	ONE(events, event_url, conf_kind_url, 0, 0, "auto", "events on this host, for root; auto: ipc://<run_dir>/events.ipc") \
	ONE(usage_interval_ms, usage_interval_ms, conf_kind_number, 100, 3600000, "1000", "time between usage reports") \
	ONE(closed_max, closed_max, conf_kind_number, 1, 100000000, "100000", "settled accounts of deleted sessions that are kept")

#define CONF_GTPU(ONE, MANY) \
	ONE(error_indication_mute_seconds, gtpu_mute_s, conf_kind_number, 0, 86400, "60", "no Error Indications so long after the start") \
	ONE(link_mtu, gtpu_link_mtu, conf_kind_number, 0, 2000, "0", "MTU told in router advertisements; 0: what fits all ports") \
	ONE(echo_seconds, gtpu_echo_s, conf_kind_number, 0, 3600, "60", "time between Echo Requests to a peer; 0: none are sent") \
	ONE(echo_t3_ms, gtpu_t3_ms, conf_kind_number, 100, 60000, "5000", "T3-RESPONSE: time until an Echo Request is sent again") \
	ONE(echo_n3, gtpu_n3, conf_kind_number, 1, 10, "3", "N3-REQUESTS: how often it is sent in all, before the path is down")

#define CONF_PACKETS(ONE, MANY) \
	ONE(ue_to_ue, packets.ue_to_ue, conf_kind_ue_to_ue, 0, 0, "local", "between subscribers of our pools: local, network (by the core side's router) or refuse") \
	ONE(tcp_mss, packets.tcp_mss, conf_kind_number, 0, 1960, "0", "largest TCP MSS over IPv4, over IPv6 20 less; 0: as it is said") \
	ONE(fragment, packets.fragment, conf_kind_yes, 0, 0, "yes", "yes: cut what is too large and may be cut") \
	ONE(reassemble, packets.reassemble, conf_kind_number, 0, 1024, "256", "fragmented G-PDUs put together at once; 0: refused")

#define CONF_PFCP(ONE, MANY) \
	MANY(listen, pfcp_listen, pfcp_listens, conf_kind_host, 0, 8, "own addresses, UDP port 8805; empty: no PFCP here") \
	ONE(node_id, pfcp_node_id, conf_kind_node_id, 0, 100, "auto", "address or name; auto: the first of listen") \
	MANY(peers, pfcp_peer, pfcp_peers, conf_kind_hosts, 0, 64, "addresses and prefixes of SMFs and PGW-Cs that may associate") \
	MANY(associate, pfcp_associate, pfcp_associates, conf_kind_host, 0, 16, "SMFs and PGW-Cs that are asked to associate; the others ask us") \
	MANY(ip_resources, pfcp_resource, pfcp_resources, conf_kind_labels, 0, 4, "network instances that our GTP-U addresses are told for, as before release 17; empty: none") \
	ONE(heartbeat_ms, pfcp_heartbeat_ms, conf_kind_number, 1000, 3600000, "10000", "time between heartbeats to a peer") \
	ONE(t1_ms, pfcp_t1_ms, conf_kind_number, 100, 60000, "3000", "T1: time until a request of ours is repeated") \
	ONE(n1, pfcp_n1, conf_kind_number, 1, 10, "3", "N1: how often it is sent in all") \
	ONE(ctrl, pfcp_ctrl, conf_kind_url, 0, 0, "auto", "where the controller is asked; auto: the first of ctrl.oss") \
	ONE(user, pfcp_user, conf_kind_account, 0, 0, "none", "whom shoal-pfcp becomes when root has started it")

#define CONF_PFCP_RULE(ONE, MANY) \
	ONE(name, name, conf_kind_name, 1, 63, NULL, "as CP functions call it in Activate Predefined Rules") \
	MANY(filters, filter, filters, conf_kind_flow, 0, 16, "flow descriptions: 'permit out <proto> from <address> [<ports>] to assigned'") \
	ONE(pass, pass, conf_kind_yes, 0, 0, "yes", "no: its packets are dropped") \
	ONE(uplink_kbps, uplink_kbps, conf_kind_number, 0, 1000000000, "0", "limit of its packets, kbit/s; 0: none of its own") \
	ONE(downlink_kbps, downlink_kbps, conf_kind_number, 0, 1000000000, "0", "likewise towards the subscriber") \
	ONE(qfi, qfi, conf_kind_number, 0, 63, "0", "QFI of its packets towards the radio side; 0: none of its own")
// clang-format on
