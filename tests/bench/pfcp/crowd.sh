#!/bin/bash
# crowd.sh [SESSIONS [PPS]]: so many sessions (a million) made over PFCP while packets of others run; fails if one of theirs is lost.
#
#      cp                        gw
#   bench-pfcp n4 10.99.4.2 ---veth--- n4 10.99.4.1 shoal-pfcp, the gateway ~~memif n3, n6~~ shoal-gauge with 1,024 sessions
#
# By hand: BUILD=/tmp/b tests/bench/pfcp/crowd.sh. Wants 4 GiB of memory, some minutes, and says how many a second.
set -euo pipefail
sessions=${1:-1000000} GAUGE_PPS=${2:-20000}
. "$(dirname "$0")/../../chaos/gauge.sh"
GW_POOL=10.128.0.0/11 GW_POOL6=2001:db8::/40 GW_RULES=0 GW_STORE_MIB=8192 GW_WORKERS=2 GW_MIB=2560
GW_MORE='pfcp: {listen: [10.99.4.1], peers: [10.99.4.2]}'
story_needs "${GAUGE_NEEDS[@]}"
lab_open
lab_netns cp
gauge_set_up
net_veth cp n4 gw n4 1500
net_host cp n4 0 10.99.4.2/24 fd99:4::2/64
net_host gw n4 0 10.99.4.1/24 fd99:4::1/64
lab_start pfcp gw "$BUILD/ctrl/pfcp/shoal-pfcp" --config "$LAB/shoal.yaml"
lab_expect pfcp process.ready

gauge_start
before=$(gauge_mark)
rate=$(in_ns cp "$BUILD/tests/bench/pfcp/bench-pfcp" make 10.99.4.2 10.99.4.1 "$sessions" 900)
after=$(gauge_mark)
gauge_stop
that "all are applied" equal "$(shoal status --json | jq .applied)" $((sessions + GAUGE_SESSIONS))
report=$(gauge_report "$before" "$after" all)
jq -c "{set: (.set | {sent, lost, duplicated, reordered, stale, damaged, stray, blackout_us}), refused, waited_us, instrument}" <<<"$report"
that "no packet of the others is lost" gauge_clean "$report" set
that "the packet account closes" wait_for 10 account_closes
for name in primary nursery ctrl pfcp; do that "$name lives" lab_alive "$name"; done
echo "$sessions sessions, $rate a second"
