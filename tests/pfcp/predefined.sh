#!/bin/bash
# An SMF activates rules that the operator has configured by name: packets are told and treated as it says there, until the rule is deactivated,
# and whoever of us dies meanwhile.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
PFCP_RULES="pfcp_rules:
- {name: marked, filters: [permit out 1 from any to assigned], qfi: 5}
- {name: blocked, filters: [permit out 1 from any to assigned], pass: no}
- {name: other, filters: [permit out 17 from 192.0.2.0/24 53 to assigned]}"
. "$(dirname "$0")/pfcp.sh"
pfcp_begin

told() { # how many of five pings have the rule's QFI
	local before
	before=$(radio_count downlink_wrong_qfi)
	ue_pings "$UE" 5 && (($(radio_count downlink_wrong_qfi) - before == $1))
}

that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 qfi=9 teid=0x7001
smf_radio 0x7001
that "a rule that nobody has configured is refused" smf_refused 80 change ue1 named other nobody
that "by name of the rule and the IE" says '.failed == ["pdr", 12] and .offending == 106'
that "one that is configured is activated" smf change ue1 named other
that "and pings are none of it" told 0
that "another one is" smf change ue1 rename marked -
that "and they are of that" told 5
that "shoal-pfcp is killed" pfcp_kill
that "and packets did not notice" told 5
that "it is deactivated for one that drops" smf change ue1 rename blocked marked
that "and nothing passes" ue_pings_at_most "$UE" 0
that "that is deactivated" smf change ue1 rename - blocked
that "and pings are as before" told 0
that "it can't be deactivated twice" smf_refused 80 change ue1 rename - blocked
that "which is said" says '.failed == ["pdr", 12] and .offending == 107'
that "the subscriber is deleted" smf delete ue1
that "no session is left" equal "$(sessions | jq -s length)" 0
story_end_pfcp
