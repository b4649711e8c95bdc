#!/bin/bash
# The slow lane stops (SIGSTOP) and dies (SIGKILL): the fast lane does not notice, and the gateway answers for itself again.
#
#   ping through the tunnel 100/s; pings to the gateway itself go unanswered for a while
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 4
ue_pings "$UE"
that "the gateway answers for itself" in_ns ran ping -q -c 2 -i 0.05 10.99.3.1

pings "$UE" 500 0.01 a & a=$!
kill -s STOP "$(seat_field 15 pid)"
in_ns ran ping -q -f -c 2000 -w 2 10.99.3.1 >/dev/null || true
kill -s CONT "$(seat_field 15 pid)" 2>/dev/null || true
kill -s KILL "$(seat_field 15 pid)" 2>/dev/null || true # evicted by then, for making no progress
wait "$a"
that "no ping through the tunnel was lost" equal "$(pings_lost a)" 0
that "the gateway answers for itself again" wait_for 20 in_ns ran ping -q -c 1 -W 1 10.99.3.1
story_end
