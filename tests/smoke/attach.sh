#!/bin/bash
# One subscriber attaches by the command line, pings, is asked for, and leaves.
#
#   UE 10.45.x.y - shoal-gnb ===GTP-U=== gateway --- 10.99.6.2
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin

that "a subscriber is added and applied" session_add 001010000000001 --ipv4 auto
ues_table >"$LAB/table.csv"
radio_up "$LAB/table.csv"
UE=$(ues_some 1)
that "it pings" ue_pings "$UE" 10
that "its packets were counted, both ways" wait_for 10 usage_is "$UE" 10 10
that "the uplink left with one hop taken off" equal "$(in_ns ran ping -c 1 -I "$UE" "$NET4" | sed -n 's/.*ttl=\([0-9]*\).*/\1/p')" 63
that "the same subscriber twice is refused" refused EXISTS session_add 001010000000001 --ipv4 auto
that "it is removed" shoal session rm --imsi 001010000000001 --wait
before=$(counter no_session)
that "and pings no more" ue_pings_at_most "$UE" 0
that "which is counted" wait_for 10 counter_reached no_session $((before + 3))
story_end
