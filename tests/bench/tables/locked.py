#!/usr/bin/python3
"""locked - the packets' way has no locked instruction, on either side of a lane, nor has the reader's way through our tables; the locked
table's is shown to have some.

locked.py BUILD

Whole objects are looked through, so what is rare and stands beside the packets' way has to be named here, function by function. What a
burst executes is counted by tests/bench/lane/lines.py: none."""
import collections
import pathlib
import re
import subprocess
import sys

PIPE, LOOP, PRIMARY, EDGE, NIC, TABLES = (f"{name}.a.p/" for name in (
    "workers/pipe/libshoal-pipe", "workers/loop/libshoal-loop", "primary/loop/libshoal-primary-loop", "primary/edge/libshoal-edge",
    "primary/nic/libshoal-nic", "tests/bench/tables/libbench-tables"))
OURS = {
    PIPE + ".._lines_": "foreign lines lines_count police",
    PIPE: "pipe pipe_down pipe_long pipe_up tunnel",
    LOOP: "apply loop tenure",
    PRIMARY + ".._lane_": "lane lane_back lease",
    PRIMARY: "hold loop map move rx tally tx",
    EDGE: "alias neigh neigh_ready neigh_table route steer steer_usual",
    NIC: "nic_io",
    TABLES: "table_own table_line",
}
# Where no burst follows upon the last, so that nobody sleeps through that; or not for packets: on the way to sleep, at the start, after a
# death, for a broken frame.
RARE = {"lane_settle": 1, "loop_run": 1, "loop_make": 1, "lane_reset": 5, "nic_drop": 7}
THEIRS = TABLES + "table_chain.c.o"
LOCKED = re.compile(r"\block\b|\bmfence\b|\bxchg\b.*\(")  # xchg with memory locks without being told


def count(path):
    """{function: locked instructions}."""
    said = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], check=True, capture_output=True, text=True).stdout
    found, inside, lines = collections.Counter(), None, 0
    for line in said.splitlines():
        if line.endswith(">:"):
            inside = line.split("<")[1][:-2].split(".")[0]
        elif ":\t" in line:
            lines += 1
            found[inside] += bool(LOCKED.search(line.split(":\t", 1)[1]))
    if not lines:
        raise SystemExit(f"{path}: no code")
    return +found


def main():
    build, wrong = pathlib.Path(sys.argv[1]), 0
    for name in (folder + word + ".c.o" for folder, words in OURS.items() for word in words.split()):
        found = count(build / name)
        bad = {function: n for function, n in found.items() if n > RARE.get(function, 0)}
        told = ", ".join(f"{n} in {function}" for function, n in found.items())
        print(f"{name}: {told or 'none'}{' - not known' if bad else ''}")
        wrong += len(bad)
    seen = sum(count(build / THEIRS).values())
    print(f"{seen} in a table with locks: they can be seen")
    sys.exit(wrong > 0 or not seen)


main()
