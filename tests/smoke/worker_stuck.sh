#!/bin/bash
# A worker that hangs (SIGSTOP) stops nobody: the other worker's traffic flows, its sessions change, and the stopped one is evicted.
#
#   ping 100/s by a subscriber of each worker; one worker is stopped; new subscribers are added and waited for
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 16
read -r ue_a ue_b < <(ues_of_two_workers)
ue_pings "$ue_a" && ue_pings "$ue_b"
rooms=$(rest_rooms)
add_applied() { # how many; those whose shard the stopped worker has wait until it is evicted
	local n
	for ((n = 1; n <= $1; n++)); do session_add "$(printf '00101%010d' $((900 + n)))" --ipv4 auto || return 1; done
}

pings "$ue_b" 600 0.01 b & b=$!
pings "$ue_a" 600 0.01 a & a=$!
seat=$(seat_of "$ue_a")
kill -s STOP "$(seat_field "$seat" pid)"
that "subscribers are added and applied all the same" add_applied 4
that "the stopped worker was evicted and another sits there" wait_for 20 seat_has_died "$seat" 1
wait "$a" "$b" || true
that "the other worker's pings: none lost" equal "$(pings_lost b)" 0
that "the stopped worker's pings: none lost, they waited in the hold" equal "$(pings_lost a)" 0
that "every room came back" wait_for 10 rooms_are "$rooms"
story_end
