#!/bin/bash
# The pcap back end: a capture is played through the gateway once, and the account says what became of each frame.
#
#   n3.pcap: 30 uplink packets of subscribers nobody has ---> gateway <--- n6.pcap: an LLDP frame
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
lab_open
net_up
"$PYTHON" "$SHOAL/tests/lab/frames.py" capture "$LAB/n3.pcap" "$LAB/n6.pcap"
GW_DRIVER=pcap GW_DEVICE_N3=$LAB/n3.pcap GW_DEVICE_N6=$LAB/n6.pcap
gateway_up

that "all 30 packets found no session" wait_for 20 counter_reached no_session 30
that "the LLDP frame was no IP" wait_for 20 counter_reached not_ip 1
that "the packet account closes" wait_for 10 account_closes
