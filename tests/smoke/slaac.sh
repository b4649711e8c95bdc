#!/bin/bash
# A subscriber whose kernel makes its own IPv6 address out of what the gateway advertises (TS 23.501 5.8.2.2): stateless, over a tunnel with
# QFIs. Its multicast listener reports and the like end at the gateway.
#
#   kernel's ue6 (nothing configured) - slaac_ue.py ===GTP-U=== gateway --- fd99:6::2
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
GW_LINK_MTU=1400
story_begin
session_add 001010000000001 --ipv6 auto --qfi 9
prefix=$(sessions | jq -r '.ipv6 | sub("::/64$"; "")')
teid=$(sessions | jq .teid) peer_teid=$(sessions | jq .peer_teid)

ue6_up() {
	lab_start ue6 ran "$PYTHON" "$SHOAL/tests/lab/slaac_ue.py" ue6 10.99.3.2 10.99.3.1 "$teid" "$peer_teid" 9
	lab_expect ue6 ready
	in_ns ran sysctl -qw net.ipv6.conf.ue6.accept_ra=2 net.ipv6.conf.ue6.router_solicitation_interval=2 \
		net.ipv6.conf.ue6.router_solicitation_delay=0
	in_ns ran ip link set ue6 mtu 1500 up
}

ue6_has() { # text of ip(8)
	in_ns ran ip -6 "$1" show dev ue6 | grep "$2" >/dev/null # to its end: who prints must not meet a closed pipe
}

has_used() { # uplink downlink
	sessions | jq -e --argjson up "$1" --argjson down "$2" '.usage.uplink_packets == $up and .usage.downlink_packets == $down' >/dev/null
}

ue6_up
that "the kernel has an address from the advertised prefix" wait_for 30 ue6_has address "inet6 $prefix:.*/64 scope global"
that "for as long as the session lasts" ue6_has address "valid_lft forever preferred_lft forever"
that "its router is the gateway" ue6_has route "default via fe80::1"
that "nothing else is on its link" not ue6_has route "^$prefix.*/64"
that "the MTU was told" equal "$(in_ns ran sysctl -n net.ipv6.conf.ue6.mtu)" 1400
that "a host of the network answers" in_ns ran ping -q -c 3 -i 0.1 -I ue6 fd99:6::2
in_ns ran ping -q -c 2 -i 0.1 -W 1 ff02::1%ue6 >/dev/null || true
that "what was meant for its link ended here" wait_for 10 counter_reached link_local 1
that "nothing counts as spoofed" equal "$(counter spoofed)" 0
that "an advertisement is no use of the session" wait_for 10 has_used 3 3
story_end
