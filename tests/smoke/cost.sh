#!/bin/bash
# `shoal cost` on this host: table, JSON, planner, refusals. Needs neither root nor hugepages nor a gateway.
set -euo pipefail
BUILD=${BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}
dir=$(mktemp -d /tmp/shoal-cost.XXXXXX)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "FAILED: $1" >&2
	sed 's/^/  out: /' "$dir/out" >&2
	sed 's/^/  err: /' "$dir/err" >&2
	exit 1
}
exits() { # code command...
	local code=0
	"${@:2}" >"$dir/out" 2>"$dir/err" </dev/null || code=$?
	[[ $code == "$1" ]] || fail "exit code $code, not $1: ${*:2}"
}
says() { jq -e "$1" "$dir/out" >/dev/null || fail "not in the JSON: $1"; }
cost() { "$BUILD/ctrl/cli/shoal" cost "$@"; }

# What cannot be otherwise, however busy the host is: so its time is the processor's.
exits 0 cost --json --sessions 65536
times >"$dir/times"
took=$(awk -F '[ms ]' 'NR == 2 { print int(60 * ($1 + $4) + $2 + $5) }' "$dir/times")
((took <= 30)) || fail "it took $took s of processor time"
says '.cpus > 0 and .sessions > 0 and .budget.frame_ns == 67.2 and .budget.cores == 1'
says '.table | .load_l1.ns < .load_l3.ns and .load_l3.ns < .load_dram.ns and .line_cold.ns < .load_dram.ns'
says '.table | .cycle.ns > 0 and .atomic.ns > .cycle.ns and .syscall.ns > .clock_tsc.ns'
says '.paths | [.up, .down] | all(.measured_ns > 1 and .cold_lines == 1)'
if jq -e '.cpus > 1' "$dir/out" >/dev/null; then
	says '(.pairs | length) == .cpus * (.cpus - 1) / 2 or .cpus > 90'
	says '[.table | to_entries[] | select(.key | test("^ring_.*_(1|8|32|128)$"))] | length >= 4'
	says '.table.wake.ns > .table.syscall.ns and .paths.lane.measured_ns > 0'
	says '.paths | [.lane, .primary] | all(.moved_lines == 0.562 and (.predicted_ns == null or .predicted_ns > 0))'
	says '[.table | to_entries[] | select(.key | test("^(taken|given)_"))] | length >= 2'
fi

exits 0 cost --sessions 256
grep -q "^Budget: 67.20 ns for a frame of 64 bytes at 10 Gb/s" "$dir/out" || fail "no budget"

# The planner: next to no packets fit anywhere, a terabit of small ones nowhere. Without counted instructions it says so.
if jq -e '.paths.up.instructions != null' <(cost --json --sessions 256) >/dev/null; then
	exits 0 cost --sessions 256 --predict up,down --gbps 0.001
	exits 1 cost --sessions 256 --predict up,down --gbps 1000
	grep -q "does not fit" "$dir/out" || fail "it does not say that it does not fit"
	exits 0 cost --sessions 256 --predict up,down --gbps 1000 --force
	exits 0 cost --sessions 256 --predict up --gbps 10 --size 1518 --cores 4 --json
	says '.plan.fits and .budget.ns == 4921.6 and .plan.cost_ns == .paths.up.predicted_ns'
else
	exits 4 cost --sessions 256 --predict up
fi

for wrong in '--predict sideways' '--predict ,' '--gbps 0' '--gbps nan' '--size 63' '--cores 0' '--sessions 1000' 'word'; do
	exits 2 cost $wrong
done
exits 0 cost --help
grep -q -- --predict "$dir/out" || fail "the help lacks --predict"
echo "cost: what this host can do is measured, and what it cannot is refused"
