#!/bin/bash
# Events: a subscriber's traffic begins after it was silent for so long. The SMF is told of each second one, and when those that it granted
# are used up (EVETH, EVEQU); the last of them goes on, another one does not begin until there are more. Whoever counts and whoever tells
# die meanwhile, and all reports together say each event once.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
SILENCE=6 # seconds
pfcp_begin

stamps=() # of all events that the SMF was told of
# A report of so many events, for this reason.
told() { # trigger events
	smf reports 1 || return
	says ".reports | length == 1 and (.[0].usage | length == 1 and .[0].why == [\"$1\"] and (.[0].events | length) == $2)" || return
	mapfile -t -O "${#stamps[@]}" stamps < <(said '.reports[].usage[].events[]')
}

# Longer than it has to be silent.
silent() {
	sleep $((SILENCE + 1))
}

pings_back() { # count
	pings_between "$UE" "$NET4" "$1" 0.05 one 2 || true
	echo $(($1 - $(pings_lost one)))
}

# So many were told of, and each is so long after the one before that there was silence between.
far_apart() { # how many
	local i
	((${#stamps[@]} == $1)) || return
	for ((i = 1; i < ${#stamps[@]}; i++)); do
		((stamps[i] - stamps[i - 1] >= SILENCE)) || return
	done
}

that "the SMF associates" smf associate
that "a subscriber attaches, with a threshold and a quota of events" smf attach ue1 teid=0x7001 urr=1 events=2 event_quota=3 silence=$SILENCE
smf_radio 0x7001
that "it pings" ue_pings "$UE" 5
silent
seat=$(seat_of "$UE")
kill -KILL "$(seat_field "$seat" pid)"
that "its worker dies, and another one comes" wait_for 30 seat_has_died "$seat" 1
that "it pings again" ue_pings "$UE" 5
that "that were two events" told EVETH 2
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
pfcp_kill
silent
that "it pings a third time" ue_pings "$UE" 5
that "and goes on" ue_pings "$UE" 5
that "that was the last one granted" told EVEQU 1
silent
that "another one does not begin" equal "$(pings_back 3)" 0
that "which is counted" wait_for 10 counter_reached quota 3
that "one more is granted" smf more_events ue1 1
that "and it pings" ue_pings "$UE" 5
that "which is told of" told EVEQU 1
that "there was silence between" far_apart 4
silent
that "no other begins" equal "$(pings_back 3)" 0
that "usage is asked for" smf query ue1
that "nothing was told of that is no event" says '.usage[0] | .events == null and .why == ["IMMER"]'
that "three more are granted" smf more_events ue1 3
that "it pings" ue_pings "$UE" 5
that "usage is asked for" smf query ue1
that "answers do not tell of events" says '.usage[0] | .events == null and .why == ["IMMER"]'
silent
that "it pings" ue_pings "$UE" 5
that "the next report does, of both" told EVETH 2
that "it is deleted" smf delete ue1
that "that was all" says '.usage[0] | .why == ["TERMR"] and .events == null'
story_end_pfcp
