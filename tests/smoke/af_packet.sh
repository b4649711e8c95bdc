#!/bin/bash
# The af_packet back end, and frames of 9000 bytes, which only it can be sent here.
#
#   ran n3, MTU 9000 --- gateway with net_af_packet --- net
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
GW_DRIVER=af_packet
story_begin
story_subscribers 4
web_up 8

that "a subscriber pings" ue_pings "$UE"
download "$UE" file
that "a file comes through whole" download_same file
in_ns gw ip link set n3 mtu 9000
in_ns ran ip link set n3 mtu 9000
in_ns ran "$PYTHON" "$SHOAL/tests/lab/frames.py" jumbo n3 10.99.3.1
that "after frames of 9000 bytes it still pings" ue_pings "$UE"
story_end
