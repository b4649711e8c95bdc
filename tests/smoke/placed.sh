#!/bin/bash
# Loops run where `shoal topo` would have them: first by themselves, then by the lines that it prints; and what breaks a rule is refused.
#
#   no traffic; the machine is this one, so on a small one nobody has a place and all float
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"

# Where a process may run, as its first thread says.
cpus_of() { sed -n 's/^Cpus_allowed_list:\s*//p' "/proc/$1/status" 2>/dev/null; }
# ctrl asks the primary a few times a second, so for a moment it still tells of those who died with the last one.
seat_runs_on() { # seat cpus
	local pid
	pid=$(seat_field "$1" pid)
	[[ $(cpus_of "$pid") == "$2" ]]
}
GW_WORKERS=1
story_begin
free=$(cpus_of $$)
if shoal topo --config "$LAB/shoal.yaml" --json >"$LAB/plan.json"; then
	worker=$(jq '.configuration.workers.cpus[0]' "$LAB/plan.json")
	slow=$(jq -r '.configuration.workers.slow_cpu' "$LAB/plan.json")
else
	worker=$free slow=any
fi
that "the slow lane floats" seat_runs_on 15 "$free"
if (($(shoal topo --workers 1 --json | jq '[.machine.groups[].cpus[]] | length') != $(nproc))); then
	echo "only CPUs $free may be used here: topo speaks of all, the primary of those"
	story_end
	exit 0
fi
that "a worker nobody placed runs on CPU $worker" seat_runs_on 0 "$worker"

[[ $worker != "$free" ]] || { story_end; exit 0; }
primary=$(jq .configuration.primary.cpu "$LAB/plan.json")
restart() {
	lab_signal KILL primary
	wait_for 10 lab_gone primary
	gateway_start_one primary
	lab_expect primary "$1"
}
if (($(nproc) <= 15)); then # the most workers there may be
	cp "$LAB/shoal.yaml" "$LAB/usual.yaml"
	sed -i "s/^idle: .*/idle: spin/; s/^  count: .*/  count: $(nproc)/" "$LAB/shoal.yaml"
	restart "loops never sleep, and there are $(nproc) processors"
	cp "$LAB/usual.yaml" "$LAB/shoal.yaml"
fi
sed -i "s/^  cpus: .*/  cpus: [$worker]\n  slow_cpu: $slow/; s/^  cpu: .*/  cpu: $primary/" "$LAB/shoal.yaml"
that "the lines that topo prints keep the rules" shoal topo --check "$LAB/shoal.yaml"
restart process.ready
that "the worker runs on CPU $worker" wait_for 20 seat_runs_on 0 "$worker"
that "the slow lane runs on CPU $slow" wait_for 20 seat_runs_on 15 "$slow"
that "they serve" wait_for 20 gateway_serves
that "the primary's loop runs on CPU $primary" equal "$(cpus_of "$(lab_pid primary)")" "$primary"
story_end

sed -i "s/slow_cpu: $slow/slow_cpu: $worker/" "$LAB/shoal.yaml"
if ! shoal topo --check "$LAB/shoal.yaml" 2>"$LAB/words"; then
	that "topo names the pair" grep -q "worker 0 (CPU $worker) and slow lane (CPU $worker) are on one processor" "$LAB/words"
	restart "are on one processor"
	that "the primary names it too, and ends" wait_for 10 lab_gone primary
	sed -i '1i placement: force' "$LAB/shoal.yaml"
	gateway_start_one primary
	lab_expect primary process.ready
	that "forced, both are on CPU $worker" wait_for 20 seat_runs_on 15 "$worker"
	that "and it serves" wait_for 20 gateway_serves
fi
