#!/bin/bash
# A nursery dies, and what its service starts is of another build, as where a package was replaced on disk: its workers serve on, and as
# nobody is left who could bring them changes, workers of the other build take their seats, one by one; the controller dies meanwhile.
# A nursery on trial dies: its build is turned back.
set -euo pipefail
. "$(dirname "$0")/upgrade.sh"
GW_MIB=1152
UPGRADE_TRIAL=(--canary 10% --watch 60)
story_needs "${GAUGE_NEEDS[@]}"
other_build lines
upgrade_begin
begin=$(gauge_mark)

# Dies, and is of this build when it comes back.
nursery_becomes() { # path below the build folder
	kill -s KILL "$(shoal status --json | jq '.nests[] | select(.home) | .pid')"
	wait_for 10 lab_gone nursery
	GW_NURSERY=$1
	gateway_start_one nursery
	lab_expect nursery process.ready
}

all_are_of() { # words of a build's name; as many workers as are wanted
	upgrade_settled && serves_build "$1" && all_applied "$2"
}

on_trial() {
	shoal upgrade --status --json | jq -e '.phase == "canary" and .moved >= 25' >/dev/null
}

home=$(shoal status --json | jq -r '.nests[] | select(.home) | .build')
nursery_becomes upgrade/bin/lines
shoal session add --imsi 001017777777777 --ipv4 auto --peer 10.99.3.2 --peer-teid 77 >/dev/null
that "another build's nursery serves" wait_for 20 serves_build other-lines
that "its workers take all seats, and every change is in force" wait_for 90 all_are_of other-lines $((GAUGE_SESSIONS + 1))

nursery_becomes workers/shoal-nursery
lab_signal KILL ctrl
wait_for 20 lab_gone ctrl
gateway_start_one ctrl
lab_expect ctrl process.ready
that "and likewise where a controller comes upon it" wait_for 90 all_are_of "$home" $((GAUGE_SESSIONS + 1))

shoal upgrade --binary "$OTHER/bin/lines" "${UPGRADE_TRIAL[@]}" >"$LAB/upgrade" 2>&1 & trial=$!
that "a build is on trial" wait_for 60 on_trial
kill -s KILL "$(shoal status --json | jq '.nests[] | select(.home | not) | .pid')"
wait "$trial" || true
that "without its nursery it is turned back" upgrade_is "rolled back"
that "and it is said why" upgrade_said "nursery died"
that "all is as before" wait_for 30 all_are_of "$home" $((GAUGE_SESSIONS + 1))
report=$(gauge_report "$begin" "$(gauge_mark)")
that "nothing lost, doubled or reordered ($(jq -r '.set.sent' <<<"$report") sent)" gauge_clean "$report" set
upgrade_end
