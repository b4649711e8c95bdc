#!/usr/bin/python3
"""wish - asks processes of a test build to die at a point, without starting them anew (shared/base/faults.h).

wish.py FILE ask NUMBER POINT:N[:HOW]   the next wish, under a number that was not used before
wish.py FILE happened                   how often it has come true
wish.py FILE wild                       how many stray writes there were (workers/loop/wild.h)
"""
import mmap
import struct
import sys

path, verb = sys.argv[1:3]
with open(path, "r+b") as file, mmap.mmap(file.fileno(), 128) as at:
    if verb == "ask":
        at[8:124] = sys.argv[4].encode().ljust(116, b"\0")
        at[0:4] = struct.pack("=I", 0)
        at[4:8] = struct.pack("=I", int(sys.argv[3]))
    else:
        first = 124 if verb == "wild" else 0
        print(struct.unpack("=I", at[first : first + 4])[0])
