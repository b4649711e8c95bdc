#!/bin/bash
# handover.sh - searches the model of hand-over and death completely within small bounds, and sees it notice each rule that is broken
# on purpose.
#
#   handover.sh whole       every bound below: no error, and nothing of the state space left out
#   handover.sh broken      every broken rule: an error
#   handover.sh -DSEATS=3 -DPACKETS=3 ...     bounds of your own
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

whole=(
	"-DSHARDS=1 -DPACKETS=3 -DKILLS=2 -DMOVES=1"
	"-DSHARDS=2 -DPACKETS=3 -DKILLS=1 -DMOVES=1"
	"-DSHARDS=1 -DPACKETS=3 -DKILLS=1 -DMOVES=1 -DPOISONED=2"
	"-DSHARDS=2 -DPACKETS=3 -DKILLS=0 -DMOVES=0 -DPOISONED=2"
	"-DSEATS=3 -DSHARDS=1 -DPACKETS=2 -DKILLS=1 -DMOVES=1"
)
broken=(
	"-DEARLY=1 -DSHARDS=1 -DPACKETS=2 -DKILLS=0 -DMOVES=0"
	"-DUNFENCED=1 -DSHARDS=1 -DPACKETS=2 -DKILLS=0 -DMOVES=1"
	"-DTOGETHER=1 -DSHARDS=1 -DPACKETS=3 -DKILLS=0 -DMOVES=0 -DPOISONED=2"
	"-DHASTY=1 -DSHARDS=1 -DPACKETS=2 -DKILLS=0 -DMOVES=0"
)

command -v spin >/dev/null || { echo "SKIPPED: spin is not installed (package spin)" && exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

search() { # define...: what spin's search says, in $work/said
	(
		cd "$work"
		rm -f ./*.trail
		spin -a "$@" "$here/handover.pml" >said
		gcc -w -O2 -DSAFETY -DCOLLAPSE -o pan pan.c
		./pan -m1000000 >said 2>&1 || true
	)
	grep -E 'states, stored|errors:|pan:1:' "$work/said" || true
}

must_hold() { # define...
	echo "== $*"
	search "$@"
	if ! grep -q 'errors: 0' "$work/said" || grep -qE 'max search depth|out of memory|not completed' "$work/said"; then
		[[ ! -e $work/handover.pml.trail ]] || (cd "$work" && spin -t -p "$@" "$here/handover.pml" | tail -60)
		echo "FAIL: the model breaks a promise, or the search was cut short"
		exit 1
	fi
}

must_break() { # define...
	echo "== $*"
	search "$@"
	grep -q 'pan:1: assertion violated' "$work/said" || { echo "FAIL: a rule is broken and the model does not notice" && exit 1; }
}

case ${1:-} in
whole) for bounds in "${whole[@]}"; do
	# shellcheck disable=SC2086 # several words on purpose
	must_hold $bounds
done ;;
broken) for rule in "${broken[@]}"; do
	# shellcheck disable=SC2086
	must_break $rule
done ;;
-D*) must_hold "$@" ;;
*) sed -n '2,8s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
