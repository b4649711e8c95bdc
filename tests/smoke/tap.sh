#!/bin/bash
# The tap back end: the gateway makes its own interfaces, here cabled to the veth pairs.
#
#   ran n3 --- v3 [wire.py] n3 (tap) gateway n6 (tap) [wire.py] v6 --- n6 net
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
lab_open
NET_GW_N3=v3 NET_GW_N6=v6 GW_DRIVER=tap
net_up
gateway_up
for port in 3 6; do net_wire gw "n$port" "v$port"; done
story_subscribers 4
that "a subscriber pings" wait_for 10 ue_pings "$UE"
that "and again" ue_pings "$UE" 20
story_end
