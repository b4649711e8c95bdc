#!/bin/bash
# A lab gives back what it has borrowed, however it ends (deploy/lib/lab.sh): hugepages, of a pool that is played here, and its story's
# background jobs. Needs nothing of the host.
# shellcheck disable=SC2016 # a lab's words are for its own process
set -euo pipefail
SHOAL=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /tmp/shoal-borrows.XXXXXX)
trap 'rm -rf "$work"' EXIT

# The kernel's part: the pool has no more than MOST pages, and what is used and no longer in it is surplus. END_BY ends the lab where it
# changes the pool, before or after.
cat >"$work/played.sh" <<'END'
lab_home=$1 lab_pages=$1/pool lab_groups=$1/none
kernel() { # pages used
	local surplus=$(($2 > $1 ? $2 - $1 : 0))
	echo "$2" >"$lab_pages/used"
	echo "$surplus" >"$lab_pages/surplus_hugepages"
	echo $(($1 + surplus)) >"$lab_pages/nr_hugepages"
}
ended_at() { [[ ${END_AT:-} != "$1" ]] || kill -s "$END_BY" $$; }
lab_pages_set() {
	ended_at before
	kernel $(($1 < MOST ? $1 : MOST)) "$(<"$lab_pages/used")"
	ended_at after
}
waits() { until [[ -e $lab_home/$1 ]]; do sleep 0.02; done; }
has() { [[ $(<"$LAB/pages") == "$1" ]]; }
END
mkdir "$work/pool"
bash -c '. "$1/played.sh" "$1"; kernel 10 0' bash "$work"
export MOST=1000

# Runs a lab's words in a process of its own.
lab() { # words
	timeout --signal KILL 100 bash -euo pipefail -c '. "$1/deploy/lib/lab.sh"; . "$2/played.sh" "$2"; eval "$3"' bash "$SHOAL" "$work" "$1"
}

fail() {
	echo "FAILED: $1" >&2
	exit 1
}

pool_is() { # pages when
	local there
	there=$(lab lab_pages_there)
	[[ $there == "$1" ]] || fail "$2: the pool has $there pages, not $1"
	echo "ok: $2"
}

all_is_back() { # when
	! compgen -G "$work/shoal-lab.*" || fail "$1: a folder is left"
	pool_is 10 "$1"
}

lab 'lab_open; lab_pages_take 320; has 320'
all_is_back "a plain end"
MOST=157 lab 'lab_open; lab_pages_take 320; has 147'
all_is_back "fewer came than were asked for"

lab 'lab_open; lab_pages_take 100; touch "$lab_home/one"; waits two' & one=$!
lab 'waits one; lab_open; lab_pages_take 30; touch "$lab_home/two"; waits three' & two=$!
wait "$one" || fail "the first of two labs at once"
pool_is 40 "of two labs at once, the first has ended"
touch "$work/three"
wait "$two" || fail "the second of two labs at once"
all_is_back "two labs at once"

for at in before after; do
	code=0
	END_AT=$at END_BY=TERM lab 'lab_open; lab_pages_take 320; echo "it went on"' || code=$?
	[[ $code == 143 ]] || fail "SIGTERM $at the pool grows: exit code $code"
	all_is_back "SIGTERM $at the pool grows"
	! END_AT=$at END_BY=KILL MOST=157 lab 'lab_open; lab_pages_take 320' 2>/dev/null || fail "it was not shot"
	lab lab_open # sweeps
	all_is_back "SIGKILL $at the pool grows"
	! END_BY=KILL lab "lab_open; lab_pages_take 320; END_AT=$at" 2>/dev/null || fail "it was not shot"
	lab lab_open
	all_is_back "SIGKILL $at the pool shrinks"
done

mkdir "$work/shoal-lab.old" "$work/shoal-lab.new"
touch -d '11 minutes ago' "$work/shoal-lab.old"
lab lab_open
[[ -e $work/shoal-lab.new ]] || fail "a folder whose owner is not written yet is swept up"
rmdir "$work/shoal-lab.new"
all_is_back "a folder that never had an owner"

# A process that outlives its lab keeps its pages until another lab is there.
lab 'lab_open; lab_pages_take 100; kernel 110 60'
pool_is 10 "pages are in use that were given back"
lab 'lab_open; lab_pages_take 20; kernel 30 0; has 20'
all_is_back "and another lab was there when they came free"

# A story fails while its background jobs write files, and start others that do.
! lab 'lab_open
	write_on() { while :; do date >"$LAB/$1"; sleep 0.01; done; }
	outer() { write_on inner & echo "$BASHPID $!" >"$lab_home/pids"; write_on outer; }
	outer & waits pids; waits "${LAB##*/}/inner"; waits "${LAB##*/}/outer"; exit 1' >"$work/said" 2>&1 || fail "it did not fail"
for pid in $(<"$work/pids"); do
	! grep -q '^State:.[^Z]' "/proc/$pid/status" 2>/dev/null || fail "a background job lives on"
done
[[ ! -s $work/said ]] || fail "there are words about it: $(<"$work/said")"
all_is_back "background jobs"
