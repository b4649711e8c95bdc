#!/bin/bash
# rounds.sh ROUNDS MS SIZE...: Shoal and a forwarder on TUN between the same kind of veths, flat out in both directions, as CSV.
#
#   world              gw                                   world              tun
#    x3 ---veth--- n3 shoal-primary, worker n6 ---veth--- x6
#    y3 ---veth--- n3 kernel, socket, bench-forward, tun0, kernel n6 ---veth--- y6
#   bench-gen sits in world, on all four, by af_packet; sizes are of the inner packet.
set -euo pipefail
. "$(dirname "$0")/../lib/lab.sh"
rounds=$1 ms=$2
shift 2
story_needs "${STORY_NEEDS[@]}"

mac_of() { # namespace device
	in_ns "$1" cat "/sys/class/net/$2/address"
}

# The kernel knows its neighbours, so it asks nobody.
tun_up() {
	in_ns tun ip tuntap add tun0 mode tun
	in_ns tun ip link set tun0 mtu 1500 txqueuelen 1000 up
	in_ns tun ip address add 10.99.3.1/24 dev n3
	in_ns tun ip address add 10.99.6.1/24 dev n6
	in_ns tun ip route add 10.45.0.0/16 dev tun0
	in_ns tun ip neigh replace 10.99.3.2 lladdr "$(mac_of world y3)" dev n3
	in_ns tun ip neigh replace 10.99.6.2 lladdr "$(mac_of world y6)" dev n6
	in_ns tun sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tun0.rp_filter=0 \
		net.ipv4.conf.n3.rp_filter=0 net.ipv4.conf.n6.rp_filter=0
	lab_start forward tun "$BUILD/tests/bench/tun/bench-forward" tun0 10.99.3.1 10.99.3.2 "$LAB/sessions"
	lab_expect forward ready
}

spent_ns() { # namespace
	local pid
	for pid in $(lab_pids "${LAB##*/}-$1"); do cat "/proc/$pid/task/"*/schedstat 2>/dev/null || true; done | awk '{ sum += $1 } END { printf "%.0f", sum }'
}

one() { # variant size; packets a second, nanoseconds of CPU a packet
	local namespace=tun target=1 before after report
	if [[ $1 == shoal ]]; then namespace=gw target=0; fi
	before=$(spent_ns "$namespace")
	report=$(bench_slice "$target" "$2" "$ms")
	after=$(spent_ns "$namespace")
	jq -r --argjson ns $((after - before)) '"\(.mpps * 1000000 | round),\(if .all > 0 then $ns / .all | round else 0 end),\(.up),\(.down)"' <<<"$report"
}

lab_open
for namespace in world gw tun; do lab_netns "$namespace"; done
bench_cables gw x
bench_cables tun y
GW_WORKERS=1
gateway_up
bench_plain_sessions 256
tun_up
vdevs=() n=0
for port in x3 x6 y3 y6; do
	vdevs+=(--vdev "net_af_packet$n,iface=$port,qdisc_bypass=1")
	n=$((n + 1))
done
bench_gen world "${vdevs[@]}"
bench_meet 0
echo size,round,variant,value,cpu_ns,up,down
for size; do
	order=(shoal tun "tun again")
	for ((round = 0; round < rounds; round++)); do
		for variant in "${order[@]}"; do echo "$size,$round,$variant,$(one "$variant" "$size")"; done
		order=("${order[@]:1}" "${order[0]}")
	done
done
wait_for 10 account_closes
