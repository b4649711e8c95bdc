#!/bin/bash
# wake.sh SECONDS PACKETS: what an idle gateway on AF_XDP costs, process by process, and how long a packet takes that wakes it, as CSV.
#
#   world  x3 ---veth--- n3 shoal-primary, worker n6 ---veth--- x6  world          bench-probe sits on x3 and x6 by af_packet
set -euo pipefail
. "$(dirname "$0")/../lib/lab.sh"
story_needs "${STORY_NEEDS[@]}"
lab_open
for namespace in world gw; do lab_netns "$namespace"; done
bench_cables gw x
GW_WORKERS=1
gateway_up
bench_plain_sessions 16
bench_pids
"$PYTHON" "$SHOAL/tests/bench/latency/measure.py" wake --rounds "$2" --idle "$1" --pids "${BENCH_PIDS[@]}" -- \
	ip netns exec "${LAB##*/}-world" "$BUILD/tests/bench/latency/bench-probe" --no-huge --no-shconf -m 192 --no-pci --no-telemetry --iova-mode=va \
	--lcores "0@0-$(($(nproc) - 1))" --log-level error --vdev net_af_packet0,iface=x3,qdisc_bypass=1 --vdev net_af_packet1,iface=x6,qdisc_bypass=1 \
	-- --sessions "$LAB/sessions" --gnb 10.99.3.2 --gtpu 10.99.3.1 --host 10.99.6.2 --far "$BENCH_MAC_N3,$BENCH_MAC_N6"
