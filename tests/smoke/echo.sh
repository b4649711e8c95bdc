#!/bin/bash
# The gateway answers for itself: GTP-U echo with Recovery zero (TS 29.281 7.2.2), Error Indication for a tunnel without a session
# (7.3.1), what extension headers it knows (7.2.3), ping to each of its addresses, ARP and ND.
#
#   ran --- 10.99.3.1, fd99:3::1 [gateway] 10.99.6.1, fd99:6::1 --- net
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
GW_MUTE=0
story_begin

that "ARP is answered on the access side" in_ns ran "$PYTHON" "$SHOAL/tests/lab/frames.py" arp n3 10.99.3.1
that "ND is answered on the core side" in_ns net "$PYTHON" "$SHOAL/tests/lab/frames.py" nd n6 fd99:6::1 fd99:6::2
that "GTP-U echo is answered" in_ns ran "$PYTHON" "$SHOAL/tests/lab/frames.py" echo 10.99.3.1
session_add 001010000000001 --ipv4 auto # a shard that nobody was ever in says nothing about its tunnels
that "a tunnel without a session is told" in_ns ran "$PYTHON" "$SHOAL/tests/lab/frames.py" indication 10.99.3.1 $(($(sessions | jq .teid) ^ 0xf00000))
that "a strange extension header is answered" in_ns ran "$PYTHON" "$SHOAL/tests/lab/frames.py" notice 10.99.3.1
that "End Markers are no user data" in_ns ran "$PYTHON" "$SHOAL/tests/lab/frames.py" end-marker 10.99.3.1 1193046
that "and are counted" wait_for 10 counter_reached end_marker 3
that "ping 10.99.3.1" in_ns ran ping -q -c 3 -i 0.05 10.99.3.1
that "ping 10.99.6.1" in_ns net ping -q -c 3 -i 0.05 10.99.6.1
that "ping fd99:3::1" in_ns ran ping -q -c 3 -i 0.05 fd99:3::1
that "ping fd99:6::1" in_ns net ping -q -c 3 -i 0.05 fd99:6::1
story_end
