#!/bin/bash
# Two networks that don't know of each other, VLANs of one device: each subscriber leaves by its own and is reached from there alone;
# a static route leads where the gateway of the other would not.
#
#   ran h3 - n3 ======= n3 [gateway] n6 === tag 106 === h6 net      10.45.0.0/16  internet
#                                       === tag 107 === h7 ims      10.46.0.0/24  ims; 10.99.8.8 behind it
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
lab_open
NET_VLAN_N6=106
net_up
lab_netns ims
net_veth ims h7 net wh7 1500
in_ns net ip link set wh7 up
in_ns ims ip link set h7 up
in_ns ims ip link set lo up
in_ns ims ip address add 10.99.7.2/24 dev h7
in_ns ims ip address add 10.99.8.8/32 dev lo
in_ns ims ip route add 10.45.0.0/16 via 10.99.7.1
in_ns ims ip route add 10.46.0.0/24 via 10.99.7.1
net_wire net n6.107 wh7

lab_hugepages "$GW_MIB"
gateway_config
awk '{ print }
	/fd99:6::1/ { print "    network: internet\n  - {name: n6ims, driver: '"$GW_DRIVER"', device: n6, role: core, vlan: 107, mtu: 1500, network: ims,"
		print "     addresses: [10.99.7.1/24], routes: [10.99.8.0/24 via 10.99.7.2]}" }
	/ipv6: .2001:db8::/ { print "    network: internet\n  - {dnn: ims, ipv4: 10.46.0.0/24, network: ims}" }' "$LAB/shoal.yaml" >"$LAB/networks.yaml"
mv "$LAB/networks.yaml" "$LAB/shoal.yaml"
gateway_start
session_add 001010000000001 --ipv4 10.45.0.7
session_add 001010000000002 --ipv4 10.46.0.7 --dnn ims
ues_table >"$LAB/table.csv"
radio_up "$LAB/table.csv"

reaches() { # from to
	pings_between "$1" "$2" 3 0.05 one 5 && [[ $(pings_lost one) == 0 ]]
}

# Sends three pings and waits for what they must be counted as.
refused_as() { # counter namespace from to
	local before
	before=$(counter "$1")
	in_ns "$2" "$BUILD/tests/lab/shoal-pinger" "$3" "$4" 3 0.05 0.2 >/dev/null 2>&1 || true
	wait_for 10 counter_reached "$1" $((before + 3))
}

that "a subscriber reaches its network" reaches 10.45.0.7 10.99.6.2
that "another reaches the other, by another VLAN of the device" reaches 10.46.0.7 10.99.7.2
that "and what is behind it by a route" reaches 10.46.0.7 10.99.8.8
that "neither has a way into the other's" refused_as no_route ran 10.46.0.7 10.99.6.2
that "nor the other way round" refused_as no_route ran 10.45.0.7 10.99.8.8
that "who is in another network does not reach a subscriber" refused_as other_network ims 10.99.7.2 10.45.0.7
that "an address of another network's pool is refused" refused INVALID shoal session add --imsi 001010000000003 --ipv4 10.45.0.9 --dnn ims
story_end
