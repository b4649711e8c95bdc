# shellcheck shell=bash
# gauge.sh - numbered traffic for a story: a gateway between two memif ports, and the gauge on both sides of it.
#
#   shoal-gauge ~~memif n3~~ gateway ~~memif n6~~ shoal-gauge          all in the lab's namespace gw
#
# Sourced by bash, first of all; brings the rest of the lab. A story changes what it wants of the GAUGE_* and GW_* words first.

. "$(dirname "${BASH_SOURCE[0]}")/../lab/story.sh"

GAUGE_SESSIONS=${GAUGE_SESSIONS:-1024}
GAUGE_PPS=${GAUGE_PPS:-50000}
GAUGE_RING=${GAUGE_RING:-14}     # log2 of the packets each memif ring holds
GAUGE_SPIN=${GAUGE_SPIN:-}       # yes: the gauge never sleeps, and its times are as fine as it can make them
GAUGE_SETTLE_MS=${GAUGE_SETTLE_MS:-20000} # what has not come by then is lost; a busy host may have it for seconds
GAUGE_NEEDS=(root memory hugepages hugetlbfs netns)
GW_DRIVER=memif
# Room for 50 ms of a million packets a second: so long does a host keep a process off its core.
GW_ROOMS=65536 GW_HOLD=16384 GW_MIB=832

# The gateway's words for packets that it did not send on.
GAUGE_REASONS=$(sed -n 's/^\tX(\([A-Z_]*\), .*/"\L\1"/p' "$SHOAL/shared/plane/verdict.h" | grep -Ev '"(forward|answered)"' | jq -s .)

# The gateway up, its sessions applied, the gauge ready but silent.
gauge_begin() {
	story_needs "${GAUGE_NEEDS[@]}"
	lab_open
	gauge_set_up
}

# As `shoal topo` would have it, where there are cores enough: each packet loop has its own, and all else another, here with a gauge that
# never sleeps, whose own times are known and taken off.
gauge_place() {
	gauge_cores=0-$(($(nproc) - 1))
	[[ $GAUGE_SPIN ]] && (($(nproc) >= GW_WORKERS + 2)) || return 0
	gauge_cores=0 GW_HOUSE_CPUS=0 GW_PRIMARY_CPU=1 GW_WORKER_CPUS=$(seq -s , 2 $((GW_WORKERS + 1)))
}

gauge_set_up() {
	gauge_place
	lab_netns gw
	GW_DEVICE_N3=$LAB/n3.memif GW_DEVICE_N6=$LAB/n6.memif GW_OPTIONS=role=client,rsize=$GAUGE_RING,bsize=512
	gauge_up
	gateway_up
	gauge_sessions "$GAUGE_SESSIONS"
	wait_for 20 gauge_is .ready
	gauge_warm
}

# A table to import: IPv4 alone, no limit.
gauge_table() { # how many [first five digits of the IMSI]
	awk -v n="$1" -v network="${2:-00101}" 'BEGIN {
		print "imsi,ipv4,peer,peer_teid"
		for (i = 1; i <= n; i++) printf "%s%010d,auto,10.99.3.2,%d\n", network, i, 1996488704 + i
	}'
}

gauge_sessions() { # how many
	gauge_table "$1" >"$LAB/subscribers.csv"
	shoal --timeout 600 session import --wait "$LAB/subscribers.csv" >/dev/null
	shoal --timeout 600 session export --format csv - 2>/dev/null | awk -F , '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ print $at["teid"] "," $at["ipv4"] "," $at["peer_teid"] }' >"$LAB/gauge.sessions"
	equal "$(wc -l <"$LAB/gauge.sessions")" "$1"
	gauge_ask load "$LAB/gauge.sessions" >/dev/null
}

gauge_up() {
	lab_start gauge gw "$BUILD/tests/chaos/shoal-gauge" --no-shconf --no-huge -m 64 --no-pci --no-telemetry --lcores "0@$gauge_cores" \
		--iova-mode=va --log-level error \
		--vdev "net_memif0,role=server,socket=$LAB/n3.memif,socket-abstract=no" \
		--vdev "net_memif1,role=server,socket=$LAB/n6.memif,socket-abstract=no" \
		-- --gnb 10.99.3.2 --gtpu 10.99.3.1 --host 10.99.6.2 --core 10.99.6.1 --socket "$LAB/gauge.sock" ${GAUGE_SPIN:+--spin}
	lab_expect gauge ready
}

gauge_ask() { # word...
	"$BUILD/tests/chaos/gauge-ask" "$LAB/gauge.sock" "$@"
}

gauge_is() { # jq expression on its status
	gauge_ask status 2>/dev/null | jq -e "$1" >/dev/null
}

