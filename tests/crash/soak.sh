#!/bin/bash
# soak.sh [--minutes N | --seconds N]: no worker is taken for hung that is not (default 30 minutes; the test suite: 30 seconds).
#
#   shoal-gauge ~~ memif ~~ gateway with three workers ~~ memif ~~ shoal-gauge, and beside it twice as many hogs as processors
# Meanwhile workers are squeezed onto one processor, made nice, traced for half a second; memory comes and goes; the whole gateway
# stands still for a second, as it does with its machine. Nobody may be evicted for it. At the end one worker does hang,
# and is found: so somebody was looking.
set -euo pipefail
. "$(dirname "$0")/../chaos/gauge.sh"
seconds=1800
case ${1:-} in
--minutes) seconds=$(($2 * 60)) ;;
--seconds) seconds=$2 ;;
esac
GW_WORKERS=3
GAUGE_SESSIONS=256

deaths() { # asked until the primary has had the time to answer
	until shoal --timeout 60 worker ls --json | jq -e '[.workers[].deaths] | add'; do sleep 1; done 2>/dev/null
}
all_cpus=0-$(($(nproc) - 1))

hogs_start() {
	local n
	for ((n = 0; n < 2 * $(nproc); n++)); do lab_start "hog$n" gw bash -c 'while :; do :; done'; done
	lab_start memory gw "$PYTHON" -c 'while True: [bytearray(1 << 20) for _ in range(150)]'
}

hogs_stop() {
	local n
	for ((n = 0; n < 2 * $(nproc); n++)); do lab_signal KILL "hog$n"; done
	lab_signal KILL memory
}

# The gateway stands still and goes on, and notices nothing but the time.
standstill() {
	lab_signal STOP primary
	kill -s STOP "${pids[@]}"
	sleep 1
	kill -s CONT "${pids[@]}"
	lab_signal CONT primary
}

disturb() { # kind
	local pid
	case $1 in
	squeeze) for pid in "${pids[@]}"; do taskset -cp 0 "$pid" >/dev/null; done ;;
	spread) for pid in "${pids[@]}"; do taskset -cp "$all_cpus" "$pid" >/dev/null; done ;;
	nice) renice -n 19 -p "${pids[RANDOM % 3]}" >/dev/null ;;
	kind) for pid in "${pids[@]}"; do renice -n 0 -p "$pid" >/dev/null; done ;;
	trace) "$BUILD/tests/crash/harm" hold "${pids[RANDOM % 3]}" ;;
	standstill) standstill ;;
	esac
}

gauge_begin
pids=("$(seat_field 0 pid)" "$(seat_field 1 pid)" "$(seat_field 2 pid)") # theirs to the end, or one died
gauge_start 20000
that "a worker is killed before the primary where memory runs out" equal "$(<"/proc/${pids[0]}/oom_score_adj")" 500
hogs_start
kinds=(squeeze trace spread nice standstill kind)
end=$((SECONDS + seconds))
for ((n = 0; SECONDS < end; n++)); do
	disturb "${kinds[n % ${#kinds[@]}]}"
	sleep "$((RANDOM % 3)).$((RANDOM % 9))" # the moment is meant to be any
	((n % 60)) || echo "after $((seconds - (end - SECONDS))) s: $(deaths) deaths"
done
hogs_stop
disturb spread
disturb kind
echo "not fed for a while: $(counter primary_seats_late) times; no processor time: $(counter primary_seats_waiting) times"
that "nobody was taken for hung in $seconds seconds" equal "$(deaths)" 0
that "somebody was in doubt" test "$(($(counter primary_seats_late) + $(counter primary_seats_waiting)))" -gt 0
gauge_start 20000
"$BUILD/tests/crash/harm" loop "${pids[1]}"
that "one that does hang is found" wait_for 30 seat_has_died 1 1
gauge_stop
story_end
