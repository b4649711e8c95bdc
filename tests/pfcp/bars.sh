#!/bin/bash
# Of a subscriber's packets as many wait as its BAR says, and never more than the gateway lets: what is more is counted and comes to nobody. The
# BAR is changed while they wait; worker, controller and front end die meanwhile.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
. "$(dirname "$0")/numbered.sh"
export PFCP_MORE='buffering: { packets: 64, session_packets: 16, seconds: 300 }'
GNB=10.99.3.2

# Of all that were sent, so many wait, and so many were too many.
wait_and_end() { # waiting ended
	wait_for 20 counter_is buffer_full "$2" && waits "$1"
}

pfcp_begin
lab_start gnbs ran "$PYTHON" "$PFCP/gnbs.py" "$LAB/heard" $GNB
lab_expect gnbs ready
that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 teid=0x7001 qfi=9 bar=4
UE=$(said .ue)
that "it becomes idle" smf change ue1 idle 2
send 1 10
that "four wait, six are too many" wait_and_end 4 6
that "the SMF is told" told 1
seat=$(seat_of "$UE")
kill -KILL "$(seat_field "$seat" pid)"
that "its worker dies, and another one comes" wait_for 30 seat_has_died "$seat" 1
send 11 12
that "for which four are enough, too" wait_and_end 4 8
that "six may wait" smf change ue1 bar 6
send 13 16
that "two more do" wait_and_end 6 10
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
pfcp_kill
send 17 18
that "the controller and the front end have died, and six still may" wait_and_end 6 12
that "three may wait" smf change ue1 bar 3
that "the newest go" wait_and_end 3 15
that "nothing else is told" smf reports 0 0
that "of all that" says '.reports == []'
that "it answers" smf change ue1 activate $GNB 0x7002 2
send 19 19
that "the oldest come" wait_for 20 has_come 19
that "in order" diff <(came) <(printf '%s\n' 1 2 3 19)

that "more may wait than the gateway lets" smf change ue1 bar 255
that "it is idle again" smf change ue1 idle 2
send 20 39
that "sixteen do" wait_and_end 16 19
that "the SMF is told" told 1
that "none may wait" smf change ue1 bar 0
that "none does" wait_and_end 0 35
send 40 41
that "nor any that comes" wait_and_end 0 37
that "it answers" smf change ue1 activate $GNB 0x7003 2
send 42 42
that "and is reached" wait_for 20 has_come 42
that "by what was sent then" diff <(came) <(printf '%s\n' 1 2 3 19 42)
story_end_pfcp
