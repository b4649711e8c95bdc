#!/usr/bin/python3
"""tunnel_peer.py ADDRESS UPLINK=DOWNLINK... - the far end of a tunnel, made of scapy and a socket.

Answers every ping it finds inside a G-PDU, inside the tunnel that belongs to it, with the same QFI downlink; and asks
the first peer it hears for an echo. Says on stderr what it saw.
"""
import socket
import sys

from scapy.contrib.gtp import GTP_U_Header, GTPEchoRequest, GTPPDUSessionContainer
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6


def say(text):
    print(text, file=sys.stderr, flush=True)


def answer(inner):
    if ICMP in inner:
        return IP(src=inner.dst, dst=inner.src) / ICMP(type=0, id=inner[ICMP].id, seq=inner[ICMP].seq) / inner[ICMP].payload
    ask = inner[ICMPv6EchoRequest]
    return IPv6(src=inner.dst, dst=inner.src) / ICMPv6EchoReply(id=ask.id, seq=ask.seq, data=ask.data)


def main():
    teids = {int(up, 0): int(down, 0) for up, down in (pair.split("=") for pair in sys.argv[2:])}
    tunnel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tunnel.bind((sys.argv[1], 2152))
    say("ready")
    asked = False
    while True:
        data, peer = tunnel.recvfrom(65535)
        packet = GTP_U_Header(data)
        if packet.gtp_type == 2:
            say("echo answered")
            continue
        if not asked:
            tunnel.sendto(bytes(GTP_U_Header(gtp_type=1, S=1, seq=7) / GTPEchoRequest()), peer)
            asked = True
        inner = packet[IP] if IP in packet else packet.getlayer(IPv6)
        if inner is None or not (ICMP in inner or ICMPv6EchoRequest in inner):
            continue
        head = GTP_U_Header(teid=teids[packet.teid], gtp_type=255)
        if GTPPDUSessionContainer in packet:
            say(f"qfi {packet[GTPPDUSessionContainer].QFI} of type {packet[GTPPDUSessionContainer].type}")
            head = GTP_U_Header(teid=teids[packet.teid], gtp_type=255, E=1, next_ex=0x85) / GTPPDUSessionContainer(
                type=0, QFI=packet[GTPPDUSessionContainer].QFI)
        tunnel.sendto(bytes(head / answer(inner)), peer)


main()
