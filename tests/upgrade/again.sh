#!/bin/bash
# The workers go from one build to another, again and again, under numbered traffic. again.sh [HOW-OFTEN [PPS]]
#
#   shoal-gauge ~~ memif ~~ gateway ~~ memif ~~ shoal-gauge         the same build at two paths in turn
set -euo pipefail
GAUGE_PPS=${2:-10000}
. "$(dirname "$0")/upgrade.sh"
UPGRADE_TRIAL=(--canary 2% --watch 0.5)
upgrade_begin
begin=$(gauge_mark) start=$SECONDS
for ((i = 1; i <= ${1:-3}; i++)); do
	mapfile -t old < <(build_pids)
	a=$(gauge_mark)
	that "upgrade $i: done" upgrade_to "$HOME_BUILD"
	that "its processes are gone" wait_for 10 pids_gone "${old[@]}"
	that "all is as before" wait_for 20 upgrade_settled
	report=$(gauge_report "$a" "$(gauge_mark)")
	that "nothing lost, doubled or reordered ($(jq -r '.set | "\(.sent) sent, delay p50 \(.delay_us.p50 | round), p99 \(.delay_us.p99 | round), longest blackout \(.blackout_us.max | round) us"' <<<"$report"))" \
		gauge_clean "$report" set
done
end=$(gauge_mark)
echo "$((i - 1)) upgrades in $((SECONDS - start)) s, marks $begin to $end; longest planned hold $(counter primary_planned_hold_max_ns) ns"
upgrade_end
