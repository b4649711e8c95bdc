#!/bin/bash
# Subscribers with IPv6, alone and beside IPv4, with and without a QFI.
#
#   UE 2001:db8:x:y::1 - shoal-gnb ===GTP-U over IPv4=== gateway --- fd99:6::2
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 8

for ue in $(ues_ipv6); do that "$ue pings" ue_pings "$ue"; done
for ue in $(ues_ipv4); do that "$ue pings" ue_pings "$ue"; done
that "the QFI came back downlink" test "$(radio_count downlink_qfi)" -gt 0
that "and was the right one, always" equal "$(radio_count downlink_wrong_qfi)" 0
that "nothing went to the wrong subscriber" equal "$(radio_count downlink_misdelivered)" 0
story_end
