#!/bin/bash
# deaths.sh [ROUNDS [PPS]]: a worker ends in each of the ways there are, under numbered traffic (default 1 round; a night: 200).
#
#   shoal-gauge ~~ memif ~~ gateway with three workers ~~ memif ~~ shoal-gauge
# So few packets that a worker's hold takes them while a busy host has both others off their cores for three seconds.
# After each: nothing lost, twice or out of order in the dead worker's shards nor in the others'; all three serve again. At the
# end: every room back, the account closed. Prints, for each, how long it took to be gone and the longest blackout of a shard; with
# more rounds the median and the worst of both. WAYS="loop stop crowded" tests/crash/deaths.sh 50 measures how soon hangs are acted on.
set -euo pipefail
. "$(dirname "$0")/../chaos/gauge.sh"
rounds=${1:-1}
pps=${2:-5000}
GW_WORKERS=3
GAUGE_SESSIONS=512

read -ra ways <<<"${WAYS:-kill segv bus abort ill fpe exit loop stop crowded oom two nursery ctrl move drain successor}"

harm() { # way pid...; 77: not on this host
	"$BUILD/tests/crash/harm" "$@" >"$LAB/harmed"
}

pid_of() { # seat
	seat_field "$1" pid
}

# Another worker than that one sits there, and all is well.
sits_anew() { # seat, old generation
	local now pid
	now=$(seat_field "$1" generation)
	pid=$(pid_of "$1") # what is said of the seat may be a moment older
	((${now:-0} > $2 && ${pid:-0} > 0)) && gateway_serves
}

# The worker in $seat dies, and with it what else there is. $dead: all seats that die.
die() { # way
	local pid generation shard
	pid=$(pid_of "$seat")
	case $1 in
	two) harm kill "$pid" "$(pid_of $(((seat + 1) % 3)))" ;;
	nursery)
		lab_signal KILL nursery
		harm kill "$pid"
		wait_for 10 lab_gone nursery
		gateway_start_one nursery
		;;
	ctrl)
		lab_signal KILL ctrl
		harm kill "$pid"
		wait_for 10 lab_gone ctrl
		gateway_start_one ctrl
		lab_expect ctrl process.ready
		;;
	move)
		shard=$(shoal shard ls --json | jq --argjson seat "$seat" 'first(.shards[] | select(.seat == $seat)) | .shard')
		shoal shard move "$shard" $(((seat + 1) % 3)) >/dev/null 2>&1 &
		harm kill "$pid"
		wait $! || true                            # the one who moves it is dead: done or refused
		shoal shard free "$shard" >/dev/null || true # an order pins it
		;;
	drain)
		shoal worker restart "$seat" >/dev/null 2>&1 &
		harm kill "$pid" || true # it may have left already
		wait $! || true
		;;
	successor)
		generation=$(seat_field "$seat" generation)
		harm kill "$pid"
		wait_for 60 sits_anew "$seat" "$generation"
		harm segv "$(pid_of "$seat")"
		;;
	crowded) crowd "$pid" ;;
	*) harm "$1" "$pid" ;;
	esac
}

# It loops for ever on a core that another process wants as much.
crowd() { # pid
	local cpu
	cpu=$(($(ps -o psr= -p "$1")))
	taskset -cp "$cpu" "$1" >/dev/null
	lab_start hog gw taskset -c "$cpu" bash -c 'while :; do :; done'
	harm loop "$1"
	lab_signal KILL hog
}

summary() { # field title
	awk -v field="$1" '{ print $field }' | sort -n | awk -v title="$2" '{ all[NR] = $1 }
		END { printf "%-22s %d times, us: p50 %d, p90 %d, p99 %d, max %d\n", title, NR,
			all[int((NR + 1) / 2)], all[int(NR * 0.9 + 0.99)], all[int(NR * 0.99 + 0.99)], all[NR] }'
}

seats_of() { # way
	echo "$seat"
	if [[ $1 == two ]]; then echo $(((seat + 1) % 3)); fi
}

round() { # way
	local a b report shards='' one code=0
	local -A generation
	for one in $(seats_of "$1"); do
		shards+=${shards:+,}$(gauge_shards "$one")
		generation[$one]=$(seat_field "$one" generation)
	done
	a=$(gauge_mark)
	die "$1" || code=$?
	if ((code == 77)); then
		echo "skipped: $1: not on this host"
		return
	fi
	((code == 0)) || story_fail "$1: it did not die"
	for one in "${!generation[@]}"; do
		shoal worker start "$one" >/dev/null 2>&1 || true # after ten crashes in a row nobody comes by himself
		wait_for 60 sits_anew "$one" "${generation[$one]}" || story_fail "$1: worker $one did not come back"
	done
	wait_for 20 shards_are_even || story_fail "$1: shards were not shared out again"
	b=$(gauge_mark)
	report=$(gauge_report "$a" "$b" "$shards")
	awk -v way="$1" -v own="$(jq .set.blackout_us.max <<<"$report")" -v others="$(jq .others.blackout_us.max <<<"$report")" '
		$3 > gone { gone = $3 }
		END { printf "%-10s gone after %6d us, blackout %6d us, others %6d us\n", way, gone, own, others }' "$LAB/harmed" | tee -a "$LAB/deaths"
	gauge_clean "$report" set || story_fail "$1: the dead worker's shards lost something"
	gauge_clean "$report" others || story_fail "$1: others lost something"
}

gauge_begin
rooms=$(rest_rooms)
gauge_start "$pps"
n=0
for ((r = 1; r <= rounds; r++)); do
	for way in "${ways[@]}"; do
		seat=$((n++ % 3))
		round "$way"
	done
done
gauge_stop
if ((rounds > 1)); then
	for way in "${ways[@]}"; do
		grep "^$way " "$LAB/deaths" | summary 4 "$way: gone"
		grep "^$way " "$LAB/deaths" | summary 7 "$way: blackout"
	done
fi
that "every death was noticed" test "$(shoal worker ls --json | jq '[.workers[].deaths] | add')" -ge "$((rounds * (${#ways[@]} - 1)))"
that "every room came back" wait_for 10 rooms_are "$rooms"
story_end
