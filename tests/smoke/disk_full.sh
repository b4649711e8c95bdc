#!/bin/bash
# The disk under the store fills up: changes are refused before they are acknowledged, packets and old sessions go on.
#
#   ctrl's store lies on a tmpfs of 2 MiB
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
lab_open
net_up
mkdir -p "$LAB/store" "$LAB/mnt/store"
mount -t tmpfs -o size=2M,mode=0700 nodev "$LAB/mnt/store"
GW_STORE_DIR=$LAB/mnt/store
gateway_up
story_subscribers 8
ue_pings "$UE"

subscribers_make 50000 50000 >"$LAB/many.csv"
that "an import that does not fit is refused" refused STORE_FAILED shoal session import "$LAB/many.csv"
that "it is said why" grep -q "store cannot be written.*No space left" "$LAB/refused"
that "packets go on" ue_pings "$UE"
that "ctrl lives" lab_alive ctrl
count=$(shoal status --json | jq .sessions)
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
lab_expect ctrl process.ready
that "what was acknowledged is there after a restart" equal "$(shoal status --json | jq .sessions)" "$count"
that "packets go on" ue_pings "$UE"
story_end
