#!/bin/bash
# SIGKILL to a worker under traffic: its packets are lent again, its shards are served by others, and it comes back.
#
#   ping 100/s and a download by a subscriber of each worker; one worker is killed
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 16
web_up 24
read -r ue_a ue_b < <(ues_of_two_workers)
ue_pings "$ue_a" && ue_pings "$ue_b"
rooms=$(rest_rooms)

pings "$ue_a" 600 0.01 a & a=$!
pings "$ue_b" 600 0.01 b & b=$!
download "$ue_a" a --limit-rate 6M & c=$!
download "$ue_b" b --limit-rate 6M & d=$!
that "the transfers are under way" wait_for 20 download_has a 4000000
seat=$(seat_of "$ue_a")
kill -s KILL "$(seat_field "$seat" pid)"
that "the worker comes back" wait_for 20 seat_has_died "$seat" 1
wait "$a" "$b" "$c" "$d"
that "the other worker's pings: none lost" equal "$(pings_lost b)" 0
that "the killed worker's pings: none lost" equal "$(pings_lost a)" 0
that "both files are whole" download_same a
that "both files are whole" download_same b
that "every room came back" wait_for 10 rooms_are "$rooms"
story_end
