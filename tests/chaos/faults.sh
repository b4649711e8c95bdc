# shellcheck shell=bash
# faults.sh - how each fault of deploy/chaos is done to a running gateway. What is promised for it stands in faults.py.
#
# A fault is a function fault_NAME. It says whom it will hit, begins, does it, and returns when all is as before:
#
#   aim_...; begin SHARDS     shards: whose owners are hit, as gauge_report wants them; quiet time and the mark before the fault
# Sourced by bash after gauge.sh.

# ---- Aiming

# Seats where workers sit: other ones after an upgrade.
seats() {
	shoal worker ls --json | jq -r '.workers[] | select((.slow | not) and .state == "ready") | .seat'
}

# A worker that has not been hit for a while, so that its successor is not put off: SEAT, PID, SHARDS.
declare -A hit_at=()
aim_worker() {
	local seat oldest=''
	for seat in $(seats); do
		if [[ -z $oldest ]] || ((${hit_at[$seat]:-0} < ${hit_at[$oldest]:-0})); then oldest=$seat; fi
	done
	aim_seat "$oldest"
}

aim_seat() { # seat
	SEAT=$1
	hit_at[$SEAT]=${EPOCHREALTIME/./}
	PID=$(seat_field "$SEAT" pid)
	GENERATION=$(seat_field "$SEAT" generation)
	SHARDS=$(gauge_shards "$SEAT")
}

sits_anew() { # seat old-generation
	(($(seat_field "$1" generation) > $2)) && gateway_serves
}

process_of() { # name, of a process that the lab has not started itself
	local pid
	for pid in $(lab_pids "${LAB##*/}-gw"); do
		if [[ $(<"/proc/$pid/comm") == "$1" ]]; then echo "$pid"; fi
	done
}

# ---- Back to normal

all_serve() {
	gateway_serves && all_applied "$GAUGE_SESSIONS" && workers_are_even && all_in_step
}

workers_are_even() {
	shoal worker ls --json | jq -e '[.workers[] | select((.slow | not) and .state == "ready") | .shards] |
		add == 256 and max - min <= 1' >/dev/null
}

all_in_step() {
	shoal shard ls --json | jq -e 'all(.shards[]; .in_step)' >/dev/null
}

until_back() { # [seconds]
	wait_for "${1:-60}" all_serve
}

again() { # process that was killed
	wait_for 10 lab_gone "$1"
	gateway_start_one "$1"
	lab_expect "$1" process.ready
}

# ---- Workers

harm_worker() { # way
	aim_worker
	begin "$SHARDS"
	"$BUILD/tests/crash/harm" "$1" "$PID" >/dev/null
	wait_for 60 sits_anew "$SEAT" "$GENERATION"
}

fault_worker_SIGKILL() { harm_worker kill; }
fault_worker_SIGSEGV() { harm_worker segv; }
fault_worker_abort() { harm_worker abort; }
fault_worker_SIGSTOP() { harm_worker stop; }
fault_worker_endless_loop() { harm_worker loop; }

fault_two_workers_at_once() {
	local first pid generation shards
	aim_worker
	first=$SEAT pid=$PID generation=$GENERATION shards=$SHARDS
	aim_worker
	begin "$shards,$SHARDS"
	"$BUILD/tests/crash/harm" kill "$pid" "$PID" >/dev/null
	wait_for 60 sits_anew "$SEAT" "$GENERATION"
	wait_for 60 sits_anew "$first" "$generation"
}

fault_slow_lane_SIGKILL() {
	aim_seat 15
	begin none
	kill -s KILL "$PID"
	wait_for 60 sits_anew "$SEAT" "$GENERATION"
}

# ---- Those that no packet passes

fault_courier_SIGKILL() {
	begin none
	kill -s KILL "$(process_of shoal-courier)"
}

