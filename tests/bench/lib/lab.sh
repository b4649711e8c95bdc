# shellcheck shell=bash
# lab.sh - for benchmarks with the real gateway: it stands between two memif ports with many sessions, testpmd between two others.
#
#   bench-gen ~~memif n3~~ gateway ~~memif n6~~ bench-gen             all in the lab's namespace gw; one core each where there are four:
#   bench-gen ~~memif n3~~ testpmd ~~memif n6~~ bench-gen             generator 0, primary or testpmd 1, workers 2 and 3
# Sourced by bash, first of all; brings the rest of the lab.

. "$(dirname "${BASH_SOURCE[0]}")/../../lab/story.sh"

BENCH_NEEDS=(root memory hugepages hugetlbfs netns)
BENCH_ROLE=server  # the gateway's end of a memif
BENCH_RING=11      # log2 of the packets in it
BENCH_HOLD=2048
BENCH_ROOMS=32768
BENCH_IDLE=adaptive
BENCH_WORKERS=2
BENCH_POOL=10.128.0.0/12 # holds all sessions: 256 shards x rows
BENCH_MIB=1536
BENCH_MAC_N3=02:00:00:00:03:01 # of the gateway's ends of cables
BENCH_MAC_N6=02:00:00:00:06:01

bench_cores() { # how many the benchmark wants to itself
	(($(nproc) >= $1))
}

bench_config() {
	local primary_cpu=any worker_cpus='[]'
	if bench_cores 4; then
		primary_cpu=1 worker_cpus='[2, 3]'
		((BENCH_WORKERS > 1)) || worker_cpus='[2]'
	fi
	cat >"$LAB/shoal.yaml" <<-END
		run_dir: $LAB/run
		idle: $BENCH_IDLE
		ports:
		  - {name: n3, driver: memif, device: $LAB/n3.memif, options: 'role=$BENCH_ROLE,rsize=$BENCH_RING', role: access, mtu: 1600,
		     mac: '02:00:00:00:03:01', addresses: [10.99.3.1/24]}
		  - {name: n6, driver: memif, device: $LAB/n6.memif, options: 'role=$BENCH_ROLE,rsize=$BENCH_RING', role: core, mtu: 1500,
		     mac: '02:00:00:00:06:01', addresses: [10.99.6.1/24]}
		workers: {count: $BENCH_WORKERS, cpus: $worker_cpus}
		primary: {cpu: $primary_cpu, hugepage_dir: $LAB/huge, rooms: $BENCH_ROOMS, hold: $BENCH_HOLD}
		pools: [{dnn: internet, ipv4: $BENCH_POOL}]
		limits: {foreign_slots: 0, rates: 64, rules_bytes: 0}
		ctrl: {store_dir: $LAB/store, store_mib: 4096}
	END
}

bench_gateway() {
	lab_hugepages "$BENCH_MIB"
	bench_config
	GW_WORKERS=$BENCH_WORKERS gateway_start
}

# All policed, at a rate that refuses nothing.
bench_table() { # how many
	awk -v n="$1" 'BEGIN {
		print "imsi,ipv4,peer,peer_teid,ul_rate,dl_rate"
		for (i = 1; i <= n; i++) printf "00101%010d,auto,10.99.3.2,%d,10G,10G\n", i, i
	}' >"$LAB/subscribers.csv"
}

bench_import() {
	shoal --timeout 600 session import --wait "$LAB/subscribers.csv" >/dev/null
}

# Which tunnel and address each got: "teid,ipv4" lines, or "teid,ipv4,peer-teid" ones.
bench_sessions() { # column...
	shoal --timeout 600 session export --format csv - 2>/dev/null | awk -F , -v wanted="$*" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(wanted, name, " "); next }
		{ line = $at[name[1]]; for (i = 2; i <= n; i++) line = line "," $at[name[i]]; print line }' >"$LAB/sessions"
}

# testpmd as the limit: one core, nothing but moving packets from port to port. It stands still until it is wanted.
bench_testpmd() { # forward-mode
	mkdir -p "$LAB/peer"
	lab_start testpmd gw dpdk-testpmd --in-memory --no-pci --no-telemetry --huge-dir "$LAB/huge" -m 128 --file-prefix "pmd$$" \
		--lcores "0@$(bench_core 1),1@$(bench_core 1)" \
		--vdev "net_memif0,role=$BENCH_ROLE,id=0,socket=$LAB/peer/n3.memif,socket-abstract=no,rsize=$BENCH_RING" \
		--vdev "net_memif1,role=$BENCH_ROLE,id=0,socket=$LAB/peer/n6.memif,socket-abstract=no,rsize=$BENCH_RING" \
		-- --total-num-mbufs=16384 --rxd=$((1 << BENCH_RING)) --txd=$((1 << BENCH_RING)) --no-mlockall "--forward-mode=$1" --stats-period 600
	lab_expect testpmd "statistics"
}

bench_pids() { # the gateway's processes
	local pid
	BENCH_PIDS=()
	for pid in $(lab_pids "${LAB##*/}-gw"); do
		if [[ $(<"/proc/$pid/comm") == shoal-* ]]; then BENCH_PIDS+=("$pid"); fi
	done
}

bench_core() { # the one meant, or any
	if bench_cores 4; then echo "$1"; else echo "0-$(($(nproc) - 1))"; fi
}

# Traffic of $LAB/sessions, flat out and both ways: bench_gen starts the generator in a namespace, bench_slice prints a slice's JSON
# (never in a pipeline: bash closes a coprocess's files there).
bench_gen() { # namespace EAL-argument...
	local ns=$1
	shift
	coproc BENCH_GEN { in_ns "$ns" "$BUILD/tests/bench/lib/bench-gen" --no-huge --no-shconf -m 192 --no-pci --no-telemetry --iova-mode=va \
		--lcores "0@$(bench_core 0)" --log-level error "$@" -- --sessions "$LAB/sessions" --gnb 10.99.3.2 --gtpu 10.99.3.1 --host 10.99.6.2 \
		--far "$BENCH_MAC_N3,$BENCH_MAC_N6" 2>"$LAB/log/gen"; }
	local said
	read -r -t 30 -u "${BENCH_GEN[0]}" said && equal "$said" ready
}

bench_slice() { # target inner-bytes ms [packets a second]
	local said
	echo "$1 $2 $3 ${4:-0}" >&"${BENCH_GEN[1]}"
	read -r -t $((30 + $3 / 1000)) -u "${BENCH_GEN[0]}" said
	echo "$said"
}

# Sends a little until it comes out of the gateway in both directions: neighbours have found each other.
bench_meet() { # target
	local said
	for _ in {1..20}; do
		said=$(bench_slice "$1" 64 200 1000)
		jq -e '.up > 0 and .down > 0' <<<"$said" >"$LAB/log/meet" && return
	done
	echo "nothing comes through: $said" >&2
	return 1
}

# Two cables from namespace world, where the traffic is made, to a gateway's n3 and n6: LETTER3 and LETTER6 in world.
bench_cables() { # namespace letter
	net_veth world "$2"3 "$1" n3 1604
	net_veth world "$2"6 "$1" n6 1504
	in_ns "$1" ip link set n3 address "$BENCH_MAC_N3"
	in_ns "$1" ip link set n6 address "$BENCH_MAC_N6"
	net_bare "$1" n3
	net_bare "$1" n6
	net_bare world "$2"3
	net_bare world "$2"6
}

# IPv4 alone, no QFI: what every contestant understands.
bench_plain_sessions() { # how many
	bench_table "$1"
	bench_import
	bench_sessions teid ipv4
}
