#!/usr/bin/python3
"""format - every .c and .h as clang-format with the house's .clang-format writes it."""
import re
import subprocess

import house

house.need("clang-format")
names = [str(f) for f in house.sources()]
said = subprocess.run(["clang-format", "--dry-run", "-Werror", *names], cwd=house.root, capture_output=True, text=True)
seen = set()
for line in said.stderr.splitlines():
    found = re.match(r"(.+?):(\d+):\d+: error: ", line)
    if found and found[1] not in seen:
        seen.add(found[1])
        house.fault(found[1], found[2], "not as clang-format writes it; run clang-format -i")
if said.returncode and not seen:
    house.fault("clang-format", 0, said.stderr.strip())
house.done()
