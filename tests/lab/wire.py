#!/usr/bin/python3
"""wire.py A[.TAG] B[.TAG] - a cable between two interfaces of one namespace: what comes in by one leaves by the other.

With a TAG, only frames with that 802.1Q tag are taken from the interface, without it; and they leave by it with the tag.
For kernels without VLAN devices, and for interfaces a bridge can't serve. Says "ready" on stderr.
"""
import select
import socket
import struct
import sys

SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING, VLAN_VALID = 263, 8, 4, 0x10
ETH_P_ALL, TPID = 3, 0x8100


class End:
    def __init__(self, name):
        device, _, tag = name.partition(".")
        self.tag = int(tag or 0)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.bind((device, ETH_P_ALL))

    def take(self):
        """The frame without its tag, or None if it is not for the other end. The kernel hands tags over beside the frame."""
        frame, beside, _, source = self.socket.recvmsg(65536, 256)
        if source[2] == PACKET_OUTGOING:
            return None
        tag = 0
        for _, _, data in beside:
            status, _, _, _, _, tci = struct.unpack_from("=IIIHHH", data)
            if status & VLAN_VALID:
                tag = tci & 0xFFF
        if not tag and struct.unpack_from("!H", frame, 12)[0] == TPID:
            tag, frame = struct.unpack_from("!H", frame, 14)[0] & 0xFFF, frame[:12] + frame[16:]
        return frame if tag == self.tag else None

    def give(self, frame):
        if self.tag:
            frame = frame[:12] + struct.pack("!HH", TPID, self.tag) + frame[12:]
        try:
            self.socket.send(frame)
        except OSError:
            pass  # an interface that is down or full loses frames, as cables do


def main():
    a, b = End(sys.argv[1]), End(sys.argv[2])
    other = {a.socket: (a, b), b.socket: (b, a)}
    print("ready", file=sys.stderr, flush=True)
    while True:
        for ready in select.select(list(other), [], [])[0]:
            source, sink = other[ready]
            frame = source.take()
            if frame is not None:
                sink.give(frame)


main()
