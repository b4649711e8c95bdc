#!/bin/bash
# A stray write flips one bit of a shard: it is found and put right within a second, and said in an event.
#
#   drift.py flips a bit in the bank of shards: of a line, of its flags, of a rate, of a shard's header
# A ping 20/s by the session that is hit goes on after a second at most, that of another shard's is not disturbed at all.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
subscribers_make 16 >"$LAB/subscribers.csv"
shoal session import --wait "$LAB/subscribers.csv" >/dev/null
session_add 001019000000099 --ipv4 auto --rate 1G
ues_table >"$LAB/table.csv"
radio_up "$LAB/table.csv"
hit=$(sessions | jq -r 'select(.imsi == "001019000000099") | .ipv4')
mapfile -t ues < <(ues_ipv4)
other=${ues[0]}
ue_pings "$hit" && ue_pings "$other"
shard=$(shard_of "$hit") teid=$(teid_of "$hit")
lab_start events gw "$BUILD/ctrl/cli/shoal" --connect "ipc://$LAB/run/oss.ipc" events --json
alarms() { lab_log events | grep '"kind":"alarm"' || true; }
events() { alarms | wc -l; }
more_events() { (($(events) > $1)); }
in_step() { shoal shard ls --json | jq -e --argjson s "$shard" '.shards[] | select(.shard == $s) | .in_step' >/dev/null; }

for part in line flags rate header; do
	before=$(events)
	pings "$other" 100 0.05 other & jobs=$!
	pings "$hit" 100 0.05 hit & jobs="$jobs $!"
	from=$(date +%s%N)
	"$SHOAL/tests/smoke/drift.py" "$(lab_pid primary)" "$part" "$shard" "$teid"
	that "$part: it is said in an event" wait_for 60 more_events "$before"
	echo "$part: said after $((($(date +%s%N) - from) / 1000000)) ms: $(alarms | tail -n 1 | jq -r .text)"
	that "$part: and put right" wait_for 60 in_step
	# shellcheck disable=SC2086
	wait $jobs || true
	that "$part: another session is not disturbed" equal "$(pings_lost other)" 0
	echo "$part: $(pings_lost hit) of 100 pings lost by the session that was hit"
	that "$part: it is served again within a second" test "$(pings_lost hit)" -le 24
	that "$part: and from then on" ue_pings "$hit"
done
story_end
