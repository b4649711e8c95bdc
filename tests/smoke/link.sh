#!/bin/bash
# Links go and come back: at the far end, at ours, with another MTU. An interface that is taken away and made again is another one, though
# its name is the same: its port is down until then, whoever serves it begins anew, and the subscribers stay.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"

link_is() { # port true|false
	shoal status --json | jq -e --arg port "$1" --argjson up "$2" 'any(.ports[]; .name == $port and .up == $up)' >/dev/null
}

# What a host forgets with its link.
host_again() {
	in_ns net ip -6 address replace fd99:6::2/64 dev n6 nodad
	in_ns net ip route replace 10.45.0.0/16 via 10.99.6.1
	in_ns net ip route replace 2001:db8::/32 via fd99:6::1
}

primary_again() {
	that "who has it begins anew" wait_for 20 lab_gone primary
	that "and says why" lab_said primary "port.replaced n6: another interface has its name"
	gateway_start_one primary
	lab_expect primary process.ready
	that "all serve" wait_for 30 gateway_serves
}

story_begin
story_subscribers 4
that "subscribers ping" ue_pings "$UE"
in_ns net ip link set n6 down
that "the far end's link is down" wait_for 20 link_is n6 false
in_ns net ip link set n6 up
that "and up again" wait_for 20 link_is n6 true
host_again
that "they ping" wait_for 20 ue_pings "$UE"
in_ns gw ip link set n6 down
that "ours is down" wait_for 20 link_is n6 false
in_ns gw ip link set n6 up
that "and up again" wait_for 20 link_is n6 true
in_ns gw ip link set n3 mtu 1500
that "they ping, with another MTU, too" wait_for 20 ue_pings "$UE"

in_ns gw ip link del n6
that "without its interface a port is down" wait_for 20 link_is n6 false
that "the others stay" link_is n3 true
net_veth net n6 gw n6 1504
net_bare gw n6
net_host net n6 0 10.99.6.2/24 fd99:6::2/64
host_again
primary_again
that "with the port" wait_for 20 link_is n6 true
that "the subscribers ping" wait_for 20 ue_pings "$UE"
that "they are those of before" all_applied 4
story_end
