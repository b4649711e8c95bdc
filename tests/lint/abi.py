#!/usr/bin/python3
"""abi - the structs that processes of different builds share do not change unnoticed.

What they say, without comments and spaces, is digested; shared/plane/abi.txt holds the digest that goes with each PLANE_ABI. Whoever
changes one of the headers decides: the meaning of what was there stays (new names in reserved bytes only), then
`tests/lint/abi.py . --keep` writes the new digest; or it does not, then PLANE_ABI is raised first.
"""
import hashlib
import re
import sys

from house import done, fault, root

HEADERS = ["limits", "ring", "lane", "lane_end", "room", "seat", "plane", "image", "nest"]
WIRE = ["change", "bearer", "sheet", "sheet_rules", "prefix"]
RECORD = "shared/plane/abi.txt"


def text_of(path):
    text = re.sub(r"/\*.*?\*/", " ", (root / path).read_text(), flags=re.S)
    text = re.sub(r"//[^\n]*", " ", text)
    return re.sub(r"\s+", " ", re.sub(r"#include[^\n]*", " ", text))


def digest():
    paths = [f"shared/plane/{h}.h" for h in HEADERS] + [f"shared/wire/{h}.h" for h in WIRE]
    return hashlib.sha256("".join(text_of(p) for p in paths if (root / p).exists()).encode()).hexdigest()[:32]


def number():
    header = root / "shared/plane/build.h"
    return re.search(r"#define PLANE_ABI (\d+)u", header.read_text())[1] if header.exists() else None


record = root / RECORD
lines = dict(line.split() for line in record.read_text().splitlines()) if record.exists() else {}
if "--keep" in sys.argv:
    lines[number()] = digest()
    record.write_text("".join(f"{n} {d}\n" for n, d in sorted(lines.items(), key=lambda item: int(item[0]))))
elif number() and lines.get(number()) != digest():
    fault(RECORD, 1, f"the structs that builds share are not those recorded for PLANE_ABI {number()}: raise it, or see abi.py")
done()
