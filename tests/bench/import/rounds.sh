#!/bin/bash
# rounds.sh SESSIONS: subscribers imported into a running gateway until they are durable and applied, as CSV; all of them have to be.
set -euo pipefail
. "$(dirname "$0")/../lib/lab.sh"
sessions=$1
story_needs "${BENCH_NEEDS[@]}"
lab_open
lab_netns gw
bench_gateway
bench_table "$sessions"
from=${EPOCHREALTIME/./}
bench_import
to=${EPOCHREALTIME/./}
equal "$(shoal status --json | jq .applied)" "$sessions"
echo round,variant,value
echo "0,import,$((sessions * 1000000 / (to - from)))"
