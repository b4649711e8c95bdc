#!/bin/bash
# A subscriber has two tunnels to a gNB, one for a flow of its own. Both are moved to another gNB while packets come: each old one is told its
# end, after its last packet. One that is moved alone ends alone. What a gNB has still to send goes to the other one by us.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
GNB=10.99.3.2 OTHER=10.99.3.3
FLOW=7778

# Numbered packets for the subscriber, from the internet.
send() { # port first last
	in_ns net "$PYTHON" -c "
import socket, time
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range($2, $3 + 1):
    end.sendto(b'%05d' % number, ('$UE', $1))
    time.sleep(0.005)"
}

numbers() { # first last
	seq -f %05.0f "$1" "$2"
}

# The numbers that came by these tunnels, one after the other.
came_by() { # teid...
	local teid
	for teid; do
		awk -v teid="$teid" '$2 == "data" && $3 == teid { print $5 }' "$LAB/heard"
	done
}

has_come() { # number
	grep -q "data .* $(numbers "$1" "$1")\$" "$LAB/heard"
}

ends() { # teid
	grep -c "end $1\$" "$LAB/heard" || true
}

ended() { # teid
	(($(ends "$1") > 0))
}

late() { # teid
	awk -v teid="$1" '$2 == "end" && $3 == teid { over = 1 } $2 == "data" && $3 == teid && over { n++ } END { print n + 0 }' "$LAB/heard"
}

pfcp_begin
in_ns ran ip address add $OTHER/24 dev n3
lab_start gnbs ran "$PYTHON" "$PFCP/gnbs.py" "$LAB/heard" $GNB $OTHER
lab_expect gnbs ready
that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 teid=0x7001 qfi=9
UE=$(said .ue)
that "a flow gets a tunnel of its own" smf change ue1 branch permit_out_17_from_any_to_assigned_$FLOW $GNB 0x7002
send $FLOW 1001 1300 & flow=$!
send 7777 1 300 & rest=$!
that "packets come by both" wait_for 20 has_come 50
that "by the flow's own, too" wait_for 20 has_come 1050
that "both are moved while packets come" smf change ue1 moves $OTHER 2=0x7003 11=0x7004
wait $flow $rest
that "all come" wait_for 20 has_come 300
that "of the flow, too" wait_for 20 has_come 1300
that "one old tunnel is told its end" wait_for 20 ended 0x7001
that "and the other" wait_for 20 ended 0x7002
that "neither before its last packet" equal "$(late 0x7001) $(late 0x7002)" "0 0"
that "each packet came once, in order" diff <(came_by 0x7001 0x7003) <(numbers 1 300)
that "the flow's by its own way" diff <(came_by 0x7002 0x7004) <(numbers 1001 1300)

that "the flow's is moved alone" smf change ue1 moves $GNB 11=0x7005
that "and ends" wait_for 20 ended 0x7004
that "alone" equal "$(ends 0x7003) $(ends 0x7001) $(ends 0x7002)" "0 1 1"
send 7777 301 301
send $FLOW 1301 1301
that "a packet comes by the one that stayed" wait_for 20 has_come 301
that "and by the new one" wait_for 20 has_come 1301
that "as they should" equal "$(came_by 0x7003 | tail -1) $(came_by 0x7005)" "00301 01301"

# A gNB that is being left sends on by a tunnel of ours what it still had for the subscriber, and its End Marker.
sends_on() { # teid number
	in_ns ran "$PYTHON" -c "
import socket
from scapy.all import IP, UDP, raw
packet = raw(IP(src='10.99.6.2', dst='$UE') / UDP(sport=5, dport=7777) / (b'%05d' % $2))
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for kind, inside in ((255, packet), (254, b'')):
    end.sendto(bytes([0x30, kind]) + len(inside).to_bytes(2, 'big') + int('$1').to_bytes(4, 'big') + inside, ('10.99.3.1', 2152))"
}

that "packets that a gNB still has may go to another one" smf change ue1 detour $OTHER 0x7009
sends_on "$(said '.teids["21"]')" 302
that "they do" wait_for 20 has_come 302
that "as does their end" wait_for 20 ended 0x7009
that "and nothing else" equal "$(came_by 0x7009) $(late 0x7009)" "00302 0"

# What it still has goes on by two tunnels, a flow apart: each is told its end once, behind what came by it.
sends_many() { # teid first last: of both flows in turn, then the End Marker
	in_ns ran "$PYTHON" -c "
import socket
from scapy.all import IP, UDP, raw
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def send(kind, inside):
    end.sendto(bytes([0x30, kind]) + len(inside).to_bytes(2, 'big') + int('$1').to_bytes(4, 'big') + inside, ('10.99.3.1', 2152))
packets = [raw(IP(src='10.99.6.2', dst='$UE') / UDP(sport=5, dport=port) / (b'%05d' % (number + more))) for number in range($2, $3 + 1) for port, more in ((7777, 0), ($FLOW, 1000))]
for packet in packets:
    send(255, packet)
send(254, b'')"
}

that "by two tunnels, a flow apart" smf change ue1 fork $OTHER 0x700a permit_out_17_from_any_${FLOW}_to_any 0x700b
sends_many "$(said '.teids["31"]')" 401 600
that "one is told its end" wait_for 20 ended 0x700a
that "and the other" wait_for 20 ended 0x700b
that "each once, and nobody else" equal "$(ends 0x700a) $(ends 0x700b) $(ends 0x7003) $(ends 0x7005)" "1 1 0 0"
that "all came by the one" diff <(came_by 0x700a) <(numbers 401 600)
that "and the flow by the other" diff <(came_by 0x700b) <(numbers 1401 1600)
that "before their ends" equal "$(late 0x700a) $(late 0x700b)" "0 0"
that "it is deleted" smf delete ue1
story_end_pfcp
