#!/bin/bash
# Bad builds: each is refused, or rolled back by itself, with the reason; nobody loses more than what the bad build refused on trial.
set -euo pipefail
. "$(dirname "$0")/upgrade.sh"
UPGRADE_TRIAL=(--canary 10% --watch 10)
story_needs "${GAUGE_NEEDS[@]}"
other_build dies drops slow abi past
upgrade_begin
mapfile -t home < <(build_pids)

turned_away() { # phase reason path
	local a report
	a=$(gauge_mark)
	that "$3 is not taken" not upgrade_to "$3"
	that "it is $1" upgrade_is "$1"
	that "because of '$2'" upgrade_said "$2"
	that "all is as before" wait_for 20 upgrade_settled
	that "by the same processes" equal "$(build_pids | sort | tr '\n' ' ')" "$(printf '%s\n' "${home[@]}" | sort | tr '\n' ' ')"
	report=$(gauge_report "$a" "$(gauge_mark)")
	that "what is missing it has refused itself ($(jq -c '[.set.lost, .refused]' <<<"$report"))" jq -e \
		'.set | .lost == ($report.refused.bad_ip // 0) and .duplicated == 0 and .reordered == 0 and .damaged == 0' \
		--argjson report "$report" <<<"$report"
}

printf 'not a program\n' >"$LAB/text" && chmod 755 "$LAB/text"
install -m 777 "$HOME_BUILD" "$LAB/open"
turned_away refused "text" "$LAB/text"
turned_away refused "writ" "$LAB/open"
turned_away refused "such file" "$LAB/nowhere"
turned_away refused "another ABI" "$OTHER/bin/abi"
turned_away "rolled back" "died" "$OTHER/bin/dies"
turned_away "rolled back" "bad_ip" "$OTHER/bin/drops"
turned_away "rolled back" "more than twice" "$OTHER/bin/slow"
that "there is a session of whose rules an older build does not say that it knows them" \
	session_add 001010000099001 --ipv4 --framed-route 172.16.9.0/24
turned_away "rolled back" "the rules or addresses of 1 session" "$OTHER/bin/past"
upgrade_end
