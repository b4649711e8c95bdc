#!/bin/bash
# An SMF that cannot reach a subscriber yet says how long its packets are to be kept, and how many (DL Buffering Duration): longer than others',
# whoever dies meanwhile. Then they are dropped, and the next one is told of anew, and waits as long as any.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
. "$(dirname "$0")/numbered.sh"
export PFCP_MORE='buffering: { packets: 64, session_packets: 16, seconds: 5, longest_seconds: 60 }'
GNB=10.99.3.2 KEPT=18 # seconds

# The same again and again: as many as may wait do.
two_more() {
	send 5 5 && waits 6
}

later() { # seconds since
	((SECONDS - begun >= $1))
}

pfcp_begin
lab_start gnbs ran "$PYTHON" "$PFCP/gnbs.py" "$LAB/heard" $GNB
lab_expect gnbs ready
that "the SMF associates" smf associate
that "a subscriber attaches, of whom four packets may wait" smf attach ue1 teid=0x7001 qfi=9 bar=4
UE=$(said .ue)
that "it is to be kept what waits, for $KEPT seconds, up to six" smf hold ue1 $KEPT 6
that "it becomes idle" smf change ue1 idle 2
send 1 4
that "four wait" wait_for 20 waits 4
that "the SMF is told, and says so" told 1
begun=$SECONDS
that "so two more do" wait_for 20 two_more
seat=$(seat_of "$UE")
kill -KILL "$(seat_field "$seat" pid)"
that "its worker dies, and another one comes" wait_for 30 seat_has_died "$seat" 1
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
pfcp_kill
that "so do the controller and the front end, and the time of others is over" wait_for 20 later 8
that "they wait" waits 6
that "none was too old" counter_is buffer_old 0
that "then they are dropped" wait_for 60 counter_is buffer_dropped 6
that "not before it was said" later $((KEPT - 2)) # whole seconds, from a little later on
send 6 6
that "the next one is told of anew" told 1
that "and waits as long as any" wait_for 20 counter_is buffer_old 1

that "another one is to be kept for longer" smf hold ue1 40 6
that "the subscriber was there" smf change ue1 activate $GNB 0x7002 2
that "and is idle again" smf change ue1 idle 2
send 7 7
that "the SMF is told, and says so" told 1
begun=$SECONDS
that "the time of others is over" wait_for 20 later 8
that "it answers" smf change ue1 activate $GNB 0x7003 2
that "and the packet comes" wait_for 20 has_come 7
that "it is idle again" smf change ue1 idle 2
send 8 8
that "which is told of" told 1
that "and that waits as long as any" wait_for 20 counter_is buffer_old 2
that "no other came" diff <(came) <(echo 7)
story_end_pfcp
