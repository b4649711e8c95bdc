#!/bin/bash
# Two networks that are alike to the last address: the gateway's own on either link, next hops, subscribers, servers. Each is asked for and
# answered on its own link; whoever of the gateway is killed, nothing of one comes to the other. Where they are: two_networks.sh.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
TWO_LINK=6
. "$(dirname "$0")/two_networks.sh"
NEXT=10.99.6.2 NEXT6=fd99:6::2 OWN=10.99.6.1 OWN6=fd99:6::1

# Echo requests that have come to it, of both families.
asked() { # namespace
	in_ns "$1" cat /proc/net/snmp /proc/net/snmp6 | awk '$1 == "Icmp:" && ++n == 2 { sum += $9 } $1 == "Icmp6InEchos" { sum += $2 } END { print sum }'
}

# While it is done, nobody of that network is asked anything.
nobody_asked() { # namespace command...
	local ns=$1 before
	before=$(asked "$ns")
	shift
	"$@" && equal "$(asked "$ns")" "$before"
}

# Whom it finds at an address of the gateway's, by its link alone.
own_answers() { # namespace address
	in_ns "$1" ip neigh flush all
	in_ns "$1" ping -q -c 3 -i 0.1 -W 5 "$2" >"$LAB/ping" 2>&1
}

hop_is() { # namespace address
	in_ns "$1" ping -n -c 1 -W 10 -t 1 -I "$TWIN" "$SERVER" >"$LAB/hop" || true
	grep -qF "From $2 " "$LAB/hop"
}

prefix_of() { # dnn
	sessions | jq -r --arg dnn "$1" 'select(.dnn == $dnn) | .ipv6 | sub("/64"; "")'
}

two_networks_begin
twins_up
in_ns ims ip route add 2001:db8::/32 via "$OWN6"

for ns in net ims; do
	that "the gateway is at its address ($ns)" own_answers $ns $OWN
	that "by IPv6, too ($ns)" own_answers $ns $OWN6
done
that "the one reaches the server of its network" answers ran "$TWIN" "$SERVER" net
that "the other that of its own" answers ran2 "$TWIN" "$SERVER" ims
that "the one reaches its next hop, and nobody the other's" nobody_asked ims ping_from ran "$TWIN" $NEXT 3 next
that "the other its own" nobody_asked net ping_from ran2 "$TWIN" $NEXT 3 next
that "by IPv6, too" nobody_asked ims ping_from ran "$(prefix_of internet)1" $NEXT6 3 next
that "and the other" nobody_asked net ping_from ran2 "$(prefix_of ims)1" $NEXT6 3 next
that "the one is reached by its network" nobody_asked ran2 ping_from net $NEXT "$TWIN" 3 back
that "the other by its own" nobody_asked ran ping_from ims $NEXT "$TWIN" 3 back
that "the one reaches the gateway" nobody_asked ims ping_from ran "$TWIN" $OWN 3 own
that "and so does the other" nobody_asked net ping_from ran2 "$TWIN" $OWN 3 own
that "errors come from there" hop_is ran $OWN
that "to the other, too" hop_is ran2 $OWN
both_while "a worker is killed" one_pings other_pings kill_a_worker
both_while "ctrl is killed" one_pings other_pings kill_ctrl 2

in_ns ims ip link set h7 address 02:00:00:00:77:01 # another next hop in the one: asked for anew there alone
that "the other's next hop is another one" wait_for 20 own_answers ims $OWN
that "and known" wait_for 60 answers ran2 "$TWIN" "$SERVER" ims
that "the one's is as ever" answers ran "$TWIN" "$SERVER" net

kill_primary 2
that "the one reaches its server" answers ran "$TWIN" "$SERVER" net
that "the other its own" answers ran2 "$TWIN" "$SERVER" ims
story_end
