#!/usr/bin/python3
"""noise.py LOCAL GATEWAY SEED: GTP-U that nobody has asked for, as fast as it goes: unknown tunnels, echoes, error indications, end markers, broken
headers, fragments."""
import random
import socket
import struct
import sys

end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end.bind((sys.argv[1], 2152))
end.setsockopt(socket.IPPROTO_IP, 10, 0)  # no path MTU discovery: fragments
r = random.Random(int(sys.argv[3]))
while True:
    kind = r.choice((255, 255, 255, 1, 2, 26, 254, 31, 253, r.randrange(256)))
    body = r.randbytes(r.choice((0, 4, 12, 20, 40, 60, 300, 1400, 1590, 3000, 9000)))
    if kind == 26:
        body = b"\x10" + r.randbytes(4) + b"\x85\0\4" + r.randbytes(4)
    flags = r.choice((0x30, 0x30, 0x34, 0x32, 0x31, 0x37, r.randrange(256)))
    length = r.choice((len(body), len(body), len(body), r.randrange(65536)))
    try:
        end.sendto(struct.pack("!BBHI", flags, kind, length, r.choice((0, r.getrandbits(32), r.randrange(1 << 12) << 8 | r.randrange(256)))) + body, (sys.argv[2], 2152))
    except OSError:
        pass
