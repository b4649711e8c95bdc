#!/bin/bash
# kill_workers.sh [KILLS]: SIGKILL to a random worker under traffic, again and again (default 8; a night: 5000).
#
#   four subscribers ping 250 times a second each; every two seconds one worker of three is shot
# After each: no ping lost. At the end: every death noticed, every room back, the account closed.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
kills=${1:-8}
GW_WORKERS=3
story_begin
story_subscribers 32
mapfile -t ues < <(ues_some 4)
for ue in "${ues[@]}"; do ue_pings "$ue"; done
rooms=$(rest_rooms)

round() { # number
	local jobs=() n seat lost=0
	for n in 0 1 2 3; do
		pings "${ues[n]}" 400 0.004 "$n" &
		jobs+=($!)
	done
	seat=$((RANDOM % GW_WORKERS))
	sleep "0.$((RANDOM % 9))" # the moment is meant to be any
	kill -s KILL "$(seat_field "$seat" pid)"
	wait "${jobs[@]}" || true
	for n in 0 1 2 3; do lost=$((lost + $(pings_lost "$n"))); done
	wait_for 60 gateway_serves || story_fail "kill $1: worker $seat did not come back"
	echo "kill $1: worker $seat, $lost of 1600 pings lost"
	((lost == 0))
}

for ((n = 1; n <= kills; n++)); do round "$n" || story_fail "pings were lost"; done
that "$kills deaths were noticed" equal "$(shoal worker ls --json | jq '[.workers[].deaths] | add')" "$kills"
that "every room came back" wait_for 10 rooms_are "$rooms"
story_end
