#!/bin/bash
# The lab's own radio side against a peer that is not ours (scapy): a tunnel is proven by two ends made apart.
#
#   ping from a UE - ue0 - shoal-gnb - n3 ---veth--- n3 - scapy: answers inside the tunnel
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs root netns tun
lab_open
net_up
net_host gw n3 0 10.99.3.1/24 fd99:3::1/64
cat >"$LAB/table.csv" <<-END
	ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi
	10.45.0.1,2001:db8:0:1::/64,0x101,0x7001,10.99.3.1,
	10.45.0.2,,0x102,0x7002,10.99.3.1,9
END
radio_up "$LAB/table.csv"
lab_start peer gw "$PYTHON" "$SHOAL/tests/lab/tunnel_peer.py" 10.99.3.1 0x101=0x7001 0x102=0x7002
lab_expect peer ready

answered() { pings_between "$1" "$(beyond "$1")" 3 0.05 radio 10 && equal "$(pings_lost radio)" 0; } # ue
that "a UE without QFI pings" answered 10.45.0.1
that "a UE with QFI pings" answered 10.45.0.2
that "an IPv6 UE pings" answered 2001:db8:0:1::1
that "scapy found the QFI uplink" lab_said peer "qfi 9 of type 1"
that "and it came back downlink" equal "$(radio_count downlink_qfi)" 3
that "echo is answered" lab_said peer "echo answered"
that "nothing was misdelivered" equal "$(radio_count downlink_misdelivered)" 0
