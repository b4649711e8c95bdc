#!/bin/bash
# SIGKILL to the primary: the gateway is gone until a new one is started, and then serves everybody again by itself.
#
#   primary is killed and started; workers of the old one leave, new ones get every session from ctrl
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 16
ue_pings "$UE"

for _ in 1 2; do
	lab_signal KILL primary
	wait_for 10 lab_gone primary
	start=${EPOCHREALTIME/./}
	gateway_start_one primary
	lab_expect primary process.ready
	that "the new primary's workers serve" wait_for 20 gateway_serves
	that "all sessions are applied again" wait_for 20 all_applied 16
	that "a subscriber pings" ue_pings "$UE"
	echo "served again after $(((${EPOCHREALTIME/./} - start) / 1000)) ms, three pings included"
done
that "no hugepage of the old ones is left" equal "$(find "$LAB/huge" -name 'shoal-*' | sed 's/.*shoal-\([0-9]*\).*/\1/' | sort -u)" "$(lab_pid primary)"
story_end
