#!/bin/bash
# Sessions as open5gs, free5gc, OAI, SD-Core and pfcpsim ask for them: a dual-stack subscriber whose router solicitations go to the SMF, flows with
# filters, QFIs and gates of their own, TEIDs that the SMF chooses; an SGW-C without UE addresses; packets do as the rules say.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"

pfcp_begin

# The subscriber that was attached last at the radio side: with both addresses, or the one that is given.
shape_radio() { # uplink-teid downlink-teid qfi [ipv4]
	UE=${4:-$(said .ue)} UE6=
	[[ -n ${4:-} ]] || UE6=$(said .ue6)
	printf '%s\n' ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi "$UE,${UE6:+$UE6/64},$1,$2,10.99.3.1,$3" >"$LAB/table.csv"
}

# What the SMF and the UE say to each other by the user plane, with the radio side's own socket.
smf_talks() { # uplink-teid cp-teid
	in_ns ran "$PYTHON" "$PFCP/solicit.py" 10.99.3.1 "$1" "$2" "$UE6" >"$LAB/solicited"
}

that "the SMF associates" smf associate
in_ns ran ip address add 10.99.3.9/24 dev n3
that "a dual-stack subscriber attaches" smf attach_as ue1 open5gs
that "with one TEID for what it sends, and one for the SMF" says '.teids["2"] == .teids["4"] and .teids["2"] != .teids["3"] and (.teids | length) == 3'
up=$(said '.teids["2"]') cp=$(said '.teids["3"]')
shape_radio "$up" 0x7001 1
that "it is reached" smf change ue1 activate 10.99.3.2 0x7001
that "its router solicitation reaches the SMF, and the SMF's answer the radio side" smf_talks "$up" "$cp"
radio_up "$LAB/table.csv"
that "it pings" ue_pings "$UE" 5
that "by IPv6, too" ue_pings "${UE6%::*}::1" 5
that "with its QFI" equal "$(radio_count downlink_wrong_qfi)" 0

that "ICMP becomes a flow of its own" smf change ue1 flow 2 permit_out_1_from_any_to_assigned
that "it pings" ue_pings "$UE" 5
that "with the flow's QFI" equal "$(radio_count downlink_wrong_qfi)" 5
that "and by IPv6 as before" ue_pings "${UE6%::*}::1" 5
that "with its own" equal "$(radio_count downlink_wrong_qfi)" 5
that "the flow becomes UDP's" smf change ue1 reflow 11 permit_out_17_from_any_to_assigned
that "and it pings as before" ue_pings "$UE" 3
that "with its own QFI" equal "$(radio_count downlink_wrong_qfi)" 5
that "and ICMP's of another subscriber" smf change ue1 reflow 11 permit_out_1_from_any_to_192.0.2.77
that "of whom no packet comes here" ue_pings "$UE" 3
that "each with its own QFI" equal "$(radio_count downlink_wrong_qfi)" 5
that "and ICMP's again" smf change ue1 reflow 11 permit_out_1_from_any_to_assigned
that "it may send UDP alone" smf change ue1 reflow 2 permit_out_17_from_any_to_assigned
that "and pings no more" ue_pings_at_most "$UE" 0
that "it may send anything" smf change ue1 reflow 2 permit_out_ip_from_any_to_assigned
that "and pings" ue_pings "$UE" 3
that "with the flow's QFI" equal "$(radio_count downlink_wrong_qfi)" 8
that "the flow's gate is closed" smf change ue1 gate closed
that "and no ping comes back" ue_pings_at_most "$UE" 0
that "but by IPv6" ue_pings "${UE6%::*}::1" 3
that "the gate is opened" smf change ue1 gate open
that "and it pings" ue_pings "$UE" 3
# 3,000 bytes at once, and then 1.5 pings a second of 20 that are sent.
that "the flow is limited to a ping or two a second" smf change ue1 rate 1
that "and few come back" ue_pings_at_most "$UE" 100 200
that "others' do" ue_pings "${UE6%::*}::1" 3
that "the flow is taken away" smf change ue1 unflow
that "and it pings" ue_pings "$UE" 3
that "it is deleted" smf delete ue1
that "and its usage told" says '.usage[0].downlink > 0 and .usage[0].uplink == 0'
lab_stop gnb

