#!/bin/bash
# The systemd units under a real systemd, installed and run as an operator does: they are sound and tight, every process has what its
# unit leaves it and serves, whoever is shot comes back, what is stopped is gone, and the machine shuts down.
#
#   ran n3 --- gw: systemd -> shoal-primary, shoal-nursery, shoal-ctrl, shoal-pfcp --- net
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$SHOAL/tests/lab/machine.sh"
story_needs "${STORY_NEEDS[@]}"
lacking=$(machine_lacks)
[[ -z $lacking ]] || story_skip "${lacking//$'\n'/; }"
lab_open
net_up
lab_hugepages "$GW_MIB"
that "a machine with systemd boots" machine_boot
root=$(machine_root)

units=(shoal-primary shoal-nursery shoal-ctrl shoal-pfcp)
quietly() { "$@" >"$LAB/out" 2>&1 || ! tail -n 20 "$LAB/out"; }
shoal() { on_machine shoal "$@"; }
property() { on_machine systemctl show -P "$2" "shoal-$1"; } # unit property
main_pid() { property "$1" MainPID; } # unit
active() { [[ $(on_machine systemctl is-active "${units[@]}" | sort -u) == active ]]; }

# ---- Installed as deploy/README.md says

that "meson installs" quietly meson install -C "$BUILD" --no-rebuild --destdir "$root"
that "their user is made" quietly on_machine systemd-sysusers
that "and the run directory" quietly on_machine systemd-tmpfiles --create
that "hugepages are asked for" grep -qx 'vm.nr_hugepages = 512' <(on_machine /lib/systemd/systemd-sysctl --cat-config)
that "and cores shared by processes" grep -qx -- '-kernel.sched_autogroup_enabled = 0' <(on_machine /lib/systemd/systemd-sysctl --cat-config)
on_machine systemctl daemon-reload
for unit in primary:41 nursery:26 ctrl:16 pfcp:17; do
	file=$(property "${unit%:*}" FragmentPath)
	that "${unit%:*} is as tight as it was" quietly on_machine systemd-analyze security --offline=true --threshold="${unit/*:/}" "$file"
	that "and systemd understands it" equal "$(on_machine systemd-analyze verify "$file" 2>&1)" ""
done

# Everything where a real installation has it: what names the lab's folder goes.
configure() {
	gateway_config
	{
		grep -v "$LAB" "$LAB/shoal.yaml"
		echo "doors:"
		echo "- {url: 'ipc:///run/shoal-doors/group/oss.ipc', role: read, group: users}"
		echo "- {url: 'ipc:///run/shoal-doors/daemon/oss.ipc', role: read, users: [daemon]}"
		echo "- {url: 'ipc:///run/shoal-doors/pfcp/oss.ipc', role: provision, users: [shoal-pfcp]}"
		echo "pfcp: {listen: [127.0.0.1], peers: [127.0.0.0/8], ctrl: 'ipc:///run/shoal-doors/pfcp/oss.ipc'}"
	} | on_machine install -D -m 640 -g shoal-ctrl /dev/stdin /etc/shoal/shoal.yaml
}
GW_CTRL_USER=shoal-ctrl
configure
on_machine usermod --append --groups users shoal-ctrl
that "the configuration suits the machine" quietly on_machine shoal-primary --check
# shellcheck disable=SC2046
that "all start" quietly on_machine systemctl enable --now $(shuf -e "${units[@]}")
that "and are active" active
that "and serve" wait_for 30 gateway_serves
for n in 1 2; do session_add 00101000000000$n --ipv4 auto; done
ues_table >"$LAB/table.csv"
radio_up "$LAB/table.csv"
{ read -r UE && read -r LAST; } < <(ues_some 2)
that "packets pass" ue_pings "$UE"

# ---- Who may what

field() { awk -v name="$2:" '$1 == name { print $2 }' "$root/proc/$1/status"; }
declare -A bit
while read -r name n; do bit[$name]=$n; done < <(on_machine systemd-analyze capability | tail -n +2)
mask() { # capability...
	local sum=0 name
	for name; do sum=$((sum | 1 << bit[$name])); done
	printf '%016x' "$sum"
}
# Whose it is, what it has, what it could get, and whether its system calls are counted and its files read-only.
rights() { # pid
	echo "$(field "$1" Uid) $(field "$1" CapEff) $(field "$1" CapBnd) $(field "$1" NoNewPrivs) $(field "$1" Seccomp)" \
		"$(awk '$5 == "/" { print substr($6, 1, 2) }' "$root/proc/$1/mountinfo" | tail -n 1)"
}
bounds() { mask $(property "$1" CapabilityBoundingSet); } # unit
user() { on_machine id -u "$1"; }
that "the primary has what its unit leaves, as root" equal "$(rights "$(main_pid primary)")" "0 $(bounds primary) $(bounds primary) 1 2 ro"
that "the nursery what it needs to fork" equal "$(rights "$(main_pid nursery)")" "0 $(mask cap_setuid cap_setgid cap_kill) $(bounds nursery) 1 2 ro"
that "a worker nothing, as nobody" equal "$(rights "$(seat_field 0 pid)")" "$(user nobody) $(mask) $(bounds nursery) 1 2 ro"
that "the courier nothing, as the controller" equal "$(rights "$(on_machine pgrep -x shoal-courier)")" "$(user shoal-ctrl) $(mask) $(bounds nursery) 1 2 ro"
that "the controller nothing, as itself" equal "$(rights "$(main_pid ctrl)")" "$(user shoal-ctrl) $(mask) $(mask) 1 2 ro"
that "nor has the PFCP front end anything, as itself" equal "$(rights "$(main_pid pfcp)")" "$(user shoal-pfcp) $(mask) $(mask) 1 2 ro"
that "for which there is no run directory" not on_machine nsenter -t "$(main_pid pfcp)" -m ls /run/shoal/oss.ipc

