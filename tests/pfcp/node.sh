#!/bin/bash
# An SMF that waits to be asked to associate, and one of its set: a session goes from one to the other, stays when the first leaves, and
# goes when the part of its node that it depends on is lost; an SMF that comes back without memory is asked again.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
PFCP_PEERS='10.99.4.0/24'
PFCP_ASSOCIATE=10.99.4.2
PFCP_RESOURCES='internet, ims.example'
PFCP_HEARTBEAT_MS=1000
pfcp_begin

sessions_are() { # how many
	[[ $(sessions | jq -s length) == "$1" ]]
}

asked() { # at least how often
	smf asked && (($(said .asked) >= $1))
}

release_wanted() {
	other asked && [[ $(said .release) == true ]]
}

other() { # command...: of the other SMF
	SMF=other smf "$@"
}

that "the SMF is asked to associate" wait_for 30 asked 1
that "and told where tunnels may end" says '.tunnels_end == [["10.99.3.1", "fd99:3::1", "internet", 0], ["10.99.3.1", "fd99:3::1", "ims.example", 0]]'
that "and a subscriber attaches" wait_for 30 smf attach ue1
that "the SMF forgets everything" smf restart
that "what it had is deleted" wait_for 60 sessions_are 0
that "and it is asked again" wait_for 60 asked 2

in_ns cp ip address add 10.99.4.4/24 dev n4
smf_start unread 10.99.4.4 10.99.4.1
that "one that announces LOAD and can't read it associates" eval "SMF=unread smf associate load=unread"
that "its subscriber attaches" eval "SMF=unread smf attach ue9"
that "though the answer told our load at first" eval "SMF=unread smf asked && says '.thrown == 1'"
that "which it is told no more" eval "SMF=unread smf delete ue9 && SMF=unread smf asked && says '.thrown == 1'"

that "it is of a set" smf associate set=set1
that "and told it in the answer, too" says '.tunnels_end | map(.[2]) == ["internet", "ims.example"]'
in_ns cp ip address add 10.99.4.3/24 dev n4
smf_start other 10.99.4.3 10.99.4.1
that "another associates" other associate set=set1 load=1
that "a subscriber attaches" smf attach ue1 qfi=9 teid=0x7001 csid=7
up=$(said .seid)
smf_radio 0x7001
that "and pings" ue_pings "$UE" 5
that "and two more" smf attach ue2 csid=8
that "of another part" smf attach ue3 csid=7
that "the other SMF takes the first over" other adopt ue1 "$up"
that "shoal-pfcp is killed and comes back" pfcp_kill
that "the first SMF leaves" smf release
that "its sessions are the set's" sessions_are 3
smf_other_gnb 0x7002
that "the other moves it" other handover ue1 10.99.3.3 0x7002
that "and it pings there" ue_pings "$UE" 5
that "a part of a node is lost" other lose 7
that "with the two that depended on it" sessions_are 1
that "shoal-pfcp is told to leave" lab_signal USR2 pfcp
that "and asks who is associated to release" wait_for 30 release_wanted
that "the last of the set leaves" other release
that "with what is left" wait_for 30 sessions_are 0
story_end_pfcp
