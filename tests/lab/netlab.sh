# shellcheck shell=bash
# netlab.sh - the network of every demo and story, the gateway in it, and words to tell a story with.
#
#      ran                          gw                           net
#   UEs on ue0                                                a plain Linux host
#   shoal-gnb                  shoal-primary                  web server, iperf3
#   n3 10.99.3.2/24 ---veth--- n3 10.99.3.1   n6 10.99.6.1 ---veth--- n6 10.99.6.2/24
#      fd99:3::2/64                            fd99:6::1              fd99:6::2/64
#
# The kernel in gw has no addresses: the gateway's belong to the primary. Checksum and segmentation offloads are off on
# the kernel's ends, since a veth would hand half-made packets to a user-space stack.
# Sourced by bash. Sets $SHOAL (the repository) and $BUILD (the build folder, default $SHOAL/build).

SHOAL=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-${MESON_BUILD_ROOT:-$SHOAL/build}}
PYTHON=/usr/bin/python3
. "$SHOAL/deploy/lib/say.sh"
. "$SHOAL/deploy/lib/lab.sh"

# ---- The network

net_veth() { # namespace-a device-a namespace-b device-b mtu
	ip link add "$2" netns "${LAB##*/}-$1" mtu "$5" type veth peer name "$4" netns "${LAB##*/}-$3" mtu "$5"
	local end ns device
	for end in "$1 $2" "$3 $4"; do
		read -r ns device <<<"$end"
		in_ns "$ns" ethtool -K "$device" tx off tso off gso off gro off >/dev/null
		in_ns "$ns" sysctl -qw "net.ipv6.conf.$device.accept_dad=0"
	done
}

# An end that the gateway drives: no address of the kernel's, not even link-local.
net_bare() { # namespace device
	in_ns "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=1"
	in_ns "$1" ip link set "$2" up
}

net_host() { # namespace device ipv4/len ipv6/len
	in_ns "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=0"
	in_ns "$1" ip address add "$3" dev "$2"
	in_ns "$1" ip address add "$4" dev "$2" nodad
	in_ns "$1" ip link set "$2" up
}

net_up() {
	local ns
	for ns in ran gw net; do lab_netns "$ns"; done
	net_veth ran n3 gw n3 1600
	net_veth net n6 gw n6 1500
	net_bare gw n3
	net_bare gw n6
	net_host ran n3 10.99.3.2/24 fd99:3::2/64
	net_host net n6 10.99.6.2/24 fd99:6::2/64
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
	wait_for 5 test -e "$LAB/gnb.json"
	jq ".$1" "$LAB/gnb.json"
}

# ---- Words for stories

story_fail() { # text
	echo "FAILED: $1" >&2
	exit 1
}

story_skip() { # text
	echo "SKIPPED: $1"
	exit 77
}

# Says what is checked, runs it, and ends the story if it does not hold.
that() { # text command...
	local text=$1
	shift
	if "$@"; then echo "ok: $text"; else story_fail "$text ($*)"; fi
}

equal() { # a b
	[[ $1 == "$2" ]] || {
		echo "'$1' is not '$2'" >&2
		return 1
	}
}

# Ends the story with "skipped" and the reason on a host that lacks something it needs.
story_needs() { # host-check matters...
	local lacking
	lacking=$("$SHOAL/deploy/host-check" --missing "$@") || story_skip "${lacking//$'\n'/; }"
}
