#!/bin/bash
# What is gone stays gone, and what was refused never was: SEIDs, timers and addresses of sessions that were deleted, a session refused
# thousands of times, an address that another has, an End Marker for user data.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
pfcp_begin

seat_usage() { # what of the gateway's tables is in use
	shoal status --json | jq -c '[.sessions, .applied]'
}

end_marker() { # TEID
	in_ns ran "$PYTHON" -c "
import socket, struct
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end.sendto(struct.pack('!BBHI', 0x30, 254, 0, $1), ('10.99.3.1', 2152))"
}

that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 teid=0x7001 urr=1 period=1
old_seid=$(said .seid) old_ue=$(said .ue)
that "its timer runs" smf reports 1
that "it is deleted" smf delete ue1
smf reports 0 0
that "its SEID is nobody's" smf_refused 65 stale "$old_seid"
that "it attaches again by the address that it had" smf attach ue1 teid=0x7001 ue="$old_ue"
that "under another SEID" not equal "$(said .seid)" "$old_seid"
teid=$(said .teid)
smf_radio 0x7001 "$old_ue"
that "it pings" ue_pings "$UE" 5
that "the SEID that it had is nobody's" smf_refused 65 stale "$old_seid"
that "no other has its address" smf_refused 73 attach other ue="$UE" teid=0x7005

baseline=$(seat_usage)
that "what is refused a thousand times can be had without its fault" smf exhaust 1000
that "it was refused for that" says '.refused == [73]'
that "nothing of it is left" equal "$(seat_usage)" "$baseline"
that "an End Marker comes" end_marker "$teid"
that "and is known as such" wait_for 20 counter_reached end_marker 1
that "it pings as before" ue_pings "$UE" 5
that "the timer of what is gone has told nothing" smf reports 0 0
that "to anybody" says '.reports == []'
that "it is deleted, too" smf delete ue1
that "no session is left" equal "$(sessions | jq -s length)" 0
story_end_pfcp
