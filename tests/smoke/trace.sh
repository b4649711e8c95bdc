#!/bin/bash
# One subscriber's packets are looked at while it and another one ping: both sides, each with what became of it, though its worker is killed
# meanwhile; and nobody else's. tshark reads what was written.
#
#   UE 10.45.x.y - shoal-gnb ===GTP-U=== gateway --- 10.99.6.2          shoal session trace ID > pcapng
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"

trace_start() { # name id [option...]
	lab_start "$1" gw "$BUILD/ctrl/cli/shoal" --connect "ipc://$LAB/run/oss.ipc" session trace --write "$LAB/$1.pcapng" "${@:2}"
	lab_expect "$1" 'tracing session'
	wait_for 20 counter_reached ctrl_traces "${TRACES:-1}"
}

trace_stop() { # name
	lab_signal INT "$1"
	wait_for 20 not lab_alive "$1"
}

# Fields of those packets that pass the filter, a line each.
packets() { # name filter field...
	local field fields=()
	for field in "${@:3}"; do fields+=(-e "$field"); done
	tshark -r "$LAB/$1.pcapng" -Y "$2" -T fields "${fields[@]}" 2>"$LAB/tshark"
}

packets_are() { # how many name filter
	equal "$(packets "$2" "$3" frame.number | wc -l)" "$1"
}

drops_downlink() { # id
	"$SHOAL/tests/lab/oss_ask.py" "$LAB/run/oss.ipc" "$SHOAL/proto/oss.proto" >"$LAB/answer" <<-END
		version: 1 key: "$RANDOM-$RANDOM" deadline_ms: 20000 session_modify { wait_applied: true session { id: $1
		rules { id: 1 precedence: 1 match { source: ACCESS } forward { destination: CORE } }
		rules { id: 2 precedence: 2 match { source: CORE } forward { destination: ACCESS drop: true } } } }
	END
}

none_traced() {
	(($(counter ctrl_traces) == 0))
}

story_begin
story_subscribers 8
mapfile -t ues < <(ues_ipv4)
UE=${ues[0]} OTHER=${ues[1]}
ID=$(session_of "$UE" | jq -r .id)
TEID=$(printf '0x%08x' "$(teid_of "$UE")")
LATE='icmp.type == 11' REPLY='icmp.type == 0' ECHO='icmp.type == 8 && !(icmp.type == 11)'
that "the subscriber pings" ue_pings "$UE"
that "so does the other" ue_pings "$OTHER"
trace_start both "$ID"
that "both ping, looked at or not" ue_pings "$OTHER" 5
that "the one who is" ue_pings "$UE" 5
seat=$(seat_of "$UE")
kill -KILL "$(seat_field "$seat" pid)"
that "its worker died, and another one came" wait_for 20 seat_has_died "$seat" 1
that "it pings by another worker" ue_pings "$UE" 5
that "and gets an answer from the gateway where a packet's time is up" not in_ns ran ping -q -c 1 -W 1 -t 1 -I "$UE" "$NET4" >"$LAB/ttl"
trace_stop both
that "tshark reads it to the end" packets_are 42 both frame
that "11 echo requests came from the radio side, in its tunnel" packets_are 11 both "frame.interface_name == access && gtp.teid == $TEID && $ECHO && frame.packet_flags_direction == 1"
that "10 left to the data network" packets_are 10 both "frame.interface_name == core && $ECHO && !gtp && frame.packet_flags_direction == 2"
that "10 replies came from there" packets_are 10 both "frame.interface_name == core && $REPLY && frame.packet_flags_direction == 1"
that "10 left in the tunnel" packets_are 10 both "frame.interface_name == access && gtp && $REPLY && frame.packet_flags_direction == 2"
that "with what became of them" packets_are 40 both 'frame.comment matches "^packet [0-9]+, worker [01]: forward: sent to the other side$"'
that "but for the one that was answered on its way" packets_are 2 both 'frame.comment contains ": to_slow_ttl, steer_again, forward: "'
that "by a word in its tunnel" packets_are 1 both "$LATE && gtp && frame.packet_flags_direction == 2"
that "a packet's two sides have one number" equal "$(packets both "!($LATE)" frame.packet_id | grep -vx "$(packets both "$LATE" frame.packet_id)" | sort | uniq -c | awk '{ print $1 }' | sort -u)" 2
that "nobody else's are there" packets_are 0 both "ip.addr == $OTHER"
that "whose addresses they are" packets_are 42 both "ip.addr == $UE"
that "nothing was lost" lab_said both '^21 packets, 0 more'
trace_start drops "$ID" --snap 64
that "its rules send downlink packets nowhere" drops_downlink "$ID"
in_ns net ping -q -c 3 -i 0.2 -W 1 "$UE" >"$LAB/dropped" || true
trace_stop drops
that "they came, and did not leave" packets_are 3 drops "$ECHO && frame.interface_name == core"
that "for there is no tunnel" packets_are 3 drops 'frame.comment contains "no_peer: session has no radio-side tunnel"'
that "64 bytes of each are there" equal "$(packets drops "$ECHO" frame.cap_len frame.len | sort -u)" $'64\t84'
that "a session that is not there: refused" refused NOT_FOUND shoal session trace 999999999999 --write "$LAB/none"
trace_start killed "$ID"
kill -KILL "$(lab_pid killed)"
TRACES=2 trace_start gone "$(session_of "$OTHER" | jq -r .id)"
that "the other is removed" shoal session rm "$(session_of "$OTHER" | jq -r .id)"
that "that ends its trace" wait_for 20 lab_said gone 'ended: the session was deleted'
that "one that nobody reads ends by itself" wait_for 30 none_traced

story_end
