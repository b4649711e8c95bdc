#!/bin/bash
# One process of a kind: a second start is refused, says why, and disturbs nobody.
#
#   primary, nursery, ctrl run; each is started again
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 2

for name in primary nursery ctrl; do
	code=0
	timeout 20 ip netns exec "${LAB##*/}-gw" "$BUILD/$(gateway_program "$name")" --config "$LAB/shoal.yaml" >"$LAB/second" 2>&1 || code=$?
	that "a second $name ends with an error" test "$code" -ne 0 -a "$code" -ne 124
	that "it names the first one" grep -Eqi "$(lab_pid "$name")" "$LAB/second"
done
that "nobody noticed" ue_pings "$UE"
story_end
