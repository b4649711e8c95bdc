#!/bin/bash
# Two thousand messages with one thing wrong in each, datagrams that are wrong as a whole, a peer that floods us and one that vanishes:
# each hears what is wrong, others are served meanwhile, and the subscriber and the rules of others are as they were.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
PFCP_PEERS="10.99.4.2, 10.99.4.9"
. "$(dirname "$0")/pfcp.sh"
pfcp_begin

rules_now() { # of all subscribers but the one that may change
	sessions | jq -cS --arg but "$CHANGED" 'select(.ipv4 != $but) | del(.usage, .at_ms)'
}

sessions_are() { # how many
	[[ $(sessions | jq -s length) == "$1" ]]
}

# The other SMF is heard while the first one floods us.
others_served() {
	local n
	for n in 1 2 3; do
		SMF=other smf heartbeat && SMF=other smf attach "new$n" && SMF=other smf delete "new$n" || return
	done
}

# Congestion, or what else says that it has nothing to do with the message: no resources, a failure of the system that is being waited for.
flood_told() {
	jq -e '.sent >= 100 and (.causes | keys - ["1", "74", "75", "77"]) == []' "$LAB/flood" >/dev/null || {
		cat "$LAB/flood" >&2
		return 1
	}
}

that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 qfi=9 teid=0x7001
smf_radio 0x7001
that "it pings" ue_pings "$UE" 5
that "another one, that may change" smf attach changed urr=1 quota=1000000
CHANGED=$(said .ue)
before=$(rules_now)
process=$(lab_pid pfcp)

that "messages with one IE harmed are answered" smf nasty changed
that "each with a cause, and what is wrong" says '.wrong == [] and .count > 1500 and .accepted < .count / 4'
that "nothing of them is left" sessions_are 2
that "odd datagrams are answered" smf odd changed
that "as they should be" says '.version[0] == 11 and .largest == [53, 1] and .change == [53, 1] and .["number again"] == [2, 1] and .afterwards == [53, 1]'

in_ns cp ip address add 10.99.4.9/24 dev n4
smf_start other 10.99.4.9 10.99.4.1
that "another SMF associates" eval "SMF=other smf associate"
"$PYTHON" "$PFCP/smf.py" "$LAB/smf.sock" flood 0.5 >"$LAB/flood" & flooding=$!
that "while one floods us, the other is served" others_served
that "the flood ends" wait $flooding
that "much of it was refused, or not heard at all" flood_told
that "who flooded is served, too" wait_for 60 smf heartbeat
that "a subscriber of the other's attaches" eval "SMF=other smf attach left"
lab_signal KILL other
that "rules are as they were" equal "$(rules_now | grep -F "$UE")" "$before"
that "the subscriber pings" ue_pings "$UE" 5
wait_for 10 lab_gone other
rm "$LAB/other.sock"
smf_start other 10.99.4.9 10.99.4.1
that "the SMF that vanished begins anew" eval "SMF=other smf restart && SMF=other smf associate"
that "the one that flooded leaves" smf release
that "and nobody has a session any more" wait_for 60 sessions_are 0
that "nobody died of it" equal "$(lab_pid pfcp)" "$process"
story_end_pfcp
