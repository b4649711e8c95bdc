#!/usr/bin/python3
"""locked - the reader's way through our tables has no locked instruction; the locked table's is shown to have some.

locked.py BUILD
"""
import pathlib
import re
import subprocess
import sys

OURS = ["workers/libshoal-pipe.a.p/" + name for name in ("foreign.c.o", "lines.c.o", "pipe.c.o", "police.c.o", "tunnel.c.o")]
OURS += ["workers/libshoal-loop.a.p/apply.c.o"]
OURS += ["tests/bench/tables/libbench-tables.a.p/" + name for name in ("table_own.c.o", "table_line.c.o")]
THEIRS = "tests/bench/tables/libbench-tables.a.p/table_chain.c.o"
LOCKED = re.compile(r"\block\b|\bxchg\b.*\(")  # xchg with memory locks without being told


def count(path):
    said = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], check=True, capture_output=True, text=True).stdout
    lines = [line for line in said.splitlines() if ":\t" in line]
    if not lines:
        raise SystemExit(f"{path}: no code")
    return sum(1 for line in lines if LOCKED.search(line.split(":\t", 1)[1]))


build = pathlib.Path(sys.argv[1])
found = {name: count(build / name) for name in OURS}
for name, locked in found.items():
    print(f"{locked} locked instructions (goal 0): {name}")
seen = count(build / THEIRS)
print(f"{seen} in a table with locks: they can be seen")
sys.exit(any(found.values()) or not seen)
