#!/bin/bash
# Processes start in any order; each says when it is ready, to the log and to a service manager.
#
#   primary, nursery, ctrl: all six orders. A listener on NOTIFY_SOCKET stands in for the service manager.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
lab_open
net_up
lab_hugepages "$GW_MIB"
gateway_config
lab_start listener net "$PYTHON" "$SHOAL/tests/lab/notify_listen.py" "$LAB/notify"
lab_expect listener listening
export NOTIFY_SOCKET=$LAB/notify

for order in "primary nursery ctrl" "primary ctrl nursery" "nursery primary ctrl" "nursery ctrl primary" "ctrl primary nursery" "ctrl nursery primary"; do
	for name in $order; do gateway_start_one "$name"; done
	for name in $order; do lab_expect "$name" process.ready; done
	that "$order: all workers serve" wait_for 30 gateway_serves
	gateway_stop
done
that "each told the service manager, each time" equal "$(lab_log listener | grep -c 'READY=1 STATUS=\(ports open\|ready to fork\|serving\)')" 18
