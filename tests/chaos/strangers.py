#!/usr/bin/python3
"""strangers.py LOCAL PEER: PFCP of all kinds from an address that nobody has invited, as fast as it goes."""
import random
import socket
import struct
import sys

end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end.bind((sys.argv[1], 8805))
r = random.Random(1)
while True:
    kind = r.choice((1, 5, 7, 9, 50, 52, 54, 2, 6, 51, 57, 200))
    body = r.randbytes(r.choice((0, 4, 12, 60, 300, 1400)))
    end.sendto(struct.pack("!BBHI", 0x20 | r.choice((0, 1)), kind, len(body) + 4, r.getrandbits(32)) + body, (sys.argv[2], 8805))
