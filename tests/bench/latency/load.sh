#!/bin/bash
# load.sh SECONDS LOAD-ROUNDS ALONE-ROUNDS MIXED-ROUNDS: delays through the gateway and through testpmd between memif ports, and what the
# gateway costs when nothing comes, as CSV.
#
#   bench-probe ~~memif~~ primary, worker ~~memif~~ bench-probe          the same process has two more ports on testpmd, which
#   bench-probe ~~memif~~     testpmd     ~~memif~~ bench-probe          is stopped except in its own slices
set -euo pipefail
. "$(dirname "$0")/../lib/lab.sh"
BENCH_WORKERS=1 BENCH_MIB=640 BENCH_ROOMS=65536 BENCH_HOLD=16384 BENCH_POOL=10.128.0.0/16
story_needs "${BENCH_NEEDS[@]}"
command -v dpdk-testpmd >/dev/null || story_skip "dpdk-testpmd is missing"
lab_open
lab_netns gw
bench_gateway
bench_table 1024
bench_import
bench_sessions teid ipv4
bench_testpmd io
bench_pids

vdevs=() n=0
for folder in "$LAB" "$LAB/peer"; do
	for port in n3 n6; do
		vdevs+=(--vdev "net_memif$n,role=client,id=0,socket=$folder/$port.memif,socket-abstract=no,rsize=$BENCH_RING")
		n=$((n + 1))
	done
done
"$PYTHON" "$SHOAL/tests/bench/latency/measure.py" load --rounds "${@:2}" --idle "$1" --pids "${BENCH_PIDS[@]}" --testpmd "$(lab_pid testpmd)" --slow "$(seat_field 15 pid)" -- \
	ip netns exec "${LAB##*/}-gw" "$BUILD/tests/bench/latency/bench-probe" --no-huge --no-shconf -m 192 --no-pci --no-telemetry --iova-mode=va \
	--lcores "0@$(bench_core 0)" --log-level error "${vdevs[@]}" \
	-- --sessions "$LAB/sessions" --gnb 10.99.3.2 --gtpu 10.99.3.1 --host 10.99.6.2
wait_for 10 account_closes
