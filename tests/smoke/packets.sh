#!/bin/bash
# What becomes of packets beyond their sessions' rules: from subscriber to subscriber, too large for a link on either side, in fragments on
# their way here, and SYNs that promise too much.
#
#   UE - shoal-gnb ===GTP-U, 1500 bytes a link=== gateway --- 10.99.6.2
#    \_________________UE to UE__________________/
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
GW_N3_MTU=1500
GW_MORE='packets: {tcp_mss: 1300}'
story_begin
story_subscribers 12
in_ns ran ip link set n3 mtu 1500
in_ns ran sysctl -qw net.ipv4.conf.ue0.accept_local=1
read -r ONE TWO <<<"$(ues_of_two_workers)"
read -r SIX SEVEN _ <<<"$(ues_ipv6 | tr '\n' ' ')"

# What subscribers of the radio side have for each other leaves by their tunnels, though one kernel has all their addresses.
in_ns ran ip rule add pref 20 lookup local
in_ns ran ip rule del pref 0
in_ns ran ip rule add pref 10 to 10.45.0.0/16 iif lo lookup 100
in_ns ran ip route add default dev ue0 table 100
in_ns ran ip -6 rule add pref 20 lookup local
in_ns ran ip -6 rule del pref 0
in_ns ran ip -6 rule add pref 10 to 2001:db8::/32 iif lo lookup 100
in_ns ran ip -6 route add default dev ue0 table 100

between() { # from to count
	in_ns ran ping -q -c "$3" -i 0.05 -W 2 -I "$1" "$2"
}

large() { # namespace yes|no|do words...
	in_ns "$1" ping -q -c 3 -i 0.05 -W 2 -s 1472 -M "$2" "${@:3}"
}

# The largest segment that either end of a connection may send, as its kernel has it.
segment() { # from to
	"$PYTHON" "$SHOAL/tests/lab/segment.py" "${LAB##*/}-net" "$2" "${LAB##*/}-ran" "$1"
}

less_than() { # most number...
	local most=$1
	shift
	for n in "$@"; do ((n <= most && n > most - 40)) || { echo "$n is not below $most" >&2; return 1; }; done
}

that "a subscriber reaches another one, at another worker" between "$ONE" "$TWO" 5
that "over IPv6, too" between "$SIX" "$SEVEN" 5
that "and itself" between "$ONE" "$ONE" 2
that "which was charged to both, both ways" wait_for 10 usage_is "$TWO" 5 5
that "and did not go by the network" wait_for 10 counter_reached primary_ue_to_ue 24
that "an address without a session is nobody's" unanswered between "$ONE" 10.45.255.253 2
that "which is counted" wait_for 10 counter_reached no_session 2
that "the last hop taken is answered into the tunnel" in_ns ran bash -c \
	"ping -c 1 -W 2 -t 2 -I $ONE $TWO | grep 'Time to live exceeded' >/dev/null"

cut=$(counter primary_cut)
that "packets without DF are cut on their way down, and joined on their way up" large net dont "$ONE"
that "there were some" wait_for 10 counter_reached primary_cut $((cut + 3))
that "and joined ones" wait_for 10 counter_reached joined 3
that "up first, too" large ran dont -I "$ONE" "$NET4"
that "that is twice three answers cut" wait_for 10 counter_reached primary_cut $((cut + 6))
cut=$(counter primary_cut)
that "who wants them whole is told" not large net do "$ONE"
that "and how much fits" in_ns net bash -c "ip route get $ONE | grep 'mtu 14[56]' >/dev/null"
that "nothing was cut then" equal "$(counter primary_cut)" "$cut"
that "no IPv6 is cut" in_ns net bash -c "ping -q -c 2 -i 0.2 -W 2 -s 1452 -M dont $SIX; ip -6 route get $SIX | grep 'mtu 14[56]' >/dev/null"

that "SYNs say no more than they may, both ways" less_than 1300 $(segment "$ONE" "$NET4")
that "nor over IPv6" less_than 1280 $(segment "$SIX" "$NET6")

in_ns ran "$PYTHON" "$SHOAL/tests/lab/frames.py" pieces n3 10.99.3.1 "$ONE" "$(teid_of "$ONE")"
that "fragments without the rest end" wait_for 10 counter_reached fragment_old 1
that "and those that overlap" wait_for 10 counter_reached fragment_bad 2
that "who comes in the wrong order arrives" wait_for 10 counter_reached joined 5
that "no worker died" equal "$(shoal worker ls --json | jq '[.workers[].deaths] | add')" 0
story_end
