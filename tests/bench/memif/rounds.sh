#!/bin/bash
# rounds.sh SESSIONS ROUNDS SECONDS: memif in, memif out through two workers, and through testpmd (one core, io) between the same
# kind of ports, in turns, as CSV. Every session's lookup has to succeed and the account of packets to close.
set -euo pipefail
. "$(dirname "$0")/../lib/lab.sh"
sessions=$1 rounds=$2 seconds=$3
story_needs "${BENCH_NEEDS[@]}"
command -v dpdk-testpmd >/dev/null || story_skip "dpdk-testpmd is missing"
lab_open
lab_netns gw
bench_gateway
bench_table "$sessions"
bench_import
bench_sessions teid ipv4
equal "$(wc -l <"$LAB/sessions")" "$sessions"
bench_testpmd io
lab_signal STOP testpmd

# Offers both directions of random sessions as fast as it can to the two ports at $1.
generate() { # directory
	in_ns gw "$BUILD/tests/bench/lib/bench-gen" --in-memory --no-pci --no-telemetry --lcores "0@$(bench_core 0)" --huge-dir "$LAB/huge" -m 128 \
		--file-prefix "gen$$" --log-level error \
		--vdev "net_memif0,role=client,id=0,socket=$1/n3.memif,socket-abstract=no,rsize=11,mac=02:00:00:00:03:02" \
		--vdev "net_memif1,role=client,id=0,socket=$1/n6.memif,socket-abstract=no,rsize=11,mac=02:00:00:00:06:02" \
		-- --sessions "$LAB/sessions" --gnb 10.99.3.2 --gtpu 10.99.3.1 --host 10.99.6.2 --seconds "$seconds" 2>>"$LAB/log/gen" |
		tail -n 1
}

one() { # variant
	if [[ $1 == testpmd* ]]; then
		lab_signal CONT testpmd
		generate "$LAB/peer"
		lab_signal STOP testpmd
	else
		generate "$LAB"
	fi | jq .mpps
}

order=(shoal testpmd "testpmd again")
echo round,variant,value
for ((round = 0; round < rounds; round++)); do
	for variant in "${order[@]}"; do echo "$round,$variant,$(one "$variant")"; done
	order=("${order[@]:1}" "${order[0]}")
done
equal "$(counter no_session)" 0
wait_for 10 account_closes
