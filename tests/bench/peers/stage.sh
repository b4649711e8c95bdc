#!/bin/bash
# stage.sh SESSIONS LISTS TUNNELS WORKERS: puts all contestants on stage, each between two ports of net_gtpgen, and holds them there
# until its stdin ends. All of them stand still; who is to run is told by signals and by the ports' boards.
#
#   net_gtpgen0 (radio side)    shoal | testpmd | ovs-vswitchd    net_gtpgen1 (network)         one process each, none at the same time
#
#   SESSIONS   subscribers of the gateway
#   LISTS      n:n:...: numbers of sessions that packets belong to, one list each (tests/bench/gtpgen)
#   TUNNELS    flows of Open vSwitch each way; 0, or where it is not installed: without it
# Says "key value" lines: boards, threads that poll, how to reach them; and last "ready".
set -euo pipefail
. "$(dirname "$0")/../lib/lab.sh"
sessions=$1 lists=$2 tunnels=$3 BENCH_WORKERS=$4
story_needs "${BENCH_NEEDS[@]}"
command -v dpdk-testpmd >/dev/null || story_skip "dpdk-testpmd is missing"
vswitchd=/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk
[[ -x $vswitchd ]] || tunnels=0
[[ -e $BUILD/tests/bench/gtpgen/librte_net_gtpgen.so ]] || story_skip "net_gtpgen is not built: it wants DPDK 22.11"
lab_open

# The EAL takes no plug-in from below a folder that everybody may write to, as /tmp is, and /run on some hosts.
others_write() { # folder
	local at=$1
	while [[ $(stat -c %A "$at") != *w? && $at != / ]]; do at=$(dirname "$at"); done
	[[ $(stat -c %A "$at") == *w? ]]
}
for folder in /run /var/lib /root; do others_write "$folder" || break; done
plugins=$(mktemp -d "$folder/shoal-bench.XXXXXX")
trap 'status=$?; rm -rf "$plugins"; lab_close "$status"' EXIT
plugin=$plugins/librte_net_gtpgen.so
cp "$BUILD/tests/bench/gtpgen/librte_net_gtpgen.so" "$plugin"
lab_netns gw
lab_hugepages "$((1024 + sessions / 2048 + (tunnels > 0 ? 640 : 0)))"
core=$(bench_core 1)

board() { # contestant side
	printf 0 >"$LAB/$1.$2"
	echo "board.$1.$2 $LAB/$1.$2"
}

port() { # contestant up|down
	echo "way=$2,sessions=$LAB/sessions,subsets=$lists,seed=$seed,board=$LAB/$1.$2${3:+,window=$3}"
}

config() {
	local primary_cpu=any worker_cpus='[]'
	if bench_cores 4; then
		primary_cpu=1 worker_cpus='[2, 3]'
		((BENCH_WORKERS > 1)) || worker_cpus='[2]'
	fi
	cat >"$LAB/shoal.yaml" <<-END
		run_dir: $LAB/run
		ports:
		  - {name: n3, driver: plugin, device: net_gtpgen0, options: '$(port shoal up 512)', role: access, mtu: 1600, addresses: [10.99.3.1/24]}
		  - {name: n6, driver: plugin, device: net_gtpgen1, options: '$(port shoal down 512)', role: core, addresses: [10.99.6.1/24]}
		workers: {count: $BENCH_WORKERS, cpus: $worker_cpus}
		primary: {cpu: $primary_cpu, hugepage_dir: $LAB/huge, plugin: $plugin, rooms: 32768, hold: 2048}
		pools: [{dnn: internet, ipv4: 10.128.0.0/12}]
		limits: {foreign_slots: 0, rates: 64, rules_bytes: 0}
		ctrl: {store_dir: $LAB/store, store_mib: 4096}
	END
}

# The sessions' TEIDs are the gateway's to choose, and its ports want to know them when they open: so it starts twice.
shoal_up() {
	local all=$lists
	board shoal up
	board shoal down
	echo "1,10.128.0.1,1" >"$LAB/sessions"
	lists=1 config
	GW_WORKERS=$BENCH_WORKERS gateway_start >&2
	bench_table "$sessions"
	bench_import
	bench_sessions teid ipv4 peer_teid
	equal "$(wc -l <"$LAB/sessions")" "$sessions"
	shuf "$LAB/sessions" -o "$LAB/sessions" # a list's sessions lie anywhere
	gateway_stop
	lists=$all config
	GW_WORKERS=$BENCH_WORKERS gateway_start >&2
	wait_for 120 all_applied "$sessions"
	echo "poll.shoal $(lab_pid primary)"
	echo "run.shoal $LAB/run"
}

testpmd_up() {
	board testpmd up
	board testpmd down
	mkfifo "$LAB/testpmd.in"
	lab_start testpmd gw bash -c "exec dpdk-testpmd \"\$@\" 0<>'$LAB/testpmd.in'" testpmd --in-memory --no-pci --no-telemetry --huge-dir "$LAB/huge" \
		-m 128 --file-prefix "pmd$$" --lcores "0@$(bench_core 0),1@$core" -d "$plugin" \
		--vdev "net_gtpgen0,$(port testpmd up)" --vdev "net_gtpgen1,$(port testpmd down)" \
		-- --total-num-mbufs=16384 --rxd=1024 --txd=1024 --no-mlockall --no-flush-rx -i
	lab_expect testpmd 'testpmd>'
	echo "in.testpmd $LAB/testpmd.in"
	echo "pid.testpmd $(lab_pid testpmd)"
}

. "$(dirname "$0")/ovs.sh"
seed=$RANDOM
shoal_up
testpmd_up
((tunnels == 0)) || ovs_up
echo ready
cat >/dev/null
equal "$(counter no_session)" 0
wait_for 10 account_closes
