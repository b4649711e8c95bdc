#!/usr/bin/python3
"""lines.py BUILD: which cache lines a packet touches on either side of a lane, and which move between the two cores, counted exactly.

bench-trace (trace.c) runs primary and worker by turns, at bursts of 32, 8 and 1; valgrind's lackey writes down every load and store. Here
each side has a cache without end, and a line moves when a side touches one that the other has written since: the least that any coherence
protocol has to move. The played card writes frames as a device does, the rest of its work is the primary's core's. Lines that are only
called and never touched do not show: called.c counts those. Executed instructions that lock are counted by the way."""
import bisect
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys

LINE = 64
PRIMARY, WORKER, DEVICE, NEITHER = range(4)
BURSTS, WAYS = (32, 8, 1), ("up", "down")
LOCKED = re.compile(r"\block\b|\bmfence\b|\bxchg\b.*\(")  # xchg with memory locks without being told

# The most lines that may move for a packet: (to the worker, back), by way and burst. Handles: four to a line. Indices: one of each lane a
# burst. Headers: uplink the line that was steered by; downlink also the one before it, where the tunnel's headers go.
HANDLES = {32: 0.25, 8: 0.25, 1: 1}
INDEX = {32: 1 / 32, 8: 1 / 8, 1: 1}
HEADERS = {"up": (1, 1), "down": (2, 1)}
CARD = {"header": 2}  # the lines that the frame's first 50 bytes lie in
SELDOM = 1 / 512  # a side looks how far the other is when it has used up what it knew
PRIVATE = ("shard", "rates", "index", "session", "rest")  # the worker's: the primary has none of it


# Large copies in wide stores: rep stosb counts as one store for each byte, and they are a third of the trace.
FEW_STORES = "glibc.cpu.x86_rep_stosb_threshold=1000000000:glibc.cpu.x86_rep_movsb_threshold=1000000000"


class Phase:
    """What was counted at one burst in one direction."""

    def __init__(self):
        self.turns = 0
        self.touched = [collections.Counter(), collections.Counter()]  # lines by kind, each turn's apart
        self.moved = [collections.Counter(), collections.Counter()]  # to the side
        self.device = collections.Counter()  # from the card
        self.locked = [collections.Counter(), collections.Counter()]  # by function


class Kinds:
    """Which kind of memory an address is of."""

    def __init__(self):
        self.places, self.starts, self.stride = [], [], None

    def read(self, words):
        name, first, end = words[1].decode(), int(words[2], 16), int(words[3], 16)
        count, stride = self.stride or (1, 0)
        self.places += [(first + i * stride, end + i * stride, name) for i in range(count)]

    def close(self):
        self.places.sort()
        self.starts = [place[0] for place in self.places]

    def of(self, address):
        at = bisect.bisect_right(self.starts, address) - 1
        return self.places[at][2] if at >= 0 and address < self.places[at][1] else "private"


class Code:
    """Where instructions lie that lock, once it is known where the program was loaded."""

    def __init__(self, build):
        self.build, self.at = build, {}

    def read(self, words):
        function, address, name = words[1].decode(), int(words[2], 16), words[3].decode()
        said = subprocess.run(["objdump", "-d", "--no-show-raw-insn", self.build / "tests/bench/lane" / name], check=True,
                              capture_output=True, text=True).stdout
        inside, found, base = None, {}, None
        for line in said.splitlines():
            head = re.match(r"([0-9a-f]+) <(.+)>:$", line)
            if head:
                inside = head[2]
                base = int(head[1], 16) if inside == function else base
            elif LOCKED.search(line.partition(":\t")[2]):
                found[int(line.partition(":")[0], 16)] = inside
        self.at.update({address - base + place: inside for place, inside in found.items()})


