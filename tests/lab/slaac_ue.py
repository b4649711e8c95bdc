#!/usr/bin/python3
"""slaac_ue.py TUN OWN GATEWAY UPLINK DOWNLINK QFI - one subscriber whose addresses are the kernel's own affair: whatever TUN sends goes into
the tunnel UPLINK to GATEWAY, whatever comes out of DOWNLINK goes to TUN. Written from TS 29.281, without the gateway's code.
Says "ready" on stderr when TUN is there; it is then still down.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def tun_open(name):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def g_pdu(teid, qfi, inner):
    """With a UL PDU Session Container, as a gNB has it (TS 38.415)."""
    return struct.pack("!BBHI", 0x34, 255, len(inner) + 8, teid) + bytes([0, 0, 0, 0x85, 1, 0x10, qfi, 0]) + inner


def inner_of(bytes_, teid, qfi):
    """What is in a G-PDU of that tunnel with that QFI; else nothing."""
    if len(bytes_) < 16 or bytes_[:2] != b"\x34\xff" or struct.unpack_from("!I", bytes_, 4)[0] != teid:
        return None
    if bytes_[11] != 0x85 or bytes_[12] != 1 or bytes_[13] >> 4 != 0 or bytes_[14] & 63 != qfi or bytes_[15] != 0:
        return None
    return bytes_[16:8 + struct.unpack_from("!H", bytes_, 2)[0]]


def main():
    name, own, gateway, up, down, qfi = sys.argv[1:7]
    tun, tunnel = tun_open(name), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tunnel.bind((own, 2152))
    print("ready", file=sys.stderr, flush=True)
    poll = select.poll()
    poll.register(tun, select.POLLIN)
    poll.register(tunnel, select.POLLIN)
    while True:
        for file, _ in poll.poll():
            try:
                if file == tun:
                    tunnel.sendto(g_pdu(int(up), int(qfi), os.read(tun, 65535)), (gateway, 2152))
                else:
                    inner = inner_of(tunnel.recv(65535), int(down), int(qfi))
                    if inner:
                        os.write(tun, inner)
            except OSError:  # the device is not up, or a packet nobody wants
                continue


main()
