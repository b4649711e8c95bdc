#!/usr/bin/python3
"""gate.py LOOKUP CHANGES: a look-up in the bucket index and a change that a worker applies take no more instructions than they did
when this was written."""
import shutil
import sys

import counts

TOLERANCE = 1.01
HAVE = {"foreign look-up": 60.9, "change, pool": 1052, "change, foreign": 1124}

if not shutil.which("valgrind"):
    print("SKIPPED: needs valgrind")
    sys.exit(77)
failed = False
for what, took in counts.all(*sys.argv[1:]).items():
    print(f"{what}: {took:.1f} instructions, bound {HAVE[what]}")
    failed |= took > HAVE[what] * TOLERANCE
sys.exit(failed)
