#!/bin/bash
# What waits for a subscriber is dropped by order (DROBU), whether its rules buffer on or let go: what waited then is counted and comes to
# nobody, what is sent later comes, in order, and is told of anew. The worker dies meanwhile, and all who know of the order.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
. "$(dirname "$0")/numbered.sh"
GNB=10.99.3.2

numbers() { # first last...
	while (($#)); do
		seq "$1" "$2"
		shift 2
	done
}

not_applied() {
	sessions | jq -e '.applied | not' >/dev/null
}

pfcp_begin
lab_start gnbs ran "$PYTHON" "$PFCP/gnbs.py" "$LAB/heard" $GNB
lab_expect gnbs ready
that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 teid=0x7001 urr=1 qfi=9
UE=$(said .ue)
that "it becomes idle" smf change ue1 idle 2
send 1 10
that "the SMF is told" told 1
that "ten packets wait" wait_for 20 waits 10
that "they are dropped, and its rules stay" smf change ue1 discard
that "all of them" wait_for 5 waits 0
that "and counted" equal "$(counter buffer_dropped)" 10
send 11 15
that "the next one is told of anew" told 1
that "five wait" wait_for 20 waits 5
seat=$(seat_of "$UE")
kill -KILL "$(seat_field "$seat" pid)"
that "its worker dies, and another one comes" wait_for 30 seat_has_died "$seat" 1
that "they are dropped, and it answers" smf change ue1 discard 2 $GNB 0x7002
send 16 20
that "what is sent then comes" wait_for 20 has_come 20
that "and nothing else, in order" diff <(came) <(numbers 16 20)

that "it becomes idle again" smf change ue1 idle 2
send 21 30
that "which is told of" told 1
that "ten more wait" wait_for 20 waits 10
lab_signal STOP primary
smf change ue1 discard 2 $GNB 0x7003 & asking=$!
that "the order is written, and not carried out" wait_for 20 not_applied
for name in pfcp ctrl; do lab_signal KILL $name; done
for name in pfcp ctrl; do wait_for 10 lab_gone $name; done
lab_signal CONT primary
gateway_start_one ctrl
pfcp_start
that "all who knew of it die, and it is accepted" wait $asking
that "and nothing waits" wait_for 5 waits 0
that "all that waited are dropped" equal "$(counter buffer_dropped)" 25
send 31 35
that "what is sent then comes" wait_for 20 has_come 35
that "and nothing else" diff <(came) <(numbers 16 20 31 35)

that "it becomes idle once more" smf change ue1 idle 2
send 36 40
that "which is told of" told 1
lab_signal KILL ctrl
wait_for 10 lab_gone ctrl
gateway_start_one ctrl
that "a controller that starts drops nothing that came since" wait_for 20 waits 5
that "it answers" smf change ue1 activate $GNB 0x7004 2
that "and what waited comes" wait_for 20 has_come 40
that "all of it" diff <(came) <(numbers 16 20 31 40)
that "each of the others was dropped once" equal "$(counter buffer_dropped)" 25
that "usage is asked for" smf query ue1
that "which says what came alone" says '.usage[0].downlink == 15 * 33'
story_end_pfcp
