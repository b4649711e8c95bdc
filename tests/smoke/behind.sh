#!/bin/bash
# Two networks in which a router has the same address and the same networks behind it (framed routes): who is there reaches his own network's
# servers and is reached by them, whoever of the gateway is killed meanwhile; nobody the other's. The rest: two_networks.sh.
#
#   lan  192.0.2.2 --- ran  10.45.0.7 ue6 ===         === net
#                                        [gateway]
#   lan2 192.0.2.2 --- ran2 10.45.0.7 ue6 ===         === ims
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/two_networks.sh"
HOST=192.0.2.2 HOST6=2001:db8:7::2 NEIGHBOUR=10.45.0.9
ROUTES=192.0.2.0/28,2001:db8:7::/56

lan_up() { # namespace router
	lab_netns "$1"
	net_veth "$2" lan0 "$1" lan1 1500
	net_host "$2" lan0 0 192.0.2.1/28 2001:db8:7::1/56
	net_host "$1" lan1 0 $HOST/28 $HOST6/56
	in_ns "$1" ip route add default via 192.0.2.1
	in_ns "$1" ip route add default via 2001:db8:7::1
	in_ns "$2" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	in_ns "$2" ip rule add from 192.0.2.0/24 table 7
	in_ns "$2" ip -6 rule add from 2001:db8:7::/56 table 7
	server_up "$1" $HOST $HOST6
}

# How the two differ: imsi, downlink TEID, peer, options.
add_one() { shoal session add --imsi 001010000000001 --peer 10.99.3.2 --peer-teid $((0x7001)) --qfi 9 --ipv4 $TWIN --wait "$@" >/dev/null; }
add_other() { shoal session add --imsi 001010000000002 --peer 10.98.3.2 --peer-teid $((0x7002)) --qfi 9 --ipv4 $TWIN --wait --dnn ims "$@" >/dev/null; }

teid_by_imsi() {
	sessions | jq --arg imsi "$1" 'select(.imsi == $imsi) | .teid'
}

router_up() { # namespace own-address imsi downlink-teid
	lab_start "ue6-$1" "$1" "$PYTHON" "$SHOAL/tests/lab/slaac_ue.py" ue6 "$2" 10.99.3.1 "$(teid_by_imsi "$3")" "$4" 9
	lab_expect "ue6-$1" ready
	in_ns "$1" ip link set ue6 mtu 1400 up
	in_ns "$1" ip address add $TWIN/32 dev ue6
	in_ns "$1" ip route add default dev ue6
	in_ns "$1" ip route add default dev ue6 table 7
	in_ns "$1" ip -6 route add default dev ue6 table 7
}

# A subscriber of the one's network beside the other's router.
neighbour_up() {
	in_ns ran2 ip address add 10.98.3.3/24 dev n3
	shoal session add --imsi 001010000000003 --peer 10.98.3.3 --peer-teid $((0x7003)) --ipv4 $NEIGHBOUR --wait >/dev/null
	ues_table | awk -F , 'NR == 1 || $4 == 28675' >"$LAB/ues.csv"
	in_ns ran2 ip tuntap add ue0 mode tun
	in_ns ran2 ip link set ue0 mtu 1500 up
	in_ns ran2 ip address add $NEIGHBOUR/32 dev ue0
	in_ns ran2 ip rule add from $NEIGHBOUR table 8
	in_ns ran2 ip route add default dev ue0 table 8
	lab_start gnb ran2 "$BUILD/tests/lab/shoal-gnb" --table "$LAB/ues.csv" --bind 10.98.3.3 --tun ue0 --counters "$LAB/gnb.json"
	lab_expect gnb ready
	in_ns net sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.h6.send_redirects=0
}

one_is_asked() { ping_from net $SERVER $HOST 200 "$1"; }
other_is_asked() { ping_from ims $SERVER $HOST 200 "$1"; }

# Echo requests that have come to it.
asked() { # namespace
	in_ns "$1" awk '$1 == "Icmp:" && ++n == 2 { print $9 }' /proc/net/snmp
}

all_reach() {
	that "the one is reached by its network" answers net $SERVER $HOST lan
	that "the other by its own" answers ims $SERVER $HOST lan2
	that "by IPv6, too" answers net fd99:6::2 $HOST6 lan
	that "and the other" answers ims fd99:7::2 $HOST6 lan2
	that "the one reaches its network's server" answers lan $HOST $SERVER net
	that "the other that of its own" answers lan2 $HOST $SERVER ims
}

two_networks_begin
for way in "net 6" "ims 7"; do
	read -r ns n <<<"$way"
	in_ns "$ns" ip route add 192.0.2.0/24 via "10.99.$n.1"
	in_ns "$ns" ip route replace 2001:db8:7::/56 via "fd99:$n::1"
done
lan_up lan ran
lan_up lan2 ran2
add_one --framed-route $ROUTES
add_other --framed-route $ROUTES
router_up ran 10.99.3.2 001010000000001 $((0x7001))
router_up ran2 10.98.3.2 001010000000002 $((0x7002))
neighbour_up

all_reach
that "a neighbour in the one's network reaches the one" answers ran2 $NEIGHBOUR $HOST lan
that "and is reached" ping_from lan $HOST $NEIGHBOUR 3 beside
for dnn in internet ims; do
	that "within a network it is taken ($dnn)" refused ADDRESS_TAKEN \
		shoal session add --imsi 001010000000004 --ipv4 auto --dnn $dnn --framed-route 192.0.2.8/29
	that "nor is it anybody's address" refused ADDRESS_TAKEN shoal session add --imsi 001010000000004 --ipv4 192.0.2.3 --dnn $dnn
done
in_ns lan2 ip address add 192.0.2.17/32 dev lan1
that "what comes from elsewhere behind a router is spoofed" counted_as spoofed lan2 192.0.2.17 $SERVER

both_while "a worker is killed" one_is_asked other_is_asked kill_a_worker
both_while "ctrl is killed" one_is_asked other_is_asked kill_ctrl 3
kill_primary 3
all_reach

other=$(asked lan2)
that "the one goes" shoal session rm --imsi 001010000000001 --wait
that "nobody is there then" unanswered ping_from net $SERVER $HOST 3 gone
that "the other is none of them" equal "$(asked lan2)" "$other"
that "and is there as ever" answers ims $SERVER $HOST lan2
lab_stop ue6-ran
that "the one comes again, with what the gateway's link is in the other network" add_one --framed-route 192.0.2.0/28,10.99.7.0/24
router_up ran 10.99.3.2 001010000000001 $((0x7001))
in_ns lan ip address add 10.99.7.1/32 dev lan1
server_up lan 10.99.7.1
in_ns ran ip route add 10.99.7.0/24 via $HOST
in_ns ran ip rule add from 10.99.7.0/24 table 7
in_ns net ip route add 10.99.7.0/24 via 10.99.6.1
that "it is reached there" answers net $SERVER 10.99.7.1 lan
that "and so is the gateway in the other" ping_from lan2 $HOST 10.99.7.1 3 own
story_end
