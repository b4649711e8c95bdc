#!/usr/bin/python3
"""measure - tells bench-probe what to send, slice by slice, does to the gateway meanwhile what a slice is about, prints CSV.

measure.py load --rounds LOAD ALONE MIXED --idle SECONDS --pids PID... --testpmd PID --slow PID -- PROBE...
measure.py wake --rounds N --idle SECONDS --pids PID... -- PROBE...
"""
import argparse
import csv
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["SHOAL"], "tests/bench/lib"))
import bench

SHOAL, TESTPMD = 0, 1
SLICE_MS = 100
ALONE_MS = {100: 500, 1000: 300, 10000: 100}  # packets a second: how long a slice
NOISE_PPS = 100000
WAKE_MS = {10: 1000, 1000: 300}
RATE_FIRST, RATE_MOST = 20000, 4000000
COLUMNS = ["part", "round", "variant", "value", "pps", "sent", "received", "refused", "skipped", "answers", "stalls", "p50", "p99", "p999",
           "max", "raw_p99", "raw_p999"]


class Probe:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.names = next(csv.reader([self.line()]))

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise SystemExit(f"bench-probe ended with {self.process.wait()}")
        return text.strip()

    def slice(self, target, pps, ms, noise=0):
        print(target, pps, ms, noise, file=self.process.stdin, flush=True)
        return {name: float(value) for name, value in zip(self.names, self.line().split(","))}


def tell(part, number, variant, said, pps):
    row = {**said, "part": part, "round": number, "variant": variant, "value": said["p50"], "pps": pps}
    print(",".join(str(row[name]) for name in COLUMNS), flush=True)


def carries(probe, pps):
    """Whether the gateway takes that rate: one good try of three, since the host takes cores away."""
    for _ in range(3):
        said = probe.slice(SHOAL, pps, SLICE_MS)
        offered = pps * SLICE_MS / 1000
        if said["received"] >= 0.995 * offered and said["received"] >= said["sent"] * 0.999:
            return True
    return False


def rate_of(probe):
    """The highest rate, to a tenth, that the gateway carries and the probe can offer."""
    good = RATE_FIRST
    while good * 1.6 < RATE_MOST and carries(probe, int(good * 1.6)):
        good = int(good * 1.6)
    for factor in (1.3, 1.15):
        if carries(probe, int(good * factor)):
            good = int(good * factor)
    return good


def load(probe, rounds, testpmd, rate):
    pps = rate // 2
    for number, order in bench.rounds(["shoal", "testpmd", "testpmd again"], rounds):
        for variant in order:
            if variant != "shoal":
                os.kill(testpmd, signal.SIGCONT)
            said = probe.slice(SHOAL if variant == "shoal" else TESTPMD, pps, SLICE_MS)
            os.kill(testpmd, signal.SIGSTOP)
            tell("load", number, variant, said, pps)


class Stall:
    """Stops a process for 100 us to 10 ms, lets it have about one item, stops it again."""

    def __init__(self, pid):
        self.pid, self.ended = pid, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ended.is_set():
            os.kill(self.pid, signal.SIGSTOP)
            time.sleep(random.uniform(0.0001, 0.01))
            os.kill(self.pid, signal.SIGCONT)
            time.sleep(0.00005)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def mixed(probe, rounds, slow, rate):
    pps = min(rate // 4, NOISE_PPS)
    for number, order in bench.rounds(["calm", "calm again", "stalled", "no slow traffic"], rounds):
        for variant in order:
            if variant == "stalled":
                with Stall(slow):
                    said = probe.slice(SHOAL, pps, SLICE_MS, NOISE_PPS)
            else:
                said = probe.slice(SHOAL, pps, SLICE_MS, 0 if variant == "no slow traffic" else NOISE_PPS)
            tell("mixed", number, variant, said, pps)


def alone(part, probe, rounds, slices):
    for number, order in bench.rounds(list(slices), rounds):
        for pps in order:
            tell(part, number, "shoal", probe.slice(SHOAL, pps, slices[pps]), pps)


def spent_ns(pid):
    return sum(int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))


def idle(part, pids, seconds, rounds):
    """Thousandths of a core that each process uses while nothing comes."""
    names = {pid: pathlib.Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids}
    for number in range(rounds):
        before = {pid: spent_ns(pid) for pid in pids}
        time.sleep(seconds)
        for pid in pids:
            share = (spent_ns(pid) - before[pid]) / seconds / 1e7
            row = {"part": part, "round": number, "variant": names[pid], "value": f"{share:.3f}"}
            print(",".join(str(row.get(name, "")) for name in COLUMNS), flush=True)


def main():
    at = sys.argv.index("--")
    options = argparse.ArgumentParser()
    options.add_argument("what", choices=["load", "wake"])
    options.add_argument("--rounds", type=int, nargs="+")
    options.add_argument("--testpmd", type=int)
    options.add_argument("--slow", type=int)
    options.add_argument("--idle", type=float)
    options.add_argument("--pids", type=int, nargs="+")
    said = options.parse_args(sys.argv[1:at])
    print(",".join(COLUMNS), flush=True)
    if said.what == "wake":
        idle("idle", said.pids, said.idle, 3)
    probe = Probe(sys.argv[at + 1:])
    if said.what == "wake":
        alone("wake", probe, said.rounds[0], WAKE_MS)
        return
    os.kill(said.testpmd, signal.SIGSTOP)
    rate = rate_of(probe)
    idle("idle on memif", said.pids, said.idle, 3)
    load(probe, said.rounds[0], said.testpmd, rate)
    alone("alone", probe, said.rounds[1], ALONE_MS)
    mixed(probe, said.rounds[2], said.slow, rate)


main()
