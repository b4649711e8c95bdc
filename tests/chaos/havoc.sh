# shellcheck shell=bash
# havoc.sh - the faults of havoc, several of them at once, and what is looked at when it is calm.
#
#   havoc.py, in all three: SMF 10.99.4.2 | gNB 10.99.3.2 | host 10.99.6.2        the gateway between them as in tests/pfcp/pfcp.sh
#   strangers.py 10.99.4.7, noise.py 10.99.3.7                                     ctrl's store on an ext4 of its own
#
# A fault is a function havoc_NAME, given a number of milliseconds that says how long, or whom. It is done when it returns; another one of
# its kind may be under way. Who has died is started again, as a service manager does it.
# Sourced by havoc, after pfcp.sh.

HAVOC_FAULTS=(worker_kill worker_kill worker_stop slow_kill courier_kill courier_stop nursery_kill nursery_stop ctrl_kill ctrl_kill ctrl_stop
	pfcp_kill pfcp_kill pfcp_stop primary_stop worker_restart shards upgrade disk_full disk_stuck disk_frozen crowd garbage mute strangers noise)
GW_WORKERS=3

havoc_begin() {
	RANDOM=$seed
	story_needs "${STORY_NEEDS[@]}"
	losetup -f >/dev/null 2>&1 || story_skip "loop devices: there are none"
	PFCP_FIRST=havoc_disk
	pfcp_begin
	lab_stop smf
	in_ns cp ip address add 10.99.4.7/24 dev n4
	in_ns ran ip address add 10.99.3.7/24 dev n3
	lab_start havoc gw "$PYTHON" "$SHOAL/tests/chaos/havoc.py" "${LAB##*/}" "$LAB/havoc.sock" "$seed" "$sessions" "$rate"
	lab_expect havoc ready 60
	that "the SMF associates" eval "havoc_ask associate | jq -e '.cause == 1' >/dev/null"
}

havoc_disk() {
	mkdir -p "$LAB/mnt/store"
	truncate -s 24M "$LAB/disk.img"
	mkfs.ext4 -q -F "$LAB/disk.img"
	mount -o loop "$LAB/disk.img" "$LAB/mnt/store"
	GW_STORE_DIR=$LAB/mnt/store/truth
}

havoc_ask() { # word
	"$PYTHON" "$SHOAL/tests/chaos/havoc.py" "$LAB/havoc.sock" "$@"
}

# ---- Words

nap() { # milliseconds
	sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
}

alone() { # name command...: one of its kind at a time. Whom it starts does not keep the lock.
	local lock
	exec {lock}>"$LAB/lock-$1"
	flock "$lock"
	eval "\"\${@:2}\" $lock>&-"
	exec {lock}>&-
}

