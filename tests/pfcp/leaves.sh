#!/bin/bash
# leaves.sh [POINT...]: a session is deleted, and at each named point on the way (shared/base/faults.h) the controller dies, or a worker, or the
# courier; shoal-pfcp with every other one of them, too. The answer tells to the byte what the subscriber has used since, in one usage
# report, and told again by another shoal-pfcp it is the same.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
GW_WORKERS=2
GW_NURSERY=workers/shoal-nursery-faults
GW_CTRL=ctrl/shoal-ctrl-faults
PING=168 # bytes there and back

# The deletion is one transaction, and its account another: the points of the store are passed by both.
points=("$@")
((${#points[@]})) || points=(none desk.decided store.committing:1 store.committing:2 store.committed:1 store.committed:2 ledger.publishing
	ledger.published desk.answering feed.sent courier.taken cell.closing cell.closed final.posted final.published
	courier.reported feed.heard books.written)

wish() { "$SHOAL/tests/crash/wish.py" "$LAB/faults" "$@"; }
has_happened() { [[ $(wish happened) == 1 ]]; }
is_ctrls() { grep -rqF "\"${1%:*}\"" "$SHOAL/ctrl" --include='*.c'; }

ctrl_again() {
	wait_for 10 lab_gone ctrl
	gateway_start_one ctrl
	lab_expect ctrl process.ready
}

die_at() { # number point
	wait_for 30 has_happened || story_fail "$2 is never passed"
	(($1 % 2)) || lab_signal KILL pfcp
	! is_ctrls "$2" || ctrl_again
	if (($1 % 2 == 0)); then
		wait_for 10 lab_gone pfcp
		pfcp_start
	fi
}

leave() { # number point
	local asking
	if [[ $2 != none ]]; then wish ask "$1" "$2$([[ $2 == *:* ]] || echo :1):kill"; fi
	smf delete "ue$1" &
	asking=$!
	if [[ $2 != none ]]; then die_at "$@"; fi
	wait "$asking"
}

used() { # bytes
	says ".usage | length == 1 and .[0].why == [\"TERMR\"] and .[0].uplink + .[0].downlink == $1"
}

export SHOAL_KILL_FILE=
pfcp_faults() {
	SHOAL_KILL_FILE=$LAB/faults
	head -c 128 /dev/zero >"$LAB/faults"
}
PFCP_FIRST=pfcp_faults pfcp_begin
that "the SMF associates" smf associate
echo ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi >"$LAB/table.csv"
ues=()
for n in "${!points[@]}"; do
	that "a subscriber attaches" smf attach "ue$n" "teid=$((0x7100 + n))" urr=1
	ues[n]=$(said .ue)
	echo "${ues[n]},,$(said .teid),$((0x7100 + n)),10.99.3.1,9" >>"$LAB/table.csv"
done
radio_up "$LAB/table.csv"
for n in "${!points[@]}"; do
	that "it pings" ue_pings "${ues[n]}" $((2 + n % 3))
	that "it is deleted, and ${points[n]} is the end of somebody" leave "$n" "${points[n]}"
	that "what it has used is told" used $(((2 + n % 3) * PING))
	pfcp_kill
	that "and again by another shoal-pfcp" smf repeat 1
	that "to the bit" says '.answers == 2 and .same'
	that "everything serves" wait_for 60 gateway_serves
done
that "nobody is left" equal "$(sessions | jq -s length)" 0
story_end_pfcp
