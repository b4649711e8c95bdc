#!/bin/bash
# One gateway is SGW-U and PGW-U of the same subscriber: the tunnel between the two (S5) leads from it to itself. He pings, is idle, is paged,
# and gets what waited; workers die. Tunnels that lead into each other are no endless round.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
GW_WORKERS=2
GW_ECHO="1 200 2" # a gateway that asked itself would find a path that is down

enb_alone_is_asked() {
	equal "$(shoal path ls --json | jq -r .peer)" 10.99.3.2
}

pfcp_begin
that "the control planes associate" smf associate
that "the PGW-C has a session made" smf attach pgw gnb=10.99.3.1 teid=1
UE=$(said .ue) s5_up=$(said .teid)
that "the SGW-C, too, towards it" smf attach_as sgw sgwc pgw=10.99.3.1 pgw_teid="$s5_up"
up=$(said '.teids["1"]') s5_down=$(said '.teids["2"]')
that "the PGW-C hears where" smf handover pgw 10.99.3.1 "$s5_down"
that "the subscriber is reached" smf change sgw activate 10.99.3.2 0x7001 2
printf '%s\n' ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi "$UE,,$up,0x7001,10.99.3.1," >"$LAB/table.csv"
radio_up "$LAB/table.csv"
that "he pings" ue_pings "$UE" 20
that "the eNB is asked whether it is there, and nobody else" enb_alone_is_asked

that "he is idle" smf change sgw idle 2
in_ns net ping -qc 5 -i 0.05 -W 30 "$UE" >"$LAB/paged" & paged=$!
that "what comes for him waits, and the SGW-C is told" smf reports 1
that "of its rule" says '.reports[0].type == ["DLDR"] and .reports[0].pdr == 2'
that "all of it" wait_for 20 counter_reached primary_packets_parked 5
that "he is there again" smf change sgw activate 10.99.3.2 0x7001 2
that "and gets all of it" wait "$paged"

# Pings that all are answered while workers die, one after the other, twice.
pings_through_deaths() {
	local seat deaths
	ue_pings "$UE" 300 & pings=$!
	for seat in 0 1 0 1; do
		deaths=$(seat_field "$seat" deaths)
		kill -s KILL "$(seat_field "$seat" pid)"
		wait_for 20 seat_has_died "$seat" $((deaths + 1))
	done
	wait "$pings"
}
that "workers die, and he pings on" pings_through_deaths

# A packet into this tunnel of ours, from the radio side.
into() { # teid
	in_ns ran "$PYTHON" -c "
from scapy.all import ICMP, IP, UDP, send
from scapy.contrib.gtp import GTP_U_Header
inner = IP(src='10.45.9.9', dst='10.99.6.2') / ICMP()
send(IP(src='10.99.3.2', dst='10.99.3.1') / UDP(sport=2154, dport=2152) / GTP_U_Header(teid=$1, gtp_type=255) / inner, verbose=False)"
}

that "one has a tunnel" smf attach_as one sgwc pgw=10.99.3.1 pgw_teid=1
one=$(said '.teids["1"]')
that "another's leads there" smf attach_as other sgwc pgw=10.99.3.1 pgw_teid="$one"
other=$(said '.teids["1"]')
that "and the one's to the other's" smf change one activate 10.99.3.1 "$other" 1
before=$(counter no_neighbour)
that "a packet comes" into "$one"
that "and goes round once" wait_for 20 counter_reached no_neighbour $((before + 1))
that "he pings" ue_pings "$UE" 5
that "there was but the one" equal "$(counter no_neighbour)" $((before + 1))
story_end_pfcp