# A heartbeat is answered (TS 29.244 7.4.2): by whom it was sent is all the same.
beats() {
	on_machine /usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.sendto(bytes.fromhex("2001000c000007000060000400000001"), ("127.0.0.1", 8805))
answer = s.recv(99)
assert answer[1] == 2 and answer[4:7] == b"\0\0\7", answer
print(answer[-4:].hex())'
}
stamp=$(beats)

calls() { # user group door
	on_machine setpriv --reuid "$1" --regid nogroup --groups "$2" shoal --timeout 3 --connect "ipc:///run/shoal-doors/$3/oss.ipc" status >/dev/null 2>&1
}
that "who is of a door's group comes in" calls games users group
that "who is not does not" not calls games nogroup group
that "whom a door names comes in" calls daemon nogroup daemon
that "whom it does not does not" not calls games nogroup daemon

# ---- Whoever is shot or started anew comes back

restarts() { (($(property "$1" NRestarts) > $2)) && active; } # unit than
shot() { # unit
	local before
	before=$(property "$1" NRestarts)
	on_machine systemctl kill --kill-whom=main --signal=KILL "shoal-$1"
	wait_for 20 restarts "$1" "$before"
}
under_pings() { # text command...
	pings "$UE" 100 0.02 "$$" &
	local job=$!
	that "$@"
	wait "$job" || true
	that "no packet was lost of it" equal "$(pings_lost "$$")" 0
}
ctrl=$(main_pid ctrl)
that "the controller can be told to read its certificates" on_machine systemctl reload shoal-ctrl
that "and is the same" equal "$(main_pid ctrl)" "$ctrl"
under_pings "the controller is started anew" on_machine systemctl restart shoal-ctrl
under_pings "shot, it comes back" shot ctrl
that "the PFCP front end, shot, comes back" shot pfcp
that "and nobody who hears it takes it for another" equal "$(beats)" "$stamp"
under_pings "the nursery, shot, comes back" shot nursery
that "all is served again" wait_for 20 all_applied 2
that "the primary, shot, comes back" shot primary
that "and serves" wait_for 30 gateway_serves
that "and packets pass" wait_for 20 ue_pings "$UE"

# ---- What is stopped is gone, and nothing that was counted with it

next=$(dirname "$(property nursery FragmentPath)")/../../../bin/shoal-nursery.next
on_machine cp "${next%.next}" "$next"
that "the workers go over to another build" quietly shoal upgrade --binary "$(on_machine realpath "$next")" --canary 5% --watch 1
that "and the service of the other stands by" wait_for 10 active
that "the primary is shot, and comes back to that build or to the service's" shot primary
that "which serves" wait_for 30 gateway_serves
left() { # processes and hugepages
	on_machine pgrep -l shoal || true
	ls "$root/dev/hugepages"
}
is_gone() { [[ -z $(left) ]]; }
that "last packets pass" ue_pings "$LAST" 40
that "all is stopped" on_machine systemctl stop "${units[@]}"
that "no process and no hugepage is left" wait_for 10 is_gone
that "a door is not left open" not test -e "$root/run/shoal-doors"
on_machine systemctl start shoal-ctrl
that "they were counted, though all was stopped at once" usage_is "$LAST" 40 40

# ---- Ports of other kinds, and a unit that is tighter

GW_DRIVER=af_packet
configure
on_machine sed -i '/name: n6/,/device:/{s/driver: .*/driver: tap/;s/device: .*/device: t6/}' /etc/shoal/shoal.yaml
on_machine install -D /dev/stdin /etc/systemd/system/shoal-primary.service.d/less.conf <<-END
	[Service]
	CapabilityBoundingSet=~CAP_BPF CAP_PERFMON CAP_SYS_ADMIN
END
on_machine systemctl daemon-reload
that "without af_xdp three capabilities less will do" quietly on_machine systemctl restart "${units[@]}"
that "which the primary has not" equal "$(rights "$(main_pid primary)")" "0 $(bounds primary) $(bounds primary) 1 2 ro"
net_wire gw t6 n6
that "it serves" wait_for 30 gateway_serves
that "and packets pass" wait_for 20 ue_pings "$UE"
that "and the machine shuts down" machine_down
