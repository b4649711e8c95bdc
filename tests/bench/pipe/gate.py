#!/usr/bin/python3
"""gate.py PROGRAM: a packet of the packet path takes no more instructions than it did when this was written, and one line of its
session. Where the goal is missed, what we have is the bound, and the goal is printed beside it."""
import shutil
import sys

import counts

TOLERANCE = 1.01
HAVE = {"uplink": 124.3, "downlink": 145.5}
GOAL = {"uplink": 130, "downlink": 150}

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
sys.exit(failed)
