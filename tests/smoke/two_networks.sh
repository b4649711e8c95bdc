# shellcheck shell=bash
# two_networks.sh - words of stories about two networks behind one gateway, each with a radio side of its own.
#
#   ran  n3 10.99.3.2 --- n3  [       ] n6 === tag 106 === h6 net, 10.200.0.1      internet
#   ran2 n3 10.98.3.2 --- n3b [gateway]    === tag 107 === h7 ims, 10.200.0.1      ims
#
# The second network's link is 10.99.$TWO_LINK.0/24, fd99:$TWO_LINK::/64; 6 is the first one's, too.
# Sourced by bash after story.sh.

SERVER=10.200.0.1
TWIN=10.45.0.7
TWO_LINK=${TWO_LINK:-7}

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
	net_host ims h7 0 10.99.$TWO_LINK.2/24 fd99:$TWO_LINK::2/64
	in_ns ims ip route add 10.45.0.0/16 via 10.99.$TWO_LINK.1
	net_wire net n6.107 wh7
}

# Says who it is, at those addresses.
server_up() { # namespace address...
	local ns=$1 at
	mkdir -p "$LAB/www-$ns"
	echo "$ns" >"$LAB/www-$ns/who"
	for at in "${@:2}"; do
		lab_start "web-$ns-$at" "$ns" "$PYTHON" -u -m http.server 80 --bind "$at" --directory "$LAB/www-$ns"
		lab_expect "web-$ns-$at" Serving
	done
}

# The same one in both.
servers_up() {
	local ns
	for ns in net ims; do
		in_ns "$ns" ip link set lo up
		in_ns "$ns" ip address add "$SERVER/32" dev lo
		server_up "$ns" "$SERVER"
	done
}

two_networks_config() {
	gateway_config
	awk '/^  - name: n6/ { print "  - {name: n3b, driver: '"$GW_DRIVER"', device: n3b, role: access, mtu: 1600, addresses: [10.98.3.1/24]}" }
		{ print }
		/fd99:6::1/ { print "    network: internet\n    gateway4: 10.99.6.2"
			print "  - {name: n6ims, driver: '"$GW_DRIVER"', device: n6, role: core, vlan: 107, mtu: 1500, network: ims,"
			print "     addresses: [10.99.'"$TWO_LINK"'.1/24, \"fd99:'"$TWO_LINK"'::1/64\"], gateway4: 10.99.'"$TWO_LINK"'.2}" }
		/ipv6: .2001:db8::/ { print "    network: internet\n  - {dnn: ims, ipv4: 10.45.0.0/20, ipv6: \"2001:db8::/52\", network: ims}" }' \
		"$LAB/shoal.yaml" >"$LAB/networks.yaml"
	mv "$LAB/networks.yaml" "$LAB/shoal.yaml"
}

# Both networks, their servers, and the gateway between them. Both pools hold the same addresses.
two_networks_begin() {
	story_needs "${STORY_NEEDS[@]}"
	GW_POOL=10.45.0.0/20 GW_POOL6=2001:db8::/52
	lab_open
	NET_VLAN_N6=106
	net_up
	core_too
	radio_too
	lab_hugepages "$GW_MIB"
	two_networks_config
	gateway_start
	servers_up
}

# The second radio's subscribers live in ran2.
radio_up_too() { # table
	in_ns ran2 ip tuntap add ue0 mode tun
	in_ns ran2 ip link set ue0 mtu 1500 up
	in_ns ran2 sysctl -qw net.ipv6.conf.ue0.accept_dad=0
	awk -F , 'NR > 1 && $1 { print "address replace " $1 "/32 dev ue0" }
		NR > 1 && $2 { sub("/64", "1/64", $2); print "address replace " $2 " dev ue0 nodad" }' "$1" | in_ns ran2 ip -batch -
	in_ns ran2 ip route add default dev ue0
	in_ns ran2 ip -6 route add default dev ue0
	lab_start gnb2 ran2 "$BUILD/tests/lab/shoal-gnb" --table "$1" --bind 10.98.3.2 --tun ue0 --counters "$LAB/gnb2.json"
	lab_expect gnb2 ready
}

add_too() { # imsi address
	shoal session add --imsi "$1" --peer 10.98.3.2 --peer-teid "$((1996488704 + 10#${1: -6}))" --dnn ims --ipv4 "$2" --ipv6 auto --wait >/dev/null
}

# Twins, each in its own network and radio side; more of the second one's: imsi and address, in pairs.
twins_up() { # [imsi address]...
	session_add 001010000000001 --ipv4 "$TWIN" --ipv6 auto
	ues_table >"$LAB/table.csv"
	add_too 001010000000002 "$TWIN"
	while (($#)); do
		add_too "$1" "$2"
		shift 2
	done
	ues_table | awk -F , 'NR == 1 || $4 != 1996488705' >"$LAB/table2.csv"
	radio_up "$LAB/table.csv"
	radio_up_too "$LAB/table2.csv"
}

one_pings() { ping_from ran "$TWIN" "$SERVER" 200 "$1"; }
other_pings() { ping_from ran2 "$TWIN" "$SERVER" 200 "$1"; }

# Who answers there, of those who all have that address.
answers() { # namespace own-address address who
	local at=$3
	[[ $at != *:* ]] || at="[$at]"
	[[ $(in_ns "$1" curl -sS --max-time 20 --interface "$2" "http://$at/who") == "$4" ]]
}

ping_from() { # namespace from to count name
	in_ns "$1" "$BUILD/tests/lab/shoal-pinger" "$2" "$3" "$4" 0.02 8 >"$LAB/ping-$5"
}

# Two run all the while something is done: each a command that ping_from does.
both_while() { # text one other command...
	local text=$1 one=$2 other=$3 a b
	shift 3
	$one a & a=$!
	$other b & b=$!
	"$@"
	wait "$a" "$b"
	that "$text: the one's pings, none lost" equal "$(pings_lost a)" 0
	that "$text: the other's, none lost" equal "$(pings_lost b)" 0
}

kill_a_worker() {
	local pid deaths
	deaths=$(seat_field 0 deaths)
	pid=$(seat_field 0 pid)
	kill -s KILL "$pid"
	wait_for 20 seat_has_died 0 $((deaths + 1))
}

kill_ctrl() { # sessions there are
	lab_signal KILL ctrl
	wait_for 10 lab_gone ctrl
	gateway_start_one ctrl
	lab_expect ctrl process.ready
	wait_for 20 all_applied "$1"
}

kill_primary() { # sessions there are
	lab_signal KILL primary
	wait_for 10 lab_gone primary
	gateway_start_one primary
	lab_expect primary process.ready
	that "after the primary's death its next one's workers serve" wait_for 20 gateway_serves
	that "all sessions are applied again" wait_for 20 all_applied "$1"
}

# Three pings that nobody may answer, counted so.
counted_as() { # counter namespace from to
	local before
	before=$(counter "$1")
	in_ns "$2" "$BUILD/tests/lab/shoal-pinger" "$3" "$4" 3 0.05 0.2 >/dev/null 2>&1 || true
	wait_for 10 counter_reached "$1" $((before + 3))
}
