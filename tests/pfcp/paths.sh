#!/bin/bash
# GTP-U paths: a gNB that ceases to answer Echo Requests is told to be down, and up again when it does; nobody is blamed for what died on
# our side. A tunnel that the gNB knows nothing of is reported to the SMF, whichever of its addresses says so; who guesses is not heard.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
GW_ECHO='1 300 2'

path_is() { # state
	[[ $(shoal path ls --json | jq -r 'select(.peer == "10.99.3.2") | .state') == "$1" ]]
}

path_event() { # kind: how often
	jq -s "map(select(.kind == \"$1\" and (.text | startswith(\"10.99.3.2:\")))) | length" "$LAB/events"
}

path_event_is() { # kind times
	(($(path_event "$1") == $2))
}

# The gNB has nobody for a TEID at an address (TS 29.281 7.3.1), or so it says; so many times, for this TEID and those behind it.
error_indication() { # from address teid [times]
	in_ns ran "$PYTHON" -c "
import socket, sys
from scapy.all import raw
from scapy.contrib.gtp import GTP_U_Header, GTPErrorIndication, IE_GSNAddress, IE_TEIDI
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind((sys.argv[1], 0))
for teid in range(int(sys.argv[3], 0), int(sys.argv[3], 0) + int(sys.argv[4])):
    elements = [IE_TEIDI(TEIDI=teid), IE_GSNAddress(length=4, ipv4_address=sys.argv[2])]
    there.sendto(raw(GTP_U_Header(gtp_type=26, teid=0, S=1, seq=0) / GTPErrorIndication(IE_list=elements)), ('10.99.3.1', 2152))
" "$1" "$2" "$3" "${4:-1}"
}

pfcp_begin
that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 teid=0x7001
smf_radio 0x7001
in_ns gw "$BUILD/ctrl/cli/shoal" --connect "ipc://$LAB/run/oss.ipc" events --json >"$LAB/events" 2>"$LAB/events.err" & hears=$!
that "its gNB answers, and the path is up" wait_for 20 path_is up
that "it pings" ue_pings "$UE"
lab_signal STOP gnb
that "when it ceases to, the path is down" wait_for 20 path_is down
that "which is told" wait_for 10 path_event_is path.failed 1
that "to the SMF as well" smf paths 1
that "as a failure" says '.paths == [{"peer": "10.99.3.2", "is": "failed"}]'
that "and counted" test "$(shoal path ls --down | grep -c 10.99.3.2)" = 1
lab_signal CONT gnb
that "it answers again, and the path is up" wait_for 20 path_is up
that "which is told, too" wait_for 10 path_event_is path.recovered 1
that "to the SMF as well" smf paths 1
that "as a recovery" says '.paths == [{"peer": "10.99.3.2", "is": "recovered"}]'
that "the subscriber pings" ue_pings "$UE"

kill -KILL "$(seat_field 15 pid)"
lab_signal STOP ctrl
sleep 2
lab_signal CONT ctrl
asked=$(counter primary_echo_requests)
that "the gNB is asked on" wait_for 20 counter_reached primary_echo_requests $((asked + 3))
that "and not blamed for what we did not hear" equal "$(path_event path.failed)" 1
that "the path is up" wait_for 20 path_is up

in_ns ran ip address add 10.99.3.3/24 dev n3
error_indication 10.99.3.2 10.99.3.2 0x7002
that "what the gNB says of another tunnel is counted" wait_for 10 counter_reached tunnel_errors_unknown 1
error_indication 10.99.3.3 10.99.3.2 0x7001
that "that it has nobody for the tunnel is reported, though said by another address of its" smf reports 1
that "as such" says '.reports == [.reports[0]] and .reports[0].type == ["ERIR"] and .reports[0].tunnel == {"teid": 28673, "ipv4": "10.99.3.2"}'
that "and where it came from is counted" counter_reached tunnel_errors_elsewhere 1
error_indication 10.99.3.2 10.99.3.2 0x7001
that "said again it is counted" wait_for 10 counter_reached tunnel_errors_repeated 1
error_indication 10.99.3.3 10.99.3.2 0x8000 200
that "who guesses is not heard any more" wait_for 10 counter_reached tunnel_errors_doubted 1
error_indication 10.99.3.2 10.99.3.2 0x7001
that "but whose tunnel it is" wait_for 10 counter_reached tunnel_errors_repeated 2
that "packets go where the SMF's rules say" ue_pings "$UE"
kill "$hears"
wait "$hears" 2>/dev/null || true
that "it is deleted" smf delete ue1
that "and no tunnel leads there" equal "$(shoal path ls --json | jq .tunnels)" 0
story_end_pfcp
