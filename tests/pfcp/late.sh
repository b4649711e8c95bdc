#!/bin/bash
# An SMF wants to hear of waiting packets some time after the first (Downlink Data Notification Delay), because most subscribers are back by then:
# of those it hears nothing. The controller dies meanwhile.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
. "$(dirname "$0")/numbered.sh"
export PFCP_MORE='buffering: { packets: 64, session_packets: 16, seconds: 300 }'
GNB=10.99.3.2 DELAY=10 # seconds

later() { # seconds since
	((SECONDS - begun >= $1))
}

pfcp_begin
lab_start gnbs ran "$PYTHON" "$PFCP/gnbs.py" "$LAB/heard" $GNB
lab_expect gnbs ready
that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 teid=0x7001 qfi=9 bar=4 delay=$((DELAY * 20))
UE=$(said .ue)
that "it becomes idle" smf change ue1 idle 2
begun=$SECONDS
send 1 1
that "a packet waits" wait_for 20 waits 1
that "it is there again" smf change ue1 activate $GNB 0x7002 2
that "and the packet comes" wait_for 20 has_come 1
that "some time goes by" wait_for 30 later $((DELAY + 2))
that "nobody was told" smf reports 0 0
that "of anything" says '.reports == []'

that "it is idle again" smf change ue1 idle 2
begun=$SECONDS
send 2 2
that "a packet waits" wait_for 20 waits 1
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
that "the controller has died, and nobody was told" smf reports 0 0
that "of anything yet" says '.reports == []'
that "then it is told" smf reports 1
that "once" says '(.reports | length == 1) and all(.reports[]; .type == ["DLDR"] and .pdr == 2)'
that "when it was to be" later $((DELAY - 1))
that "it answers" smf change ue1 activate $GNB 0x7003 2
that "and the packet comes" wait_for 20 has_come 2
that "and no other" diff <(came) <(printf '%s\n' 1 2)
story_end_pfcp
