#!/usr/bin/python3
"""drift - flips one bit of a shard, as a stray write of any process would (shared/plane/region.h).

drift.py PID PART SHARD TEID   PID has the bank of shards open; PART: line flags rate header; TEID: of a session there
"""
import mmap
import os
import struct
import sys

MAGIC, SHARDS = 0x53484F414C534844, 256
HEADER = 128


def bank_of(pid):
    for name in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{name}"
        if "shoal-bank" in os.readlink(path):
            return path
    sys.exit("no bank")


def shard_starts(at):
    """Where each shard's region begins: one magic word after the other, and their numbers count up."""
    starts = []
    for shard in range(SHARDS):
        offset = at.find(struct.pack("=QI", MAGIC, shard), starts[-1] if starts else 0)
        if offset < 0:
            sys.exit(f"no shard {shard}")
        starts.append(offset)
    return starts + [len(at)]


def line_at(at, first, end, teid):
    for offset in range(first, end, 64):
        if at[offset : offset + 4] == struct.pack("=I", teid) and at[offset + 24] & 0x80:
            return offset
    sys.exit("no such line")


pid, part, shard, teid = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with open(bank_of(pid), "r+b") as file, mmap.mmap(file.fileno(), 0) as at:
    starts = shard_starts(at)
    first = starts[shard]
    if part == "header":
        where = first + 32  # the digest
    elif part == "rate":
        where = next(o for o in range(first + HEADER, starts[shard + 1], 32) if any(at[o : o + 8]))
    else:
        where = line_at(at, first + HEADER, starts[shard + 1], teid) + (24 if part == "flags" else 4)
    at[where] ^= 0x80 if part == "flags" else 0x10
