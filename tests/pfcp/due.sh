#!/bin/bash
# Reports are due while the controller stands still, and while its disk takes nothing: quotas end at the packet all the same, packets go on
# waiting, and when it can write again each report is made, once, and all together say each byte once.
#
#   ctrl's store lies on an ext4 of its own
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
PING=168 # bytes there and back
store_make() {
	mkdir -p "$LAB/mnt/store"
	truncate -s 24M "$LAB/disk.img"
	mkfs.ext4 -q -F "$LAB/disk.img"
	mount -o loop "$LAB/disk.img" "$LAB/mnt/store"
	GW_STORE_DIR=$LAB/mnt/store/truth
}
losetup -f >/dev/null 2>&1 || story_skip "loop devices: there are none"
PFCP_FIRST=store_make
pfcp_begin

reported=0
# What the SMF hears until it knows of the quota's end and of who is waited for; usage is added up, triggers are in $LAB/why. A threshold
# may be told by itself, once or twice on the way there.
hear() {
	local times
	: >"$LAB/why"
	for ((times = 0; times < 6; times++)); do
		smf reports 1 || return
		reported=$((reported + $(said '[.reports[].usage[]? | .uplink + .downlink] | add // 0')))
		said '.reports[] | .usage[]?.why[], (select(.type[] == "DLDR") | "DLDR")' >>"$LAB/why"
		if grep -q VOLQU "$LAB/why" && grep -q DLDR "$LAB/why"; then return; fi
	done
	return 1
}

told_once() { # triggers
	local one
	for one; do equal "$(grep -cx "$one" "$LAB/why")" 1 || return; done
}

pings_back() { # count
	pings_between "$UE" "$NET4" "$1" 0.02 one 2 || true
	echo $(($1 - $(pings_lost one)))
}

packet_for_idle() { in_ns net bash -c "echo . >/dev/udp/$IDLE/7777"; }
parked() { equal "$(counter primary_packets_parked)" "$1"; }

store_fails_again() { # than so often
	(($(counter ctrl_store_failures) > $1))
}

that "the SMF associates" smf associate
that "a subscriber attaches and is idle" smf attach idle teid=0x7009
IDLE=$(said .ue)
smf change idle idle 2
that "another has a threshold and a quota" smf attach ue1 teid=0x7001 urr=1 threshold=$((20 * PING)) quota=$((50 * PING))
smf_radio 0x7001
that "it pings" ue_pings "$UE" 5

lab_signal STOP ctrl
that "while the controller stands still, its quota ends at the packet" equal "$(pings_back 60)" 45
packet_for_idle
sleep 2 # as long as PFCP's T1 and more
lab_signal CONT ctrl
that "what is due is told then" hear
that "the quota's end and who is waited for once each" told_once VOLQU DLDR
that "and a threshold" grep -qx VOLTH "$LAB/why"
that "a packet waits" wait_for 20 parked 1

smf change idle activate 10.99.3.2 0x7009 2
smf change idle idle 2
that "a quota is granted" smf refill ue1 $((50 * PING))
chattr +i "$GW_STORE_DIR/data.mdb"
failures=$(counter ctrl_store_failures)
that "while the disk takes nothing, the quota ends at the packet" equal "$(pings_back 60)" 50
packet_for_idle
that "what is due cannot be written" wait_for 20 store_fails_again "$failures"
that "so it is not told" smf reports 0 0
that "to anybody" says '.reports == []'
that "a change is refused" not smf drop idle
chattr -i "$GW_STORE_DIR/data.mdb"
that "when it takes something again, what is due is told" hear
that "once each" told_once VOLQU DLDR
that "and changes are taken" smf delete idle
that "it is deleted" smf delete ue1
reported=$((reported + $(said '[.usage[]? | .uplink + .downlink] | add // 0')))
that "together the reports say each byte once" equal "$reported" $((100 * PING))
story_end_pfcp
