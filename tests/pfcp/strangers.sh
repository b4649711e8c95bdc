#!/bin/bash
# Bad messages and bad company: everything wrong has its cause, whoever is not invited is refused, several SMFs by IPv4 and IPv6 don't
# see each other's sessions; and a subscriber pings all the while.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
pfcp_begin

that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 qfi=9 teid=0x7001
smf_radio 0x7001
that "it pings" ue_pings "$UE" 5
before=$(sessions | jq -cS 'del(.usage)')
process=$(lab_pid pfcp)

smf_start smf6 fd99:4::2 fd99:4::1
that "another SMF associates by IPv6" eval "SMF=smf6 smf associate"
that "a subscriber attaches there" eval "SMF=smf6 smf attach ue6"
that "and leaves" eval "SMF=smf6 smf delete ue6"

in_ns cp ip address add 10.99.4.9/24 dev n4
smf_start stranger 10.99.4.9 10.99.4.1
that "a stranger's heartbeat is answered" eval "SMF=stranger smf heartbeat"
that "his association is refused" eval "SMF=stranger smf_refused 64 associate"

that "each bad message has its answer" smf bad ue1
that "and it is the right one" says '.wrong == [] and .count >= 77'
that "the session is as it was" equal "$(sessions | jq -cS 'del(.usage)')" "$before"
that "it pings" ue_pings "$UE" 5
that "nobody died of it" equal "$(lab_pid pfcp)" "$process"
that "it can be deleted" smf delete ue1
story_end_pfcp