for shape in free5gc endpoints pfcpsim; do
	that "$shape attaches a subscriber by a TEID of its own" smf attach_as "$shape" "$shape" ue=10.45.77.1 own=0x51 teid=0x7002
	that "and has it reached" smf change "$shape" activate 10.99.3.2 0x7002 $([[ $shape == pfcpsim ]] && echo 1 3 || echo 2)
	shape_radio 0x51 0x7002 9 10.45.77.1
	in_ns ran ip link delete ue0
	radio_up "$LAB/table.csv"
	that "it pings" ue_pings "$UE" 5
	that "with its QFI" equal "$(radio_count downlink_wrong_qfi)" 0
	that "it is deleted" smf delete "$shape"
	that "and pings no more" ue_pings_at_most "$UE" 0
	lab_stop gnb
done

that "OAI attaches a subscriber, uplink first" smf attach_as oai oai ue=10.45.77.1
that "by a TEID of ours" says '.teids["1"] > 0'
up=$(said '.teids["1"]')
that "and has it reached" smf change oai reach 10.99.3.2 0x7002
shape_radio "$up" 0x7002 '' 10.45.77.1
in_ns ran ip link delete ue0
radio_up "$LAB/table.csv"
that "it pings" ue_pings "$UE" 5
that "all its rules go but one by which packets wait" smf change oai oai_idle
that "it can't send" ue_pings_at_most "$UE" 0
in_ns net ping -qc 1 -W 1 "$UE" >/dev/null || true
that "of what is for it OAI is told" smf reports 1
that "by that rule" says '.reports[0].type == ["DLDR"] and .reports[0].pdr == 9'
that "it is back" smf change oai oai_back 3
that "at its old tunnel" says ".teids[\"3\"] == $up"
that "and is reached" smf change oai oai_reach 10.99.3.2 0x7002 4
that "it pings" ue_pings "$UE" 5
that "it is deleted" smf delete oai
that "and what went up was told" says '[.usage[] | .uplink > 0] == [true, true] and ([.usage[].downlink] | add) == 0'
lab_stop gnb
oai_urrs() {
	local urr
	for urr in {2..18}; do smf change oai oai_urr "$urr" || return; done
}
that "OAI attaches another" smf attach_as oai oai ue=10.45.77.1
that "it makes URRs, and takes none away" oai_urrs
that "the oldest that no rule names is gone: it counted nothing, so nothing is told" says '(.usage // []) == []'
that "it is deleted" smf delete oai
that "and all that are left are told of" says '.usage | length == 16'

that "an older OAI attaches a subscriber" smf attach_as oai oai_older ue=10.45.77.1
up=$(said '.teids["1"]')
that "and has it reached" smf change oai oai_older_reach 10.99.3.2 0x7002
shape_radio "$up" 0x7002 9 10.45.77.1
in_ns ran ip link delete ue0
radio_up "$LAB/table.csv"
that "it pings" ue_pings "$UE" 5
that "with the QFI that it sends with" equal "$(radio_count downlink_wrong_qfi)" 0
that "it is deleted" smf delete oai
lab_stop gnb

that "SD-Core attaches a subscriber, and says names that are none" smf attach_as sdcore sdcore
that "by a TEID and an address of ours" says '.teids["1"] > 0 and .ue != null'
up=$(said '.teids["1"]') UE=$(said .ue)
that "and has it reached" smf change sdcore activate 10.99.3.2 0x7002 2
shape_radio "$up" 0x7002 1 "$UE"
in_ns ran ip link delete ue0
radio_up "$LAB/table.csv"
that "it pings" ue_pings "$UE" 5
that "ICMP becomes a flow of its own" smf change sdcore dedicate 5 permit_out_1_from_any_to_assigned
that "with a TEID of its own" says '.teids["4"] > 0'
that "of which nothing comes yet" ue_pings_at_most "$UE" 0
that "but SD-Core is told" smf reports 1
that "of the flow's rule" says '.reports[0].pdr == 3'
that "and pages nobody" smf forget
that "the flow is taken away, its QER with each of its rules" smf change sdcore undedicate
that "and it pings" ue_pings "$UE" 5
that "with its QFI" equal "$(radio_count downlink_wrong_qfi)" 0
that "it is deleted" smf delete sdcore
lab_stop gnb

