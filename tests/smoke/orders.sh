#!/bin/bash
# Orders that cannot be are refused by the primary with the field that is wrong, and change nothing.
#
#   fleet_probe --fleet.proto over fleet.ipc--> primary
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin

picture() {
	shoal shard ls --json | jq -c '[.shards[] | [.shard, .seat, .pinned]]'
	shoal status --json | jq -c '[.workers[] | [.seat, .pid, .state, .guest, .nest]], .nests'
}

before=$(picture)
that "each is refused and its reason names the field" "$BUILD/tests/smoke/fleet_probe" "ipc://$LAB/run/fleet.ipc"
that "nothing has changed" equal "$(picture)" "$before"
story_end
