#!/bin/bash
# When the SMF answers a report it may say something of the session itself: that it has another F-SEID for it from now on, which outlives all of
# us, and that what waits is dropped. A controller that is away meanwhile costs neither.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"

send() { # so many packets
	in_ns net "$PYTHON" -c "
import socket, time
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range($1):
    end.sendto(b'waits', ('$UE', 7777))
    time.sleep(0.001)"
}

is() { # counter value
	[[ $(counter "$1") == "$2" ]]
}

of() { # name: its session's SEID
	smf known "$1" && said .cp
}

# From now on, and by the name that it has now.
hears() {
	smf forget && wait_for 30 heard "$(of ue1)"
}

heard() { # SEID
	smf reports 1 5 && says "(.reports | length > 0) and all(.reports[]; .session == \"$1\")"
}

paged() { # SEID
	smf reports 1 5 && says "any(.reports[]; .session == \"$1\" and .type == [\"DLDR\"])"
}

renamed() { # than this SEID
	[[ $(of ue1) != "$1" ]]
}

pfcp_begin
that "the SMF associates" smf associate
that "a subscriber attaches, whose usage is told each second" smf attach ue1 teid=0x7001 urr=1 period=1
UE=$(said .ue)
first=$(of ue1)
that "the SMF hears of it" hears
that "the next answer is to tell another SEID" smf rename ue1
that "which it does" wait_for 30 renamed "$first"
that "reports come to that" hears
that "shoal-pfcp is killed and comes back" pfcp_kill
that "they still do" hears
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
that "the controller was killed, too" hears
second=$(of ue1)
that "the next answer is to tell another one" smf rename ue1
pfcp_kill
that "shoal-pfcp is killed about that time" wait_for 30 renamed "$second"
that "reports come to the new one" hears
now=$(of ue1)
that "what is asked of it is answered" smf query ue1
that "to the new one" says ".to == $now"

that "another subscriber attaches" smf attach ue2 teid=0x7002
UE=$(said .ue)
that "it is idle" smf change ue2 idle 2
that "the next answer is to say that nothing is to wait" smf discard ue2
send 1
that "so what waits is dropped" wait_for 30 is buffer_dropped 1
smf forget
send 5
that "what comes then waits" wait_for 20 is primary_packets_parked 5
that "the SMF is told of it" wait_for 30 paged "$(of ue2)"
that "and nothing else is dropped" is buffer_dropped 1
story_end_pfcp
