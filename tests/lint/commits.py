#!/usr/bin/python3
"""commits - every commit's subject reads 'area: what it does now', 72 characters at most."""
import re

import house

SUBJECT_MAX = 72

if not house.in_git():
    house.skip("no git history here")
for line in house.git("log", "--no-merges", "--format=%h %s").splitlines():
    commit, _, subject = line.partition(" ")
    if not re.match(r"[a-z0-9_./-]+: \S", subject):
        house.fault(commit, 0, f"'{subject}' is not 'area: what it does now'")
    if len(subject) > SUBJECT_MAX:
        house.fault(commit, 0, f"subject of {len(subject)} characters; {SUBJECT_MAX} are allowed")
house.done()
