#!/usr/bin/python3
"""gate.py PROGRAM: a packet that finds its rule among thirty-two takes at most 1.3 times the instructions of one that has a single
rule, and neither takes more than it did when this was written."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import bench

TOLERANCE, GOAL, BURST, BURSTS = 1.01, 1.3, 32, 100
HAVE = {"uplink": (1261.5, 1387.5), "downlink": (1261.5, 1387.5), "flows": (1056.5, 1335.5)}

if not shutil.which("valgrind"):
    print("SKIPPED: needs valgrind")
    sys.exit(77)
failed = False
for way, bounds in HAVE.items():
    took = [bench.instructions("measured", sys.argv[1], way, rules, BURSTS) / (BURSTS * BURST) for rules in (1, 32)]
    print(f"{way}: {took[0]:.1f} instructions a packet with one rule, {took[1]:.1f} with 32 (bounds {bounds[0]}, {bounds[1]}): "
          f"{took[1] / took[0]:.2f} times, goal {GOAL}")
    failed |= took[1] > GOAL * took[0]
    failed |= any(not have / 2 < now <= have * TOLERANCE for now, have in zip(took, bounds))
sys.exit(failed)
