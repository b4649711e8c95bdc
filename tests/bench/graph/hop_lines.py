#!/usr/bin/python3
"""hop_lines.py PROGRAM: counts the cache lines that move between two cores for each packet and hop of a lane at burst 32.

PROGRAM (hop_lines.c) runs both sides by turns; valgrind's lackey writes down every load and store; here each side has a cache
without end, and a line moves when a side touches one that the other has written since. That is the least that any coherence protocol
has to move. Handles alone: at most 1.25 a hop; where headers are touched: 3. A build that copies 256 bytes has to miss the first."""

import re
import shutil
import subprocess
import sys

LINE = 64
PACKETS_A_TURN, WARM_TURNS = 32, 64
BOUNDS = {"handles": 1.25, "headers": 3.0}
PRIMARY, WORKER, NEITHER = range(3)
ACCESS = re.compile(rb"^ ([LSM]) ([0-9a-f]+),(\d+)")


class Caches:
    """Which side has each shared line as it is now, and how many lines each side had to fetch from the other."""

    def __init__(self):
        self.holders, self.moved, self.upgrades = {}, [0, 0], 0

    def touch(self, side, line, writes):
        holders = self.holders.get(line)
        if holders is None:  # from memory, not from the other side
            self.holders[line] = {side}
            return
        if side not in holders:
            self.moved[side] += 1
            holders.add(side)
        if writes and len(holders) > 1:
            self.upgrades += 1
            holders.intersection_update({side})


def count(program, what):
    """Lines moved a packet: (on the way to the worker, on the way back, ownership taken without data)."""
    run = subprocess.Popen(["valgrind", "--tool=lackey", "--trace-mem=yes", "--log-fd=1", program, what], stdout=subprocess.PIPE)
    mark, shared, caches, side, turns = None, [], Caches(), NEITHER, 0
    for text in run.stdout:
        words = text.split()
        if words[:1] == [b"mark"]:
            mark = int(words[1], 16)
        elif words[:1] == [b"shared"]:
            shared.append((int(words[1], 16), int(words[2], 16)))
        access = ACCESS.match(text)
        if not access or mark is None:
            continue
        kind, address, size = access[1], int(access[2], 16), int(access[3])
        if kind == b"S" and mark <= address < mark + 3 * LINE:
            side = (address - mark) // LINE
            if side == NEITHER:
                turns += 1
                if turns == WARM_TURNS:
                    caches.moved, caches.upgrades = [0, 0], 0
        elif side != NEITHER and any(a <= address < b for a, b in shared):
            for line in range(address // LINE, (address + size - 1) // LINE + 1):
                caches.touch(side, line, kind != b"L")
    if run.wait():
        sys.exit(f"{program} {what} ended with {run.returncode}")
    packets = (turns - WARM_TURNS) * PACKETS_A_TURN
    if packets <= 0:
        sys.exit(f"{program} {what}: nothing was seen")
    return caches.moved[WORKER] / packets, caches.moved[PRIMARY] / packets, caches.upgrades / packets


def judge(what, counted, bound):
    there, back, upgrades = counted
    good = max(there, back) <= bound
    print(f"{what}: {there:.3f} lines a packet to the worker, {back:.3f} back; {upgrades:.3f} made its own without moving; "
          f"at most {bound}: {'held' if good else 'missed'}")
    return good


def main():
    program = sys.argv[1]
    if not shutil.which("valgrind"):
        print("SKIPPED: valgrind is not installed")
        sys.exit(77)
    good = [judge(name, count(program, name), bound) for name, bound in BOUNDS.items()]
    if judge("copy", count(program, "copy"), BOUNDS["handles"]):
        sys.exit("a build that copies packets was not caught")
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
