#!/bin/bash
# accounts_primary.sh: what was counted is told before the memory it lies in goes, whether the primary is told to stop or is shot.
#
#   usage is told every 60 s only: what ctrl knows after the primary's end came from the courier, which outlives it to say so
set -euo pipefail
. "$(dirname "$0")/../chaos/gauge.sh"
GAUGE_SESSIONS=64 GAUGE_PPS=20000 GW_WORKERS=2 GW_USAGE_MS=60000
gauge_begin

primary_again() {
	wait_for 20 lab_gone primary
	gateway_start_one primary
	lab_expect primary process.ready
	wait_for 60 gateway_serves
	wait_for 60 all_applied "$GAUGE_SESSIONS"
}

said() {
	sessions | jq -s '[.[].usage | .uplink_packets + .downlink_packets] | add'
}

came() {
	echo $(($(gauge_came | tr ' ' +)))
}

says_all() {
	equal "$(said)" "$(came)"
}

# What was under way has arrived.
is_still() {
	local was
	was=$(came)
	sleep 0.2
	account_rests && equal "$(came)" "$was" 2>/dev/null
}

traffic() {
	gauge_warm
	gauge_start
	sleep 2
	gauge_stop
	wait_for 20 is_still
}

traffic
that "little of $(came) packets was told so far" test "$(said)" -lt "$(came)"
lab_stop primary
that "stopped: ctrl knows all $(came) packets" wait_for 10 says_all
primary_again
traffic
kill -s KILL "$(lab_pid primary)"
that "shot: ctrl knows all $(came) packets" wait_for 10 says_all
primary_again
that "and nothing is counted twice" says_all
story_end
