#!/bin/bash
# Two VLANs: each port takes and sends its own tag only; no tag, another tag and two tags are refused and counted.
#
#   ran h3 - n3 === tag 103 === n3 [gateway] n6 === tag 106 === n6 - h6 net
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
lab_open
NET_VLAN_N3=103 NET_VLAN_N6=106
net_up
gateway_up
story_subscribers 4

that "a subscriber pings" ue_pings "$UE"
that "the gateway answers on its VLAN" in_ns ran ping -q -c 2 -i 0.05 10.99.3.1
before=$(counter vlan)
in_ns ran "$PYTHON" "$SHOAL/tests/lab/frames.py" tags n3 h3 10.99.3.1
that "wrong tags are counted" wait_for 10 counter_reached vlan $((before + 3))
story_end