class Trace:
    def __init__(self, build):
        self.kinds, self.code = Kinds(), Code(build)
        self.phases, self.phase, self.marks, self.side = {}, None, None, NEITHER
        self.holders, self.turn = {}, [set(), set()]

    def said(self, words):
        """A line of the program's own."""
        if words[0] == b"marks":
            self.marks = int(words[1], 16)
        elif words[0] == b"shards":
            self.kinds.stride = int(words[1]), int(words[2])
        elif words[0] == b"kind":
            self.kinds.read(words)
        elif words[0] == b"code":
            self.code.read(words)
        elif words[0] == b"phase":
            self.kinds.close()
            key = (words[1].decode(), int(words[2])) if len(words) > 2 else None
            self.phase = self.phases.setdefault(key, Phase()) if key else None

    def mark(self, number):
        self.side = number
        if number == NEITHER and self.phase:
            self.phase.turns += 1
            for side in (PRIMARY, WORKER):
                self.phase.touched[side].update(self.kinds.of(line) for line in self.turn[side])
        if number == NEITHER:
            self.turn = [set(), set()]

    def touch(self, line, writes):
        side, kind = self.side, self.kinds.of(line)
        if kind == "stack":
            return
        if side == DEVICE and kind != "header":
            side = PRIMARY  # a driver's work, on that core
        elif side == DEVICE:
            if writes:
                self.holders[line] = {DEVICE}
            return
        elif self.phase:
            self.turn[side].add(line)
        holders = self.holders.setdefault(line, {side})
        if side not in holders:
            if self.phase:
                (self.phase.device if holders == {DEVICE} else self.phase.moved[side])[kind] += 1
            holders.add(side)
        if writes:
            self.holders[line] = {side}

    def access(self, text):
        address, size = text[3:].split(b",")
        address, size = int(address, 16), int(size)
        if 0 <= address - self.marks < 4 * LINE:
            self.mark((address - self.marks) // LINE)
        elif self.side != NEITHER:
            for line in range(address // LINE, (address + size - 1) // LINE + 1):
                self.touch(line * LINE, text[1:2] != b"L")

    def read(self, lines):
        for text in lines:
            if text[:1] == b"I":
                if self.phase and self.side <= WORKER:
                    inside = self.code.at.get(int(text[3:].split(b",")[0], 16))
                    if inside:
                        self.phase.locked[self.side][inside] += 1
            elif text[:2] in (b" L", b" S", b" M"):
                if self.marks:
                    self.access(text)
            elif text[:1].islower():
                self.said(text.split())


def count(build):
    """{(way, burst): Phase}."""
    trace = Trace(build)
    run = subprocess.Popen(["valgrind", "--tool=lackey", "--trace-mem=yes", "--log-fd=1", build / "tests/bench/lane/bench-trace"],
                           stdout=subprocess.PIPE, env={**os.environ, "GLIBC_TUNABLES": FEW_STORES})
    trace.read(run.stdout)
    if run.wait() or len(trace.phases) != len(BURSTS) * len(WAYS) + 1:
        sys.exit(f"bench-trace ended with {run.returncode} after {len(trace.phases)} phases")
    return trace.phases


def a_packet(phase, burst):
    """{kind: (the primary touches, the worker touches, moved to the worker, moved back, from the card)}."""
    counted = (*phase.touched, phase.moved[WORKER], phase.moved[PRIMARY], phase.device)
    kinds = sorted(set().union(*counted))
    return {kind: tuple(some[kind] / (phase.turns * burst) for some in counted) for kind in kinds}


def bounds(way, burst):
    """{kind: most lines (that the worker touches, to the worker, back)}; None: its own business. What is not here is 0 everywhere."""
    to, back = HEADERS[way]
    return {
        "handles_in": (HANDLES[burst], HANDLES[burst], 0), "handles_out": (HANDLES[burst], 0, HANDLES[burst]),
        "in_head": (INDEX[burst], INDEX[burst], 0), "in_tail": (INDEX[burst], 0, 0), "out_head": (INDEX[burst], 0, INDEX[burst]),
        "out_tail": (SELDOM, SELDOM, 0), "header": (to, to, back), "session": (1, 0, 0), "rates": (1, 0, 0),
        "plane": (None, 0, 0), "changes": (INDEX[burst], 0, 0), "private": (None, 0, 0),
    }


def faults(phase, way, burst):
    """What is wrong with it, a sentence each."""
    most = bounds(way, burst)
    for kind, (mine, touches, to, back, card) in a_packet(phase, burst).items():
        for what, got, bound in zip(("the worker touches", "to the worker", "back"), (touches, to, back), most.get(kind, (0, 0, 0))):
            if bound is not None and got > bound:
                yield f"{kind}: {what} {got:.3f}, at most {bound:.3f}"
        if kind in PRIVATE and mine:
            yield f"{kind}: the primary touches {mine:.3f}"
        if card > CARD.get(kind, 0):
            yield f"{kind}: {card:.3f} from the card"
    if phase.touched[WORKER]["session"] != phase.turns * burst:
        yield "not one line of each packet's session"
    for side in (PRIMARY, WORKER):
        if phase.locked[side]:
            yield f"locked instructions: {dict(phase.locked[side])}"


def needless(phase, way, burst):
    """Lines of headers that move for a packet beyond those that have to: (to the worker, back)."""
    _, _, to, back, _ = a_packet(phase, burst)["header"]
    return to - HEADERS[way][0], back - HEADERS[way][1]


def tell(phase, way, burst):
    print(f"{way}, burst {burst}; lines a packet:  primary   worker   to the worker   back   from the card")
    for kind, row in a_packet(phase, burst).items():
        print(f"  {kind:28}" + "".join(f"{value:11.3f}" for value in row))
    print(f"  locked instructions a burst: the primary's {phase.locked[PRIMARY].total() / phase.turns:.2f}, "
          f"the worker's {phase.locked[WORKER].total() / phase.turns:.2f}")


def main():
    if not shutil.which("valgrind"):
        print("SKIPPED: valgrind is not installed")
        sys.exit(77)
    wrong, phases = 0, count(pathlib.Path(sys.argv[1]))
    control = phases.pop(("copy", max(BURSTS)))
    for (way, burst), phase in phases.items():
        tell(phase, way, burst)
        for fault in faults(phase, way, burst):
            print(f"  WRONG: {fault}")
            wrong += 1
    if not any(fault.startswith("header") for fault in faults(control, "up", max(BURSTS))):
        sys.exit("a worker that copies packets was not caught")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
