#!/usr/bin/python3
"""gate.py PROGRAM: a packet of the packet path takes no more instructions than it did when this was written, and one line of its
session. Where the goal is missed, what we have is the bound, and the goal is printed beside it."""
import re
import shutil
import subprocess
import sys

import counts

TOLERANCE = 1.01
HAVE = {"uplink": 123.3, "downlink": 133.6}
GOAL = {"uplink": 130, "downlink": 150}

CALLS = {"pipe_uplinks": 16, "pipe_downlinks": 16, "pipe_burst": 20}  # the compiler has dropped them before, without a word


def prefetches(program, function):
    said = subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], check=True, capture_output=True, text=True).stdout
    body = re.search(rf"<{function}>:\n(.*?)\n\n", said, re.S)
    return body[1].count("\tprefetch") if body else 0


if not shutil.which("valgrind"):
    print("SKIPPED: needs valgrind")
    sys.exit(77)
session, other = counts.lines(sys.argv[1], "mixed")
print(f"both ways: lines of its session {session}, of its shard's rates {other}")
failed = session != 1 or other > 1
for way in counts.WAYS:
    took = counts.instructions(sys.argv[1], way)
    print(f"{way}: {took:.1f} instructions a packet, bound {HAVE[way]}, goal {GOAL[way]}")
    failed |= not HAVE[way] / 2 < took <= HAVE[way] * TOLERANCE  # far less: it was not this that was counted
for function, least in CALLS.items():
    have = prefetches(sys.argv[1], function)
    print(f"{function}: {have} prefetches of packets and lines, at least {least}")
    failed |= have < least
sys.exit(failed)
