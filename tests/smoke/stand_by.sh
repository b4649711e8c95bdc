#!/bin/bash
# After an upgrade the nursery that made way is started anew, as its service does: it stands by, and nobody notices. When the primary
# goes, one of the two serves the next one.
#
#   upgrade to the same build at another path; the old nursery again; then SIGKILL to the primary
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 8
cp "$BUILD/workers/shoal-nursery" "$LAB/next"

nests() { # how many nurseries there are, and that their workers have all shards
	shoal status --json | jq -e --argjson n "$1" '.nests | length == $n and all(.[]; .ready and .home)' >/dev/null && gateway_serves
}
code=0
timeout 20 ip netns exec "${LAB##*/}-gw" "$BUILD/workers/shoal-nursery" --config "$LAB/shoal.yaml" --upgrade >"$LAB/second" 2>&1 || code=$?
that "a nursery for upgrades that nobody asked for ends" equal "$code" 1
that "the workers go over to another nursery" shoal upgrade --binary "$LAB/next" --canary 5% --watch 1
that "the one that served leaves by itself" wait_for 10 lab_gone nursery
gateway_start_one nursery
lab_expect nursery "process.status another nursery serves already"
that "nobody notices that, started anew, it stands by" ue_pings "$UE" 60
that "it says so once" equal "$(grep -c "another nursery serves" <(lab_log nursery))" 1
that "there is one build" wait_for 10 nests 1

lab_signal KILL primary
wait_for 10 lab_gone primary
gateway_start_one primary
that "one of the two serves the next primary" wait_for 30 nests 1
that "which knows all sessions" wait_for 20 all_applied 8
that "and carries their packets" wait_for 20 ue_pings "$UE"
story_end
