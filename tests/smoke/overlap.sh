#!/bin/bash
# Two networks whose subscribers have the same addresses, and whose servers have: each reaches its own, whoever of the gateway is
# killed meanwhile; nobody the other's. Where they are: two_networks.sh.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/two_networks.sh"
LONELY=10.45.0.8

# The second radio's subscribers live in ran2.
radio_up_too() { # table
	in_ns ran2 ip tuntap add ue0 mode tun
	in_ns ran2 ip link set ue0 mtu 1500 up
	awk -F , 'NR > 1 && $1 { print "address replace " $1 "/32 dev ue0" }' "$1" | in_ns ran2 ip -batch -
	in_ns ran2 ip route add default dev ue0
	lab_start gnb2 ran2 "$BUILD/tests/lab/shoal-gnb" --table "$1" --bind 10.98.3.2 --tun ue0 --counters "$LAB/gnb2.json"
	lab_expect gnb2 ready
}

add_too() { # imsi address
	shoal session add --imsi "$1" --peer 10.98.3.2 --peer-teid "$((1996488704 + 10#${1: -6}))" --dnn ims --ipv4 "$2" --ipv6 auto --wait >/dev/null
}

one_pings() { ping_from ran "$TWIN" "$SERVER" 200 "$1"; }
other_pings() { ping_from ran2 "$TWIN" "$SERVER" 200 "$1"; }

move_shards() {
	local shard
	for shard in $(shoal session ls --json | jq .shard); do
		shoal shard move "$shard" 1 >/dev/null
		shoal shard move "$shard" 0 >/dev/null
	done
}

# Whom a packet that ran out of hops is told of by.
hop_is() { # namespace address
	in_ns "$1" ping -n -c 1 -W 10 -t 1 -I "$TWIN" "$SERVER" >"$LAB/hop" || true
	grep -qF "From $2 " "$LAB/hop"
}

tunnelled() { # name
	local gnb=gnb file=$LAB/gnb.json
	[[ $1 == ran ]] || gnb=gnb2 file=$LAB/gnb2.json
	rm -f "$file"
	lab_signal USR1 "$gnb"
	wait_for 20 test -e "$file"
	jq .downlink_packets "$file"
}

two_networks_begin
session_add 001010000000001 --ipv4 "$TWIN" --ipv6 auto
ues_table >"$LAB/table.csv"
add_too 001010000000002 "$TWIN"
add_too 001010000000003 "$LONELY"
ues_table | awk -F , 'NR == 1 || $4 != 1996488705' >"$LAB/table2.csv"
radio_up "$LAB/table.csv"
radio_up_too "$LAB/table2.csv"

that "two sessions have the address" equal "$(sessions | jq -s "[.[] | select(.ipv4 == \"$TWIN\")] | length")" 2
that "within a network it is taken" refused ADDRESS_TAKEN shoal session add --imsi 001010000000004 --ipv4 "$TWIN" --dnn ims
that "who asks for it has to name a network" refused INVALID shoal session show --ip "$TWIN"
that "and finds its session then" equal "$(shoal session show --ip "$TWIN" --dnn ims --json | jq -r .imsi)" 001010000000002
that "the one reaches the server of its network" answers ran "$TWIN" "$SERVER" net
that "the other that of its own" answers ran2 "$TWIN" "$SERVER" ims
that "and the gateway's address there" ping_from ran2 "$TWIN" 10.99.7.1 3 own
that "errors come from the gateway's address in the one's network" hop_is ran 10.99.6.1
that "and from that in the other's" hop_is ran2 10.99.7.1
both_while "a worker is killed" one_pings other_pings kill_a_worker
both_while "ctrl is killed" one_pings other_pings kill_ctrl 3
both_while "shards move" one_pings other_pings move_shards

other=$(tunnelled ran2)
that "a subscriber of the other network is nobody here" counted_as no_session ran "$TWIN" "$LONELY"
that "nor is ours there somebody else's" counted_as other_network ran "$TWIN" 10.99.7.1
that "and nothing of it came to the other's tunnels" equal "$(tunnelled ran2)" "$other"

kill_primary 3
that "the one reaches its server" answers ran "$TWIN" "$SERVER" net
that "the other its own" answers ran2 "$TWIN" "$SERVER" ims
story_end
