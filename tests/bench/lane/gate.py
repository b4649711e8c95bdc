#!/usr/bin/python3
"""gate - what a packet may cost the primary's turn, and a handle either side of a lane: instructions, counted exactly.

gate.py BUILD

The bounds are what the code needs today and one in a hundred more. Goals of the fast path stand beside what we have, in README.md.
"""
import subprocess
import sys
import pathlib

import parts

TURN = {("up", 32): 207, ("down", 32): 226, ("up", 1): 1195, ("down", 1): 1123}
HOP = {("side_primary", 32): 43.6, ("side_worker", 32): 17.5}
RING = ("bell_ring", "write", "malloc", "poll", "epoll_pwait2")  # nobody sleeps, so nobody is rung, and nothing asks the system
PREFETCH = "primary/loop/libshoal-primary-loop.a.p/tx.c.o"  # the compiler has dropped them before, without a word


def prefetches(path):
    said = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], check=True, capture_output=True, text=True).stdout
    return said.count("\tprefetch")


build = pathlib.Path(sys.argv[1])
missed = 0
for (way, burst), bound in TURN.items():
    each = parts.turn(build / "tests/bench/lane/bench-turn", way, burst)
    total = sum(each.values())
    told = ", ".join(f"{name} {cost:.0f}" for name, cost in each.most_common() if cost >= 1)
    print(f"{total:.1f} instructions a packet {way}, burst {burst} (at most {bound}): {told}")
    missed += total > bound
for (side, burst), bound in HOP.items():
    cost = parts.hop(build / "tests/bench/lane/bench-rings", side, burst)
    print(f"{cost:.1f} instructions a handle there and back, {side}, burst {burst} (at most {bound})")
    missed += not 0 < cost <= bound
called = parts.functions(build / "tests/bench/lane/bench-turn", "up", 32)
rung = [name for name in RING if any(each.strip("_") == name for each in called)]
print(f"{len(rung)} calls out of the packet path while the worker is awake (goal 0): {' '.join(rung) or 'none'}")
missed += len(rung) > 0 or "tx_lane" not in called
print(f"{prefetches(build / PREFETCH)} prefetches of what comes back (at least 4)")
sys.exit(missed > 0 or prefetches(build / PREFETCH) < 4)
