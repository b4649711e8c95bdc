#!/bin/bash
# All workers of a build on trial die at once, and their lines are laid out as nobody else's: their shards go on from where the old
# build had left them, and what either has counted is charged.
set -euo pipefail
. "$(dirname "$0")/upgrade.sh"
GW_MIB=1152
UPGRADE_TRIAL=(--canary 30% --watch 60)
story_needs "${GAUGE_NEEDS[@]}"
other_build lines
upgrade_begin

# Fast workers of a nest that have shards.
workers_of() { # nest
	shoal worker ls --json | jq ".workers[] | select(.nest == $1 and .shards > 0) | .pid"
}
trial_carries() { # shards
	shoal worker ls --json | jq -e '[.workers[] | select(.guest) | .shards] | add >= '"$1" >/dev/null 2>&1
}
trial_carried() { # packets
	shoal worker ls --json | jq -e '[.workers[] | select(.guest) | .out_packets] | add >= '"$1" >/dev/null 2>&1
}

a=$(gauge_mark)
upgrade_to "$OTHER/bin/lines" & trial=$!
that "a build with other lines has its share of the shards" wait_for 60 trial_carries 76
that "and carries packets" wait_for 20 trial_carried 1000
mapfile -t pids < <(workers_of 1)
kill -s KILL "${pids[@]}"
wait "$trial" || true
that "it is rolled back" upgrade_is "rolled back"
that "because a worker of it died" upgrade_said "died"
that "all is as before" wait_for 20 upgrade_settled
report=$(gauge_report "$a" "$(gauge_mark)")
that "nothing lost, doubled or reordered ($(jq -r '.set | "\(.sent) sent, longest blackout \(.blackout_us.max) us"' <<<"$report"))" \
	gauge_clean "$report" set
upgrade_end
