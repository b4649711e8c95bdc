#!/bin/bash
# The nursery and the courier come and go under traffic: no packet is lost, changes wait and are not forgotten. When the primary
# goes, nothing of its generation stays, and the nursery serves the next one without being started again.
#
#   ping 100/s; SIGTERM and SIGKILL to the nursery, SIGKILL to the courier; then SIGKILL to the primary
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 16
ue_pings "$UE"

of_gateway() { # process name
	local pid
	for pid in $(lab_pids "${LAB##*/}-gw"); do
		[[ $(</proc/"$pid"/comm) != "$1" ]] || echo "$pid"
	done 2>/dev/null
}
other_courier() { # the one before
	local now
	now=$(of_gateway shoal-courier)
	[[ -n $now && $now != "$1" ]]
}
nursery_again() {
	wait_for 10 lab_gone nursery
	gateway_start_one nursery
	lab_expect nursery process.ready
}
all_gone() { # pids
	local pid
	for pid; do [[ ! -e /proc/$pid || $(awk '{ print $3 }' "/proc/$pid/stat" 2>/dev/null) == Z ]] || return 1; done
}

workers=$(of_gateway "shoal-worker 0")
pings "$UE" 1500 0.01 a & a=$!
lab_signal TERM nursery
nursery_again
that "the workers are the same as before" equal "$(of_gateway "shoal-worker 0")" "$workers"
that "a subscriber can be added" session_add 001019999999991 --ipv4 auto
lab_signal KILL nursery
nursery_again
that "the workers are still the same" equal "$(of_gateway "shoal-worker 0")" "$workers"
that "a subscriber can be added" session_add 001019999999992 --ipv4 auto
for n in 3 4 5; do
	courier=$(of_gateway shoal-courier)
	kill -s KILL "$courier"
	that "a subscriber can be added though the courier was killed" session_add "00101999999999$n" --ipv4 auto
	that "another courier is there" wait_for 10 other_courier "$courier"
done
that "a worker that is stopped starts again under this nursery" shoal worker restart 0
that "all is applied" wait_for 10 all_applied 21
wait "$a"
that "no ping was lost" equal "$(pings_lost a)" 0

left=$(of_gateway "shoal-worker 0")$'\n'$(of_gateway "shoal-worker 1")$'\n'$(of_gateway "shoal-worker 15")$'\n'$(of_gateway shoal-courier)
lab_signal KILL primary
wait_for 10 lab_gone primary
# shellcheck disable=SC2086
that "workers and courier leave with their primary" wait_for 10 all_gone $left
gateway_start_one primary
that "the same nursery serves the next primary" wait_for 30 gateway_serves
that "which knows all sessions" wait_for 20 all_applied 21
that "and carries their packets" wait_for 20 ue_pings "$UE"
story_end
