#!/bin/bash
# An SMF that chooses both addresses of its subscribers, as open5gs does, one after the other from a pool of each family: an address and a
# prefix that know nothing of each other, of our pools or from outside; the prefix may come later. Both are reached, whoever dies; what is
# one's is nobody else's.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"

# A subscriber with these, reached at the radio side: a line of its table.
chosen() { # number ipv4 prefix
	that "$2 and $3/64 are one's" smf attach_as "ue$1" open5gs ue="$2" ue6="${3}2"
	echo "$2,$3/64,$(said '.teids["2"]'),0x700$1,10.99.3.1,1" >>"$LAB/table.csv"
	that "who is reached" smf change "ue$1" activate 10.99.3.2 "0x700$1"
}

all_ping() {
	local ue
	for ue in $(ues_ipv4) $(ues_ipv6); do
		ue_pings "$ue" 3 || return 1
	done
}

applied_here() { # how many
	gateway_serves && all_applied "$1"
}

pfcp_begin
that "the SMF associates" smf associate
echo ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi >"$LAB/table.csv"
chosen 1 10.45.0.2 2001:db8:0:1::
chosen 2 10.45.0.3 2001:db8:0:302::
chosen 3 10.45.0.4 2001:db8:1:1:: # from outside
that "a prefix is one's alone" smf_refused 73 attach_as twin open5gs ue=10.45.0.5 ue6=2001:db8:0:302::2
that "and an address, wherever it lives" smf_refused 73 attach_as twin open5gs ue=10.45.0.3 ue6=2001:db8:0:3::2
that "one has an address alone" smf attach_as ue6 open5gs ue=10.45.0.6
echo "10.45.0.6,2001:db8:0:606::/64,$(said '.teids["2"]'),0x7006,10.99.3.1,1" >>"$LAB/table.csv"
that "who is reached" smf change ue6 activate 10.99.3.2 0x7006
that "a prefix that is another's does not come to it" smf_refused 73 change ue6 both 2001:db8:0:302::2
that "nor one that nobody may have" smf_refused 73 change ue6 both fe80::2
that "one comes to it" smf change ue6 both 2001:db8:0:606::2
that "and no other one" smf_refused 73 change ue6 both 2001:db8:0:607::2
that "it is shown" equal "$(shoal session show --ip 10.45.0.6 --json | jq -r .ipv6)" 2001:db8:0:606::/64
radio_up "$LAB/table.csv"
that "all ping, by both families" wait_for 20 all_ping
that "one that the gateway chooses for has neither" session_add 001010000000009 --ipv4 auto --ipv6 auto
that "of theirs" equal "$(sessions | jq -s '[.[] | .ipv4, .ipv6] | length - (unique | length)')" 0

seat=$(seat_of 2001:db8:0:1::1)
kill -KILL "$(seat_field "$seat" pid)"
that "a worker dies, and another one comes" wait_for 30 seat_has_died "$seat" 1
that "all ping" wait_for 20 all_ping
for name in pfcp ctrl nursery primary; do lab_signal KILL $name; done
for name in pfcp ctrl nursery primary; do wait_for 10 lab_gone $name; done
that "all of us die, and come back" gateway_start
pfcp_start
that "with the sessions" wait_for 30 applied_here 5
that "all ping" wait_for 20 all_ping

that "one goes" smf delete ue2
that "its prefix is another's, with another address" smf attach_as ue4 open5gs ue=10.45.0.9 ue6=2001:db8:0:302::2
sed -i "s|^10.45.0.3,.*|10.45.0.9,2001:db8:0:302::/64,$(said '.teids["2"]'),0x7004,10.99.3.1,1|" "$LAB/table.csv"
that "who is reached" smf change ue4 activate 10.99.3.2 0x7004
lab_stop gnb
in_ns ran ip link delete ue0
radio_up "$LAB/table.csv"
that "all ping" wait_for 20 all_ping
for name in ue1 ue3 ue4 ue6; do that "$name is deleted" smf delete "$name"; done
that "one session is left" equal "$(sessions | jq -s length)" 1
story_end_pfcp
