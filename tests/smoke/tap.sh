#!/bin/bash
# The tap back end: the gateway makes its own interfaces, here bridged to the veth pairs.
#
#   ran n3 --- v3 [bridge] n3 (tap) gateway n6 (tap) [bridge] v6 --- n6 net
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
lab_open
NET_GW_N3=v3 NET_GW_N6=v6 GW_DRIVER=tap
net_up
gateway_up
for port in 3 6; do
	in_ns gw ip link add "b$port" type bridge
	in_ns gw sysctl -qw "net.ipv6.conf.b$port.disable_ipv6=1" "net.ipv6.conf.n$port.disable_ipv6=1"
	in_ns gw ip link set "v$port" master "b$port"
	in_ns gw ip link set "n$port" master "b$port"
	in_ns gw ip link set "b$port" up
done
story_subscribers 4
that "a subscriber pings" wait_for 10 ue_pings "$UE"
that "and again" ue_pings "$UE" 20
story_end
