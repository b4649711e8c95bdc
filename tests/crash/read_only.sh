#!/bin/bash
# The disk under the store becomes read-only: changes are refused and it is said why; packets, reads, orders and the counting of usage go
# on. Once by order, and back, under the same shoal-ctrl; once as ext4 does it by itself after an error, from which only a repair
# leads back: shoal-ctrl does not start on such a disk, says so, and nothing is lost.
#
#   the store's ext4 lies in an image file and is mounted for a namespace that shoal-ctrl alone is in
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
DISK=mnt/store
quietly() { "$@" >/dev/null 2>&1; }
on_disk() { nsenter --target "$(lab_pid disk)" --mount --root "$@"; } # its root too: ours may be a folder of the host's
disk_mount() { on_disk mount -o loop,errors=remount-ro "$LAB/disk.img" "$LAB/$DISK"; }
disk_there() { [[ -e /proc/$(lab_pid disk)/ns/mnt && $(readlink "/proc/$(lab_pid disk)/ns/mnt") != $(readlink /proc/self/ns/mnt) ]]; }
disk_fails() { # an error in the file system's own structures, as far as ext4 can tell
	local device
	device=$(losetup -n -O NAME -j "$LAB/disk.img")
	echo 1 >"/sys/fs/ext4/${device##*/}/trigger_fs_error"
}
gateway_start_one() { # primary|nursery|ctrl
	local under=()
	[[ $1 != ctrl ]] || under=(nsenter --target "$(lab_pid disk)" --mount --root)
	lab_start "$1" gw "${under[@]}" "$BUILD/$(gateway_program "$1")" --config "$LAB/shoal.yaml"
}
held() { shoal session ls --json | wc -l; }
usage_of() { session_of "$1" | jq '.usage.uplink_packets // 0'; }
used_more() { (($(usage_of "$UE") > $1)); }
failures() { counter ctrl_store_failures; }
heard() { lab_said events "$1"; }
taken() { quietly shoal session import --fresh "$LAB/$1.csv"; }

# What must hold while nothing can be written.
goes_on() { # reason
	local ping before count
	before=$(usage_of "$UE") count=$(failures)
	pings "$UE" 200 0.01 meanwhile & ping=$!
	that "a change is refused" refused STORE_FAILED shoal session import --fresh "$LAB/refused.csv"
	that "it is said that it is the store, and why" grep -q "store cannot be written.*$1" "$LAB/refused"
	that "it is counted" test "$(failures)" -gt "$count"
	that "it is in the log" lab_said ctrl "store.refuses store $GW_STORE_DIR: $1"
	that "it is told as an event" wait_for 10 heard "store $GW_STORE_DIR: $1"
	that "status is told" quietly shoal status
	that "sessions are told, from the disk" equal "$(held)" "$HELD"
	that "they can be written out" equal "$(shoal session export --format jsonl | wc -l)" "$HELD"
	that "shards can be moved" quietly shoal shard move "$(shard_of "$UE")" $((SEAT = 1 - SEAT))
	wait "$ping"
	that "no packet was lost" equal "$(pings_lost meanwhile)" 0
	that "usage is counted" wait_for 10 used_more "$before"
	that "ctrl lives" lab_alive ctrl
}

story_needs "${STORY_NEEDS[@]}"
losetup -f >/dev/null 2>&1 || story_skip "loop devices: there are none"
lab_open
net_up
mkdir -p "$LAB/$DISK"
truncate -s 24M "$LAB/disk.img"
mkfs.ext4 -q -F "$LAB/disk.img"
lab_start disk gw unshare --mount --propagation private sleep 600
wait_for 10 disk_there
disk_mount
GW_STORE_DIR=$LAB/$DISK/truth
gateway_up
story_subscribers 8
HELD=8
SEAT=0
ue_pings "$UE"
lab_start events gw "$BUILD/ctrl/cli/shoal" --connect "ipc://$LAB/run/oss.ipc" events
subscribers_make 1 101 >"$LAB/first.csv"
subscribers_make 1 201 >"$LAB/second.csv"
subscribers_make 1 301 >"$LAB/refused.csv"

echo "# By order. A file system is turned only when nobody writes there any more: first the file alone is shut."
on_disk chattr +i "$GW_STORE_DIR/data.mdb"
goes_on "Operation not permitted"
that "ctrl has let go of the disk" wait_for 10 quietly on_disk mount -o remount,ro "$LAB/$DISK"
goes_on "Read-only file system"
on_disk mount -o remount,rw "$LAB/$DISK"
on_disk chattr -i "$GW_STORE_DIR/data.mdb"
that "changes are taken again" wait_for 10 taken first
that "by the same shoal-ctrl" lab_alive ctrl
that "it is told" wait_for 10 heard "store $GW_STORE_DIR: changes are taken again"
HELD=9
that "what was taken is there, and what was refused is not" equal "$(held)" "$HELD"

echo "# By itself."
on_disk sync
disk_fails
goes_on "Read-only file system"
used=$(usage_of "$UE")
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
pings "$UE" 200 0.01 alone & ping=$!
gateway_start_one ctrl
that "shoal-ctrl does not start on that disk" wait_for 10 lab_gone ctrl
that "it says what is the matter" lab_said ctrl "store.open $GW_STORE_DIR/data.mdb: cannot be written: Read-only file system"
wait "$ping"
that "packets go on without it" equal "$(pings_lost alone)" 0
on_disk umount "$LAB/$DISK"
quietly e2fsck -p "$LAB/disk.img" || (($? < 4)) # mended
disk_mount
gateway_start_one ctrl
lab_expect ctrl process.ready
that "all that was acknowledged is there" equal "$(held)" "$HELD"
wait_for 30 gateway_serves
that "what was used is not forgotten" wait_for 10 used_more "$((used - 1))"
that "changes are taken" taken second
HELD=10
that "and are there" equal "$(held)" "$HELD"
that "packets go on" ue_pings "$UE"
story_end
