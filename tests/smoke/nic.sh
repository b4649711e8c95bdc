#!/bin/bash
# Each kind of port, alone in a process: frames come back intact and in order, refusals are counted, no room is lost, and a
# sleeper wakes.
#
#   nic_probe [port] pa ---veth--- pb [raw socket] nic_probe
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
FRAMES=${FRAMES:-100000}
story_needs root hugepages hugetlbfs netns tun af_xdp
lab_open
lab_hugepages 128
lab_netns nic
in_ns nic sysctl -qw net.ipv6.conf.default.disable_ipv6=1 # the kernel keeps quiet

cable() { # mtu
	in_ns nic ip link add pa mtu "$1" type veth peer name pb mtu "$1"
	in_ns nic ethtool -K pb tx off txvlan off >/dev/null
	in_ns nic ip link set pa up
	in_ns nic ip link set pb up
}

probe() { # driver device peer frames
	in_ns nic "$BUILD/tests/smoke/nic_probe" "$LAB/huge" "$@"
}

# A capture of frames of these lengths, in libpcap's own format.
capture() { # lengths...
	"$PYTHON" -c 'import struct, sys
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
for n in map(int, sys.argv[1:]):
    sys.stdout.buffer.write(struct.pack("<IIII", 0, 0, n, n) + bytes(n))' "$@" >"$LAB/frames.pcap"
}

cable 9000
that "net_af_packet" probe af_packet pa pb "$FRAMES"
in_ns nic ip link del pa
cable 1600
that "net_af_xdp" probe af_xdp pa pb "$FRAMES"
that "net_tap" probe tap pt pt "$FRAMES"
capture 1 13 14 60 1518 9000
that "net_pcap" probe pcap "$LAB/frames.pcap" - 6
that "net_memif" probe memif "$LAB/memif.sock" - 1000000
