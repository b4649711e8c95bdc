#!/bin/bash
# The real controller, alone: an import whose controller is killed in the middle ends with every session there exactly once,
# what is exported comes back the same, and running it again changes nothing. Needs no root and no gateway.
set -euo pipefail
BUILD=${BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}
dir=$(mktemp -d /tmp/shoal-import.XXXXXX)
ctrl=
finish() {
	[[ -z $ctrl ]] || kill -KILL "$ctrl" 2>/dev/null && wait "$ctrl" 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT

shoal() {
	"$BUILD/ctrl/cli/shoal" --config "$dir/shoal.yaml" "$@"
}

fail() {
	echo "FAILED: $1" >&2
	cat "$dir/log" >&2
	exit 1
}

wait_for() { # seconds command...
	local end=$((SECONDS + $1))
	until "${@:2}" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		read -r -t 0.02 <> <(:) || true
	done
}

start() {
	"$BUILD/ctrl/shoal-ctrl" --config "$dir/shoal.yaml" >>"$dir/log" 2>&1 &
	ctrl=$!
	wait_for 20 shoal status || fail "the controller did not start"
}

sessions() {
	shoal status --json | jq .sessions
}

sessions_reach() { # at least
	(($(sessions) >= $1))
}

count=60000
cat >"$dir/shoal.yaml" <<END
run_dir: $dir/run
ports:
  - {name: n3, device: none0, role: access, addresses: [192.0.2.1/24]}
  - {name: n6, device: none1, role: core, addresses: [198.51.100.1/24]}
pools:
  - {dnn: internet, ipv4: 10.0.0.0/15, ipv6: '2001:db8::/40'}
ctrl: {store_dir: $dir/store, store_mib: 512}
END
{
	echo "imsi,ipv4,ipv6,peer,peer_teid,ul_rate,dl_rate,mark,qfi"
	seq "$count" | awk '{ printf "00101%010d,auto,%s,192.0.2.10,%d,10M,50M,af1,%s\n", $1, $1 % 3 ? "" : "auto", $1, $1 % 2 ? 9 : "" }'
} >"$dir/subscribers.csv"
start

# Fed through a pipe that stops half-way, so that the kill comes in the middle whatever the machine's speed.
mkfifo "$dir/pipe"
shoal session import - <"$dir/pipe" >"$dir/import" 2>&1 &
import=$!
exec {feed}>"$dir/pipe"
head -n $((count / 2)) "$dir/subscribers.csv" >&"$feed"
wait_for 20 sessions_reach $((count / 4)) || fail "the import does not move"
kill -KILL "$ctrl"
wait "$ctrl" 2>/dev/null || true
tail -n "+$((count / 2 + 1))" "$dir/subscribers.csv" >&"$feed" &
exec {feed}>&-
start
wait "$import" || fail "the import ended with $?: $(<"$dir/import")"
[[ $(sessions) == "$count" ]] || fail "$(sessions) sessions, not $count: $(<"$dir/import")"

shoal session ls --json | jq -r .imsi | sort >"$dir/there"
sed 1d "$dir/subscribers.csv" | cut -d , -f 1 | cmp - "$dir/there" || fail "some subscriber is missing or twice"
shoal session import "$dir/subscribers.csv" >/dev/null || fail "the same import is refused"
[[ $(sessions) == "$count" ]] || fail "the same import made sessions again"

# Out, away, and in again: the same subscribers with the same addresses.
same='{imsi, dnn, ipv4, ipv6, peer, peer_teid, ul_rate, dl_rate, ul_mark, dl_mark, qfi}'
shoal session ls --json | jq -cS "$same" | sort >"$dir/before"
(($(jq -c 'select(.ipv4 and .ul_rate == 10000000 and .dl_mark == "af1")' "$dir/before" | wc -l) == count)) || fail "sessions lack what they were given"
(($(jq -c 'select(.ipv6)' "$dir/before" | wc -l) == count / 3)) || fail "a third of the sessions must have IPv6"
shoal session export "$dir/all.csv"
kill "$ctrl"
wait "$ctrl" 2>/dev/null || true
rm -r "$dir/store"
start
[[ $(sessions) == 0 ]] || fail "a new store is not empty"
shoal session import "$dir/all.csv" >/dev/null || fail "the export is refused"
shoal session ls --json | jq -cS "$same" | sort | cmp - "$dir/before" || fail "what came back is not the same"
echo "ok"
