#!/usr/bin/python3
"""shoot.py NURSERY COUNT SPARE: SIGKILL to COUNT of a nursery's workers, whoever sits ready, as fast as they come.

SPARE of those ready stay alive each time; the slow lane is left alone. Who sleeps and has its system call filter on is ready: from the
filter until it says so itself nothing makes it wait. Ends after PATIENCE_S without anybody to shoot; prints how many were shot.
"""
import os
import random
import signal
import sys
import time

SLOW = "shoal-worker 15"
PATIENCE_S = 60


def fields(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    except OSError:
        return {}  # it is gone


def is_ready(pid):
    status = fields(pid)
    name = status.get("Name", "")
    return name.startswith("shoal-worker") and name != SLOW and status["State"][0] == "S" and status.get("Seccomp") == "2"


def ready(nursery, shot):
    with open(f"/proc/{nursery}/task/{nursery}/children") as children:
        pids = [int(word) for word in children.read().split()]
    return [pid for pid in pids if pid not in shot and is_ready(pid)]


def main():
    nursery, count, spare = map(int, sys.argv[1:])
    shot, last = set(), time.monotonic()
    while len(shot) < count and time.monotonic() - last < PATIENCE_S:
        there = ready(nursery, shot)
        random.shuffle(there)
        for pid in there[spare:][:count - len(shot)]:
            os.kill(pid, signal.SIGKILL)
            shot.add(pid)
            last = time.monotonic()
        time.sleep(0.005)
    print(len(shot))


main()
