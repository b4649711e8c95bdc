#!/usr/bin/python3
"""tear - a store's file as a bad disk leaves it.

tear.py FROM OLDER TO HOW SEED   HOW: flip:N half:N header:0|1 cut empty foreign directory

OLDER: the file as it was a while before. What is drawn comes from SEED; says what it did.
"""
import os
import random
import sys

PAGE = 4096
SECTOR = 512

source, older, target, how, seed = sys.argv[1:]
how, _, number = how.partition(":")
draw = random.Random(seed)
with open(source, "rb") as file:
    now = bytearray(file.read())
with open(older, "rb") as file:
    before = file.read().ljust(len(now), b"\0")
pages = len(now) // PAGE
did = []

if how == "flip":
    for _ in range(int(number)):
        at = draw.randrange(2 * PAGE, len(now))
        if draw.random() < 0.5:  # where a page says what it is
            at = at // PAGE * PAGE + draw.randrange(64)
        now[at] ^= 1 << draw.randrange(8)
        did.append(f"bit of byte {at}")
elif how == "half":
    changed = [p for p in range(2, pages) if now[p * PAGE : (p + 1) * PAGE] != before[p * PAGE : (p + 1) * PAGE]]
    for page in draw.sample(changed, min(int(number), len(changed))):
        cut = draw.randrange(SECTOR, PAGE, SECTOR)
        first, last = draw.choice([(0, cut), (cut, PAGE)])
        at = slice(page * PAGE + first, page * PAGE + last)
        now[at] = before[at]
        did.append(f"bytes {first} to {last} of page {page} old")
elif how == "header":
    page = int(number)
    now[page * PAGE : (page + 1) * PAGE] = draw.choice([bytes(PAGE), draw.randbytes(PAGE)])
    did.append(f"header {page} destroyed")
elif how == "cut":
    del now[draw.randrange(pages) * PAGE :]
    did.append(f"cut off at {len(now)}")
elif how == "empty":
    now = b""
elif how == "foreign":
    with open("/proc/self/exe", "rb") as file:
        now = file.read(1 << 20)

if how == "directory":
    os.mkdir(target, 0o700)
else:
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(now)
print(how, *did)
