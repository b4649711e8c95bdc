#!/bin/bash
# rounds.sh SESSIONS WINDOW ROUNDS: sessions a second made, changed and deleted by PFCP, beside a bare UDP echo on the same cable, as CSV.
#
#      cp                        gw
#   bench-pfcp n4 10.99.4.2 ---veth--- n4 10.99.4.1 shoal-pfcp, the whole gateway; and the echo
set -euo pipefail
. "$(dirname "$0")/../lib/lab.sh"
BENCH_WORKERS=1 BENCH_POOL=10.128.0.0/15 BENCH_MIB=${BENCH_MIB:-512} BENCH_ROOMS=16384
sessions=$1 window=$2 rounds=$3
story_needs "${BENCH_NEEDS[@]}"
lab_open
lab_netns gw
lab_netns cp
net_veth cp n4 gw n4 1500
net_host cp n4 0 10.99.4.2/24 fd99:4::2/64
net_host gw n4 0 10.99.4.1/24 fd99:4::1/64
lab_hugepages "$BENCH_MIB"
bench_config
printf 'pfcp: {listen: [10.99.4.1], peers: [10.99.4.2]}\n' >>"$LAB/shoal.yaml"
GW_WORKERS=$BENCH_WORKERS gateway_start
lab_start pfcp gw "$BUILD/ctrl/pfcp/shoal-pfcp" --config "$LAB/shoal.yaml"
lab_expect pfcp process.ready
lab_start echo gw "$BUILD/tests/bench/pfcp/bench-pfcp" echo 10.99.4.1
lab_expect echo ready
if [[ ${BENCH_HOOK:-} ]]; then (sleep 1; LAB=$LAB "$BENCH_HOOK") >&2 & fi
in_ns cp "$BUILD/tests/bench/pfcp/bench-pfcp" load 10.99.4.2 10.99.4.1 "$sessions" "$window" "$rounds" "$(lab_pid ctrl)" "$(lab_pid pfcp)"
