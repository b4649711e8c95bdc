#!/bin/bash
# A subscriber is idle, is paged and reached at another gNB, is handed over while packets come, and is idle again when all of us die:
# what waits arrives in order, the SMF is told once of each idle time, End Markers follow the last packet, and every byte is charged once.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
BYTES=33 # of a packet with such a number
GNB=10.99.3.2 OTHER=10.99.3.3

# Numbered packets for the subscriber, from the internet.
send() { # first last [seconds between]
	in_ns net "$PYTHON" -c "
import socket, sys, time
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range($1, $2 + 1):
    end.sendto(b'%05d' % number, ('$UE', 7777))
    time.sleep(${3:-0.001})"
}

numbers() { # first last
	seq -f %05.0f "$1" "$2"
}

# The numbers that came to a gNB by a tunnel.
came_to() { # address teid
	awk -v at="$1" -v teid="$2" '$1 == at && $2 == "data" && $3 == teid { print $5 }' "$LAB/heard"
}

has_come() { # number
	grep -q "data .* $(numbers "$1" "$1")\$" "$LAB/heard"
}

end_marker_came() { # teid
	grep -q "end $1\$" "$LAB/heard"
}

reports_all() { # of that many idle times; sets said
	smf reports "$1" && says "(.reports | length == $1) and all(.reports[]; .type == [\"DLDR\"] and .pdr == 2)"
}

all_applied_here() {
	gateway_serves && all_applied 1
}

pfcp_begin
in_ns ran ip address add $OTHER/24 dev n3
lab_start gnbs ran "$PYTHON" "$PFCP/gnbs.py" "$LAB/heard" $GNB $OTHER
lab_expect gnbs ready
that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 teid=0x7001 urr=1 qfi=9
UE=$(said .ue)
send 1 1
that "it is reached" wait_for 20 has_come 1

that "it becomes idle" smf change ue1 idle 2
send 2 20
that "the SMF is told, by the rule that the packet met" reports_all 1
send 21 40 # nobody pages
that "they wait" wait_for 20 counter_reached primary_packets_parked 39
that "nothing has come meanwhile" equal "$(wc -l <"$LAB/heard")" 1
seat=$(seat_of "$UE")
kill -KILL "$(seat_field "$seat" pid)"
that "its worker dies, and another one comes" wait_for 30 seat_has_died "$seat" 1
send 41 45
that "it answers from another gNB" smf change ue1 activate $OTHER 0x7002 2
that "what waited comes" wait_for 20 has_come 45
send 46 50
that "and what is sent then" wait_for 20 has_come 50
that "in order, a packet each" diff <(came_to $OTHER 0x7002) <(numbers 2 50)
that "one paging was asked for" smf reports 0 0
that "and no more" says '.reports == []'

send 51 350 0.005 & sending=$!
wait_for 20 has_come 100
that "it is handed over while packets come" smf change ue1 move $GNB 0x7003 2
wait $sending
that "all come" wait_for 20 has_come 350
that "the old tunnel is told its end" wait_for 20 end_marker_came 0x7002
that "after its last packet" equal "$(grep "^$OTHER" "$LAB/heard" | sed '0,/end 0x7002/d' | awk '/data/ { n++ } END { print n + 0 }')" 0
that "each packet came by one of the two, in order" diff <(came_to $OTHER 0x7002; came_to $GNB 0x7003) <(numbers 2 350)
that "usage is asked for" smf query ue1
that "and each byte is charged once" says ".usage[0] | .downlink == 350 * $BYTES and .uplink == 0"
that "the gateway tells its Recovery Time Stamp" smf heartbeat
stamp=$(said .stamp)

that "it becomes idle again" smf change ue1 idle 2
for name in pfcp ctrl nursery primary; do lab_signal KILL $name; done
for name in pfcp ctrl nursery primary; do wait_for 10 lab_gone $name; done
that "all of us die, and come back" gateway_start
pfcp_start
that "with the session" wait_for 30 all_applied_here
that "as if nothing had happened" smf heartbeat
that "to the SMF" equal "$(said .stamp)" "$stamp"
send 351 351
that "a packet for it is told of" reports_all 1
that "it answers" smf change ue1 activate $GNB 0x7004 2
that "and the packet comes" wait_for 20 has_come 351
that "it is deleted" smf delete ue1
that "with its usage since" says ".usage[0].downlink == $BYTES"
send 352 352
that "no session is left" equal "$(sessions | jq -s length)" 0
that "and no packet came that nobody had sent" equal "$(grep -c data "$LAB/heard")" 351
story_end_pfcp
