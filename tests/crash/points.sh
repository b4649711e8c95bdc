#!/bin/bash
# points.sh [POINT...]: a process dies at each named point between taking and committing (shared/base/faults.h), by default at
# all that stand in the sources, under traffic, changes and moves.
#
#   four subscribers ping, a host pings the gateway itself; two clients add and remove sessions, one changes a session's rules, one
#   has a subscriber idle and reached in turn, one drops what waits for a third; shards move about
# After each: it happened, no packet was dropped, none came twice, everything serves again. At the end: every change that was acknowledged
# is there, wholly, and no other; every shard agrees with the store; every room is back; the account closes.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$SHOAL/tests/crash/rules_on.sh"
GW_WORKERS=4
GW_NURSERY=workers/shoal-nursery-faults
GW_CTRL=ctrl/shoal-ctrl-faults
GW_ECHO='1 1000 2' # so that peers answer
FLEETING=60 # subscribers that come and go, for each client

# "sweep.found" last: it takes an empty store.
points_all() {
	grep -rhoP 'FAULT_POINT\("\K[^"]+' "$SHOAL/workers" "$SHOAL/ctrl" --include='*.[ch]' | grep -vx 'sweep\.found'
	echo sweep.found
}

goes_on() { [[ -e $LAB/owner && ! -e $LAB/enough ]]; }

# Until it is done, whatever else ends: what was begun and not answered would be in doubt. The key makes of many attempts one change.
repeat_ok() { # key command...
	local key=$1 tries
	shift
	for ((tries = 0; tries < 200; tries++)); do
		shoal "$@" --key "$key" >"$LAB/said-${key%%-*}" 2>&1 && return 0
		[[ -e $LAB/owner ]] || return 1
		sleep 0.05
	done
	return 1
}

# Some come from pools, some with an address of their own; all have a rate.
change_on() { # client
	local n imsi ids address
	for ((n = 1; ; n++)); do
		goes_on || return 0
		imsi=$(printf '00102%010d' $(($1 * 1000 + n % FLEETING)))
		address=auto
		((n % 3)) || address=192.0.2.$(($1 * 100 + n % FLEETING))
		repeat_ok "$1-a$n" session add --imsi "$imsi" --ipv4 "$address" --peer 10.99.3.2 --peer-teid "$n" --rate "$((1 + n % 5))M" --wait --json || continue
		ids=$(jq .id "$LAB/said-$1")
		echo "$imsi" >"$LAB/told-$1"
		repeat_ok "$1-r$n" session rm "$ids" --wait || continue
		: >"$LAB/told-$1"
	done
}

move_on() {
	while goes_on; do
		shoal shard move $((RANDOM % 256)) $((RANDOM % GW_WORKERS)) >/dev/null 2>&1 || sleep 0.1
	done
}

wish() { "$SHOAL/tests/crash/wish.py" "$LAB/faults" "$@"; }
has_happened() { [[ $(wish happened) == 1 ]]; }

ctrl_again() { # point
	grep -rqF "\"$1\"" "$SHOAL/ctrl" --include='*.c' || return 0
	wait_for 10 lab_gone ctrl
	gateway_start_one ctrl
	lab_expect ctrl process.ready
}

# A seat that dies again and again is left empty for a while; the others serve, and there must be one to take over.
all_owned() {
	shoal worker ls --json | jq -e '[.workers[] | select(.state == "ready") | select(.slow | not)] | length >= 2 and ([.[].shards] | add) == 256' >/dev/null
}

# Seats that are left empty for a while have their next worker now: it is not they who are at fault here.
all_pardoned() {
	local seat
	for seat in $(shoal worker ls --json | jq '.workers[] | select(.state != "ready") | .seat'); do
		shoal --timeout 10 worker start "$seat" >/dev/null 2>&1 || true
	done
	all_owned
}

# The worker whose successor comes soonest: its pid.
least_dead() {
	shoal worker ls --json | jq -e '[.workers[] | select(.slow | not) | select(.state == "ready")] | min_by(.deaths) | .pid'
}

# Pings go on until the round is over, so that they are there when it happens.
ping_on() { # name from to
	local name=$1 lost=0
	rm -f "$LAB/lost-$name"
	while [[ ! -e $LAB/over ]] && goes_on; do
		pings_between "$2" "$3" 50 0.008 "$name" 2 || true # all of a short run may be lost
		lost=$((lost + $(pings_lost "$name")))
		if (($(pings_twice "$name"))); then touch "$LAB/twice"; fi
	done
	echo "$lost" >"$LAB/lost-$name"
}

die_at() { # number point how
	local passage=$((1 + RANDOM % 3))
	case $2 in
	worker.* | data.* | fence.released) passage=1 ;; # once in a worker's life; once in an idle period
	esac
	wish ask "$1" "$2:$passage:$3"
	if [[ $2 == worker.* ]]; then kill -s KILL "$(least_dead)"; fi
	wait_for 60 has_happened || story_fail "$2 is never passed"
	ctrl_again "$2"
	wait_for 90 all_pardoned || story_fail "$2: the gateway does not come back"
}

