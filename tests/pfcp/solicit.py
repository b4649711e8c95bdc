#!/usr/bin/python3
"""solicit.py GATEWAY UPLINK-TEID CP-TEID PREFIX: a UE's router solicitation into its tunnel must come out at the SMF's GTP-U address
10.99.3.9 with TEID 9, without its flow (Open5GS' SMF drops one with a QFI); a router advertisement from there into the SMF's tunnel must come out at the radio side, 10.99.3.2."""
import logging
import socket
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ICMPv6ND_RA, ICMPv6ND_RS, IPv6, raw  # noqa: E402
from scapy.contrib.gtp import GTPHeader, GTPPDUSessionContainer, GTP_U_Header  # noqa: E402

PORT, PATIENCE = 2152, 20.0


def listen(address):
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind((address, PORT))
    end.settimeout(1.0)
    return end


def heard(ask, end, teid, inner, kind=255, bare=False):
    """Asked until it is there: a packet may be lost, an answer of the gateway's own may come before. bare: without extension headers."""
    for _ in range(int(PATIENCE)):
        ask()
        try:
            while True:
                packet = GTPHeader(end.recv(2000))
                if packet.gtp_type == kind and packet.teid == teid and inner in raw(packet) and not (bare and packet.E):
                    return True
        except TimeoutError:
            pass
    return False


def main(gateway, uplink, cp, prefix):
    radio, smf = listen("10.99.3.2"), listen("10.99.3.9")
    container = GTP_U_Header(teid=int(uplink), gtp_type=255, E=1, next_ex=0x85) / GTPPDUSessionContainer(type=1, QFI=1)
    solicitation = raw(IPv6(src="fe80::1", dst="ff02::2", hlim=255) / ICMPv6ND_RS())
    advertisement = raw(IPv6(src="fe80::2", dst="ff02::1", hlim=255) / ICMPv6ND_RA())
    if not heard(lambda: radio.sendto(raw(container / solicitation), (gateway, PORT)), smf, 9, solicitation, bare=True):
        sys.exit("the solicitation did not reach the SMF")
    if not heard(lambda: smf.sendto(raw(GTP_U_Header(teid=int(cp), gtp_type=255) / advertisement), (gateway, PORT)), radio, 0x7001, advertisement):
        sys.exit("the advertisement did not reach the radio side")
    print("both")


if __name__ == "__main__":
    main(*sys.argv[1:5])
