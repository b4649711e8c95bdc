#!/bin/bash
# Parts of an SMF set's sessions go to another SMF: which hears of them, whoever of us dies, until it takes them over; and an SMF that
# comes back and knows the sessions of one of its entities alone keeps those.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
PFCP_PEERS='10.99.4.0/24'
pfcp_begin

sessions_are() { # how many
	[[ $(sessions | jq -s length) == "$1" ]]
}

other() { # command...: of the other SMF
	SMF=other smf "$@"
}

# What the SMF hears from now on has one that is so.
hears() { # jq condition, of a report
	smf forget && wait_for 60 heard "$1"
}

heard() {
	smf reports 1 5 && says ".reports | map(select($1)) | length > 0"
}

other_hears() {
	SMF=other hears "$1"
}

of() { # name: its session's SEID, as a string, for JSON's numbers are short
	smf known "$1" && said .cp
}

that "two SMFs of a set associate" smf associate set=set1
in_ns cp ip address add 10.99.4.3/24 dev n4
smf_start other 10.99.4.3 10.99.4.1
that "the other, too" other associate set=set1
that "a subscriber attaches, whose usage is told each second" smf attach ue1 urr=1 period=1 csid=7 qfi=9 teid=0x7001
up=$(said .seid)
smf_radio 0x7001
that "another of another part" smf attach ue2 urr=1 period=1 csid=8 group=blue
one=$(of ue1) two=$(of ue2)
that "the SMF hears of both" hears ".session == \"$one\""
that "of both" hears ".session == \"$two\""

that "who is no peer hears of none" smf_refused 69 move csid=7 to=192.0.2.7
that "nothing is named" smf_refused 67 move to=10.99.4.3
that "one part goes to the other" other move csid=7 to=10.99.4.3
that "it hears of it" other_hears ".old == \"$one\""
that "and pings go on" ue_pings "$UE" 3
that "shoal-pfcp is killed and comes back" pfcp_kill
that "it still hears of it" other_hears ".old == \"$one\""
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
that "it still hears of it" other_hears ".old == \"$one\""
that "the first moves its group, too, and hears no more" smf move group=blue to=10.99.4.3
that "the other hears of that" other_hears ".old == \"$two\""
that "the other takes the first over" other adopt ue1 "$up"
that "and hears of it by its own name" other_hears '.old == null'
that "what is left of the first's address comes back to it" other move entity=10.99.4.2 to=10.99.4.2
that "and it hears of it" hears ".session == \"$two\""
that "both leave" smf release
that "with all sessions" other release
that "gone" wait_for 30 sessions_are 0

that "an SMF associates anew" smf associate
that "with a subscriber" smf attach ue1
that "and another of another entity" smf attach ue2 entity=10.99.4.9
that "and one more" smf attach ue3 entity=10.99.4.9
that "it forgets the other entity's" smf restart
that "sets up its association, and keeps its own" smf associate keep=10.99.4.2
that "the others are gone when it is answered" sessions_are 1
that "shoal-pfcp is killed and comes back" pfcp_kill
that "it sets up its association once more" smf associate keep=10.99.4.2
that "its own is there" sessions_are 1
that "it forgets everything" smf restart
that "and says so" smf associate
that "nothing is left" wait_for 30 sessions_are 0
story_end_pfcp