fault_nursery_SIGKILL() {
	local pid
	pid=$(shoal status --json | jq '.nests[] | select(.home) | .pid') # another one after an upgrade
	begin none
	kill -s KILL "$pid"
	wait_for 10 not test -e "/proc/$pid"
	gateway_start_one nursery
	lab_expect nursery process.ready
}

fault_ctrl_SIGKILL() {
	begin none
	lab_signal KILL ctrl
	again ctrl
}

fault_ctrl_SIGSTOP() {
	begin none
	lab_signal STOP ctrl
	sleep 1
	lab_signal CONT ctrl
}

fault_primary_SIGKILL() {
	begin all
	lab_signal KILL primary
	again primary
	wait_for 20 gauge_is .ready
}

# ---- Planned

fault_shards_moved() {
	local shard to
	mapfile -t to < <(seats)
	begin all
	for shard in $(shuf -i 0-255 -n 24 --random-source=<(seed_bytes)); do
		shoal shard move "$shard" "${to[RANDOM % ${#to[@]}]}" >/dev/null
	done
	for shard in "${to[@]}"; do shoal worker restart "$shard" >/dev/null; done # who leaves loses what was pinned to it
}

seed_bytes() {
	local n
	for ((n = 0; n < 400; n++)); do printf '%04x' "$RANDOM"; done
}

fault_worker_restarted() {
	aim_worker
	begin "$SHARDS"
	shoal worker restart "$SEAT" >/dev/null
}

fault_worker_stopped_and_started() {
	aim_worker
	begin "$SHARDS"
	shoal worker stop "$SEAT" >/dev/null
	shoal worker start "$SEAT" >/dev/null
}

fault_upgrade() {
	cp "$BUILD/workers/shoal-nursery" "$LAB/nursery.new"
	begin all
	shoal --timeout 60 upgrade --binary "$LAB/nursery.new" --canary 2% --watch 0.5 >"$LAB/log/upgrade" 2>&1 ||
		grep -q "rolled back" "$LAB/log/upgrade" # a busy host may make the trial too slow; nothing may be lost by that either
	mv "$LAB/nursery.new" "$LAB/nursery" # the next one comes by another path than the one that serves
}

# ---- Crowds and shortages

