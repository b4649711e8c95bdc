# shellcheck shell=bash
# rules_on.sh - subscribers with rules, while processes die (points.sh): one comes, changes and goes all the time; another is idle,
# is told of, and is reached, over and over; what waits for a third is dropped by order, and counted.
#
# Sourced by bash after story.sh; goes_on says how long.

# Until it is answered, whatever else ends; as repeat_ok. The answer is in $LAB/answer-NAME.
ask_ok() { # name key body
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		"$SHOAL/tests/lab/oss_ask.py" "$LAB/run/oss.ipc" "$SHOAL/proto/oss.proto" >"$LAB/answer-$1" 2>&1 <<<"version: 1 key: '$2' deadline_ms: 20000 $3" && return 0
		[[ -e $LAB/owner ]] || return 1
		sleep 0.05
	done
	return 1
}

# A filter, two rates and measures of its own: a sheet in several pieces. The second measure is there in every other one.
rules_text() { # number
	local down="destination: ACCESS peer_ipv4: 174260994 peer_teid: $1" second=''
	if (($1 % 2)); then second='measures { id: 2 volume: true }'; fi
	cat <<-END
		rules { id: 1 precedence: 9 match { source: ACCESS } forward { destination: CORE } rate_id: 1 measure_ids: 1 }
		rules { id: 2 precedence: 9 match { source: CORE } forward { $down } rate_id: 1 rate_ids: 2 measure_ids: 1 ${second:+measure_ids: 2} }
		rules { id: 3 precedence: 5 match { source: CORE filters { flow: "permit out udp from any $1 to assigned" } } forward { $down } rate_id: 2 measure_ids: 1 }
		rates { id: 1 cir_bps: 900000000 } rates { id: 2 cir_bps: 800000000 } measures { id: 1 volume: true } $second
	END
}

# $LAB/told-rules: the session's id and the number of its rules, as far as it was acknowledged; empty when it is gone.
rules_come_and_go() {
	local n id
	for ((n = 1; ; n += 3)); do
		goes_on || return 0
		ask_ok rules "rules-a$n" "session_create { wait_applied: true session { identity { imsi: '00103$(printf %010d "$n")' } ue { want_ipv4: true } $(rules_text "$n") } }" || return 1
		id=$(grep -m 1 -oP '^\s+id: \K\d+' "$LAB/answer-rules")
		echo "$id $n" >"$LAB/told-rules"
		ask_ok rules "rules-m$n" "session_modify { wait_applied: true session { id: $id $(rules_text $((n + 1))) } }" || return 1
		echo "$id $((n + 1))" >"$LAB/told-rules"
		goes_on || return 0
		ask_ok rules "rules-r$n" "session_delete { id: $id wait_applied: true }" || return 1
		: >"$LAB/told-rules"
	done
}

# The session's filter is the one of the rules that were acknowledged last.
rules_stand() {
	local id n
	[[ -s $LAB/told-rules ]] || return 0
	read -r id n <"$LAB/told-rules"
	"$SHOAL/tests/lab/oss_ask.py" "$LAB/run/oss.ipc" "$SHOAL/proto/oss.proto" <<<"version: 1 session_get { id: $id }" >"$LAB/answer-rules" &&
		grep -qF "from any $n to assigned" "$LAB/answer-rules"
}

page_rules() { # the downlink's forward
	echo "session_modify { wait_applied: true session { id: $PAGED rules { id: 1 precedence: 1 match { source: ACCESS } forward { destination: CORE } }
		rules { id: 2 precedence: 2 match { source: CORE } forward { destination: ACCESS $1 } } } }"
}

page_told() { # how many reports there have been
	(($(shoal report ls --json | jq -s --argjson id "$PAGED" '[.[] | select(.session == $id and .kind == "data")] | length') >= $1)) 2>/dev/null
}

page_arrived() { # number of the last packet
	grep -qx "$1" "$LAB/paged"
}

# Its downlink packets wait, a report tells of the first, and when the radio side has it again all of them arrive. $LAB/paged has their
# numbers, $LAB/periods how often it was idle.
idle_and_reached() { # its peer TEID
	local n last
	for ((n = 1; ; n++)); do
		goes_on || return 0
		ask_ok page "page-i$n" "$(page_rules 'buffer: true notify: true')" || return 1
		echo "$n" >"$LAB/periods"
		for last in $((2 * n - 1)) $((2 * n)); do in_ns net bash -c "echo $last >/dev/udp/$PAGED_UE/7777"; done
		wait_for 30 page_told "$n" || touch "$LAB/untold"
		ask_ok page "page-r$n" "$(page_rules "peer_ipv4: 174260994 peer_teid: $1")" || return 1
		wait_for 30 page_arrived "$last" || touch "$LAB/unreached"
	done
}

# One more subscriber of the import is idle now and then: PAGED its session, PAGED_UE its address.
page_begin() { # UE
	PAGED_UE=$1
	PAGED=$(session_of "$1" | jq .id)
	lab_start paged ran "$PYTHON" -uc "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('$1', 7777))
out = open('$LAB/paged', 'w', buffering=1)
print('ready', flush=True)
while True:
    out.write(s.recv(100).decode())"
	lab_expect paged ready
	echo 0 >"$LAB/periods"
	: >"$LAB/told-rules"
}

# Waiting packets of LOST are dropped by order, again and again; whoever has its session counts them.
waits_in_vain() {
	local n
	for ((n = 1; ; n++)); do
		goes_on || return 0
		in_ns net bash -c "echo $n >/dev/udp/$LOST_UE/7777"
		ask_ok lost "lost-$n" "session_modify { wait_applied: true drop_buffered: true session { id: $LOST
			rules { id: 1 precedence: 1 match { source: ACCESS } forward { destination: CORE } }
			rules { id: 2 precedence: 2 match { source: CORE } forward { destination: ACCESS buffer: true } measure_ids: 1 }
			measures { id: 1 volume: true triggers: 64 dropped_packets: 1000000 } } }" || return 1 # triggers: DROTH
	done
}

loss_begin() { # UE
	LOST_UE=$1
	LOST=$(session_of "$1" | jq .id)
}
