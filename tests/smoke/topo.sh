#!/bin/bash
# `shoal topo` on recorded machines and on this one, and the primary's refusal of cores that break a rule. No gateway runs; needs no root.
set -euo pipefail
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-$PWD/build}
dir=$(mktemp -d /tmp/shoal-topo.XXXXXX)
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
out_has() { grep -qF -- "$1" "$dir/out" || fail "standard output lacks '$1'"; }
err_has() { grep -qF -- "$1" "$dir/err" || fail "standard error lacks '$1'"; }
topo() { "$BUILD/ctrl/cli/shoal" topo "$@"; }

conf() { # device of n3, cpu, cpus, more...
	cat >"$dir/shoal.yaml" <<-END
		ports:
		- {name: n3, driver: pci, device: '$1', role: access, addresses: [10.1.0.1/24]}
		- {name: n6, driver: memif, device: /run/n6, role: core, addresses: [10.2.0.1/24]}
		pools: [{ipv4: 10.45.0.0/16}]
		primary: {cpu: $2}
		workers: {count: 2, cpus: $3}
		${4:-}
	END
}

# ---- Proposals: what is printed may be pasted, and keeps the rules
for machine in xeon epyc cluster arm vm; do
	exits 0 topo --from "tests/topo/$machine.xml" --json
	conf 0000:ff:00.0 "$(jq .configuration.primary.cpu "$dir/out")" "$(jq -c .configuration.workers.cpus "$dir/out")"
	exits 0 topo --from "tests/topo/$machine.xml" --check "$dir/shoal.yaml"
done
exits 0 topo --from tests/topo/epyc.xml
out_has '| 8,24     | | 9,25     | | 10,26    | | 11,27    |'
out_has '| primary  | | worker 0 | | worker 1 | | slow lane|'
out_has 'node 1: CPUs 8-15,24-31; NIC enp65s0f0np0 0000:41:00.0; NIC enp65s0f1np1 0000:41:00.1'
sed -n '/^primary:/,/slow_cpu/p' "$dir/out" >"$dir/lines"
conf 0000:ff:00.0 any '[]'
grep -v '^primary\|^workers' "$dir/shoal.yaml" >>"$dir/lines"
exits 0 topo --from tests/topo/epyc.xml --check "$dir/lines"
exits 1 topo --from tests/topo/epyc.xml --workers 4
err_has '3 would find one'
conf 0000:af:00.0 any '[]' # the port decides the node
exits 0 topo --from tests/topo/xeon.xml --config "$dir/shoal.yaml"
out_has 'cpu: 8'
exits 0 topo # this machine, whatever it is: two workers may find no place
out_has 'node 0: CPUs 0'

exits 0 topo --from tests/topo/xeon.xml --json
[[ $(jq -c '[.queues, .housekeeping, .empty, [.loops[] | [.cpu, .l2[1], .l3[8], .node]]]' "$dir/out") == \
	'[1,[0,16],[17,18,19,20],[[1,17,16,0],[2,18,16,0],[3,19,16,0],[4,20,16,0]]]' ]] || fail "the proposal as JSON"

# ---- Configurations that break a rule
broken() { # machine, what is said
	exits 1 topo --from "tests/topo/$1.xml" --check "$dir/shoal.yaml"
	err_has "$2"
	exits 0 topo --from "tests/topo/$1.xml" --check "$dir/shoal.yaml" --force
	err_has "$2"
}
conf 0000:3b:00.0 1 '[2, 18]'
broken xeon 'worker 0 (CPU 2) and worker 1 (CPU 18) are on threads of one core'
exits 1 topo --from tests/topo/xeon.xml --check "$dir/shoal.yaml" --json
[[ $(jq -r '.broken[] | .rule + ": " + .first + ", " + .second' "$dir/out") == 'core: worker 0 (CPU 2), worker 1 (CPU 18)' ]] || fail "as JSON"
conf 0000:af:00.0 1 '[2, 3]'
broken xeon 'primary (CPU 1) and port n3 (0000:af:00.0) are on nodes 0 and 1'
conf 0000:41:00.0 8 '[9, 12]'
broken epyc 'primary (CPU 8) and worker 1 (CPU 12) hand packets over and share no L3 cache'
conf 0000:ec:00.0 1 '[4, 6]'
broken cluster 'worker 0 (CPU 4) and worker 1 (CPU 6) share an L2 cache'
conf 0000:01:00.0 1 '[2, 16]'
broken arm 'worker 1 (CPU 16) and this machine (16 CPUs)'
exits 0 topo --from tests/topo/vm.xml --check "$dir/shoal.yaml" # hides its caches

# ---- Files that are none
echo '<topology>' >"$dir/machine.xml"
exits 2 topo --from "$dir/machine.xml"
err_has 'not a machine that hwloc can read'
exits 2 topo --from "$dir/nothing.xml"
exits 2 topo --check "$dir/nothing.yaml"
exits 2 topo --workers 16

# ---- The primary holds it against the machine it is on: hwloc takes that from a file where the environment says so
primary() { HWLOC_XMLFILE=tests/topo/$1.xml "$BUILD/primary/shoal-primary" --config "$dir/shoal.yaml" --check; }
ours=$(taskset -cp $$ | sed 's/.*: //') # the record's other processors are not ours
if [[ $ours == 0-* ]]; then
	conf 0000:af:00.0 0 '[1, 2]'
	sed -i 's/count: 2, cpus: .*}/count: 1, cpus: [1]}/' "$dir/shoal.yaml"
	exits 2 primary xeon
	err_has 'primary (CPU 0) and port n3 (0000:af:00.0) are on nodes 0 and 1'
	exits 0 primary vm
	echo 'placement: force' >>"$dir/shoal.yaml"
	exits 0 primary xeon
	err_has 'primary (CPU 0) and port n3 (0000:af:00.0) are on nodes 0 and 1'
fi
conf 0000:af:00.0 any '[]'
exits 0 primary xeon
echo "topo: all as it should be"
