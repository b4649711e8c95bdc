#!/bin/bash
# accounts.sh [ROUNDS]: what every session has used, as ctrl says it, against what came through, while everything dies (default 20;
# a night: 1000).
#
#   numbered traffic over 96 sessions; each round one of: a worker, the controller or the courier is shot, a shard moves, a session is
#   deleted
# Promised: a worker's death makes a session's account wrong by one burst (32 packets) at most, everything else by nothing; deleted
# sessions' accounts are settled, with their last counters.
set -euo pipefail
. "$(dirname "$0")/../chaos/gauge.sh"
rounds=${1:-20} kills=0 deleted=0
GAUGE_SESSIONS=96 GAUGE_PPS=${ACCOUNTS_PPS:-20000} GW_WORKERS=3 GW_USAGE_MS=200
gauge_begin
gauge_start
sessions | jq -r .id >"$LAB/ids"

process_of() { # name, of a process that the lab has not started itself
	local pid
	for pid in $(lab_pids "${LAB##*/}-gw"); do
		if [[ $(<"/proc/$pid/comm") == "$1" ]]; then echo "$pid"; fi
	done
}

act_worker() {
	local seat=$((kills % GW_WORKERS))
	kill -s KILL "$(seat_field "$seat" pid)"
	kills=$((kills + 1))
	wait_for 60 seat_has_died "$seat" $(((kills - 1) / GW_WORKERS + 1))
	wait_for 60 gateway_serves
}

act_ctrl() {
	kill -s KILL "$(lab_pid ctrl)"
	wait_for 10 lab_gone ctrl
	gateway_start_one ctrl
	lab_expect ctrl process.ready
	wait_for 30 gateway_serves
}

act_courier() {
	local pid
	pid=$(process_of shoal-courier)
	kill -s KILL $pid
	wait_for 20 courier_is_not "$pid"
}

courier_is_not() { # pid
	[[ $(process_of shoal-courier) != "$1" ]] && shoal status --json | jq -e .courier_up >/dev/null
}

act_shard() {
	shoal shard move $((RANDOM % 256)) $((RANDOM % GW_WORKERS)) >/dev/null
}

# A third of them at most, and at times with everything else still under way.
act_delete() {
	((deleted < GAUGE_SESSIONS / 3)) || return 0
	deleted=$((deleted + 1))
	shoal session rm "$(sed -n "${deleted}p" "$LAB/ids")" >/dev/null
}

# Each session by its TEID: what the gauge sent and received, and what ctrl says; prints the largest difference.
accounts_agree() {
	gauge_ask dump "$LAB/dump.csv" >/dev/null
	sessions >"$LAB/living"
	shoal session closed --json >"$LAB/closed"
	"$PYTHON" - "$LAB" "$1" "$kills" "$deleted" <<-'END'
		import csv, json, sys
		lab, tolerance, kills, deleted = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
		said = {}
		for line in open(f"{lab}/living"):
		    session = json.loads(line)
		    said[session["teid"]] = session["usage"]
		closed = [json.loads(line) for line in open(f"{lab}/closed")]
		for record in closed:
		    assert record["final"], f"account {record['number']} has no last counters"
		    said[record["session"]["teid"]] = record["session"]["usage"]
		if len({record["session"]["id"] for record in closed}) != deleted:
		    sys.exit(f"{len(closed)} accounts are settled, {deleted} sessions deleted")
		worst, total, over = 0, 0, 0
		for row in csv.DictReader(open(f"{lab}/dump.csv")):
		    usage = said[int(row["teid"])]
		    for way, name in (("up", "uplink"), ("down", "downlink")):
		        counted, came = usage[f"{name}_packets"], int(row[f"received_{way}"])
		        assert usage[f"{name}_bytes"] == counted * int(row["packet_bytes"]), f"{row} {usage}"
		        worst, total = max(worst, abs(counted - came)), total + came
		        over = max(over, counted - int(row[f"sent_{way}"]))
		print(f"{total} packets, {kills} dead workers, {deleted} deleted; largest error {worst}, over-charged {max(over, 0)}")
		sys.exit(worst > tolerance or over > tolerance)
	END
}

round() {
	local acts=(worker ctrl courier shard shard delete delete)
	"act_${acts[RANDOM % ${#acts[@]}]}"
	sleep "0.$((RANDOM % 5))"
}

act_worker # one of each at least
act_delete
act_ctrl
act_courier
for ((n = 4; n < rounds; n++)); do round; done
gauge_stop
that "what came through is what ctrl says, within a burst a death" wait_for 20 accounts_agree $((32 * kills))
accounts_agree $((32 * kills))
story_end
