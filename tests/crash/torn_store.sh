#!/bin/bash
# shoal-ctrl is shot under a storm of changes, again and again, and each time its store is copied aside and torn as a bad disk would: on
# each copy it starts with exactly what the whole one holds, or says which file is damaged and what to do. It never ends by a signal,
# never waits for ever, never is wrong in silence. In the end the way back that shoal(1) describes is gone.
#
# usage: tests/crash/torn_store.sh [SHOTS [SEED]]
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
SHOTS=${1:-4}
SEED=${2:-$RANDOM}
TEARS=(flip:1 flip:1 flip:1 flip:1 flip:3 half:1 half:1 half:3 half:1000 header:0 header:1 cut cut)
ALWAYS_REFUSED=(header:0 header:1 empty foreign directory)
quietly() { "$@" >/dev/null 2>&1; }
on() { # store-directory; a configuration for it
	cat <<-END
		run_dir: $LAB/run
		ports:
		  - {name: n3, device: a0, role: access, addresses: [10.1.0.1/24]}
		  - {name: n6, device: c0, role: core, addresses: [10.2.0.1/24]}
		pools:
		  - {dnn: internet, ipv4: 10.45.0.0/19, ipv6: '2001:db8::/48'}
		limits: {foreign_slots: 1, rates: 64}
		ctrl: {store_dir: $1, store_mib: 64}
	END
}
ctrl_run() { # store-directory [option...]; ready, or gone
	local dir=$1
	shift
	on "$dir" >"$LAB/shoal.yaml"
	lab_start ctrl gw "$BUILD/ctrl/shoal-ctrl" --config "$LAB/shoal.yaml" "$@"
	CTRL_CAME=''
	lab_expect ctrl process.ready 20 2>/dev/null && CTRL_CAME=yes || lab_gone ctrl
}
ctrl_shoot() { lab_signal KILL ctrl && wait_for 10 lab_gone ctrl; }
now_held() { shoal session export --format jsonl | jq -cS . | sort; }

# Sessions come and go as fast as one client can; what was answered is written down.
storm() {
	local n=$1
	while :; do
		subscribers_make 25 "$n" >"$LAB/batch.csv"
		quietly shoal --timeout 2 session import --fresh "$LAB/batch.csv" || return 0
		awk -F , 'NR > 1 { print $1 }' "$LAB/batch.csv" >>"$LAB/made"
		printf '00101%010d\n' "$n" >>"$LAB/asked"
		quietly shoal --timeout 2 session rm --imsi "$(printf '00101%010d' "$n")" || return 0
		printf '00101%010d\n' "$n" >>"$LAB/removed"
		n=$((n + 25))
	done
}

# A storm's last deletion may have been done without an answer.
acknowledged_is_there() {
	jq -r .imsi "$LAB/whole" | sort >"$LAB/there"
	! comm -23 <(sort "$LAB/made") "$LAB/there" | grep -vxF -f "$LAB/asked" &&
		! grep -xF -f "$LAB/removed" "$LAB/there"
}

# What became of the torn store: $OUTCOME, or the end of the story.
outcome_on() { # how
	ctrl_run "$LAB/torn" || story_fail "$1: shoal-ctrl neither serves nor ends"
	if [[ $CTRL_CAME ]]; then
		OUTCOME=same
		diff <(now_held) "$LAB/whole" >"$LAB/differs" || story_fail "$1: served, but not what was acknowledged: $(head -3 "$LAB/differs")"
		that "$1: the same" quietly shoal session add --imsi 001019999999999 --ipv4 auto --peer 10.99.3.2 --peer-teid 7
		ctrl_shoot
		return
	fi
	OUTCOME=refused
	lab_said ctrl "ctrl.ended" || story_fail "$1: shoal-ctrl ended in the middle of a word"
	lab_said ctrl "$LAB/torn(/data.mdb)?: .*(shoal\(1\), RESTORING|--salvage|mode 0600)" || story_fail "$1: refused, but it does not say what to do"
	echo "ok: $1: refused"
	if lab_said ctrl "[-]-salvage"; then
		ctrl_run "$LAB/torn" --salvage || story_fail "$1: --salvage neither serves nor ends"
		that "$1: it starts without what is damaged" test "$CTRL_CAME"
		ctrl_shoot
		ctrl_run "$LAB/torn"
		that "$1: and then is whole" test "$CTRL_CAME"
		ctrl_shoot
	fi
}

torn_how() { # shot how seed
	local did
	rm -rf "$LAB/torn"
	mkdir -m 700 "$LAB/torn"
	did=$("$SHOAL/tests/crash/tear.py" "$LAB/copy-$1" "$LAB/copy-$(($1 - 1))" "$LAB/torn/data.mdb" "$2" "$3")
	outcome_on "${did:0:100}"
	COUNT[$OUTCOME]=$((COUNT[$OUTCOME] + 1))
}

story_needs root netns
lab_open
lab_netns gw
declare -A COUNT=([same]=0 [refused]=0)
touch "$LAB/made" "$LAB/asked" "$LAB/removed"
echo "seed $SEED"
RANDOM=$SEED
ctrl_run "$LAB/store"
shoal session add --imsi 001018888888888 --ipv4 auto --peer 10.99.3.2 --peer-teid 7 >/dev/null
cp "$LAB/store/data.mdb" "$LAB/copy-0"
for ((shot = 1; shot <= SHOTS; shot++)); do
	storm $((shot * 100000)) & storm=$!
	sleep "0.$((RANDOM % 500 + 300))"
	ctrl_shoot
	wait "$storm"
	cp "$LAB/store/data.mdb" "$LAB/copy-$shot"
	ctrl_run "$LAB/store"
	that "shot $shot: it starts again" test "$CTRL_CAME"
	now_held >"$LAB/whole"
	that "shot $shot: all that was acknowledged is there, of $(wc -l <"$LAB/made") sessions" acknowledged_is_there
	ctrl_shoot
	for how in "${TEARS[@]}"; do torn_how "$shot" "$how" "$RANDOM"; done
	ctrl_run "$LAB/store"
done
echo "# ${COUNT[same]} held all the same, ${COUNT[refused]} were refused"
now_held >"$LAB/whole"
shoal session export --format jsonl >"$LAB/last-export.jsonl"
ctrl_shoot
for how in "${ALWAYS_REFUSED[@]}"; do
	torn_how "$SHOTS" "$how" "$RANDOM"
	that "$how: is refused" equal "$OUTCOME" refused
done

echo "# The way back."
rm -rf "$LAB/torn/data.mdb"
ctrl_run "$LAB/torn"
that "without the file it starts anew" test "$CTRL_CAME"
that "and empty" equal "$(shoal session ls --json | wc -l)" 0
shoal session import --fresh "$LAB/last-export.jsonl" >/dev/null
what_was_asked() { jq -cS 'del(.id, .teid, .created_ms, .slot, .shard, .applied, .usage)' "$1" | sort; }
now_held >"$LAB/restored"
that "the last export is there again" quietly diff <(what_was_asked "$LAB/restored") <(what_was_asked "$LAB/whole")