gauge_start() { # [packets a second, both ways together]
	gauge_ask start "${1:-$GAUGE_PPS}" >/dev/null
}

gauge_stop() {
	gauge_ask stop >/dev/null
}

# The gateway finds its next hops with a few packets: of many, those that can't all wait for an answer would be lost.
gauge_warm() {
	local up down
	read -r up down <<<"$(gauge_came)"
	gauge_start 100
	wait_for 20 gauge_came_more "$up" "$down"
	gauge_stop
}

gauge_came() { # prints how many have come uplink, and downlink
	gauge_ask dump "$LAB/dump.csv" >/dev/null
	awk -F , 'NR > 1 { up += $3; down += $5 } END { print up + 0, down + 0 }' "$LAB/dump.csv"
}

gauge_came_more() { # than up down
	local up down
	read -r up down <<<"$(gauge_came)"
	((up > $1 && down > $2))
}

# Ends a span; prints the number of the mark. What the gateway has refused by then is remembered, and how long it has waited.
gauge_mark() {
	local mark
	gauge_refused >"$LAB/refused.now"
	gauge_waited >"$LAB/waited.now"
	mark=$(gauge_ask mark | jq .span)
	mv "$LAB/refused.now" "$LAB/refused.$mark"
	mv "$LAB/waited.now" "$LAB/waited.$mark"
	echo "$mark"
}

# Kills a process in a span of its own, a few milliseconds long; prints the number of the span's first mark. pid 0: nobody, to compare.
gauge_strike() { # pid ms
	local mark
	gauge_refused >"$LAB/refused.now"
	gauge_waited >"$LAB/waited.now"
	mark=$(($(gauge_ask strike "$@" | jq .span) - 1)) # nothing runs beside it
	mv "$LAB/refused.now" "$LAB/refused.$mark"
	mv "$LAB/waited.now" "$LAB/waited.$mark"
	gauge_waited >"$LAB/waited.$((mark + 1))"
	echo "$mark"
}

# How long the kernel has let each thread of the primary and the workers wait for a core that others had: file, nanoseconds.
gauge_waited() {
	local pid tasks=()
	for pid in $(lab_pids "${LAB##*/}-gw"); do
		[[ $(cat "/proc/$pid/comm" 2>/dev/null) != shoal-@(primary|worker*) ]] || tasks+=("/proc/$pid/task/"*/schedstat)
	done
	{ grep -Hs . "${tasks[@]}" /dev/null || true; } | awk -F '[: ]' '{ print $1, $3 }' # some may have ended meanwhile
}

gauge_waited_us() { # mark mark
	awk 'NR == FNR { before[$1] = $2; next } { waited += $2 - before[$1] } END { printf "%d", waited / 1000 }' "$LAB/waited.$1" "$LAB/waited.$2"
}

gauge_refused() {
	shoal --timeout 2 counters --json 2>/dev/null |
		jq -c --argjson reasons "$GAUGE_REASONS" '[.counters[] | select(.name | IN($reasons[])) | {(.name): .value}] | add // {}'
}

# What happened between two marks, for a set of shards and for all others (README.md); waits until what was sent has come.
gauge_report() { # mark mark [shards: all, none, 0,3,7-9]
	gauge_ask settle "$1" "$2" "$GAUGE_SETTLE_MS" >/dev/null
	gauge_ask report "$@" | jq -c --slurpfile before "$LAB/refused.$1" --argjson after "$(gauge_refused || echo '{}')" \
		--argjson waited "$(gauge_waited_us "$1" "$2")" \
		'. + {refused: ($after | with_entries(.value -= ($before[0][.key] // 0) | select(.value > 0))),
			waited_us: $waited}'
}

# Nothing lost, doubled, reordered or spoilt, in a report's set or others. Says what was, if not.
gauge_clean() { # report set|others
	jq -e ".$2 | .lost == 0 and .duplicated == 0 and .reordered == 0 and .stale == 0 and .damaged == 0 and .stray == 0" \
		<<<"$1" >/dev/null || {
		jq -c "(.$2 | del(.shard_blackout_us)), {refused, waited_us}, .instrument" <<<"$1" >&2
		return 1
	}
}

# The shards of a seat, as gauge_report wants them.
gauge_shards() { # seat
	shoal shard ls --json | jq -r --argjson seat "$1" '[.shards[] | select(.seat == $seat) | .shard] |
		if length == 0 then "none" else map(tostring) | join(",") end'
}

# Workers that the gateway itself ended, as hung, late or wrong.
evicted() {
	lab_log primary | grep seat.down | grep -v ' died' || true
}
