# shellcheck shell=bash
# lab.sh - what a demo or a test borrows from the host, and how every bit of it is given back.
#
# A lab is a folder /tmp/shoal-lab.XXXXXX. Its name is the tag of its network namespaces, and every process of the lab runs
# in one of them: so whatever runs in a namespace of the lab is the lab's, and nothing else is ever killed but what its
# shell has put in the background. What was taken from the hugepages, or set otherwise, is written down before. lab_open
# sets the traps, so that a failure, Ctrl-C and a plain end take the same way out; what a SIGKILL left behind, the next
# lab sweeps up.
# Sourced by bash.

lab_pages=/sys/kernel/mm/hugepages/hugepages-2048kB
lab_groups=/proc/sys/kernel/sched_autogroup_enabled
lab_home=/tmp
lab_lock=''
LAB=''

lab_open() {
	lab_sweep
	LAB=$(mktemp -d "$lab_home/shoal-lab.XXXXXX")
	trap lab_close EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	lab_identity $$ >"$LAB/owner.new" && mv "$LAB/owner.new" "$LAB/owner" # all at once: others sweep
	mkdir "$LAB/log" "$LAB/pid" "$LAB/from"
	lab_fair
	export RUNTIME_DIRECTORY=$LAB # where the EAL of test programs keeps its files
}

# A process is its pid and the moment it started: pids come back.
lab_identity() { # pid
	echo "$1 $(awk '$3 != "Z" { print $22 }' "/proc/$1/stat" 2>/dev/null)"
}

lab_sweep() {
	local LAB owner
	for LAB in "$lab_home"/shoal-lab.*; do
		if ! owner=$(cat "$LAB/owner" 2>/dev/null); then
			lab_sweep_nobodys
		elif [[ $(lab_identity "${owner%% *}") != "$owner" ]]; then
			lab_release
		fi
	done
}

# A folder without an owner is coming or going this moment; or who made it was shot before the first word, or while it went.
lab_sweep_nobodys() {
	[[ -z $(find "$LAB" -maxdepth 0 -mmin +10 2>/dev/null) ]] || rm -rf --one-file-system "$LAB"
}

# The last words of every process, then everything back. Keeps the exit status.
lab_close() { # [status]: else the last command's
	local status=${1:-$?}
	trap - EXIT
	trap '' INT TERM HUP
	if ((status != 0 && status != 77 && status < 128)); then lab_logs; fi
	lab_end_jobs
	lab_release
	exit "$status"
}

lab_logs() {
	local log
	for log in "$LAB"/log/*; do
		[[ -s $log ]] || continue
		echo "---- ${log##*/}, last lines" >&2
		tail -n "${LAB_LOG_LINES:-12}" "$log" >&2
	done
}

lab_release() {
	local names name
	lab_group_back
	names=$(ip netns list 2>/dev/null | cut -d ' ' -f 1 | grep -F "${LAB##*/}-" || true)
	lab_end_processes "$names"
	for name in $names; do ip netns del "$name"; done
	if mountpoint -q "$LAB/huge"; then umount "$LAB/huge" || umount -l "$LAB/huge"; fi
	lab_pages_back
	lab_fair_back
	lab_unmount
	rm -rf --one-file-system "$LAB"
}

# What this shell has put in the background, or it would write into a folder that goes. What lab_start has started is not in its list.
lab_end_jobs() {
	local job
	for job in $(jobs -rp); do
		lab_end_tree "$job"
		wait "$job" 2>/dev/null || true
	done
}

# Stopped first, so that nobody starts anybody meanwhile.
lab_end_tree() { # pid
	local child
	kill -s STOP "$1" 2>/dev/null || return 0
	for child in $(pgrep --parent "$1"); do lab_end_tree "$child"; done
	kill -s KILL "$1" 2>/dev/null || true
}

lab_unmount() {
	local at
	for at in "$LAB"/mnt/*; do
		if mountpoint -q "$at"; then umount -l "$at"; fi
	done
}

lab_pids() { # namespaces
	local name
	for name in $1; do ip netns pids "$name" 2>/dev/null; done
}

lab_end_processes() { # namespaces
	local signal pids
	for signal in TERM CONT KILL; do
		pids=$(lab_pids "$1")
		# shellcheck disable=SC2086
		[[ -z $pids ]] || kill -s "$signal" $pids 2>/dev/null || true
		[[ $signal == TERM ]] && continue
		wait_for 8 lab_none "$1" || true
	done
}

lab_none() { # namespaces
	[[ -z $(lab_pids "$1") ]]
}

# ---- Hugepages: adds what the lab needs to the pool, and takes exactly what came back out, however it ends.
#
# $LAB/pages says how many are the lab's. While that changes, the pool's size before stands behind it: so of a change that is cut
# short, whoever comes next can tell what came of it. One change at a time: the lock is against other labs.

lab_alone() { # until lab_not_alone no other lab changes what all share; a signal may lead here from such a place
	[[ -f /dev/fd/${lab_lock:-none} ]] || exec {lab_lock}<$lab_pages/nr_hugepages
	flock "$lab_lock"
}

lab_not_alone() {
	exec {lab_lock}>&-
	lab_lock=''
}

# The pool's size, without those pages that it has lost already and somebody still uses.
lab_pages_there() {
	local all surplus='' again
	read -r again <$lab_pages/surplus_hugepages
	while [[ $surplus != "$again" ]]; do
		surplus=$again
		read -r all <$lab_pages/nr_hugepages
		read -r again <$lab_pages/surplus_hugepages
	done
	echo $((all - surplus))
}

lab_pages_set() { # the pool's size
	echo "$1" >$lab_pages/nr_hugepages
}

lab_pages_write() { # lab text; all at once
	echo "$2" >"$1/pages.new" && mv "$1/pages.new" "$1/pages"
}

lab_pages_settle() {
	local file has before
	for file in "$lab_home"/shoal-lab.*/pages; do
		read -r has before 2>/dev/null <"$file" || continue
		[[ ! $before ]] || lab_pages_write "${file%/*}" $((has + $(lab_pages_there) - before))
	done
}

