#!/bin/bash
# CP functions that associate once and are gone fill the table of associations: the next one is refused at first, and let in when room has been
# made. One that is silent and has a session keeps both; what went has gone from the controller, too: shoal-pfcp is killed, and there is room.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$(dirname "$0")/pfcp.sh"
PFCP_PEERS='10.99.4.0/24'
PFCP_HEARTBEAT_MS=1000
pfcp_begin

other() { # command...: of an SMF that comes late
	SMF=other smf "$@"
}

forgotten() { # at least so many
	(($(lab_log pfcp | grep -c pfcp.forgotten) >= $1))
}

that "an SMF associates" smf associate
that "and has a session" smf attach ue1
that "the SMF stands still" lab_signal STOP smf
in_ns cp ip address add 10.99.4.9/24 dev n4
in_ns cp ip address add 10.99.4.3/24 dev n4
smf_start ghosts 10.99.4.9 10.99.4.1
smf_start other 10.99.4.3 10.99.4.1
SMF=ghosts
that "and a thousand nodes and more associate" smf ghosts 1024
unset SMF
that "for whom there was room" says '.let == 1023 and .last == 75'
lab_stop ghosts
that "another SMF is let in when they are silent" wait_for 120 other associate
that "more room is made" wait_for 120 forgotten 5
that "shoal-pfcp is killed and comes back" pfcp_kill
in_ns cp ip address add 10.99.4.4/24 dev n4
smf_start third 10.99.4.4 10.99.4.1
SMF=third
that "there is room for one more" smf associate
unset SMF
that "the first SMF goes on" lab_signal CONT smf
that "and has its session" smf handover ue1 10.99.3.1 0x7001
that "the other has one, too" other attach ue2
story_end_pfcp
