#!/bin/bash
# What a subscriber uses is reported: at a threshold, at the end of a quota, which stops its packets until there is more, and when it
# is asked, in time or not; shoal-pfcp and the controller die on the way, and all reports together say each byte once.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
PING=168 # bytes there and back
pfcp_begin

reported=0 told=0 # bytes; reports
# Adds up what the SMF was told by now: usages in what it said last.
count_in() { # jq filter to usages
	reported=$((reported + $(said "[$1 | .uplink + .downlink] | add // 0")))
	told=$((told + $(said "[$1] | length")))
}

# Reports until one says that the quota is used up; another threshold may have been reached before.
quota_told() {
	for _ in 1 2 3 4; do
		smf reports 1 || return
		count_in '.reports[].usage[]'
		if says '[.reports[].usage[].why[]] | index("VOLQU") != null' 2>/dev/null; then return; fi
	done
	return 1
}

# Pings that come back, of so many.
pings_back() { # count
	pings "$UE" "$1" 0.05 one || true
	echo $(($1 - $(pings_lost one)))
}

that "the SMF associates" smf associate
that "a subscriber attaches, with a threshold and a quota" smf attach ue1 teid=0x7001 urr=1 threshold=$((20 * PING)) quota=$((50 * PING))
smf_radio 0x7001
that "it pings" ue_pings "$UE" 25
that "the threshold is reported" smf reports 1
that "as such, and not before it is reached" says ".reports[0].usage[0] | .why == [\"VOLTH\"] and .number == 0 and .uplink + .downlink >= 20 * $PING"
count_in '.reports[].usage[]'
that "of what its quota leaves it gets no more" equal "$(pings_back 40)" 25
that "and its end is reported" quota_told
pfcp_kill
that "no ping comes back" equal "$(pings_back 3)" 0
that "a quota is granted" smf refill ue1 $((30 * PING))
that "and it pings" ue_pings "$UE" 10
that "which the controller knows" wait_for 20 usage_is "$UE" 60 60
courier=$(pgrep -P "$(lab_pid nursery)" shoal-courier)
kill -s STOP "$courier"
that "a query is answered all the same" smf query ue1
count_in '.usage[]'
that "one with a change that no worker hears of in time is refused" smf_refused 77 query ue1 open
kill -s CONT "$courier"
count_in '.usage[]'
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
that "what is left of the quota passes" equal "$(pings_back 40)" 20
that "its end is reported again" quota_told
that "it is deleted" smf delete ue1
count_in '.usage[]'
that "together the reports say each byte once" equal "$reported" $((80 * PING))
that "in $told reports" test "$told" -ge 4
story_end_pfcp
