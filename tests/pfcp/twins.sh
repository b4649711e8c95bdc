#!/bin/bash
# Two networks that have the same addresses, and an SMF that chooses both of a subscriber's in each: an address and a prefix that know nothing
# of each other, paired otherwise in the other network. Each is reached by its own network alone, whoever dies; subscribers of one reach each
# other. What is one's in a network is nobody else's there. Where they are: tests/smoke/two_networks.sh.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
TWO_LINK=6
. "$(dirname "$0")/../smoke/two_networks.sh"
. "$(dirname "$0")/pfcp.sh"
ONE=2001:db8:0:302:: OTHER=2001:db8:0:f07:: NEXT6=fd99:6::2

# A subscriber with these, reached at a radio side: a line of its table.
chosen() { # name dnn ipv4 prefix teid radio
	local gnb=10.99.3.2 table=table.csv
	[[ $6 == ran ]] || gnb=10.98.3.2 table=table2.csv
	that "$3 and $4/64 are one's of $2" smf attach_as "$1" open5gs dnn="$2" ue="$3" ue6="${4}2"
	echo "$3,$4/64,$(said '.teids["2"]'),$5,10.99.3.1,1" >>"$LAB/$table"
	that "who is reached" smf change "$1" activate "$gnb" "$5"
}

# Pings of each by both families: its own network's next hop answers, and the other's is not asked.
serves() { # radio network prefix other-network
	local before
	before=$(asked "$4")
	ping_from "$1" "$TWIN" 10.99.6.2 3 one && ping_from "$1" "${3}1" "$NEXT6" 3 one && equal "$(asked "$4")" "$before"
}
all_serve() { serves ran net $ONE ims && serves ran2 ims $OTHER net && ping_from ran 10.45.0.10 10.99.6.2 3 one; }

# Echo requests that have come to it, of both families.
asked() { # namespace
	in_ns "$1" cat /proc/net/snmp /proc/net/snmp6 | awk '$1 == "Icmp:" && ++n == 2 { sum += $9 } $1 == "Icmp6InEchos" { sum += $2 } END { print sum }'
}

# From one radio side to the other, within a network.
meet() { # from to
	ping_from ran2 "$1" "$2" 3 one
}

applied_here() { gateway_serves && all_applied "$1"; }
one_pings6() { ping_from ran "${ONE}1" "$NEXT6" 200 "$1"; }
other_pings6() { ping_from ran2 "${OTHER}1" "$NEXT6" 200 "$1"; }

GW_MORE=$(pfcp_section)
two_networks_begin
pfcp_beside
in_ns ims ip route add 2001:db8::/32 via fd99:6::1
that "the SMF associates" smf associate
echo ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi | tee "$LAB/table.csv" >"$LAB/table2.csv"
chosen ue1 internet "$TWIN" $ONE 0x7001 ran
chosen ue2 internet 10.45.0.8 $OTHER 0x7002 ran
chosen twin1 ims "$TWIN" $OTHER 0x7003 ran2
chosen twin2 ims 10.45.0.8 $ONE 0x7004 ran2
that "an address has the other family's place" shoal session add --imsi 001010000000009 --dnn internet --ipv6 2001:db8:0:ba::/64 --wait
chosen ue3 internet 10.45.0.9 2001:db8:0:111:: 0x7005 ran2
chosen ue4 internet 10.45.0.10 2001:db8:0:222:: 0x7006 ran
that "a prefix is one's alone in a network" smf_refused 73 attach_as more open5gs dnn=ims ue=10.45.0.11 ue6=${ONE}2
that "and an address, wherever it lives" smf_refused 73 attach_as more open5gs dnn=internet ue=10.45.0.9 ue6=2001:db8:0:333::2
that "both are of the network" smf_refused 73 attach_as more open5gs dnn=ims ue=10.45.0.11 ue6=2001:db8:1:333::2
that "it is shown by its network" equal "$(shoal session show --ip "$TWIN" --dnn ims --json | jq -r .ipv6)" $OTHER/64
radio_up "$LAB/table.csv"
radio_up_too "$LAB/table2.csv"

that "each is reached by its network, by both families" wait_for 20 all_serve
that "their networks reach them, too" ping_from net $NEXT6 "${ONE}1" 3 back
that "each its own" ping_from ims $NEXT6 "${OTHER}1" 3 back
before=$(counter primary_ue_to_ue)
that "subscribers of one network reach each other" meet 10.45.0.9 10.45.0.10
that "by IPv6, too" meet 2001:db8:0:111::1 2001:db8:0:222::1
that "by the shortest way" wait_for 10 counter_reached primary_ue_to_ue $((before + 12))
both_while "a worker is killed" one_pings6 other_pings6 kill_a_worker
both_while "ctrl is killed" one_pings6 other_pings6 kill_ctrl 7
for name in pfcp ctrl nursery primary; do lab_signal KILL $name; done
for name in pfcp ctrl nursery primary; do wait_for 10 lab_gone $name; done
that "all of us die, and come back" gateway_start
pfcp_start
that "with the sessions" wait_for 30 applied_here 7
that "all are reached" wait_for 20 all_serve
that "and reach each other" wait_for 20 meet 2001:db8:0:111::1 2001:db8:0:222::1

before=$(counter no_session)
that "one goes" smf delete ue1
ping_from net $NEXT6 "${ONE}1" 3 gone >/dev/null || true
that "and is nobody then" wait_for 10 counter_reached no_session $((before + 3))
that "the other network's is there" serves ran2 ims $OTHER net
that "its prefix is another's, with another address" smf attach_as ue5 open5gs dnn=internet ue=10.45.0.12 ue6=${ONE}2
for name in ue2 ue3 ue4 ue5 twin1 twin2; do that "$name is deleted" smf delete "$name"; done
that "one session is left" equal "$(sessions | jq -s length)" 1
story_end_pfcp
