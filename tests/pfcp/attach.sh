#!/bin/bash
# An SMF makes a session, moves it to another gNB, drops and forwards it, shuts its gate, reads its usage, and deletes it; every time
# that it is told "accepted", packets do so.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
pfcp_begin

that "nobody has sessions without an association" smf_refused 72 attach ue1
that "the SMF associates" smf associate
that "a subscriber attaches" smf attach ue1 qfi=9 teid=0x7001 urr=1
that "and is told its address and our tunnel" says '(.ue | startswith("10.45.")) and .teid > 0 and .gtpu == "10.99.3.1" and .seid > 0'
smf_radio 0x7001
that "it pings" ue_pings "$UE" 10
that "its flow is marked" equal "$(radio_count downlink_wrong_qfi)" 0
that "its usage is asked for" smf query ue1
that "and is exact" says '.usage[0] | .uplink == 840 and .downlink == 840 and .number == 0'
that "and is told once" smf query ue1
that "no more" says '.usage[0] | .uplink == 0 and .downlink == 0 and .number == 1'

smf_other_gnb 0x7002
that "at another gNB it does not ping" ue_pings_at_most "$UE" 0
that "until the SMF says so" smf handover ue1 10.99.3.3 0x7002
that "then at once" ue_pings "$UE" 5
that "it is dropped" smf drop ue1
that "and does not ping" ue_pings_at_most "$UE" 0
that "it is forwarded again" smf forward ue1
that "where it was" ue_pings "$UE" 5
that "its gate is closed" smf gate ue1 closed
that "and nothing passes" ue_pings_at_most "$UE" 0
that "its gate is opened" smf gate ue1 open
that "and it pings" ue_pings "$UE" 5

that "an answer that was lost is given again" smf repeat 5
that "as it was" says '.answers == 6 and .same'
that "it is deleted" smf delete ue1
that "with all that it has used since" says '.usage[0] | .uplink == 18 * 84 and .downlink == 18 * 84 and .number == 2'
that "an answer to that is given again, too" smf repeat 3
that "as it was" says '.answers == 4 and .same'
that "it pings no more" ue_pings_at_most "$UE" 0
that "no session is left" equal "$(sessions | jq -s length)" 0
story_end_pfcp
