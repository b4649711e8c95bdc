#!/bin/bash
# primary_restart.sh [SESSIONS]: SIGKILL to the primary, and a new one at once: how long until packets flow again, with so many sessions
# on disk (default 50,000; by hand 1000000).
#
#   numbered traffic over all sessions; every line is lost with the primary and comes anew from ctrl
# Promised: two seconds to the first packet; not one session lost; afterwards nothing is lost of any.
set -euo pipefail
. "$(dirname "$0")/../chaos/gauge.sh"
count=${1:-50000}
GAUGE_SESSIONS=$count GAUGE_PPS=${RESTART_PPS:-20000} GW_WORKERS=2 GW_STORE_MIB=$((256 + count / 500))
((count <= 50000)) || GW_POOL=10.160.0.0/11 GW_POOL6=2001:db8::/43 GW_MIB=1600 GW_RULES=0
gauge_begin

gauge_start
wait_for 10 gauge_is .ready
from=$(gauge_mark)
sleep 1
kill -s KILL "$(lab_pid primary)"
start=${EPOCHREALTIME/./}
wait_for 10 lab_gone primary
gateway_start_one primary
lab_expect primary process.ready
wait_for 60 gateway_serves
wait_for 120 all_applied "$count"
applied=${EPOCHREALTIME/./}
sleep 1
to=$(gauge_mark)
again=$(gauge_mark)
report=$(GAUGE_SETTLE_MS=3000 gauge_report "$from" "$to" all) # much is lost, as it must be
jq -r --argjson n "$count" --argjson ms $(((applied - start) / 1000)) '.set | "\($n) sessions: silence of a shard p50 \(
	.blackout_us.p50 / 1000 | round) ms, longest \(.blackout_us.max / 1000 | round) ms; all applied after \($ms) ms"' <<<"$report"
[[ ! ${RESTART_STRICT:-} ]] || that "half of the shards speak again within 2 s" jq -e '.set.blackout_us.p50 < 2e6' <<<"$report"
that "every shard speaks again" jq -e '[.set.received, .set.arrived] | min > 0' <<<"$report"

sleep 2
end=$(gauge_mark)
report=$(gauge_report "$again" "$end" all)
that "nothing is lost any more" gauge_clean "$report" set
gauge_stop
that "$count sessions are there" equal "$(shoal status --json | jq .sessions)" "$count"
story_end
