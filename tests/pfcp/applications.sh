#!/bin/bash
# An SMF provisions applications and makes rules of them: packets are told by what is known of an application now, in sessions that were made
# before, too, whoever of us dies meanwhile; what headers don't tell is taken, and refused where a rule needs it.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
pfcp_begin
ICMP=permit_out_1_from_any_to_assigned OTHER=permit_out_17_from_192.0.2.0/24_7_to_assigned

# By how many pings of five the flow of its own is seen: its QFI is not the session's.
told() { # how many
	local before
	before=$(radio_count downlink_wrong_qfi)
	ue_pings "$UE" 5 && (($(radio_count downlink_wrong_qfi) - before == $1))
}

restart() { # name...
	local name
	for name; do lab_signal KILL "$name"; done
	for name; do wait_for 10 lab_gone "$name"; done
}

that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 qfi=9 teid=0x7001
smf_radio 0x7001
that "an application that nobody has provisioned is refused" smf_refused 81 change ue1 app ping 5
that "by name of the rule and the IE" says '.failed == ["pdr", 11] and .offending == 24'
that "the SMF provisions it" smf pfds "ping=$OTHER"
that "and makes a rule of it" smf change ue1 app ping 5
that "pings are none of it" told 0
that "until the SMF says that they are" smf pfds "ping=$OTHER+$ICMP"
that "then they are, in this session, too" wait_for 20 told 5
that "another SMF's rules are of the same application" smf attach ue2
that "by its name" smf change ue2 app ping 6

that "shoal-pfcp is killed" pfcp_kill
that "and the session is as it was" told 5
that "a rule can still be made of the application" smf attach ue3
that "which is known" smf change ue3 app ping 6
smf pfds "ping=$OTHER" & asking=$!
pfcp_kill
that "killed within a request, it is served when it comes again" wait $asking
that "and sessions follow" wait_for 20 told 0
that "the SMF provisions it anew" smf pfds "ping=$ICMP"
restart pfcp ctrl
that "both are killed, and come back" gateway_start_one ctrl
pfcp_start
that "sessions follow, if they had not yet" wait_for 30 told 5
that "a handover takes nothing from it" smf handover ue1 10.99.3.2 0x7001
that "as the pings show" told 5

that "another subscriber attaches" smf attach ue4
that "what headers don't tell is taken" smf pfds web=http://192.0.2.9/a "mixed=$ICMP|http://192.0.2.8/"
that "but no rule can be made of it" smf_refused 73 change ue4 app web 6
that "which is said" says '.failed == ["pdr", 11] and .offending == 24'
that "nor of a part of it" smf_refused 73 change ue4 app mixed 6
that "a bad flow is refused" smf_refused 69 pfds new="$ICMP" ping=nonsense
that "by name" says '.offending == 61'
that "and nothing changed" smf_refused 81 change ue4 app new 6
that "wrong messages are answered, each" smf odd_apps
that "with what is wrong" says '.wrong == [] and .count > 30'
that "a thousand applications are provisioned" smf apps 1000
that "and again" smf apps 1000
that "but not many more" smf_refused 75 apps 100 1000
that "the gateway remembers them" pfcp_kill
that "all" smf_refused 75 apps 100 1000
that "an SMF forgets one" smf pfds ping=
that "and its packets are like others" wait_for 20 told 0
that "its rule stays" smf handover ue1 10.99.3.2 0x7001
that "but can't be made anew" smf_refused 81 change ue4 app ping 5
that "it forgets all" smf pfds
that "and none is left" smf_refused 81 change ue4 app app7 6
that "the subscribers are deleted" smf over ue delete
that "no session is left" equal "$(sessions | jq -s length)" 0
story_end_pfcp
