#!/bin/bash
# SIGKILL to the controller: no packet is lost, no session is forgotten, and it goes on where it was.
#
#   ping 100/s; ctrl is killed and started again, three times
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 16
ue_pings "$UE"
sessions_before=$(shoal session ls --json | jq -cS '{id, teid, ipv4, ipv6}')

pings "$UE" 800 0.01 a & a=$!
for _ in 1 2 3; do
	lab_signal KILL ctrl
	wait_for 10 lab_gone ctrl
	gateway_start_one ctrl
	lab_expect ctrl process.ready
	that "all is applied again" wait_for 20 all_applied 16
done
wait "$a"
that "no ping was lost" equal "$(pings_lost a)" 0
that "the sessions are the same" equal "$(shoal session ls --json | jq -cS '{id, teid, ipv4, ipv6}')" "$sessions_before"
that "a new subscriber can be added" session_add 001019999999999 --ipv4 auto
story_end
