# shellcheck shell=bash
# pfcp.sh - a story's SMF: where it lives, how it is asked, and what came of it.
#
#      cp                        gw
#   smf.py n4 10.99.4.2 ---veth--- n4 10.99.4.1 shoal-pfcp      the rest as in tests/lab/netlab.sh
#
# Sourced by bash after story.sh.

PFCP=${BASH_SOURCE[0]%/*}
PFCP_PEERS=${PFCP_PEERS:-10.99.4.2, 'fd99:4::2'}

pfcp_section() {
	cat <<-END
		pfcp:
		  listen: [10.99.4.1, 'fd99:4::1']
		  peers: [$PFCP_PEERS]
		  associate: [${PFCP_ASSOCIATE-}]
		  ip_resources: [${PFCP_RESOURCES-}]
		  heartbeat_ms: ${PFCP_HEARTBEAT_MS-10000}
		${PFCP_RULES:-pfcp_rules: []}
		${PFCP_MORE-}
	END
}

# As story_begin, with shoal-pfcp in the gateway and an SMF beside it that is not associated yet. PFCP_FIRST: what a story does before.
pfcp_begin() {
	story_needs "${STORY_NEEDS[@]}"
	lab_open
	net_up
	${PFCP_FIRST:-true}
	GW_MORE=$(pfcp_section)
	gateway_up
	pfcp_beside
}

# The SMF and shoal-pfcp, beside a gateway whose configuration tells of it.
pfcp_beside() {
	lab_netns cp
	net_veth cp n4 gw n4 1500
	net_host cp n4 0 10.99.4.2/24 fd99:4::2/64
	net_host gw n4 0 10.99.4.1/24 fd99:4::1/64
	pfcp_start
	smf_start smf 10.99.4.2 10.99.4.1
}

pfcp_start() {
	lab_start pfcp gw "$BUILD/ctrl/pfcp/shoal-pfcp" --config "$LAB/shoal.yaml"
	lab_expect pfcp process.ready
}

# It dies, and is back.
pfcp_kill() {
	lab_signal KILL pfcp
	wait_for 10 lab_gone pfcp
	pfcp_start
}

smf_start() { # name local peer
	lab_start "$1" cp "$PYTHON" "$PFCP/smf.py" serve "$LAB/$1.sock" "$2" "$3"
	lab_expect "$1" ready 60
}

# Asks the SMF; what it says is in $LAB/said. 0: accepted.
smf() { # command...
	"$PYTHON" "$PFCP/smf.py" "$LAB/${SMF:-smf}.sock" "$@" >"$LAB/said" || {
		local status=$?
		cat "$LAB/said" >&2
		return $status
	}
}

said() { # jq filter
	jq -r "$1" "$LAB/said"
}

says() { # jq condition, of what was said last
	[[ -s $LAB/said ]] && jq -e "$1" "$LAB/said" >/dev/null || {
		cat "$LAB/said" >&2
		return 1
	}
}

# The SMF asks and is refused, and that is right.
smf_refused() { # cause command...
	local cause=$1
	shift
	if smf "$@" 2>/dev/null; then return 1; fi
	says ".cause == $cause"
}

# The subscriber that was attached last, served by the radio side from now on.
smf_radio() { # downlink teid [address, where the SMF has chosen it]
	UE=${2:-$(said .ue)}
	printf '%s\n' ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi "$UE,,$(said .teid),$1,10.99.3.1,9" >"$LAB/table.csv"
	radio_up "$LAB/table.csv"
}

# Another gNB has its tunnels: 10.99.3.3.
smf_other_gnb() { # downlink teid
	in_ns ran ip address replace 10.99.3.3/24 dev n3
	sed -i "s/0x7[0-9]*/$1/" "$LAB/ues.csv"
	lab_stop gnb
	lab_start gnb ran "$BUILD/tests/lab/shoal-gnb" --table "$LAB/ues.csv" --bind 10.99.3.3 --tun ue0 --counters "$LAB/gnb.json"
	lab_expect gnb ready
}

story_end_pfcp() {
	story_end
	that "pfcp lives" lab_alive pfcp
}
