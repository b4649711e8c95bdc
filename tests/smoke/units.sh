#!/bin/bash
# The systemd units: sound, tight, and enough. Every process runs with the capabilities, the system calls and the user that its unit
# gives it, and serves; so a unit that takes too much away is found here.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
command -v systemd-analyze >/dev/null || story_skip "systemd-analyze is missing (package systemd)"
GW_CTRL_USER=nobody # shoal-ctrl of the unit
story_needs "${STORY_NEEDS[@]}"
lab_open
chmod 711 "$LAB"
net_up

units=$SHOAL/deploy/units
setting() { sed -n "s/^$2=//p" "$units/shoal-$1.service"; }
# The members of "@set ~@set name ...", sets in sets included.
calls() {
	local word
	for word in ${*#\~}; do
		[[ $word == @* ]] || { echo "$word"; continue; }
		# shellcheck disable=SC2046
		calls $(systemd-analyze syscall-filter "$word" | sed -n 's/^    \([@a-z0-9_-]*\)$/\1/p')
	done
}
# systemd counts the filter lines one after the other: names first, those with a tilde taken out again.
filter() { # unit
	local lines line kept
	mapfile -t lines < <(setting "$1" SystemCallFilter)
	if [[ ${lines[0]} == \~* ]]; then
		echo deny "$(calls ${lines[0]} | sort -u | tr '\n' ' ')"
		return
	fi
	# What systemd itself always lets through: without it no program starts.
	kept=$(calls ${lines[0]} @default execve | sort -u)
	for line in "${lines[@]:1}"; do
		if [[ $line == \~* ]]; then
			kept=$(comm -23 <(echo "$kept") <(calls $line | sort -u))
		else
			kept=$(sort -u <(echo "$kept") <(calls $line))
		fi
	done
	echo allow "$(tr '\n' ' ' <<<"$kept")"
}
start_as_unit() { # primary|nursery|ctrl [user]
	local kind names caps
	read -r kind names < <(filter "$1")
	caps=$(setting "$1" CapabilityBoundingSet | sed "s/$LESS//" | sed 's/CAP_/+/g; s/ /,/g' | tr 'A-Z' 'a-z')
	lab_start "$1" gw setpriv --no-new-privs --bounding-set "-all${caps:+,$caps}" ${2:+--reuid "$2" --regid nogroup --clear-groups} -- \
		"$BUILD/tests/lab/unit_run" "$kind" "$names" "$BUILD/$(gateway_program "$1")" --config "$LAB/shoal.yaml"
}

for unit in primary:4.1 nursery:2.8 ctrl:1.5; do
	that "${unit%:*} is as tight as it was" test "$(systemd-analyze security --offline=true "$units/shoal-${unit%:*}.service" |
		awk -v most="${unit#*:}" '/Overall exposure/ { print ($(NF - 2) <= most) }')" = 1
done
for name in primary nursery ctrl; do
	sed "s|/usr/bin/shoal-[a-z]*|/bin/true|" "$units/shoal-$name.service" >"$LAB/shoal-$name.service"
done
that "and systemd understands them" equal "$(systemd-analyze verify "$LAB"/shoal-*.service 2>&1 | grep shoal || true)" ""

LESS='-' # capabilities a drop-in takes away
lab_hugepages "$GW_MIB"
gateway_config
mkdir -m 700 "$LAB/store" # StateDirectory
chown nobody "$LAB/store"
mkdir "$LAB/run" # shoal-tmpfiles.conf
chown root:nogroup "$LAB/run"
chmod 3770 "$LAB/run"
chgrp nogroup "$LAB/shoal.yaml"
chmod 640 "$LAB/shoal.yaml"
start_as_unit primary
start_as_unit nursery
start_as_unit ctrl nobody
for name in primary nursery ctrl; do lab_expect "$name" process.ready; done
that "all of it serves with what its units leave" wait_for 30 gateway_serves
story_subscribers 8
that "packets pass" ue_pings "$UE"
kill -KILL "$(seat_field 0 pid)"
that "a worker that dies is replaced" wait_for 20 seat_has_died 0 1
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
start_as_unit ctrl nobody
lab_expect ctrl process.ready
that "the controller comes back" wait_for 20 all_applied 8
story_end

gateway_stop
LESS=' CAP_BPF CAP_PERFMON CAP_SYS_ADMIN'
GW_DRIVER=af_packet
gateway_config
chmod 644 "$LAB/shoal.yaml"
for name in primary nursery; do start_as_unit "$name"; done
start_as_unit ctrl nobody
that "without af_xdp three capabilities less will do" wait_for 60 gateway_serves
that "and packets pass" wait_for 20 ue_pings "$UE"
