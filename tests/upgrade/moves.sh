#!/bin/bash
# Shards go to and fro by plan under numbered traffic; a worker is drained and joins again. moves.sh [MOVES [PPS]]
#
#   shoal-gauge ~~ memif ~~ gateway, two workers ~~ memif ~~ shoal-gauge
#
# A move's hold is the time from the old worker's last packet of the shard to the new one's first: the goal is 1 ms. It is reported;
# a host that gives a process no core for a while makes it what it likes.
set -euo pipefail
GAUGE_PPS=${2:-20000}
. "$(dirname "$0")/upgrade.sh"
moves=${1:-64}
upgrade_begin

settled() { # moves
	(($(counter primary_planned_moves) >= $1)) && shards_are_served
}
shards_are_served() {
	shoal shard ls --json | jq -e '[.shards[] | select(.seat == null)] | length == 0' >/dev/null
}
holds() { # prints the hold of each move, in ns
	local i seat all before=$1 ns=$2 now
	for ((i = 0; i < moves; i++)); do
		seat=$(shoal shard ls --json | jq --argjson shard $((i * 159 % 256)) '.shards[] | select(.shard == $shard) | 1 - .seat')
		shoal shard move $((i * 159 % 256)) "$seat" >/dev/null
		wait_for 10 settled $((before + i + 1)) >&2 || return 1
		wait_for 10 counter_reached primary_planned_hold_ns "$ns" >&2 || return 1
		all=$(counter primary_planned_hold_ns)
		now=$((all - ns)) ns=$all
		echo $now
	done
}
seat_has() { # seat shards
	[[ $(seat_field "$1" shards) == "$2" ]]
}

a=$(gauge_mark)
holds "$(counter primary_planned_moves)" "$(counter primary_planned_hold_ns)" >"$LAB/holds"
that "$moves shards moved" equal "$(wc -l <"$LAB/holds")" "$moves"
sort -n "$LAB/holds" | awk '{ ns[NR] = $1 } END { printf "planned moves: hold p50 %.0f us, p99 %.0f us, longest %.0f us\n",
	ns[int((NR + 1) / 2)] / 1000, ns[int(NR * 0.99 + 0.5)] / 1000, ns[NR] / 1000 }'
that "they stay where they are" equal "$(shoal shard ls --json | jq '[.shards[] | select(.pinned)] | length')" $((moves < 256 ? moves : 256))
shoal worker drain 1 >/dev/null
that "a drained worker has nothing left" wait_for 10 seat_has 1 0
that "the last one can't be drained" refused "no other seat" shoal worker drain 0
shoal worker join 1 >/dev/null
that "one that joins gets its share" wait_for 10 shards_are_even
report=$(gauge_report "$a" "$(gauge_mark)")
that "nothing lost, doubled or reordered ($(jq -r '.set | "\(.sent) sent"' <<<"$report"))" gauge_clean "$report" set
upgrade_end
