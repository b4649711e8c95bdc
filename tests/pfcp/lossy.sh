#!/bin/bash
# Datagrams between the SMF and us are lost, doubled and late, both ways, and shoal-pfcp stands still for seconds: every request has its
# answer in the end, and nothing is done twice.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
pfcp_begin

sessions_are() { # how many
	equal "$(sessions | jq -s length)" "$1"
}

that "the SMF associates" smf associate
smf lossy 20
that "sessions are made" smf many ue 12 urr=1
that "each of them once" sessions_are 12
that "and moved to another gNB" smf over ue handover 10.99.3.3 0x7abc
for number in 0 1 2; do
	that "usage is asked for" smf query ue0
	that "and told once for each time" says ".usage[0].number == $number"
done

lab_signal STOP pfcp
(
	sleep 4
	lab_signal CONT pfcp
) &
that "what is asked while shoal-pfcp stands still is answered" smf attach late urr=1
wait $!
that "and done once" sessions_are 13
that "the association stands" smf attach later
that "all are deleted" smf over ue delete
that "and those" smf over late delete
that "none is left" sessions_are 0
smf lossy 0
that "it can be released" smf release
story_end_pfcp
