#!/usr/bin/python3
"""relay.py GATEWAY UPLINK-TEID CORE-TEID: what the radio side (10.99.3.2) sends into its tunnel must come out at the PGW's (10.99.3.9) with
TEID 9, what the PGW sends into its own at the radio side with TEID 0x7003, as packets of the flow they were of, or of none;
and so must their End Markers.
relay.py GATEWAY CORE-TEID: five packets of the PGW, now; they must come out at the radio side once it is there, with that TEID."""
import logging
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ICMP, IP, Raw, raw  # noqa: E402
from scapy.contrib.gtp import GTPPDUSessionContainer, GTP_U_Header  # noqa: E402
from solicit import PORT, heard, listen  # noqa: E402


def packet(teid, source, destination, number=0):
    inner = raw(IP(src=source, dst=destination, ttl=1, id=number) / ICMP())
    return raw(GTP_U_Header(teid=int(teid), gtp_type=255) / inner), inner


def of_flow(teid, kind, inner):
    """With a PDU Session Container: kind 0 is downlink, 1 uplink."""
    container = raw(GTPPDUSessionContainer(type=kind, QFI=QFI))
    return raw(GTP_U_Header(teid=int(teid), gtp_type=255, E=1, next_ex=0x85) / container / inner), container + inner


def numbered(teid, kind, inner):
    """And with a PDCP PDU Number behind it, as on a handover's detour (TS 29.281 5.2.2.2)."""
    options = raw(GTPPDUSessionContainer(type=kind, QFI=QFI))[:-1] + b"\xc0\x01\x12\x34\x00"
    return raw(GTP_U_Header(teid=int(teid), gtp_type=255, E=1, next_ex=0x85) / Raw(options + inner)), options + inner


def both_ways(gateway, uplink, core):
    radio, pgw = listen("10.99.3.2"), listen("10.99.3.9")
    ways = (("uplink", uplink, radio, pgw, 9, (UE, SERVER), 1), ("downlink", core, pgw, radio, RADIO, (SERVER, UE), 0))
    for name, teid, end, other, out, ends, kind in ways:
        outer, inner = packet(teid, *ends)
        if not heard(lambda: end.sendto(outer, (gateway, PORT)), other, out, inner):
            sys.exit(f"{name}: nothing came")
        for what, made in (("of its flow", of_flow), ("numbered", numbered)):
            outer, whole = made(teid, kind, inner)
            if not heard(lambda: end.sendto(outer, (gateway, PORT)), other, out, whole):
                sys.exit(f"{name}: nothing came {what}")
        marker = raw(GTP_U_Header(teid=int(teid), gtp_type=254))
        if not heard(lambda: end.sendto(marker, (gateway, PORT)), other, out, b"", kind=254):
            sys.exit(f"{name}: no End Marker came")
    print("both")


def paged(gateway, core):
    """Sent while the UE is idle; then they come, in order."""
    radio, pgw = listen("10.99.3.2"), listen("10.99.3.9")
    packets = [packet(core, SERVER, UE, number) for number in range(1, 6)]
    for outer, _ in packets:
        pgw.sendto(outer, (gateway, PORT))
    print("sent", flush=True)
    radio.settimeout(30.0)
    came = []
    while len(came) < len(packets):
        data = radio.recv(2000)
        if data[1] == 255:  # the gateway may ask whether we are there
            came.append((int.from_bytes(data[4:8], "big"), data[8:]))
    if came != [(RADIO, inner) for _, inner in packets]:
        sys.exit(f"not those, not in order, or by another tunnel: {came}")
    print("all")


UE, SERVER, RADIO, QFI = "10.45.99.1", "192.0.2.1", 0x7003, 7
both_ways(*sys.argv[1:]) if len(sys.argv) == 4 else paged(*sys.argv[1:])
