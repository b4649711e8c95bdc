#!/bin/bash
# kill_ctrl.sh [KILLS]: SIGKILL to the controller while subscribers are being added (default 5; a night: 2000).
#
#   four clients add subscribers one by one; ctrl is shot at any moment and started again
# At the end: whoever was told "done" is there, everything there is applied, nothing is there twice.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
kills=${1:-5}
story_begin

add_until_enough() { # client
	local n
	: >"$LAB/told-$1"
	for ((n = $1 * 100000; ; n++)); do
		[[ ! -e $LAB/enough ]] || return 0
		shoal session add --imsi "$(printf '00101%010d' "$n")" --ipv4 auto --peer 10.99.3.2 --peer-teid "$((n + 1))" >/dev/null 2>&1 &&
			printf '00101%010d\n' "$n" >>"$LAB/told-$1"
	done
	return 0
}
told() { find "$LAB" -name "told-*" -exec cat {} + | wc -l; }
told_more_than() { (($(told) > $1)); }

clients=()
for client in 1 2 3 4; do
	add_until_enough "$client" &
	clients+=($!)
done
for ((n = 1; n <= kills; n++)); do
	that "round $n: subscribers are being added" wait_for 20 told_more_than "$(($(told) + 20))"
	sleep "0.$((RANDOM % 9))" # the moment is meant to be any
	lab_signal KILL ctrl
	wait_for 10 lab_gone ctrl
	gateway_start_one ctrl
	lab_expect ctrl process.ready
done
touch "$LAB/enough"
wait "${clients[@]}"

sessions | jq -r .imsi | sort >"$LAB/there"
echo "$(told) subscribers were acknowledged, $(wc -l <"$LAB/there") are there"
that "nobody who was told so is missing" equal "$(sort "$LAB"/told-* | comm -23 - "$LAB/there" | wc -l)" 0
that "nobody is there twice" equal "$(uniq -d "$LAB/there" | wc -l)" 0
that "no address was given twice" equal "$(sessions | jq -r .ipv4 | sort | uniq -d | wc -l)" 0
that "all are applied" wait_for 20 all_applied "$(wc -l <"$LAB/there")"
story_end
