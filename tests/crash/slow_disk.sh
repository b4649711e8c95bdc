#!/bin/bash
# The disk stands still in the middle of a commit: changes are refused, packets, reads and orders go on; when it moves again, nothing
# is lost and nothing is there that was refused.
#
#   shoal-ctrl of a test build, whose writing thread waits at store.committing until it is told to go on
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
GW_WORKERS=2
GW_CTRL=ctrl/shoal-ctrl-faults
export SHOAL_KILL_FILE=
story_needs "${STORY_NEEDS[@]}"
lab_open
SHOAL_KILL_FILE=$LAB/faults
head -c 128 /dev/zero >"$LAB/faults"
net_up
gateway_up
story_subscribers 8
ue_pings "$UE"
wish() { "$SHOAL/tests/crash/wish.py" "$LAB/faults" "$@"; }
happened() { (($(wish happened) > 0)); }
quietly() { "$@" >/dev/null 2>&1; }
held() { shoal session ls --json | wc -l; }
usage_of() { session_of "$1" | jq .usage.uplink_packets; }
used_more() { (($(usage_of "$UE") > $1)); }

# With the import, that is: where it was usage that was being written just then, the import is refused after a while, and all is tried again.
disk_stands() {
	for ((number = 1; number < 40; number += 2)); do
		wish ask "$number" store.committing:1:wait
		shoal --timeout 60 session import --fresh "$LAB/first.csv" >"$LAB/first" 2>&1 & first=$!
		wait_for 20 happened || return 1
		sleep 5 # ctrl's patience is 2 s
		! kill -0 "$first" 2>/dev/null || return 0
		wish ask $((number + 1)) none:1
	done
	return 1
}
subscribers_make 1 101 >"$LAB/first.csv"
that "the disk stands still" disk_stands
pings "$UE" 200 0.01 still & ping=$!
that "status is told" quietly shoal status
that "sessions are told" equal "$(held)" 8
that "counters are told" quietly shoal counters
before=$(usage_of "$UE")
that "shards can be moved" quietly shoal shard move "$(shard_of "$UE")" 1
subscribers_make 1 201 >"$LAB/second.csv"
that "a change is refused, and it says why" refused "disk" shoal --timeout 30 session import "$LAB/second.csv"
wait "$ping"
that "packets go on" equal "$(pings_lost still)" 0
that "usage is still heard" wait_for 10 used_more "$before"
that "nobody was told that the first change is done" kill -0 "$first"

wish ask $((number + 1)) none:1
that "the first change ends well when the disk moves again" wait "$first"
that "it is there, and what was refused is not" equal "$(held)" 9
that "changes work again" quietly shoal session import "$LAB/second.csv"
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
lab_expect ctrl process.ready
that "all that was acknowledged is there after a kill" equal "$(held)" 10
that "packets go on" ue_pings "$UE"
story_end
