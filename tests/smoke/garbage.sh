#!/bin/bash
# What nobody should send, on both sides: every frame is refused and counted under its reason, and nothing else happens.
#
#   ran: lying GTP-U, TEID 0, spoofed sources, QinQ ... ---> gateway <--- net: strangers, bad checksums ...
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 2
that "the path is warm" ue_pings "$UE"

for side in "ran n3 10.99.3.1" "net n6 10.99.6.1"; do
	read -r ns device address <<<"$side"
	shoal counters --json >"$LAB/before"
	in_ns "$ns" "$PYTHON" "$SHOAL/tests/lab/frames.py" "garbage-$ns" "$device" "$address" "$UE" "$(teid_of "$UE")" >"$LAB/expected"
	that "$(wc -l <"$LAB/expected") kinds of garbage from $ns are counted by reason" wait_for 15 counters_grew "$LAB/before" "$LAB/expected"
done
that "the subscriber did not notice" ue_pings "$UE"
that "no worker died" equal "$(shoal worker ls --json | jq '[.workers[].deaths] | add')" 0
story_end
