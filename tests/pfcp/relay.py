#!/usr/bin/python3
"""relay.py GATEWAY UPLINK-TEID CORE-TEID: what the radio side (10.99.3.2) sends into its tunnel must come out at the PGW's (10.99.3.9) with
TEID 9, what the PGW sends into its own at the radio side with TEID 0x7003."""
import logging
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ICMP, IP, raw  # noqa: E402
from scapy.contrib.gtp import GTP_U_Header  # noqa: E402
from solicit import PORT, heard, listen  # noqa: E402


def main(gateway, uplink, core):
    radio, pgw = listen("10.99.3.2"), listen("10.99.3.9")
    ping, pong = (raw(IP(src=a, dst=b, ttl=1) / ICMP()) for a, b in (("10.45.99.1", "192.0.2.1"), ("192.0.2.1", "10.45.99.1")))
    for name, teid, end, other, out, inner in (("uplink", uplink, radio, pgw, 9, ping), ("downlink", core, pgw, radio, 0x7003, pong)):
        packet = raw(GTP_U_Header(teid=int(teid), gtp_type=255) / inner)
        if not heard(lambda: end.sendto(packet, (gateway, PORT)), other, out, inner):
            sys.exit(f"{name}: nothing came")
    print("both")


main(*sys.argv[1:4])
