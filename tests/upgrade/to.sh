#!/bin/bash
# to.sh NURSERY: from this build to another one, of another commit say, and back, under numbered traffic. By hand.
#
#   meson setup /tmp/other && ninja -C /tmp/other    in a checkout of the other commit; then tests/upgrade/to.sh /tmp/other/workers/shoal-nursery
set -euo pipefail
. "$(dirname "$0")/upgrade.sh"
GW_MIB=1152 GW_MUTE= # builds of other commits may not know all words of the configuration
other=${1:?the shoal-nursery of another build}
upgrade_begin
sessions >"$LAB/before"
a=$(gauge_mark)
that "served by the other build" upgrade_to "$other"
that "all is as before" wait_for 60 upgrade_settled
sessions >"$LAB/there"
that "counters go on from where they were" usage_grew "$LAB/before" "$LAB/there"
that "and back" upgrade_to "$HOME_BUILD"
that "all is as before" wait_for 60 upgrade_settled
sessions >"$LAB/back"
that "counters go on from where they were" usage_grew "$LAB/there" "$LAB/back"
report=$(gauge_report "$a" "$(gauge_mark)")
that "nothing lost, doubled or reordered ($(jq -r '.set.sent' <<<"$report") sent)" gauge_clean "$report" set
upgrade_end
