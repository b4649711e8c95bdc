#!/bin/bash
# Two networks whose subscribers have the same addresses, and whose servers have: each reaches its own, whoever of the gateway is
# killed meanwhile; nobody the other's. Where they are: two_networks.sh.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/two_networks.sh"
LONELY=10.45.0.8

move_shards() {
	local shard
	for shard in $(shoal session ls --json | jq .shard); do
		shoal shard move "$shard" 1 >/dev/null
		shoal shard move "$shard" 0 >/dev/null
	done
}

# Whom a packet that ran out of hops is told of by.
hop_is() { # namespace address
	in_ns "$1" ping -n -c 1 -W 10 -t 1 -I "$TWIN" "$SERVER" >"$LAB/hop" || true
	grep -qF "From $2 " "$LAB/hop"
}

tunnelled() { # name
	local gnb=gnb file=$LAB/gnb.json
	[[ $1 == ran ]] || gnb=gnb2 file=$LAB/gnb2.json
	rm -f "$file"
	lab_signal USR1 "$gnb"
	wait_for 20 test -e "$file"
	jq .downlink_packets "$file"
}

two_networks_begin
twins_up 001010000000003 "$LONELY"

that "two sessions have the address" equal "$(sessions | jq -s "[.[] | select(.ipv4 == \"$TWIN\")] | length")" 2
that "within a network it is taken" refused ADDRESS_TAKEN shoal session add --imsi 001010000000004 --ipv4 "$TWIN" --dnn ims
that "who asks for it has to name a network" refused INVALID shoal session show --ip "$TWIN"
that "and finds its session then" equal "$(shoal session show --ip "$TWIN" --dnn ims --json | jq -r .imsi)" 001010000000002
that "the one reaches the server of its network" answers ran "$TWIN" "$SERVER" net
that "the other that of its own" answers ran2 "$TWIN" "$SERVER" ims
that "and the gateway's address there" ping_from ran2 "$TWIN" 10.99.7.1 3 own
that "errors come from the gateway's address in the one's network" hop_is ran 10.99.6.1
that "and from that in the other's" hop_is ran2 10.99.7.1
both_while "a worker is killed" one_pings other_pings kill_a_worker
both_while "ctrl is killed" one_pings other_pings kill_ctrl 3
both_while "shards move" one_pings other_pings move_shards

other=$(tunnelled ran2)
that "a subscriber of the other network is nobody here" counted_as no_session ran "$TWIN" "$LONELY"
in_ns net ip address add 10.99.7.1/32 dev lo
server_up net 10.99.7.1
that "what is ours there is a host here" answers ran "$TWIN" 10.99.7.1 net
that "and nothing of it came to the other's tunnels" equal "$(tunnelled ran2)" "$other"

kill_primary 3
that "the one reaches its server" answers ran "$TWIN" "$SERVER" net
that "the other its own" answers ran2 "$TWIN" "$SERVER" ims
story_end
