#!/bin/bash
# Workers are stopped, started and restarted by command under ping: nothing is lost.
#
#   w0 stops: its shards go to w1 first. w0 starts: it gets its share back. Both are restarted in turn.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 16
read -r ue_a ue_b < <(ues_of_two_workers)
ue_pings "$ue_a" && ue_pings "$ue_b"

has_all() { [[ $(seat_field "$1" shards) == 256 ]]; } # seat
pings "$ue_a" 1000 0.01 a & a=$!
pings "$ue_b" 1000 0.01 b & b=$!
seat=$(seat_of "$ue_a")
that "worker $seat stops" shoal worker stop "$seat"
that "the other one has all shards" wait_for 10 has_all "$(seat_of "$ue_b")"
that "worker $seat starts" shoal worker start "$seat"
that "the shards are shared again" wait_for 20 shards_are_even
that "worker $seat restarts" shoal worker restart "$seat"
that "worker $(seat_of "$ue_b") restarts" shoal worker restart "$(seat_of "$ue_b")"
that "shards move by command" shoal shard move "$(shard_of "$ue_a")" "$(seat_of "$ue_b")"
wait "$a" "$b"
that "no ping of one was lost" equal "$(pings_lost a)" 0
that "no ping of the other was lost" equal "$(pings_lost b)" 0
story_end
