#!/bin/bash
# A subscriber has no quota until its first packet asks for one: nothing passes, the SMF is told that traffic starts, once, and grants what
# passes then. The worker and the controller die before.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
PING=168 # bytes there and back
pfcp_begin

pings_back() { # count
	pings "$UE" "$1" 0.05 one || true
	echo $(($1 - $(pings_lost one)))
}

that "the SMF associates" smf associate
that "a subscriber attaches, with a quota of zero" smf attach ue1 teid=0x7001 urr=1 quota=0 start=1
smf_radio 0x7001
seat=$(seat_of "$UE")
kill -KILL "$(seat_field "$seat" pid)"
that "its worker dies, and another one comes" wait_for 30 seat_has_died "$seat" 1
that "no ping comes back" equal "$(pings_back 5)" 0
that "that its traffic starts is told" smf reports 1
that "as such" says '.reports | length == 1 and (.[0].usage[0] | .why == ["START"] and .uplink == null)'
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
that "no other ping does" equal "$(pings_back 5)" 0
that "a quota is granted" smf refill ue1 $((30 * PING))
that "and is what passes" equal "$(pings_back 40)" 30
that "its end is reported" smf reports 1
that "as such, and the start no second time" says ".reports | length == 1 and (.[0].usage[0] | .why == [\"VOLQU\"] and .uplink + .downlink == 30 * $PING)"
that "it is deleted" smf delete ue1
story_end_pfcp
