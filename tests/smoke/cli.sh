#!/bin/bash
# The command line against a stand-in for shoal-ctrl: what it prints, what it leaves alone, how it exits. Needs no root.
set -euo pipefail
BUILD=${BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}
dir=$(mktemp -d /tmp/shoal-cli.XXXXXX)
mock=
finish() {
	[[ -z $mock ]] || kill "$mock" 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT
export SHOAL_CONNECT=ipc://$dir/oss.ipc

shoal() {
	"$BUILD/ctrl/cli/shoal" "$@"
}

fail() {
	echo "FAILED: $1" >&2
	[[ ! -f $dir/out ]] || sed 's/^/  out: /' "$dir/out" >&2
	[[ ! -f $dir/err ]] || sed 's/^/  err: /' "$dir/err" >&2
	exit 1
}

# Runs a command and compares its exit code; out and err are kept for the next checks.
exits() { # code command...
	local code=0
	"${@:2}" >"$dir/out" 2>"$dir/err" </dev/null || code=$?
	[[ $code == "$1" ]] || fail "exit code $code, not $1: ${*:2}"
}

out_has() { # text
	grep -qF -- "$1" "$dir/out" || fail "standard output lacks '$1'"
}

err_has() { # text
	grep -qF -- "$1" "$dir/err" || fail "standard error lacks '$1'"
}

out_is() { # text
	[[ $(<"$dir/out") == "$1" ]] || fail "standard output is not '$1'"
}

exits 3 shoal status
err_has "no connection to $SHOAL_CONNECT"
err_has "is shoal-ctrl running?"

exec {ready}< <(exec "$BUILD/tests/smoke/cli_mock" "$SHOAL_CONNECT" "ipc://$dir/events.ipc")
mock=$!
read -r -t 20 -u "$ready" line && [[ $line == ready ]] || fail "the stand-in did not start"

# ---- One session
exits 2 shoal session add --imsi 001010000000001
err_has "a session needs an address"
exits 2 shoal session add --imsi 001010000000001 --ipv4 10.0.0.300
err_has "ipv4: '10.0.0.300' is not an IPv4 address"
exits 0 shoal session add --imsi 001010000000001 --ipv4 --peer 192.0.2.10 --peer-teid 0x100 --ul-rate 10M --mark af1
out_has "10.45.0.1"
out_has "10 Mb/s, mark af1"
exits 0 shoal session show --imsi 001010000000001 --json
jq -e '.id == 1 and .ipv4 == "10.45.0.1" and .peer_teid == 256 and .ul_rate == 10000000 and .dl_mark == "af1"' "$dir/out" >/dev/null ||
	fail "the session is not as it was made"
exits 1 shoal session add --imsi 001010000000002 --ipv4 10.9.9.9 --dnn taken
err_has "refused: ADDRESS_TAKEN: session.ue.ipv4: session 7 has it"
exits 1 shoal session add --imsi 001010000000002 --ipv4 10.9.9.9 --dnn taken --json
[[ $(jq -r .error.field "$dir/out") == session.ue.ipv4 ]] || fail "the error is not JSON"
exits 4 shoal session add --imsi 001010000000003 --ipv4 --dnn late
err_has NOT_APPLIED_YET
exits 3 shoal session add --imsi 001010000000004 --ipv4 --dnn garbage
err_has "not of this protocol"
exits 3 shoal --timeout 0.2 session add --imsi 001010000000004 --ipv4 --dnn silent
err_has "no answer from"
exits 0 shoal session rm 1
exits 1 shoal session show 1
err_has NOT_FOUND
exits 4 shoal session rm 2 77

# The same key is the same change.
exits 0 shoal session add --imsi 001010000000005 --ipv6 --key once --json
first=$(jq .id "$dir/out")
exits 0 shoal session add --imsi 001010000000005 --ipv6 --key once --json
[[ $(jq .id "$dir/out") == "$first" ]] || fail "the same key made two sessions"

# ---- Many sessions
make_csv() { # first count
	echo "imsi,ipv4,peer,peer_teid,ul_rate,mark"
	seq "$1" $(($1 + $2 - 1)) | awk '{ printf "00102%010d,auto,192.0.2.10,%d,10M,af1\n", $1, $1 }'
}

before=$(shoal status --json | jq .sessions)
make_csv 1 5500 >"$dir/good.csv"
exits 0 shoal session import "$dir/good.csv"
out_has "5,500 sessions created"
(($(shoal status --json | jq .sessions) == before + 5500)) || fail "not all sessions are there"
exits 0 shoal session import "$dir/good.csv"
(($(shoal status --json | jq .sessions) == before + 5500)) || fail "running an import again created sessions again"
exits 0 shoal session import --fresh "$dir/good.csv"
(($(shoal status --json | jq .sessions) == before + 11000)) || fail "--fresh did not import again"
exits 0 shoal session import - <"$dir/good.csv"

# A bad line stops it: batches before that line are done, its own is not. Corrected, it goes on where it stopped.
make_csv 10001 2500 | sed '2200s/192.0.2.10/192.0.2/' >"$dir/bad.csv"
before=$(shoal status --json | jq .sessions)
exits 4 shoal session import "$dir/bad.csv"
err_has "$dir/bad.csv:2200: peer: '192.0.2' is not an IPv4 address"
out_has "2,000 sessions created"
make_csv 10001 2500 >"$dir/bad.csv"
exits 0 shoal session import "$dir/bad.csv"
(($(shoal status --json | jq .sessions) == before + 2500)) || fail "the corrected import is not complete"

# Refusals of shoal-ctrl name the line too.
{ make_csv 20001 3; echo "001020000099999,auto,,,,"; } | sed '1s/$/,dnn/; 2,4s/$/,/; 5s/$/,taken/' >"$dir/taken.csv"
exits 1 shoal session import "$dir/taken.csv"
err_has "$dir/taken.csv:5: ue.ipv4: session 7 has it (ADDRESS_TAKEN)"
before=$(shoal status --json | jq .sessions)
sed '2s/$/taken/' "$dir/taken.csv" >"$dir/first.csv"
exits 1 shoal session import --batch 1 --window 1 "$dir/first.csv"
(($(shoal status --json | jq .sessions) == before)) || fail "an import went on behind a refusal"
exits 4 shoal session import --go-on "$dir/taken.csv"
err_has "$dir/taken.csv:5: ue.ipv4: session 7 has it (ADDRESS_TAKEN)"
out_has "3 sessions created"

# What a worker refuses is done all the same, and named by its line; nothing stops.
make_csv 20101 4 | sed '1s/$/,dnn/; 2,5s/$/,/; 3s/$/late/' >"$dir/late.csv"
exits 4 shoal session import --wait --batch 2 --window 1 "$dir/late.csv"
err_has "$dir/late.csv:3: its worker refuses it (NOT_APPLIED_YET)"
out_has "4 sessions created"
out_has "stored but not applied yet: 1"
exits 4 shoal session import --wait --json "$dir/late.csv"
jq -e '.created == 4 and .bad_lines == 0 and .not_applied_yet == 1 and .complete' "$dir/out" >/dev/null || fail "the summary is wrong"

printf '{"imsi": "001020000100001", "ipv4": "auto"}\n{"imsi": 7}\n{"imsi": "001020000100002", "ipv6": "auto", "rate": "1G"}\n' >"$dir/mixed.jsonl"
exits 4 shoal session import --go-on --json "$dir/mixed.jsonl"
err_has "$dir/mixed.jsonl:2: imsi: '7' is not an IMSI"
jq -e '.created == 2 and .bad_lines == 1 and .complete' "$dir/out" >/dev/null || fail "the summary is wrong"
printf 'imsi,dnn,ipv4\n001020000100003,busy,auto\n' >"$dir/busy.csv"
exits 0 shoal session import "$dir/busy.csv"
out_has "1 sessions created"
printf 'imsi,colour_of_eyes\n' >"$dir/header.csv"
exits 4 shoal session import "$dir/header.csv"
err_has "header.csv:1: header: 'colour_of_eyes' is no column"
exits 2 shoal session import "$dir/nowhere.csv"
exits 0 shoal session import --check "$dir/good.csv" --connect ipc:///nowhere
out_has "5,500 sessions in order"

# What is exported can be imported, and comes out the same.
shoal session ls --json | jq -cS 'del(.id, .teid, .shard)' >"$dir/first"
for format in csv jsonl; do
	exits 0 shoal session export "$dir/all.$format"
	exits 0 shoal session import --check "$dir/all.$format"
	out_has "$(wc -l <"$dir/first" | sed ':a; s/\B[0-9]\{3\}\>/,&/; ta') sessions in order"
done
count=$(wc -l <"$dir/first")
exits 0 shoal session import --fresh "$dir/all.csv"
shoal session ls --json | tail -n "+$((count + 1))" | jq -cS 'del(.id, .teid, .shard)' | cmp - "$dir/first" || fail "what came back by CSV is not the same"
exits 0 shoal session ls
out_has IMSI
err_has "more follow"

# Sessions of front ends: seen, not exported, not imported.
exits 0 shoal session add --imsi 001020000700001 --dnn owned --ipv4
exits 0 shoal session export "$dir/mine.jsonl"
err_has "left out: 1 sessions of front ends"
! grep -q 001020000700001 "$dir/mine.jsonl" || fail "a front end's session was exported"
exits 0 shoal session ls --owner pfcp:192.0.2.9 --json
[[ $(jq -r .imsi "$dir/out") == 001020000700001 ]] || fail "an owner's sessions are not listed"
cp "$dir/out" "$dir/owned.jsonl"
exits 0 shoal session ls --owner pfcp:192.0.2.9
out_has pfcp:192.0.2.9
exits 0 shoal session show --imsi 001020000700001
out_has "owner         pfcp:192.0.2.9"
exits 4 shoal session import --check "$dir/owned.jsonl"
err_has "owner: is a front end, which makes its sessions itself"

# ---- The rest
exits 0 shoal worker ls
out_has "15 slow"
exits 0 shoal worker stop 1 --json
[[ $(jq '.workers | length' "$dir/out") == 3 ]] || fail "three workers are not in the JSON"
exits 1 shoal worker start 9
err_has "NOT_FOUND: seat: nobody sits there"
exits 2 shoal worker start 99
exits 0 shoal shard ls
out_has none
exits 0 shoal shard move 3 1 --json
[[ $(jq '.shards | length' "$dir/out") == 256 ]] || fail "256 shards are not in the JSON"
exits 0 shoal worker drain 1
exits 1 shoal worker join 9
err_has "NOT_FOUND: seat"
exits 0 shoal quarantine ls
out_has 001010000000007
out_has x.pcap
exits 0 shoal quarantine ls --json
[[ $(jq '.sessions[0].refused' "$dir/out") == 12345 ]] || fail "the refused packets are not in the JSON"
exits 0 shoal quarantine release 4711
exits 1 shoal quarantine release 1
err_has NOT_FOUND
exits 2 shoal quarantine release x
err_has "session 'x'"
exits 0 shoal report ls
out_has pfcp/smf
out_has VOLTH
exits 0 shoal report ls --owner pfcp/ --json
[[ $(jq '.usage[0].uplink_bytes' "$dir/out") == 1000 ]] || fail "the reported usage is not in the JSON"
exits 2 shoal report ls --limit x
exits 0 shoal path ls
out_has 192.0.2.9
out_has 2001:db8::9
out_has "1.5 ms"
exits 0 shoal path ls --down --json
[[ $(jq -s '.[0].tunnels' "$dir/out") == 12 ]] || fail "the tunnels of a path are not in the JSON"
exits 0 shoal shard free 3
exits 2 shoal shard free 256
err_has "shard '256'"
exits 2 shoal upgrade
exits 2 shoal upgrade --abort --status
exits 2 shoal upgrade --abort --watch 3
exits 2 shoal upgrade --binary x --canary 0%
err_has "canary: '0%'"
exits 0 shoal upgrade --binary new --canary 12.5% --watch 9s
out_has "32 of 256 shards"
for phase in canary spreading retiring done; do out_has "$phase"; done
exits 0 shoal upgrade --status --json
jq -e '.phase == "done" and .started_ms == 9000 and .to == "two"' "$dir/out" >/dev/null || fail "the status is another"
exits 1 shoal upgrade --binary /bad/one
out_has "rolled back"
out_has "it is a bad one"
"$BUILD/ctrl/cli/shoal" upgrade --binary /slow/one >"$dir/out" 2>"$dir/err" </dev/null & client=$!
until grep -q canary "$dir/out"; do
	kill -0 "$client" 2>/dev/null || fail "an upgrade on trial is not waited for"
	read -r -t 0.05 <> <(:) || true
done
kill -s INT "$client"
code=0
wait "$client" || code=$?
((code == 4)) || fail "Ctrl-C: exit code $code"
err_has "goes on without this command"
exits 0 shoal upgrade --abort
out_has "rolled back"
exits 0 shoal counters
out_has replayed
grep -q nothing "$dir/out" && fail "a counter that is 0 is shown"
exits 0 shoal counters --all
out_has nothing
exits 0 shoal top --once --interval 0.1
out_has no_session
grep -q 'forward [0-9]' "$dir/out" && fail "forwarded packets are shown as drops"
exits 0 shoal top -n 2 --interval 0.1 --json
jq -es 'length == 2 and (.[0].workers[0].packets_per_s > 0) and (.[0].workers[0].drops_per_s.no_session > 0)' "$dir/out" >/dev/null ||
	fail "the rates are wrong"
exits 0 shoal events -n 4
out_has "worker.down"
out_has "SIGKILL"
err_has "events were lost before"
exits 0 shoal status
out_has "sessions"
out_has "mock build, ready, home"
out_has "upgrade   rolled back"
exits 0 shoal status --json
jq -e '.nests[0].pid == 4711 and .upgrade == "rolled back"' "$dir/out" >/dev/null || fail "the builds are not in the JSON"

in_manual() { # pattern
	grep -qE -- "$1" "$(dirname "$0")/../../deploy/man/shoal.1" || fail "the manual page lacks '$1'"
}

# ---- Being asked wrongly, and helping
exits 2 shoal
exits 2 shoal fly
exits 2 shoal session fly
err_has "there is no 'fly'"
exits 2 shoal status --fast
exits 2 shoal status now
exits 2 shoal --timeout never status
exits 0 shoal --version
exits 0 shoal --help
mapfile -t commands < <(grep -oE '^ +(session|worker|shard|quarantine|report) [a-z]+|^ +(status|top|counters|events|upgrade) ' "$dir/out")
((${#commands[@]} > 12)) || fail "the help lists too few commands"
for command in "${commands[@]}"; do
	# shellcheck disable=SC2086 # two words
	exits 0 shoal $command --help
	out_has "Examples:"
	in_manual "Cm $(echo $command)( |\$)"
	while read -r option; do
		in_manual "(Fl|,) ${option#-}( |,|\$)"
	done < <(grep -oE '^ +--?[a-z0-9-]+' "$dir/out")
done
eval "$(shoal completion bash)"
completes() { # wanted word...
	local COMP_WORDS=(shoal "${@:2}") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_shoal
	[[ " ${COMPREPLY[*]} " == *" $1 "* ]] || fail "completion of '${*:2}' lacks '$1': ${COMPREPLY[*]}"
}
completes session se
completes import session ""
completes drain worker ""
completes free shard f
completes --binary upgrade --b
completes --peer-teid session add --pe
completes "$dir/all.csv" session import "$dir/all"
echo "ok"
