#!/bin/bash
# An upgrade that is cut short: by the operator, by the death of the controller before and after the new build is home.
set -euo pipefail
. "$(dirname "$0")/upgrade.sh"
UPGRADE_TRIAL=(--canary 10% --watch 60)
upgrade_begin
begin=$(gauge_mark)

upgrade_behind() { # option...
	shoal upgrade --binary "$HOME_BUILD" "${UPGRADE_TRIAL[@]}" "$@" >"$LAB/upgrade" 2>&1 &
	client=$!
}

on_trial() {
	shoal upgrade --status --json | jq -e '.phase == "canary" and .moved >= 25' >/dev/null
}

# It may be over before anybody looks.
old_leaves() {
	[[ $(upgrade_phase) == @(retiring|done) ]]
}

ctrl_shot() {
	lab_signal KILL ctrl
	wait_for 20 lab_gone ctrl
	gateway_start_one ctrl
	lab_expect ctrl process.ready
}

upgrade_behind
that "a tenth of the shards is on trial" wait_for 60 on_trial
that "a second one is refused" refused BUSY shoal upgrade --binary "$HOME_BUILD"
that "the operator turns it back" shoal upgrade --abort
that "the first command has seen it" not wait "$client"
that "and says why" upgrade_said "operator"
that "all is as before" wait_for 20 upgrade_settled

upgrade_behind
that "a tenth of the shards is on trial" wait_for 60 on_trial
ctrl_shot
that "the next controller turns it back" wait_for 30 upgrade_is "rolled back"
wait "$client" || true
that "all is as before" wait_for 20 upgrade_settled

UPGRADE_TRIAL=(--canary 1% --watch 0.2)
mapfile -t old < <(build_pids)
upgrade_behind
that "the old build leaves" wait_for 60 old_leaves
ctrl_shot
that "the next controller goes on" wait_for 30 pids_gone "${old[@]}"
wait "$client" || true
that "all is as before" wait_for 20 upgrade_settled
report=$(gauge_report "$begin" "$(gauge_mark)")
that "nothing lost, doubled or reordered" gauge_clean "$report" set
upgrade_end
