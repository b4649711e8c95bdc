#!/bin/bash
# A short frame comes padded from the network; the padding must not reach the subscriber. tshark judges the outer headers.
#
#   net: 60-byte frame with a 29-byte packet ---> gateway ===GTP-U===> captured on ran's n3
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_begin
story_subscribers 2
that "the path is warm" ue_pings "$UE"

lab_start capture ran tcpdump -U -i n3 -w "$LAB/n3.pcap" "udp port 2152 and src 10.99.3.1"
lab_expect capture listening
in_ns net "$PYTHON" "$SHOAL/tests/lab/frames.py" padded n6 "$UE" 10.99.6.1
seen() { tshark -r "$LAB/n3.pcap" -o ip.check_checksum:TRUE -T fields -E occurrence=f -e ip.len -e gtp.length -e ip.checksum.status 2>/dev/null; }
arrived() { [[ -n $(seen) ]]; }
that "it arrives" wait_for 10 arrived
# 29 bytes of the subscriber, 8 of GTP-U options and PDU Session Container, 8 + 8 + 20 of GTP-U, UDP and IPv4.
that "29 inner bytes, right outer lengths and checksum" equal "$(seen | tr "\t" " ")" "73 37 1"
story_end
