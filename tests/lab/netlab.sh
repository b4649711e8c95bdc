# shellcheck shell=bash
# netlab.sh - the network of every demo and story, and the radio side in it.
#
#      ran                          gw                           net
#   UEs on ue0                                                a plain Linux host
#   shoal-gnb                  shoal-primary                  web server, iperf3
#   n3 10.99.3.2/24 ---veth--- n3 10.99.3.1   n6 10.99.6.1 ---veth--- n6 10.99.6.2/24
#      fd99:3::2/64                            fd99:6::1              fd99:6::2/64
#
# The kernel in gw has no addresses: the gateway's belong to the primary. Checksum and segmentation offloads are off on
# the kernel's ends, since a veth would hand half-made packets to a user-space stack.
# NET_VLAN_N3, NET_VLAN_N6: tags on the veths (the hosts' ends are then h3, h6). NET_GW_N3, NET_GW_N6: names of the
# veths' ends in gw, where the gateway brings interfaces of its own.
# Sourced by bash. Sets $SHOAL (the repository) and $BUILD (the build folder, default $SHOAL/build).

SHOAL=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-${MESON_BUILD_ROOT:-$SHOAL/build}}
PYTHON=/usr/bin/python3
NET_VLAN_N3=${NET_VLAN_N3:-0}
NET_VLAN_N6=${NET_VLAN_N6:-0}
NET_GW_N3=${NET_GW_N3:-n3}
NET_GW_N6=${NET_GW_N6:-n6}
. "$SHOAL/deploy/lib/say.sh"
. "$SHOAL/deploy/lib/lab.sh"

# ---- The network

net_veth() { # namespace-a device-a namespace-b device-b mtu
	ip link add "$2" netns "${LAB##*/}-$1" mtu "$5" type veth peer name "$4" netns "${LAB##*/}-$3" mtu "$5"
	local end ns device
	for end in "$1 $2" "$3 $4"; do
		read -r ns device <<<"$end"
		in_ns "$ns" ethtool -K "$device" tx off tso off gso off gro off txvlan off rxvlan off >/dev/null
		in_ns "$ns" sysctl -qw "net.ipv6.conf.$device.accept_dad=0"
	done
}

# An end that the gateway drives: no address of the kernel's, not even link-local.
net_bare() { # namespace device
	in_ns "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=1"
	in_ns "$1" ip link set "$2" up
}

net_host() { # namespace device vlan ipv4/len ipv6/len
	local device=$2
	in_ns "$1" ip link set "$2" up
	if (($3)); then
		device=h${2#n}
		net_veth "$1" "$device" "$1" "w$device" 1500
		in_ns "$1" ip link set "$device" up
		in_ns "$1" ip link set "w$device" up
		net_wire "$1" "$2.$3" "w$device"
	fi
	in_ns "$1" sysctl -qw "net.ipv6.conf.$device.disable_ipv6=0"
	in_ns "$1" ip address add "$4" dev "$device"
	in_ns "$1" ip address add "$5" dev "$device" nodad
}

# A cable between two interfaces of a namespace (wire.py).
net_wire() { # namespace a b
	lab_start "wire-$1-$3" "$1" "$PYTHON" "$SHOAL/tests/lab/wire.py" "$2" "$3"
	lab_expect "wire-$1-$3" ready
}

net_up() {
	local ns
	for ns in ran gw net; do lab_netns "$ns"; done
	net_veth ran n3 gw "$NET_GW_N3" 1604
	net_veth net n6 gw "$NET_GW_N6" 1504
	net_bare gw "$NET_GW_N3"
	net_bare gw "$NET_GW_N6"
	net_host ran n3 "$NET_VLAN_N3" 10.99.3.2/24 fd99:3::2/64
	net_host net n6 "$NET_VLAN_N6" 10.99.6.2/24 fd99:6::2/64
	in_ns net ip route add 10.45.0.0/16 via 10.99.6.1
	in_ns net ip route add 2001:db8::/32 via fd99:6::1
	in_ns ran sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
}

# ---- The radio side

# Starts shoal-gnb for the subscribers in a table (tests/lab/ues.h), all of whose addresses come to live on ue0.
radio_up() { # table.csv
	in_ns ran ip tuntap add ue0 mode tun
	in_ns ran sysctl -qw net.ipv6.conf.ue0.accept_dad=0 net.ipv6.conf.ue0.addr_gen_mode=1
	in_ns ran ip link set ue0 mtu 1500 up
	cp "$1" "$LAB/ues.csv"
	radio_addresses
	in_ns ran ip route add default dev ue0
	in_ns ran ip -6 route add default dev ue0
	lab_start gnb ran "$BUILD/tests/lab/shoal-gnb" --table "$LAB/ues.csv" --bind 10.99.3.2 --tun ue0 --counters "$LAB/gnb.json"
	lab_expect gnb ready
}

radio_addresses() {
	awk -F , 'NR > 1 && $1 { print "address replace " $1 "/32 dev ue0" }
		NR > 1 && $2 { sub("/64", "1/64", $2); print "address replace " $2 " dev ue0 nodad" }' "$LAB/ues.csv" |
		in_ns ran ip -batch -
}

# The radio side's counter of that name, as of now.
radio_count() { # name
	rm -f "$LAB/gnb.json"
	lab_signal USR1 gnb
	wait_for 20 test -e "$LAB/gnb.json"
	jq ".$1" "$LAB/gnb.json"
}