# A table of other subscribers, never the same ones: what is asked for again is answered, not done again. OTHERS: how their IMSIs begin.
OTHERS=00103
others_table() { # how many
	OTHERS=$(printf '%05d' $((10#$OTHERS + 1)))
	gauge_table "$1" "$OTHERS" >"$LAB/others.csv"
}

# Sessions come and go, as fast as ctrl takes them.
sessions_come_and_go() { # how many
	others_table "$1"
	shoal --timeout 60 session import --wait "$LAB/others.csv" >/dev/null
	sessions_leave "$OTHERS"
}

sessions_leave() { # beginnings of their IMSIs...
	local ids n
	mapfile -t ids < <(sessions | jq -r 'select(.imsi[:5] | IN($ARGS.positional[])) | .id' --args "$@")
	for ((n = 0; n < ${#ids[@]}; n += 1000)); do
		shoal --timeout 60 session rm "${ids[@]:n:1000}" --wait >/dev/null
	done
}

fault_change_storm() {
	begin none
	sessions_come_and_go 4000
}

abuse() { # socket kind [number]
	in_ns gw "$PYTHON" "$SHOAL/tests/lab/rpc_abuse.py" "$LAB/run/$1" "${@:2}"
}

fault_half_open_clients() {
	begin none
	mkfifo "$LAB/hold"
	abuse oss.ipc crowd 500 <"$LAB/hold" >"$LAB/crowd" &
	exec {hold}>"$LAB/hold"
	wait_for 20 grep -q there "$LAB/crowd"
	shoal status >/dev/null
	exec {hold}>&-
	wait $!
	rm "$LAB/hold" "$LAB/crowd"
}

fault_broken_requests() {
	begin none
	abuse oss.ipc garbage 200 >/dev/null
	abuse oss.ipc cut 100
}

# A subscriber of events that never reads them, while there are many.
fault_deaf_subscriber() {
	begin none
	mkfifo "$LAB/hold"
	abuse events.ipc deaf <"$LAB/hold" >"$LAB/deaf" &
	exec {hold}>"$LAB/hold"
	wait_for 20 grep -q there "$LAB/deaf"
	sessions_come_and_go 1000
	exec {hold}>&-
	wait $!
	rm "$LAB/hold" "$LAB/deaf"
}

# The same command each time: what is done already is answered, not done again.
others_come() { shoal session import --wait "$LAB/others.csv" >"$LAB/refused" 2>&1; }

# The disk under ctrl's store is full: changes are refused, and taken again once there is room. What sessions that have gone left free
# inside the store serves others first, after many storms all of these.
fault_disk_full() {
	local came
	others_table 4000
	begin none
	dd if=/dev/zero of="$GW_STORE_DIR/filler" bs=64k status=none 2>/dev/null || true
	came=("$OTHERS")
	while ((${#came[@]} < 8)) && others_come; do
		others_table 4000
		came+=("$OTHERS")
	done
	((${#came[@]} == 8)) || grep -q STORE_FAILED "$LAB/refused" || story_fail "a full disk: $(tail -n 3 "$LAB/refused")"
	rm "$GW_STORE_DIR/filler"
	wait_for 20 others_come || story_fail "a disk with room again: $(tail -n 3 "$LAB/refused")"
	sessions_leave "${came[@]}"
}

# Many subscribers are idle while packets come for them, a worker is killed and then another one; then they are reached again. Fewer at a
# higher rate, so that all of their packets may wait.
fault_paging_storm() {
	local first generation count=$((64 * 20000 / rate))
	((count >= 4)) || count=4
	((count <= 64)) || count=64
	sessions | jq -r '"\(.id) \(.peer_teid)"' | shuf -n "$count" --random-source=<(seed_bytes) >"$LAB/idle"
	aim_worker
	begin all
	"$SHOAL/tests/chaos/idle.py" "$LAB/run/oss.ipc" idle <"$LAB/idle"
	first=$SEAT generation=$GENERATION
	kill -s KILL "$PID"
	aim_worker
	kill -s KILL "$PID"
	wait_for 30 all_told_once "$count"
	wait_for 60 sits_anew "$first" "$generation"
	wait_for 60 sits_anew "$SEAT" "$GENERATION"
	"$SHOAL/tests/chaos/idle.py" "$LAB/run/oss.ipc" reach <"$LAB/idle"
	wait_for 20 counter_is primary_packets_parked 0
	all_told_once "$count" || story_fail "idle subscribers are not told of once each: $(shoal report ls --json | wc -l) reports for $count"
	shoal report ls --json | jq -r '"\(.number) 0"' | "$SHOAL/tests/chaos/idle.py" "$LAB/run/oss.ipc" done
}

all_told_once() { # how many
	shoal report ls --json | jq -es --argjson n "$1" 'map(.session) | length == $n and (unique | length) == $n' >/dev/null
}

counter_is() { # name value
	(($(counter "$1") == $2))
}

# A stray write: one bit of a session's line, in the memory of shards.
fault_bit_flip_in_a_line() {
	local teid
	teid=$(shuf -n 1 --random-source=<(seed_bytes) "$LAB/gauge.sessions" | cut -d , -f 1)
	begin $((teid & 255))
	"$SHOAL/tests/smoke/drift.py" "$(lab_pid primary)" line $((teid & 255)) "$teid"
	wait_for 20 alarm_about $((teid & 255))
}

alarm_about() { # shard
	lab_log ctrl | grep shard.alarm | grep -q "shard $1\b"
}

fault_cpu_hog() {
	local hogs=() n
	begin none
	for ((n = 0; n < $(nproc); n++)); do
		in_ns gw bash -c 'while ((SECONDS < 1)); do :; done' &
		hogs+=($!)
	done
	wait "${hogs[@]}"
}
