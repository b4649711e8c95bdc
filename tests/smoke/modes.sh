#!/bin/bash
# Who can touch what: no file or socket of a running gateway is anybody else's to touch, each process has given up what it does not
# need, and what is found too open at start is refused with its name and mode.
#
#   the gateway, its controller and courier as a user of their own; nobody else
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
GW_CTRL_USER=nobody
story_needs "${STORY_NEEDS[@]}"
lab_open
chmod 711 "$LAB" # the controller's user has to pass
net_up
gateway_up

# Everything in the folders that belong to the gateway; a shared run directory is its group's to enter, and its sockets too.
open_to_others() {
	[[ -d $LAB/run && -d $LAB/store && -d $LAB/huge ]] || echo "not all of them are there"
	find "$LAB/run" "$LAB/store" "$LAB/huge" \( -type d -o -type f -o -type p -o -type s -o -type c \) -perm /007 -printf '%m %p\n'
	find "$LAB/run" "$LAB/store" "$LAB/huge" -type f -perm /070 -printf '%m %p\n'
	find "$LAB/store" "$LAB/huge" -perm /070 -printf '%m %p\n'
}
names_without_files() { in_ns gw ss -xlH | awk '$5 ~ /^@/ { print $5 } END { if (!NR) print "no sockets at all" }'; }
field() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"; }

session_add 001010000000001 --ipv4 auto
that "a session is applied: controller, courier and primary reach each other" all_applied 1
that "nothing is open to others" equal "$(open_to_others)" ""
that "no socket has a name without a file" equal "$(names_without_files)" ""
that "the run directory is shared by Shoal's own accounts alone" equal "$(stat -c %a "$LAB/run")" 3770

ctrl=$(lab_pid ctrl)
that "the controller is its own user" equal "$(field "$ctrl" Uid)" "$(id -u nobody)"
that "without capabilities" equal "$(field "$ctrl" CapEff)$(field "$ctrl" CapPrm)" "$(printf '%032d' 0)"
that "and will get none" equal "$(field "$ctrl" NoNewPrivs)" 1
that "with few system calls" equal "$(field "$ctrl" Seccomp)" 2
that "nobody of the same user looks into it" equal "$(stat -c %u "/proc/$ctrl/mem")" 0
lab_stop ctrl

refuses() { # text program
	lab_start trial gw "$BUILD/$(gateway_program "$2")" --config "$LAB/shoal.yaml"
	wait_for 10 lab_gone trial && lab_said trial "$1"
}
chmod 666 "$LAB/shoal.yaml"
that "a configuration that others can change is refused" refuses "$LAB/shoal.yaml: mode 0666" ctrl
that "by the nursery too" refuses "$LAB/shoal.yaml: mode 0666" nursery
chmod 600 "$LAB/shoal.yaml"
chmod 755 "$LAB/store"
that "a store that others can enter is refused" refuses "$LAB/store: .* is 0755" ctrl
chmod 700 "$LAB/store"
for name in nursery primary; do lab_stop "$name"; done
chmod 777 "$LAB/huge"
that "hugepages that others can write are refused" refuses "$LAB/huge: mode 0777" primary
chmod 700 "$LAB/huge"
GW_CTRL_USER=none
gateway_config
chmod 755 "$LAB/run"
chown root "$LAB/store"
that "a run directory that others can enter is refused" refuses "$LAB/run: mode .755" primary
chmod g-s "$LAB/run"
chmod 1770 "$LAB/run"
that "one that others can write too" refuses "$LAB/run: mode 1770" ctrl
