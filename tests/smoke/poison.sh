#!/bin/bash
# A packet that crashes whoever works on it: two workers die, then its session is set apart, and nobody else notices.
#
#   a subscriber sends poison uplink, a host sends poison to another one downlink, 500/s each; others of all workers ping 100/s
# The build of the workers is one that aborts at a mark (shared/base/faults.h).
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
GW_WORKERS=3
GW_NURSERY=workers/shoal-nursery-faults
mark=b1e55edb1e55ed5a
export SHOAL_POISON=$mark
story_begin
story_subscribers 24
mapfile -t ues < <(ues_ipv4)
up=${ues[0]}
down=${ues[1]}
others=("${ues[@]:2:6}")
for ue in "$up" "$down" "${others[@]}"; do that "$ue pings" ue_pings "$ue"; done
rooms=$(rest_rooms)

set_apart() { # ue; it and no other
	local id
	id=$(session_of "$1" | jq .id)
	shoal quarantine ls --json | jq -e --argjson id "$id" '[.sessions[].session] == [$id]' >/dev/null
}
deaths() { shoal worker ls --json | jq '[.workers[].deaths] | add'; }
deaths_reach() { (($(deaths) >= $1)); }
many_refused() { shoal quarantine ls --json | jq -e '.sessions[0].refused > 100' >/dev/null; }
answers() { in_ns ran ping -q -c 1 -W 1 -I "$1" "$NET4" >/dev/null; }
reached() { in_ns net ping -q -c 1 -W 1 "$1" >/dev/null; } # ue
record() { shoal quarantine ls --json | jq -r '.sessions[0].record'; }
release() { shoal quarantine release "$(session_of "$1" | jq .id)"; }

# The story of one direction: poison comes until the end, others ping all the while.
poisoned() { # ue sender-namespace ping-argument...
	local ue=$1 before jobs=() n
	before=$(deaths)
	for n in "${!others[@]}"; do
		pings "${others[n]}" 500 0.01 "$n" & jobs+=($!)
	done
	lab_start "poison-$2" "$2" ping -q -n -i 0.002 -p "$mark" -s 64 "${@:3}"
	that "its session is set apart" wait_for 20 set_apart "$ue"
	wait "${jobs[@]}"
	that "two workers died of it, and no more" equal "$(deaths)" $((before + 2))
	for n in "${!others[@]}"; do that "other subscribers: no ping lost" equal "$(pings_lost "$n")" 0; done
	that "the session says so" test "$(session_of "$ue" | jq .quarantined)" = true
	that "nothing of it passes, up" unanswered answers "$ue"
	that "nothing of it passes, down" unanswered reached "$ue"
	that "refused packets are counted" wait_for 20 many_refused
	that "the packet is kept for its owner's eyes only" equal "$(stat -c %a "$(record)")" 600
	that "and can be read" test "$(tshark -r "$(record)" -x 2>/dev/null | tr -d ' \n' | grep -c "b1e55edb1e55ed5a")" = 1
	lab_signal KILL "poison-$2"
	wait_for 10 lab_gone "poison-$2"
	that "all workers serve again" wait_for 30 gateway_serves
}

poisoned "$up" ran -I "$up" "$NET4"
that "it is released" release "$up"
that "and pings again" wait_for 10 answers "$up"
poisoned "$down" net "$down"

lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
lab_expect ctrl process.ready
that "a new controller knows it" wait_for 20 set_apart "$down"
lab_signal KILL primary
wait_for 10 lab_gone primary
gateway_start_one primary
that "a new primary serves" wait_for 30 gateway_serves
that "and others ping" wait_for 20 ue_pings "${others[0]}"
that "a new primary refuses it" unanswered reached "$down"
that "it is released" release "$down"
that "and is reached again" wait_for 10 reached "$down"

before=$(deaths)
in_ns ran ping -q -n -c 1 -W 1 -p "$mark" -s 64 10.99.3.1 >/dev/null || true
that "one poisoned packet to the gateway itself: the slow lane dies of it twice" wait_for 20 deaths_reach $((before + 2))
that "and answers again" wait_for 30 in_ns ran ping -q -c 1 -W 1 10.99.3.1
that "no third one does" equal "$(deaths)" $((before + 2))
that "every room came back" wait_for 10 rooms_are "$rooms"
story_end
