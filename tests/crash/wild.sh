#!/bin/bash
# wild.sh [WRITES [SEED]]: two of four workers scribble over whatever they can write, and return handles nobody lent them, until they
# die of it and others take their seats (default 2000 stray writes; by hand 100000). SEED decides the workers' lots; without one it is
# drawn, and printed.
#
#   sentinels: four subscribers of the two sound workers ping 100/s     the others' subscribers bring the wild ones their packets
# First over what is a worker's own: no ping of a sentinel may be lost, none may come twice. Then over rooms, shards and image as well,
# which workers share: what they spoil is counted, found by the audit and sent again, and one sentinel's ping in a thousand may be
# lost of it. The primary and ctrl live all the time; at the end every shard agrees with the store, every room is back, the account
# closes.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
writes=${1:-2000}
export SHOAL_WILD_SEED=${2:-$((RANDOM))}
GW_WORKERS=4
GW_NURSERY=workers/shoal-nursery-faults
export SHOAL_WILD_SEATS=2 SHOAL_KILL_FILE=
story_needs "${STORY_NEEDS[@]}"
lab_open
SHOAL_KILL_FILE=$LAB/faults
head -c 128 /dev/zero >"$LAB/faults"
net_up
gateway_up
story_subscribers 64
rooms=$(rest_rooms)
echo "seed $SHOAL_WILD_SEED"
wish() { "$SHOAL/tests/crash/wish.py" "$LAB/faults" "$@"; }
in_step() { [[ $(shoal shard ls --json | jq '[.shards[] | select(.in_step | not)] | length') == 0 ]]; }

mapfile -t ues < <(ues_ipv4)
sentinels=("${ues[@]:0:4}")
others=("${ues[@]:4:16}")
for n in 0 1 2 3; do shoal shard move "$(shard_of "${sentinels[n]}")" $((2 + n % 2)) >/dev/null; done
for ue in "${sentinels[@]}"; do ue_pings "$ue"; done

round() { # says how many pings of sentinels were lost
	local jobs=() n lost=0 twice=0
	for n in 0 1 2 3; do
		pings "${sentinels[n]}" 200 0.01 "sentinel-$n" & jobs+=($!)
	done
	for n in "${!others[@]}"; do
		pings_between "${others[n]}" "$NET4" 400 0.005 "other-$n" 1 & jobs+=($!)
	done
	wait "${jobs[@]}" || true
	for n in 0 1 2 3; do
		lost=$((lost + $(pings_lost "sentinel-$n")))
		twice=$((twice + $(pings_twice "sentinel-$n")))
	done
	((twice == 0)) || touch "$LAB/twice"
	echo "$lost"
}

go_wild() { # number, wish, writes: rounds until there were so many
	local until lost n total=0 rounds=0
	until=$(($(wish wild) + $3))
	wish ask "$1" "$2"
	while (($(wish wild) < until)); do
		lost=$(round)
		for n in 0 1; do shoal worker start "$n" >/dev/null 2>&1 || true; done # after ten deaths in a row nobody comes by himself
		total=$((total + lost))
		rounds=$((rounds + 1))
		((rounds % 20)) || echo "$2: $(wish wild) stray writes so far"
		lab_alive primary && lab_alive ctrl || story_fail "$2: a process died with the worker"
	done
	wish ask $(($1 + 1)) calm:1
	if [[ -e $LAB/twice ]]; then story_fail "$2: pings came twice"; fi
	echo "$2: $(wish wild) stray writes, $(shoal worker ls --json | jq '[.workers[].deaths] | add') workers dead, $total pings of sentinels lost of $((rounds * 800))"
	spoilt=$total pinged=$((rounds * 800))
}

go_wild 1 wild:16:own "$writes"
that "sentinels do not notice what a worker does to its own memory" equal "$spoilt" 0
that "all serve again" wait_for 120 gateway_serves
that "every shard is in step" wait_for 30 in_step
that "the account closes" wait_for 10 account_closes

go_wild 3 wild:16:all $((writes / 4))
that "sentinels hardly notice what it does to what all write" test $((spoilt * 1000)) -le "$pinged"
echo "drift found: $(lab_log ctrl | grep -c shard.alarm || true) alarms"
that "all serve again" wait_for 120 gateway_serves
that "every shard is in step again" wait_for 30 in_step
that "all sessions are applied" wait_for 30 all_applied 64
for ue in "${sentinels[@]}" "${others[0]}" "${others[7]}"; do that "$ue is served" ue_pings "$ue"; done
that "every room came back" wait_for 20 rooms_are "$rooms"
story_end
