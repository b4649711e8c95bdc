#!/bin/bash
# Two networks whose subscribers have the same addresses, and whose servers have: each reaches its own, whoever of the gateway is
# killed meanwhile; nobody the other's.
#
#   ran  h3 10.99.3.2 --- n3  [       ] n6 === tag 106 === h6 net, 10.200.0.1      10.45.0.0/20  internet
#   ran2 n3 10.98.3.2 --- n3b [gateway]    === tag 107 === h7 ims, 10.200.0.1      10.45.0.0/20  ims
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
GW_POOL=10.45.0.0/20 GW_POOL6=2001:db8::/52
SERVER=10.200.0.1 TWIN=10.45.0.7 LONELY=10.45.0.8

radio_too() { # of the second network
	lab_netns ran2
	net_veth ran2 n3 gw n3b 1604
	net_bare gw n3b
	in_ns ran2 sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	in_ns ran2 ip link set n3 up
	in_ns ran2 ip address add 10.98.3.2/24 dev n3
	in_ns ran2 ip route add 10.99.3.1/32 via 10.98.3.1
}

core_too() {
	lab_netns ims
	net_veth ims h7 net wh7 1500
	in_ns net ip link set wh7 up
	in_ns ims ip link set h7 up
	in_ns ims ip address add 10.99.7.2/24 dev h7
	in_ns ims ip route add 10.45.0.0/16 via 10.99.7.1
	net_wire net n6.107 wh7
}

# Says who it is.
server_up() { # namespace
	mkdir -p "$LAB/www-$1"
	echo "$1" >"$LAB/www-$1/who"
	in_ns "$1" ip link set lo up
	in_ns "$1" ip address add "$SERVER/32" dev lo
	lab_start "web-$1" "$1" "$PYTHON" -u -m http.server 80 --bind "$SERVER" --directory "$LAB/www-$1"
	lab_expect "web-$1" Serving
}

overlap_config() {
	gateway_config
	awk '/^  - name: n6/ { print "  - {name: n3b, driver: '"$GW_DRIVER"', device: n3b, role: access, mtu: 1600, addresses: [10.98.3.1/24]}" }
		{ print }
		/fd99:6::1/ { print "    network: internet\n    gateway4: 10.99.6.2"
			print "  - {name: n6ims, driver: '"$GW_DRIVER"', device: n6, role: core, vlan: 107, mtu: 1500, network: ims,"
			print "     addresses: [10.99.7.1/24], gateway4: 10.99.7.2}" }
		/ipv6: .2001:db8::/ { print "    network: internet\n  - {dnn: ims, ipv4: 10.45.0.0/20, ipv6: \"2001:db8::/52\", network: ims}" }' \
		"$LAB/shoal.yaml" >"$LAB/networks.yaml"
	mv "$LAB/networks.yaml" "$LAB/shoal.yaml"
}

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

answers() { # namespace who
	[[ $(in_ns "$1" curl -sS --max-time 20 --interface "$TWIN" "http://$SERVER/who") == "$2" ]]
}

ping_from() { # namespace count name [to]
	in_ns "$1" "$BUILD/tests/lab/shoal-pinger" "$TWIN" "${4:-$SERVER}" "$2" 0.02 8 >"$LAB/ping-$3"
}

# Both twins ping all the while something is done.
both_while() { # text command...
	local text=$1 a b
	shift
	ping_from ran 200 a & a=$!
	ping_from ran2 200 b & b=$!
	"$@"
	wait "$a" "$b"
	that "$text: the one's pings, none lost" equal "$(pings_lost a)" 0
	that "$text: the other's, none lost" equal "$(pings_lost b)" 0
}

kill_a_worker() {
	local seat
	seat=$(seat_field 0 pid)
	kill -s KILL "$seat"
	wait_for 20 seat_has_died 0 1
}

kill_ctrl() {
	lab_signal KILL ctrl
	wait_for 10 lab_gone ctrl
	gateway_start_one ctrl
	lab_expect ctrl process.ready
	wait_for 20 all_applied 3
}

move_shards() {
	local shard
	for shard in $(shoal session ls --json | jq .shard); do
		shoal shard move "$shard" 1 >/dev/null
		shoal shard move "$shard" 0 >/dev/null
	done
}

# Three pings that nobody may answer, counted so.
counted_as() { # counter namespace to
	local before
	before=$(counter "$1")
	in_ns "$2" "$BUILD/tests/lab/shoal-pinger" "$TWIN" "$3" 3 0.05 0.2 >/dev/null 2>&1 || true
	wait_for 10 counter_reached "$1" $((before + 3))
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

lab_open
NET_VLAN_N6=106
net_up
core_too
radio_too
lab_hugepages "$GW_MIB"
overlap_config
gateway_start
server_up net
server_up ims
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
that "the one reaches the server of its network" answers ran net
that "the other that of its own" answers ran2 ims
that "and the gateway's address there" ping_from ran2 3 own 10.99.7.1
that "errors come from the gateway's address in the one's network" hop_is ran 10.99.6.1
that "and from that in the other's" hop_is ran2 10.99.7.1
both_while "a worker is killed" kill_a_worker
both_while "ctrl is killed" kill_ctrl
both_while "shards move" move_shards

other=$(tunnelled ran2)
that "a subscriber of the other network is nobody here" counted_as no_session ran "$LONELY"
that "nor is ours there somebody else's" counted_as other_network ran 10.99.7.1
that "and nothing of it came to the other's tunnels" equal "$(tunnelled ran2)" "$other"

lab_signal KILL primary
wait_for 10 lab_gone primary
gateway_start_one primary
lab_expect primary process.ready
that "after the primary's death its next one's workers serve" wait_for 20 gateway_serves
that "all sessions are applied again" wait_for 20 all_applied 3
that "the one reaches its server" answers ran net
that "the other its own" answers ran2 ims
story_end
