#!/bin/bash
# A thousand sessions as four SMFs ask for them, at once: each one's packets go by its own tunnels with its own QFI, a rule more for
# some of them changes theirs alone, a worker's death nobody's, and each is charged for its own.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
COUNT=${1:-1000}

packets() { # [shape whose do not come back]
	in_ns ran "$PYTHON" "$PFCP/packets.py" "$LAB/mixed" 10.99.3.1 "$NET4" "$@" >"$LAB/said"
}

pfcp_begin
in_ns net ip route add 10.46.0.0/16 via 10.99.6.1
lab_start back net "$PYTHON" -uc "
import socket
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
end.bind(('$NET4', 7777))
print('ready', flush=True)
while True:
    end.sendto(*end.recvfrom(2000))"
lab_expect back ready
that "the SMF associates" smf associate
that "$COUNT sessions of mixed rules are made and reached" smf mixed begin "$COUNT" "$LAB/mixed"
that "a packet of each goes out" packets
that "and comes back by its own tunnel" says ".back == $COUNT and .wrong == [] and .missing == []"
that "a flow is stopped by a rule of a quarter's own" smf mixed shut
kill -KILL "$(seat_field 1 pid)"
that "a worker dies, and another one comes" wait_for 30 seat_has_died 1 1
that "packets of all go out" packets open5gs
that "those of the others come back" says ".back == $COUNT - $COUNT / 4 and .wrong == [] and .missing == []"
that "all are deleted" smf mixed end plain=2,2 open5gs=2,1 free5gc=2,2
that "each with its own usage" says ".count == $COUNT and .wrong == []"
that "no session is left" equal "$(sessions | jq -s length)" 0
story_end_pfcp
