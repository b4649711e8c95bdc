#!/bin/bash
# A router behind a subscriber: networks of its own that the SMF names as framed routes (TS 29.244 5.16), reached both ways whoever dies,
# changed and taken away; and what nobody may have.
#
#   host lan1 192.0.2.2 --- lan0 router (kernel of ran) ue6 ===GTP-U=== gateway --- 10.99.6.2
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
PFCP_FIRST=lan_up

lan_up() {
	lab_netns lan
	net_veth ran lan0 lan lan1 1500
	net_host ran lan0 0 192.0.2.1/28 2001:db8:7::1/56
	net_host lan lan1 0 192.0.2.2/28 2001:db8:7::2/56
	in_ns lan ip route add default via 192.0.2.1
	in_ns lan ip route add default via 2001:db8:7::1
	in_ns ran sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	in_ns ran ip rule add from 192.0.2.0/28 table 7
	in_ns ran ip -6 rule add from 2001:db8:7::/56 table 7
	in_ns net ip route add 192.0.2.0/24 via 10.99.6.1
}

# The subscriber that was attached last, as a router: its device, its address, and the way out for what is behind it.
router_up() {
	UE=$(said .ue)
	lab_start ue6 ran "$PYTHON" "$SHOAL/tests/lab/slaac_ue.py" ue6 10.99.3.2 10.99.3.1 "$(said .teid)" $((0x7001)) 9
	lab_expect ue6 ready
	in_ns ran ip link set ue6 mtu 1400 up
	in_ns ran ip address add "$UE/32" dev ue6
	in_ns ran ip route add 10.99.6.0/24 dev ue6
	in_ns ran ip route add default dev ue6 table 7
	in_ns ran ip -6 route add default dev ue6 table 7
}

ping_from() { # namespace destination [option...]
	in_ns "$1" ping -q -c 3 -i 0.1 -W 2 "${@:3}" "$2" >"$LAB/ping" 2>&1
}
there_and_back() { ping_from net 192.0.2.2 && ping_from lan 10.99.6.2; }
by_ipv6() { ping_from net 2001:db8:7::2 && ping_from lan fd99:6::2; }
unreached() { unanswered ping_from net 192.0.2.2; }
serves() { wait_for 20 there_and_back; }

pfcp_begin
that "the SMF associates" smf associate
that "a subscriber attaches with two networks behind it" smf attach ue1 qfi=9 teid=0x7001 framed=192.0.2.0/28,2001:db8:7::/56
router_up
that "the subscriber itself pings" ping_from net "$UE"
that "a host behind it is reached, and reaches" there_and_back
that "by IPv6, too" by_ipv6
that "its networks are shown" [ "$(sessions | jq -c '[.rules[] | .framed // empty]')" = '[["192.0.2.0/28","2001:db8:7::/56"]]' ]

in_ns lan ip address add 192.0.2.17/32 dev lan1
in_ns ran ip rule add from 192.0.2.17 table 7
before=$(counter spoofed)
ping_from lan 10.99.6.2 -I 192.0.2.17 || true
that "what comes from elsewhere behind it is spoofed" wait_for 10 counter_reached spoofed $((before + 3))
before=$(counter no_session)
ping_from net 192.0.2.33 || true
that "what goes elsewhere is nobody's" wait_for 10 counter_reached no_session $((before + 3))

that "another subscriber can't have the same" smf_refused 73 attach ue2 qfi=9 teid=0x7002 framed=192.0.2.0/28
that "told by the IE" says '.offending == 153'
that "nor what holds it" smf_refused 73 attach ue2 qfi=9 teid=0x7002 framed=2001:db8::/32
that "told by the IE" says '.offending == 155'
that "nor its address" smf_refused 73 attach ue2 qfi=9 teid=0x7002 ue=192.0.2.5
that "nor an operator" refused ADDRESS_TAKEN shoal session add --imsi 001010000000009 --ipv4 auto --framed-route 192.0.2.8/29
that "a pool is nobody's" refused ADDRESS_TAKEN shoal session add --imsi 001010000000009 --ipv4 auto --framed-route 10.45.9.0/24
that "nor are bits beyond a length" refused INVALID shoal session add --imsi 001010000000009 --ipv4 auto --framed-route 198.51.100.1/24
that "nine are one too many" not shoal session add --imsi 001010000000009 --ipv4 auto \
	--framed-route "$(printf '198.51.%u.0/24 ' 1 2 3 4 5 6 7 8 9)" 2>/dev/null
that "none of them was made" equal "$(sessions | jq -s length)" 1

ping_from net 192.0.2.2 -c 1000 -i 0.01 & a=$!
for _ in 1 2; do
	seat=$(seat_of "$UE")
	kill -s KILL "$(seat_field "$seat" pid)"
	that "its worker dies, and another serves" wait_for 10 seat_has_died "$seat" 1
done
that "the pings ended" wait "$a"
that "none of them was lost" grep " 0% packet loss" "$LAB/ping"
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
that "the controller dies, and nothing is lost" there_and_back
gateway_start_one ctrl
lab_expect ctrl process.ready
that "it is back" wait_for 20 all_applied 1
that "and nothing has changed" there_and_back
lab_signal KILL primary
wait_for 10 lab_gone primary
gateway_start_one primary
lab_expect primary process.ready
that "the primary dies and is back with the networks" serves
pfcp_kill
that "the SMF is known still" smf framed ue1 192.0.2.0/29
that "a smaller network does as well" there_and_back
that "the other one is gone" unanswered ping_from net 2001:db8:7::2
that "all are taken away" smf framed ue1
that "at once" unreached
that "the subscriber itself stays" ping_from net "$UE"
that "somebody else may have them now" shoal session add --imsi 001010000000009 --ipv4 auto --framed-route 192.0.2.0/28 --peer 10.99.3.2 \
	--peer-teid 7 --wait
that "it is shown" grep -x "framed routes *192.0.2.0/28" <(shoal session show --imsi 001010000000009)
that "the SMF's subscriber not again" smf_refused 73 framed ue1 192.0.2.0/28
that "until it is gone" shoal session rm --imsi 001010000000009 --wait
that "then at once" smf framed ue1 192.0.2.0/28
that "both ways" there_and_back
that "the session is deleted" smf delete ue1
that "and its network with it" unreached
story_end_pfcp
