#!/bin/bash
# Hostile and broken clients of the RPC: crowds that never shake hands, requests of 100 MB, random bytes, half requests, answers that nobody reads.
#
#   shoal-ctrl alone, and rpc_abuse.py on its socket
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs root netns
crowd=${1:-10000}
lab_open
lab_netns gw
gateway_config
gateway_start_one ctrl
lab_expect ctrl process.ready
abuse() { "$PYTHON" "$SHOAL/tests/lab/rpc_abuse.py" "$LAB/run/oss.ipc" "$@"; }
resident_mib() { awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$(lab_pid ctrl)/status"; }
made() { shoal session add --imsi 001010000000001 --ipv4 auto --peer 10.99.3.2 --peer-teid 1 >/dev/null; }
answers() { shoal --timeout 20 status >/dev/null; }

that "it answers" answers
before=$(resident_mib)
that "random bytes are answered, each" equal "$(abuse garbage 500)" 500
abuse cut 300
that "it answers after half requests" answers
that "a request of 100 MB is cut off" test "$(abuse huge)" -lt $((4 << 20))
that "it answers after that" answers

before=$(resident_mib)
lab_start mute gw "$PYTHON" "$SHOAL/tests/lab/rpc_abuse.py" "$LAB/run/oss.ipc" mute 300
lab_expect mute asking 20
that "it answers beside 300 clients that never read an answer" answers
wait_for 30 lab_gone mute
that "who asked many times" test "$(lab_log mute | tail -n 1)" -gt 100000
most=$(awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$(lab_pid ctrl)/status")
that "they cost less than 700 MiB ($before MiB before, $most at most)" test "$most" -lt $((before + 700))

mkfifo "$LAB/hold"
before=$(resident_mib)
lab_start crowd gw bash -c "exec $PYTHON $SHOAL/tests/lab/rpc_abuse.py $LAB/run/oss.ipc crowd $crowd <$LAB/hold"
exec {hold}>"$LAB/hold"
lab_expect crowd there 60
that "it answers beside $crowd half-open clients" answers
that "they cost less than 200 MiB ($before MiB before, $(resident_mib) now)" test "$(resident_mib)" -lt $((before + 200))
exec {hold}>&-
wait_for 20 lab_gone crowd
that "and after they have left" answers
that "sessions can still be made" made
that "ctrl lives" lab_alive ctrl