lab_pages_change() { # signed number of pages, with no other lab at it; fewer may come
	local has=0 before
	[[ ! -e $LAB/pages ]] || read -r has <"$LAB/pages"
	before=$(lab_pages_there)
	lab_pages_write "$LAB" "$has $before"
	lab_pages_set $((before + $1))
	lab_pages_settle
}

lab_pages_take() { # how many
	lab_alone
	lab_pages_settle
	lab_pages_change "$1"
	lab_not_alone
}

lab_hugepages() { # MiB
	local pages=$((($1 + 1) / 2))
	lab_pages_take "$pages"
	if (($(<$lab_pages/free_hugepages) < pages)); then
		echo "$pages hugepages of 2 MB are wanted, only $(<$lab_pages/free_hugepages) can be had" >&2
		return 1
	fi
	mkdir -m 700 "$LAB/huge"
	mount -t hugetlbfs -o "pagesize=2M,size=$((pages * 2))M,mode=0700" nodev "$LAB/huge"
}

lab_pages_back() {
	local has
	[[ -e $LAB/pages ]] || return 0
	lab_alone
	lab_pages_settle
	if read -r has 2>/dev/null <"$LAB/pages"; then lab_pages_change "-$has"; fi # of two who sweep up after one lab, one finds some
	lab_not_alone
}

# ---- Cores shared by processes, not by sessions (deploy/units/sysctl.conf says why): off with the first lab, on again with the last.

lab_fair() {
	[[ -w $lab_groups && -r $lab_pages/nr_hugepages ]] || return 0
	lab_alone
	if [[ $(<$lab_groups) == 1 ]] || compgen -G "$lab_home/shoal-lab.*/fair" >/dev/null; then
		: >"$LAB/fair"
		echo 0 >$lab_groups
	fi
	lab_not_alone
}

lab_fair_back() {
	[[ -e $LAB/fair ]] || return 0
	lab_alone
	rm -f "$LAB/fair"
	compgen -G "$lab_home/shoal-lab.*/fair" >/dev/null || echo 1 >$lab_groups
	lab_not_alone
}

# ---- A control group, for processes that make groups of their own

lab_group() {
	mkdir -p "$LAB/mnt/group"
	mount -t cgroup2 lab "$LAB/mnt/group"
	mkdir "$(lab_group_path)"
}

lab_group_path() {
	echo "$LAB/mnt/group/${LAB##*/}"
}

# Whoever is in it, or in a group below, ends.
lab_group_back() {
	local group
	group=$(lab_group_path)
	[[ -d $group ]] || return 0
	echo 1 >"$group/cgroup.kill"
	wait_for 8 grep -q "populated 0" "$group/cgroup.events" || true
	find "$group" -depth -type d -exec rmdir {} +
}

# ---- Namespaces and processes

lab_netns() { # name
	ip netns add "${LAB##*/}-$1"
	in_ns "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
	in_ns "$1" ip link set lo up
}

in_ns() { # name command...
	local name=$1
	shift
	ip netns exec "${LAB##*/}-$name" "$@"
}

# Starts a process of the lab, by name, in a namespace. Its output is $LAB/log/NAME; a second start appends.
lab_start() { # name namespace command...
	local name=$1 ns=$2
	shift 2
	touch "$LAB/log/$name"
	stat -c %s "$LAB/log/$name" >"$LAB/from/$name"
	ip netns exec "${LAB##*/}-$ns" "$@" </dev/null >>"$LAB/log/$name" 2>&1 &
	echo $! >"$LAB/pid/$name"
	disown $!
}

lab_pid() { # name
	cat "$LAB/pid/$1"
}

lab_alive() { # name
	kill -0 "$(lab_pid "$1")" 2>/dev/null
}

lab_gone() { # name
	! lab_alive "$1"
}

# What the process has said since it was last started.
lab_log() { # name
	tail -c +$(($(<"$LAB/from/$1") + 1)) "$LAB/log/$1"
}

lab_said() { # name pattern
	grep -Eq "$2" < <(lab_log "$1" || true) # it may hear enough before the end
}

# Waits until the process says a line that matches; fails at once if it ends first.
lab_expect() { # name pattern [seconds]
	local end=$((SECONDS + ${3:-30}))
	until lab_said "$1" "$2"; do
		if lab_gone "$1" && ! lab_said "$1" "$2"; then
			echo "$1 ended before it said: $2" >&2
			return 1
		fi
		if ((SECONDS > end)); then
			echo "$1 did not say within ${3:-30} s: $2" >&2
			return 1
		fi
		sleep 0.02
	done
}

lab_signal() { # signal name
	kill -s "$1" "$(lab_pid "$2")"
}

# Ends a process and waits until it is gone.
lab_stop() { # name [seconds]
	lab_signal TERM "$1" 2>/dev/null || return 0
	wait_for "${2:-10}" lab_gone "$1"
}

# Asks again every 50 ms until the command succeeds.
wait_for() { # seconds command...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS <= end)) || return 1
		sleep 0.05
	done
}
