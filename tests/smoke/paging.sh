#!/bin/bash
# Packets for an idle subscriber wait; then it is reached by another tunnel, and all of them arrive, in order, though its worker was killed
# meanwhile. Then it is handed over, and the old tunnel is told its end.
#
#   UE 10.45.x.y - shoal-gnb ===GTP-U=== gateway --- 10.99.6.2
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
N=40

# The subscriber's rules: what its downlink rule does.
rules_are() { # forward's fields
	"$SHOAL/tests/lab/oss_ask.py" "$LAB/run/oss.ipc" "$SHOAL/proto/oss.proto" >"$LAB/answer" <<-END
		version: 1 key: "$RANDOM-$RANDOM" deadline_ms: 20000 session_modify { wait_applied: true session { id: $ID
		rules { id: 1 precedence: 1 match { source: ACCESS } forward { destination: CORE } }
		rules { id: 2 precedence: 2 match { source: CORE } forward { destination: ACCESS $1 } } } }
	END
}

# The radio side serves it by this tunnel now.
tunnel_is() { # TEID
	awk -F , -v OFS=, -v teid="$1" 'NR > 1 { $4 = teid } 1' "$LAB/ues.csv" >"$LAB/ues.new"
	mv "$LAB/ues.new" "$LAB/ues.csv"
	lab_signal HUP gnb
}

send() { # numbers
	in_ns net python3 -c "
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in sys.argv[2:]:
    s.sendto(n.encode(), (sys.argv[1], 7777))
    time.sleep(0.002)" "$UE" "$@"
}

arrived_all() { # how many
	(($(wc -l <"$LAB/arrived") >= $1))
}

none_waits() {
	(($(counter primary_packets_parked) == 0))
}

story_begin
story_subscribers 1
ID=$(session_of "$UE" | jq -r .id)
lab_start listener ran python3 -uc "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('$UE', 7777))
out = open('$LAB/arrived', 'w', buffering=1)
print('ready', flush=True)
while True:
    out.write(s.recv(100).decode() + '\n')"
lab_expect listener ready
that "the subscriber pings" ue_pings "$UE"
that "its rules keep downlink packets" rules_are "buffer: true"
send $(seq 1 $N)
that "all of them wait" wait_for 20 counter_reached primary_packets_parked $N
that "none has arrived" equal "$(wc -l <"$LAB/arrived")" 0
seat=$(seat_of "$UE")
kill -KILL "$(seat_field "$seat" pid)"
that "its worker died, and another one came" wait_for 20 seat_has_died "$seat" 1
that "they wait as before" equal "$(counter primary_packets_parked)" $N
tunnel_is 1997000001
that "it is reached by another tunnel" rules_are "peer_ipv4: 174260994 peer_teid: 1997000001"
that "all arrive" wait_for 20 arrived_all $N
send $(seq $((N + 1)) $((N + 5)))
that "and what comes then" wait_for 20 arrived_all $((N + 5))
that "in order, once each" diff "$LAB/arrived" <(seq 1 $((N + 5)))
that "none waits any more" wait_for 20 none_waits
tunnel_is 1997000002
that "it is handed over" rules_are "peer_ipv4: 174260994 peer_teid: 1997000002 end_marker: true"
that "the old tunnel is told its end" wait_for 20 counter_reached primary_end_markers 1
that "once" equal "$(counter primary_end_markers)" 1
that "the subscriber pings" ue_pings "$UE"
story_end
