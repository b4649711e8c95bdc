#!/bin/bash
# What is dropped of a subscriber's packets for want of the radio side is counted, and the SMF is told each time there is as much as it asked
# for (DROTH): what its rule has dropped, what the SMF orders to be dropped, what is more than may wait, and what waited too long. Whoever
# counts and whoever tells die meanwhile. Nothing of it is usage.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
export PFCP_MORE='buffering: { packets: 64, session_packets: 8, seconds: 4 }'
NUMBER=0 # of the next report

send() { # so many packets
	in_ns net "$PYTHON" -c "
import socket, time
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range($1):
    end.sendto(b'to be dropped', ('$UE', 7777))
    time.sleep(0.001)"
}

ended() { # verdict count
	[[ $(counter "$1") == "$2" ]]
}

# Of what it is, once: what was dropped is none of what was used.
told() {
	smf reports 1 || return
	says "[.reports[].usage[]] == [{uplink: 0, downlink: 0, number: $NUMBER, why: [\"DROTH\"]}] and .reports[0].times == 1" || return
	NUMBER=$((NUMBER + 1))
}

paged() {
	smf reports 1 && says 'all(.reports[]; .type == ["DLDR"])'
}

pfcp_begin
that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 teid=0x7001 urr=1 dropped=10
UE=$(said .ue)
that "its packets are to be dropped" smf drop ue1
send 9
that "nine are" wait_for 20 ended rule_drop 9
seat=$(seat_of "$UE")
kill -KILL "$(seat_field "$seat" pid)"
that "their worker dies, and another one comes" wait_for 30 seat_has_died "$seat" 1
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
pfcp_kill
send 1
that "the tenth is told of" told

that "it is idle, and its packets wait" smf change ue1 idle 2
send 8
that "eight may" wait_for 20 ended primary_packets_parked 8
that "and the SMF is told of the first" paged
send 4
that "four are too many" wait_for 20 ended buffer_full 4
that "what waits is dropped by order" smf change ue1 discard
that "all of it" wait_for 20 ended buffer_dropped 8
that "which is told of" told
send 8
that "eight more wait" paged
that "too long" wait_for 30 ended buffer_old 8
that "its packets are to be dropped" smf drop ue1
send 2
that "with two more there are ten again" told

that "usage is asked for" smf query ue1
that "there is none" says '.usage[0].downlink == 0'
that "no account is open" equal "$(counter primary_losses_lost)" 0
story_end_pfcp
