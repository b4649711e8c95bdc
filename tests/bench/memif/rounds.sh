#!/bin/bash
# rounds.sh SESSIONS ROUNDS MS: memif in, memif out through two workers, and through testpmd (one core, io) between the same
# kind of ports, in turns, as CSV. Every session's lookup has to succeed and the account of packets to close.
set -euo pipefail
. "$(dirname "$0")/../lib/lab.sh"
sessions=$1 rounds=$2 ms=$3
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

vdevs=() n=0
for folder in "$LAB" "$LAB/peer"; do
	for port in n3 n6; do
		vdevs+=(--vdev "net_memif$n,role=client,id=0,socket=$folder/$port.memif,socket-abstract=no,rsize=$BENCH_RING")
		n=$((n + 1))
	done
done
bench_gen gw "${vdevs[@]}"
bench_meet 0
lab_signal STOP testpmd

one() { # variant
	local target=0 said
	if [[ $1 == testpmd* ]]; then target=1 && lab_signal CONT testpmd; fi
	said=$(bench_slice "$target" 64 "$ms")
	if ((target)); then lab_signal STOP testpmd; fi
	jq .mpps <<<"$said"
}

order=(shoal testpmd "testpmd again")
echo round,variant,value
for ((round = 0; round < rounds; round++)); do
	for variant in "${order[@]}"; do echo "$round,$variant,$(one "$variant")"; done
	order=("${order[@]:1}" "${order[0]}")
done
equal "$(counter no_session)" 0
wait_for 10 account_closes