process_of() { # name
	local pid
	for pid in $(lab_pids "${LAB##*/}-gw"); do
		if [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$1" ]]; then echo "$pid"; fi
	done
}

pause() { # pid milliseconds
	kill -s STOP "$1" 2>/dev/null || return 0
	nap "$2"
	kill -s CONT "$1" 2>/dev/null || true
}

start() { # name
	if [[ $1 == pfcp ]]; then pfcp_start; else gateway_start_one "$1" && lab_expect "$1" process.ready; fi
}

# It may find its disk read-only, or stand by for another nursery.
dies() { # name
	local n
	lab_signal KILL "$1" 2>/dev/null || true
	wait_for 60 lab_gone "$1"
	for ((n = 0; n < 300; n++)); do
		if start "$1" || lab_alive "$1"; then return; fi
		sleep 0.1
	done
	return 1
}

worker_pid() { # any number
	shoal --timeout 20 worker ls --json | jq -r --argjson n "$1" '[.workers[] | select((.slow | not) and .state == "ready") | .pid] | .[$n % length]'
}

abuse() { # milliseconds kind number
	nap "$1" | in_ns gw timeout 20 "$PYTHON" "$SHOAL/tests/lab/rpc_abuse.py" "$LAB/run/oss.ipc" "${@:2}"
}

# ---- Faults

havoc_nothing() { nap "$1"; }
havoc_worker_kill() { kill -s KILL "$(worker_pid "$1")"; }
havoc_worker_stop() { kill -s STOP "$(worker_pid "$1")"; }
havoc_slow_kill() { kill -s KILL "$(seat_field 15 pid)"; }
havoc_courier_kill() { kill -s KILL "$(process_of shoal-courier | head -n 1)"; }
havoc_courier_stop() { pause "$(process_of shoal-courier | head -n 1)" "$1"; }
havoc_nursery_kill() { alone nursery dies nursery; }
havoc_nursery_stop() { pause "$(lab_pid nursery)" "$1"; }
havoc_ctrl_kill() { alone ctrl dies ctrl; }
havoc_ctrl_stop() { pause "$(lab_pid ctrl)" "$1"; }
havoc_pfcp_kill() { alone pfcp dies pfcp; }
havoc_pfcp_stop() { pause "$(lab_pid pfcp)" "$1"; }
havoc_primary_stop() { pause "$(lab_pid primary)" $(($1 / 8)); }
havoc_worker_restart() { shoal --timeout 20 worker restart $(($1 % GW_WORKERS)) >/dev/null; }
havoc_crowd() { abuse "$1" crowd 900; }
havoc_garbage() { abuse "$1" garbage 300; }
havoc_mute() { abuse "$1" mute 40; }

havoc_shards() {
	local n
	for n in 1 2 3 4 5 6; do shoal --timeout 20 shard move $(($1 * n % 256)) $(($1 % GW_WORKERS)) >/dev/null || true; done
}

havoc_upgrade() { # it may be turned back: others are at it
	cp "$BUILD/workers/shoal-nursery" "$LAB/nursery-$1"
	shoal --timeout 60 upgrade --binary "$LAB/nursery-$1" --canary 2% --watch 0.5 >>"$LAB/log/upgrade" 2>&1 || true
}

disk_full() {
	dd if=/dev/zero of="$LAB/mnt/store/filler" bs=64k status=none 2>/dev/null || true
	nap "$1"
	rm -f "$LAB/mnt/store/filler"
}

disk_stuck() {
	chattr +i "$GW_STORE_DIR/data.mdb"
	nap "$1"
	chattr -i "$GW_STORE_DIR/data.mdb"
}

# Thawed whatever becomes of us: what is frozen can't be unmounted.
disk_frozen() {
	local thaw
	setsid bash -c "sleep $(($1 / 1000)).5; fsfreeze -u '$LAB/mnt/store'" &
	thaw=$!
	fsfreeze -f "$LAB/mnt/store"
	wait "$thaw"
}

havoc_disk_full() { alone disk disk_full "$1"; }
havoc_disk_stuck() { alone disk disk_stuck "$1"; }
havoc_disk_frozen() { alone disk disk_frozen "$1"; }

havoc_strangers() { in_ns cp timeout $(($1 / 1000 + 1)) "$PYTHON" "$SHOAL/tests/chaos/strangers.py" 10.99.4.7 10.99.4.1 || true; }
havoc_noise() { in_ns ran timeout $(($1 / 1000 + 1)) "$PYTHON" "$SHOAL/tests/chaos/noise.py" 10.99.3.7 10.99.3.1 "$1" || true; }

# ---- Bouts

havoc_do() { # fault delay milliseconds
	nap "$2"
	"havoc_$1" "$3" >>"$LAB/log/faults" 2>&1 || echo "$1 $3: code $?" >>"$LAB/log/faults" # whom it was meant for may be dead
}

# Some at once. What was drawn is said: FAULT@DELAY/MILLISECONDS.
havoc_bout() {
	local n fault delay number jobs=() said='' from=("${HAVOC_FAULTS[@]}")
	[[ ! $only ]] || mapfile -t from < <(tr , '\n' <<<"$only")
	for ((n = 1 + RANDOM % most; n > 0; n--)); do
		fault=${from[RANDOM % ${#from[@]}]} delay=$((1000 + RANDOM % 1500)) number=$((200 + RANDOM % 3800))
		said+=" $fault@$delay/$number"
		havoc_do "$fault" "$delay" "$number" &
		jobs+=($!)
	done
	echo "--$said"
	wait "${jobs[@]}"
}

havoc_serves() {
	gateway_serves && shoal status --json | jq -e '.courier_up and ([.workers[] | select(.guest)] == [])' >/dev/null
}

havoc_agrees() { # sessions that there are
	shoal status --json | jq -e --argjson n "$1" '.sessions == $n and .applied == $n and .account.closes and .account.lent + .account.held == 0' >/dev/null
}

havoc_look() {
	wait_for 90 havoc_serves || {
		shoal worker ls
		story_fail "all is not as before after 90 seconds"
	}
	havoc_ask calm >"$LAB/said"
	jq -r '"   \(.made) made, \(.sessions) are there, \(.tally["modify 1"]) changes, \(.tally.reports) reports, lost \(.tally.lost // 0)," +
		" longest \(.tally.slowest_ms) ms"' "$LAB/said"
	jq -r '.wrong[] | "   WRONG: \(.)"' "$LAB/said"
	jq -e '.wrong == []' "$LAB/said" >/dev/null || return
	wait_for 10 havoc_agrees "$(jq .sessions "$LAB/said")" || {
		shoal status
		return 1
	}
}