# The radio side sends with that TEID from now on.
end_radio() { # uplink-teid
	lab_stop gnb
	shape_radio "$1" 0x7002 9 10.45.77.1
	in_ns ran ip link delete ue0
	radio_up "$LAB/table.csv"
}

shape_radio 0x51 0x7002 9 10.45.77.1
in_ns ran ip link delete ue0
that "a subscriber attaches by traffic endpoints" smf attach_as ends endpoints ue=10.45.77.1 own=0x51 teid=0x7002
that "and is reached" smf change ends activate 10.99.3.2 0x7002 2
radio_up "$LAB/table.csv"
that "it pings" ue_pings "$UE" 5
that "its endpoint gets an F-TEID of our choice" smf change ends end
that "which is told" says '.end > 0 and .end != 81'
end=$(said .end)
that "shoal-pfcp is killed and comes back" pfcp_kill
that "asked once more" smf repeat 1
that "it says the same" says '.same and .said[0].cause == 1'
that "by the old one nothing comes" ue_pings_at_most "$UE" 0
end_radio "$end"
that "by the new one it pings" ue_pings "$UE" 5
that "one at another's address is refused" smf_refused 71 change ends elsewhere
that "and by the new one it pings" ue_pings "$UE" 3
that "it gets one of the SMF's choice" smf change ends end 0x52
end_radio 0x52
that "and pings by that" ue_pings "$UE" 5
that "it is deleted" smf delete ends
lab_stop gnb

relays() { # uplink-teid core-teid
	in_ns ran "$PYTHON" "$PFCP/relay.py" 10.99.3.1 "$1" "$2" >"$LAB/relayed"
}
seen() { # filter
	tshark -r "$LAB/sides.pcapng" -Y "$1" -T fields -e frame.number 2>"$LAB/tshark" | wc -l
}

seen_at() { # interface teid direction
	(($(seen "frame.interface_name == $1 && gtp.teid == $2 && frame.packet_flags_direction == $3") > 0))
}

# As many came as left, on both sides, and each side has two tunnels' ends.
sides_add_up() {
	local all in core
	all=$(seen frame) in=$(seen "frame.packet_flags_direction == 1") core=$(seen "frame.interface_name == core")
	((all == 2 * in && all == 2 * core))
}

that "an SGW-C has a session made" smf attach_as s1 sgwc
up=$(said '.teids["1"]') core=$(said '.teids["2"]')
in_ns ran "$PYTHON" "$PFCP/relay.py" 10.99.3.1 "$core" >"$LAB/log/paged" 2>&1 &
paged=$!
that "what the PGW sends waits, and the SGW-C is told" smf reports 1
that "of the rule that is for it" says '.reports[0].pdr == 2'
that "its subscriber is reached" smf change s1 activate 10.99.3.2 0x7003 2
that "and gets what waited, in order" wait "$paged"
lab_start sides gw "$BUILD/ctrl/cli/shoal" --connect "ipc://$LAB/run/oss.ipc" session trace --write "$LAB/sides.pcapng" "$(sessions | jq -s 'map(.id) | max')"
lab_expect sides 'tracing session'
that "somebody looks at them" wait_for 20 counter_reached ctrl_traces 1
that "packets go from tunnel to tunnel, both ways" relays "$up" "$core"
lab_signal INT sides
that "and has seen" wait_for 20 lab_gone sides
that "the radio side's come at its side" seen_at access "$up" 1
that "and leave at the core side" seen_at core 9 2
that "the PGW's come at the core side" seen_at core "$core" 1
that "and leave at the radio side" seen_at access 0x7003 2
that "and nothing else" sides_add_up
that "it is deleted" smf delete s1
that "and each way was counted" says '.usage[0].uplink > 0 and .usage[0].downlink >= 6 * 28'

that "no session is left" equal "$(sessions | jq -s length)" 0
story_end_pfcp
