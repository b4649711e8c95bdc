#!/bin/bash
# The memif back end: testpmd is the wire between the gateway's two memif sockets and the veth pairs.
#
#   ran n3 --- v3 [testpmd] ~~memif~~ gateway ~~memif~~ [testpmd] v6 --- n6 net
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
command -v dpdk-testpmd >/dev/null || story_skip "dpdk-testpmd is missing"
lab_open
NET_GW_N3=v3 NET_GW_N6=v6 GW_DRIVER=memif GW_DEVICE_N3=$LAB/n3.memif GW_DEVICE_N6=$LAB/n6.memif
GW_OPTIONS=role=client
net_up
lab_start wire gw dpdk-testpmd --no-shconf --no-huge -m 192 --no-pci --no-telemetry --lcores 0@0,1@0 --iova-mode=va \
	--vdev "net_memif0,role=server,socket=$LAB/n3.memif,socket-abstract=no" --vdev net_af_packet0,iface=v3 \
	--vdev "net_memif1,role=server,socket=$LAB/n6.memif,socket-abstract=no" --vdev net_af_packet1,iface=v6 \
	-- --total-num-mbufs=8192 --no-mlockall --stats-period 60 --forward-mode=io
lab_expect wire "statistics"
gateway_up
story_subscribers 4
that "a subscriber pings" wait_for 20 ue_pings "$UE"
that "and again" ue_pings "$UE" 20
story_end
