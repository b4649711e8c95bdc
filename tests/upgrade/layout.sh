#!/bin/bash
# To a build whose lines are laid out differently, and to one whose feed has more fields, and back: sessions, counters and packets stay.
set -euo pipefail
. "$(dirname "$0")/upgrade.sh"
GW_MIB=1152
story_needs "${GAUGE_NEEDS[@]}"
other_build lines feed
upgrade_begin

there_and_back() { # build
	local a report
	sessions >"$LAB/before"
	a=$(gauge_mark)
	that "$1: served by it" upgrade_to "$OTHER/bin/$1"
	that "all is as before" wait_for 20 upgrade_settled
	that "its name is shown" serves_build "other-$1"
	sessions >"$LAB/there"
	that "counters go on from where they were" usage_grew "$LAB/before" "$LAB/there"
	that "a new session is served" session_add 001010000099001 --ipv4
	shoal session rm --imsi 001010000099001 >/dev/null
	that "$1: and back" upgrade_to "$HOME_BUILD"
	that "all is as before" wait_for 20 upgrade_settled
	sessions >"$LAB/back"
	that "counters go on from where they were" usage_grew "$LAB/there" "$LAB/back"
	report=$(gauge_report "$a" "$(gauge_mark)")
	that "nothing lost, doubled or reordered ($(jq -r '.set | "\(.sent) sent, longest blackout \(.blackout_us.max | round) us"' <<<"$report"))" \
		gauge_clean "$report" set
}

there_and_back lines
there_and_back feed
that "no shard had to be sent anew" equal "$(counter ctrl_sweeps)" 0
upgrade_end
