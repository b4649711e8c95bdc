#!/usr/bin/python3
"""proofs - the tests that tests/regressions.md names are there: `folder/file` or `folder/file:words in it`."""
import re

import house

TABLE = "tests/regressions.md"


def texts(folder, name):
    """Of the files that it may be."""
    names = [f"{prefix}{name}{suffix}" for prefix in ("", "fuzz_", "test_") for suffix in (".sh", ".c", ".py", "")]
    places = [house.root / "tests" / folder / n for n in names]
    return [place.read_text(errors="replace") for place in places if place.is_file()]


for number, line in enumerate(house.lines(TABLE) if (house.root / TABLE).exists() else [], 1):
    if not line.startswith("|") or line.startswith("|---") or line.endswith("| shown by |"):
        continue
    named = re.findall(r"`(\w+)/(\w+)(?::([^`]+))?`", line.rsplit("|", 2)[1])
    if not named:
        house.fault(TABLE, number, "no test")
    for folder, name, words in named:
        found = texts(folder, name)
        if not found:
            house.fault(TABLE, number, f"there is no {folder}/{name}")
        elif words and not any(words in text for text in found):
            house.fault(TABLE, number, f"{folder}/{name} has no '{words}'")
house.done()
