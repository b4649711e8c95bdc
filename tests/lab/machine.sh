# shellcheck shell=bash
# machine.sh - a machine with a systemd of its own, in the lab's namespace gw: to see our units as an operator does.
#
# systemd is the first process of namespaces that begin with it, in a control group of the lab's: the host's own init and
# groups know nothing of it. With it all of it ends; lab_release kills the group, whatever is left there.
# Sourced by bash after netlab.sh.

MACHINE= # the pid of its systemd, as seen from here

# Says what keeps this host from it, if anything does.
machine_lacks() {
	local tool
	for tool in /lib/systemd/systemd /usr/bin/systemd-analyze; do
		[[ -x $tool ]] || echo "$tool is missing (package systemd)"
	done
	unshare --pid --fork --mount --uts --ipc --cgroup mount -t proc proc /proc 2>/dev/null || echo "namespaces can't be made"
	unshare --mount sh -c 'mount -t cgroup2 none /mnt && d=$(mktemp -d /mnt/shoal-lab.XXXXXX) && test -e "$d/cgroup.kill"; c=$?; rmdir "$d"; exit $c' 2>/dev/null ||
		echo "control groups can't be made (cgroup2 of Linux 5.14)"
	unshare --mount sh -c 'mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w && mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w none /mnt' 2>/dev/null ||
		echo "overlays can't be mounted"
}

machine_boot() {
	lab_group
	mkdir "$LAB/machine"
	lab_start machine gw bash -c 'echo $$ >"$1/cgroup.procs" && exec "${@:2}"' bash "$(lab_group_path)" \
		unshare --pid --fork --kill-child --mount --uts --ipc --cgroup "$SHOAL/tests/lab/machine_init.sh" "$LAB/machine"
	wait_for 20 machine_is_up
	lab_start journal gw nsenter "${MACHINE_INTO[@]}" journalctl --follow --no-tail --output cat --unit shoal-primary --unit shoal-nursery --unit shoal-ctrl --unit shoal-pfcp
}

machine_is_up() {
	MACHINE=$(pgrep --parent "$(lab_pid machine)") || return 1
	MACHINE_INTO=(--target "$MACHINE" --mount --root --wd --uts --ipc --net --pid --cgroup --)
	[[ $(<"/proc/$MACHINE/comm") == systemd ]] && # before, its files are the host's
		[[ $(on_machine systemctl is-system-running 2>/dev/null) == @(running|degraded) ]]
}

# As an operator does it. Whoever looks in is asked to leave: nsenter would keep a stopped process from being reaped.
machine_down() {
	lab_stop journal
	on_machine systemctl poweroff 2>/dev/null # it may lose its bus
	wait_for 20 lab_gone machine
}

# Runs a command there, as root.
on_machine() { # command...
	nsenter "${MACHINE_INTO[@]}" "$@"
}

# Its file system, as seen from here.
machine_root() {
	echo "/proc/$MACHINE/root"
}
