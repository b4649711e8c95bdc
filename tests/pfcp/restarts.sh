#!/bin/bash
# shoal-pfcp is killed between requests and in the middle of them, the SMF begins anew, and leaves: what was accepted stands, what
# was asked is done once, and what an SMF has forgotten is gone.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
pfcp_begin

sessions_are() { # how many
	[[ $(sessions | jq -s length) == "$1" ]]
}

# Killed while the request is under way; the SMF repeats it.
killed_within() { # command...
	local asking
	smf "$@" &
	asking=$!
	pfcp_kill
	wait "$asking"
}

that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 qfi=9 teid=0x7001 urr=1
smf_radio 0x7001
that "it pings" ue_pings "$UE" 5
that "the gateway tells its Recovery Time Stamp" smf heartbeat
stamp=$(said .stamp)

that "shoal-pfcp is killed and comes back" pfcp_kill
that "packets did not notice" ue_pings "$UE" 5
that "its Recovery Time Stamp is the same" smf heartbeat
that "as before" equal "$(said .stamp)" "$stamp"
smf_other_gnb 0x7002
that "nobody has to associate again" smf handover ue1 10.99.3.3 0x7002
that "to move a session" ue_pings "$UE" 5
that "the request comes again after another death" pfcp_kill
that "and has the answer it had" smf repeat 1
that "to the bit" says '.answers == 2 and .same'

for n in 2 3 4 5; do
	that "killed within an establishment" killed_within attach "ue$n" urr=1
	that "within a modification" killed_within handover "ue$n" 10.99.3.2 0x7abc
done
that "there is one session each" sessions_are 5
that "killed within a deletion" killed_within delete ue5
that "it is gone" sessions_are 4
that "its answer comes again after another death" pfcp_kill
that "as it was" smf repeat 1
that "to the bit" says '.answers == 2 and .same'

that "the SMF forgets everything" smf restart
that "and associates again" smf associate
that "what it had is deleted" wait_for 30 sessions_are 0
that "the subscriber pings no more" ue_pings_at_most "$UE" 0
that "another attaches" smf attach ue1 teid=0x7001
that "the SMF leaves" smf release
that "and its session with it" wait_for 30 sessions_are 0
that "nobody attaches then" smf_refused 72 attach ue2
story_end_pfcp