# What the gateway itself has let fall. A busy host loses pings before and behind it; those are shown, not judged.
dropped() {
	shoal counters --json | jq '[.counters[] | select(.name | test("^(no_worker|lane_full|slow_full|forged|poison|quarantined|no_session|no_room|no_rule|buffer_full|buffer_old)$")) | .value] | add // 0'
}

# Sets fallen.
round() { # number point how
	local jobs=() n lost before
	before=$(dropped)
	rm -f "$LAB/over"
	for n in 0 1 2 3; do
		ping_on "$n" "${ues[n]}" "$(beyond "${ues[n]}")" & jobs+=($!)
	done
	ping_on gateway 10.99.3.2 10.99.3.1 & jobs+=($!)
	die_at "$@"
	touch "$LAB/over"
	wait "${jobs[@]}" || true
	lost=$(cat "$LAB"/lost-[0-3] | awk '{ sum += $1 } END { print sum }')
	fallen=$(($(dropped) - before))
	echo "$2 $3: $fallen dropped, $lost pings without an answer"
}

points=("$@")
((${#points[@]})) || mapfile -t points < <(points_all)
doubled=$(printf '%s\n' "${points[@]}" | sort | uniq -d)
that "each name stands at one place" equal "$doubled" ""
for name in primary/shoal-primary workers/shoal-nursery ctrl/shoal-ctrl; do
	that "$name has none of it" equal "$(grep -c SHOAL_KILL "$BUILD/$name" || true)" 0
done
export SHOAL_KILL_FILE=
story_needs "${STORY_NEEDS[@]}"
lab_open
SHOAL_KILL_FILE=$LAB/faults
head -c 128 /dev/zero >"$LAB/faults"
net_up
gateway_up
story_subscribers 32
mapfile -t ues < <(ues_some 4)
for ue in "${ues[@]}"; do ue_pings "$ue"; done
rooms=$(rest_rooms)
subscribers=$(sessions | jq -s length)
mapfile -t others < <(ues_ipv4 | grep -vxF -f <(printf '%s\n' "${ues[@]}"))
page_begin "${others[0]}"
loss_begin "${others[1]}"

others=()
: >"$LAB/told-1" && : >"$LAB/told-2"
change_on 1 & others+=($!)
change_on 2 & others+=($!)
move_on & others+=($!)
rules_come_and_go & others+=($!)
idle_and_reached "$(session_of "$PAGED_UE" | jq .peer_teid)" & others+=($!)
waits_in_vain & others+=($!)
hows=(kill segv abort)
number=0
for point in "${points[@]}"; do
	[[ $point != sweep.found ]] || continue
	number=$((number + 1))
	round "$number" "$point" "${hows[RANDOM % 3]}"
	that "$point: nothing is dropped" equal "$fallen" 0
done
touch "$LAB/enough"
wait "${others[@]}"

told=$(cat "$LAB"/told-[12] "$LAB/told-rules" | wc -l)
that "what was acknowledged is there, and nothing else" equal "$(sessions | jq -s length)" $((subscribers + told))
that "and all of it is applied" wait_for 30 all_applied $((subscribers + told))
in_step() { [[ $(shoal shard ls --json | jq '[.shards[] | select(.in_step | not)] | length') == 0 ]]; }
that "every shard is in step" wait_for 30 in_step
that "rules are as acknowledged" rules_stand
periods=$(<"$LAB/periods")
that "each of $periods idle times was told of" not test -e "$LAB/untold"
that "once" equal "$(shoal report ls --json | jq -s 'map(select(.kind == "data")) | length')" "$periods"
that "and what waited arrived" not test -e "$LAB/unreached"
that "in order, once each" diff "$LAB/paged" <(seq 1 $((2 * periods)))
that "no ping came twice" not test -e "$LAB/twice"
that "no shard had drifted" equal "$(lab_log ctrl | grep -c shard.alarm || true)" 0

if [[ " ${points[*]} " == *" sweep.found "* ]]; then
	wish ask 1000 sweep.found:1:kill
	lab_signal KILL ctrl
	wait_for 10 lab_gone ctrl
	rm -r "$LAB/store"
	gateway_start_one ctrl
	lab_expect ctrl process.ready
	that "sweep.found" wait_for 20 has_happened
	wait_for 60 gateway_serves
	that "an empty store empties the shards, whoever dies meanwhile" wait_for 30 all_applied 0
	that "and every shard knows it" wait_for 30 in_step
fi
that "all seats are taken again" wait_for 120 gateway_serves
that "every room came back" wait_for 20 rooms_are "$rooms"
story_end
