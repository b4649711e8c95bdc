"""machine - what the machine is, and what it did to a run: where its cores are, how often it stood still, who waited.

Round trips of a cache line between every two cores and gaps of the clock are taken before and after a run; stolen time, time
ready but not running, and switches against a process's will during it.
"""
import csv
import os
import pathlib
import platform
import re
import resource
import threading
import time

import bench

TICK = os.sysconf("SC_CLK_TCK")
SAMPLE_S = 1.0


def first(pattern, path, default=""):
    try:
        found = re.search(pattern, pathlib.Path(path).read_text(), re.M)
    except OSError:
        found = None
    return found[1].strip() if found else default


def hypervisor():
    maker = pathlib.Path("/sys/class/dmi/id/sys_vendor")
    if " hypervisor" not in first(r"^flags\s*:(.*)", "/proc/cpuinfo"):
        return "none"
    return maker.read_text().strip() if maker.exists() else "yes"


def facts():
    """What stays the same while we run."""
    pages = pathlib.Path("/sys/kernel/mm/hugepages")
    return {
        "cpu": first(r"^model name\s*:(.*)", "/proc/cpuinfo", platform.machine()),
        "cpus": sorted(os.sched_getaffinity(0)),
        "hypervisor": hypervisor(),
        "kernel": platform.release(),
        "memory_mib": int(first(r"^MemTotal:\s*(\d+)", "/proc/meminfo", "0")) // 1024,
        "hugepages": {p.name.split("-")[1]: int((p / "nr_hugepages").read_text()) for p in sorted(pages.glob("hugepages-*"))},
        "clock": first(r"(.*)", "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
    }


def matrix(text):
    """bench-pingpong's matrix as rows of numbers, None with itself."""
    rows = text.splitlines()[2:]
    return [[None if word == "-" else int(word) for word in row.split()[1:]] for row in rows if row.strip()]


def distances(looks):
    """Round trips between the cores, the best of some looks: what else runs here only ever makes them longer."""
    seen = [matrix(bench.run(bench.program("tests/bench/lib/bench-pingpong"))) for _ in range(looks)]
    size = range(len(seen[0]))
    return [[min(look[i][j] for look in seen) if i != j else None for j in size] for i in size]


def nearest(trips):
    """Two cores, by their indices: those with the shortest round trip."""
    return min((trip, i, j) for i, row in enumerate(trips) for j, trip in enumerate(row) if trip is not None)[1:]


def cores():
    """Where the cores are just now, and for how long each stood still in a tenth of a second."""
    gaps = list(csv.DictReader(bench.run(bench.program("tests/bench/lib/bench-gaps")).splitlines()))
    return {"pingpong_ns": matrix(bench.run(bench.program("tests/bench/lib/bench-pingpong"))),
            "gaps": [{key: float(value) for key, value in row.items()} for row in gaps]}


def stolen_ms():
    return int(first(r"^cpu +(?:\d+ +){7}(\d+)", "/proc/stat", "0")) * 1000 / TICK


def busy_ms():
    """User, nice, system, interrupts: all cores together, since the machine came up."""
    user, nice, system, _, _, irq, softirq = map(int, first(r"^cpu +(.*)", "/proc/stat").split()[:7])
    return (user + nice + system + irq + softirq) * 1000 / TICK


def session_of(stat):
    return int(stat.rsplit(")", 1)[1].split()[3])


def threads(session):
    """How long each thread of a session of processes has run, and been ready but not running, in nanoseconds."""
    spent = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if session_of((process / "stat").read_text()) == session:
                for task in (process / "task").iterdir():
                    spent[task.name] = tuple(map(int, (task / "schedstat").read_text().split()[:2]))
        except (OSError, IndexError):
            continue  # it has ended
    return spent


class Watch:
    """What happened to a session of processes between begin and end. Whoever lives less than a second may be missed."""

    def __init__(self, session):
        self.session, self.spent, self.began = session, {}, time.monotonic()
        self.stolen, self.switched, self.busy = stolen_ms(), self.switches(), busy_ms()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    @staticmethod
    def switches():
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_nivcsw

    def watch(self):
        while not self.ended.wait(SAMPLE_S):
            self.spent.update(threads(self.session))

    def end(self):
        self.ended.set()
        self.thread.join()
        own_ms = sum(ran for ran, _ in self.spent.values()) / 1e6
        others_ms = max(busy_ms() - self.busy - own_ms, 0)
        return {"stolen_ms": stolen_ms() - self.stolen, "run_delay_ms": sum(waited for _, waited in self.spent.values()) / 1e6,
                "involuntary_switches": self.switches() - self.switched,
                "others_cores": others_ms / 1000 / (time.monotonic() - self.began)}
