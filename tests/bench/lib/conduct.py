#!/usr/bin/python3
"""conduct - runs benchmarks one by one and writes what they said. deploy/bench is the way to call it by hand.

conduct.py --out DIR [name...]     all that there are, or these; BUILD, SHOAL and BENCH_SCALE in the environment
conduct.py --check name            only whether it works: no machine facts, no figures, nothing kept

A benchmark that ends with 77 can't run here, and its last line says why. Those whose control is off run again when all have run, three
times each at most and as long as all of it takes no longer than ALL_S; what the void runs measured is kept in DIR/NAME/void-N. Exit code
1 if one is broken, 77 if --check was skipped.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import bench
import draw
import machine
import report

TRIES = 3
LIMIT_S = {"short": 150, "default": 900, "long": 6 * 3600}
ALL_S = {"short": 150, "default": 15 * 60, "long": 24 * 3600}
FOLDER = pathlib.Path(__file__).resolve().parent.parent


class Broken(Exception):
    pass


class Skipped(Exception):
    pass


def all_names():
    return sorted(path.parent.name for path in FOLDER.glob("*/bench"))


def end_session(process):
    """Whoever is left of the session: a benchmark gives back what it borrowed when it is told to end."""
    for word, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, word)
            process.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def run(name, out):
    """Runs one to its end, its words in OUT/log; returns what the machine did meanwhile."""
    out.mkdir(parents=True)
    with open(out / "log", "wb") as log, tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch, "out")
        work.mkdir()
        process = subprocess.Popen([FOLDER / name / "bench", work], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True)
        watch = machine.Watch(process.pid)
        try:
            code = process.wait(LIMIT_S[bench.scale()])
        except subprocess.TimeoutExpired:
            code = "nothing for too long"
        finally:
            meanwhile = watch.end()
            if process.returncode is None:
                end_session(process)
        for path in work.iterdir():
            shutil.move(path, out / path.name)
    if code:
        last = (out / "log").read_text(errors="replace").splitlines()[-15:]
        if code == bench.SKIP:
            raise Skipped(last[-1].removeprefix("SKIPPED: ") if last else "it does not say why")
        raise Broken("\n      ".join([f"ended with {code}"] + last))
    return meanwhile


def result_of(name, out):
    for file in ("result.json", "slices.csv"):
        if not (out / file).exists():
            raise Broken(f"left no {file}")
    try:
        result = json.loads((out / "result.json").read_text())
    except ValueError as error:
        raise Broken(f"result.json: {error}") from None
    wrong = bench.faults(result)
    if not wrong and result["name"] != name:
        wrong = [f"it calls itself {result['name']}"]
    if wrong:
        raise Broken("\n      ".join(wrong))
    return result


class Bench:
    """One benchmark: its runs, of which the last one counts, and everything that report wants to know of it."""

    def __init__(self, name, out):
        self.name, self.out, self.tries, self.seconds, self.result = name, out, 0, 0, None
        shutil.rmtree(out, ignore_errors=True)

    def again(self):
        """Whether it is void and may run once more."""
        return self.result is not None and self.result["void"] and self.tries < TRIES

    def attempt(self):
        self.tries += 1
        began, before, at = time.monotonic(), machine.cores(), self.out / f"run-{self.tries}"
        meanwhile = run(self.name, at)
        self.result = result_of(self.name, at)
        self.machine = {"before": before, "after": machine.cores(), **meanwhile}
        self.last = time.monotonic() - began
        self.seconds += self.last
        if self.result["void"]:
            at = at.rename(self.out / f"void-{self.tries}")
            print(f"   void: control {report.short(self.result['control'])}, run {self.tries} of {TRIES}", flush=True)
        self.at = at

    def done(self):
        if self.result["void"]:
            shutil.copytree(self.at, self.out, dirs_exist_ok=True)
        else:
            for path in self.at.iterdir():
                path.rename(self.out / path.name)
            self.at.rmdir()
        if draw.possible():
            for plot in self.result["plots"]:
                try:
                    draw.draw(plot, self.out)
                except subprocess.SubprocessError as error:
                    raise Broken(f"the plot {plot['file']} can't be drawn: {error}") from None
        said = {"result": self.result, "tries": self.tries, "seconds": self.seconds, "machine": self.machine}
        print("\n".join(report.lines(said)), flush=True)
        return said


def check(name):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out")
        try:
            run(name, out)
            print("\n".join(report.lines({"result": result_of(name, out), "tries": 1, "seconds": 0})))
        except Skipped as why:
            print(f"SKIPPED: {why}")
            return bench.SKIP
        except Broken as why:
            print(f"{name}: {why}")
            return 1
    return 0


def commit():
    done = subprocess.run(["git", "-C", FOLDER, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def everything(names, out):
    """Each once; then those that are void again, as long as there is time."""
    out.mkdir(parents=True, exist_ok=True)
    facts = {**machine.facts(), "scale": bench.scale(), "commit": commit()}
    dones, others, broken, began = [], {}, [], time.monotonic()
    benches = [Bench(name, out / name) for name in names]

    def time_for(one):
        return one.tries == 0 or time.monotonic() - began + one.last < ALL_S[bench.scale()]

    def step(one):
        """True: it runs again later."""
        print(f"\n== {one.name}", flush=True)
        try:
            if time_for(one):
                one.attempt()
            if one.again() and time_for(one):
                return True
            dones.append(one.done())
        except Skipped as why:
            others[one.name] = f"can't run here: {why}"
            print(f"   {others[one.name]}", flush=True)
        except Broken as why:
            others[one.name] = f"broken: {str(why).splitlines()[0]}"
            broken.append(one.name)
            print(f"   BROKEN: {why}", flush=True)
        return False

    while benches:
        benches = [one for one in benches if step(one)]
    dones.sort(key=lambda done: names.index(done["result"]["name"]))
    report.write(out, facts, dones, others)
    said = report.counts(dones)
    print(f"\n{said['held']} held, {said['missed']} missed, {said['void']} void, {len(broken)} broken; {out / 'report.md'}")
    return 1 if broken else 0


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("--out", type=pathlib.Path)
    options.add_argument("--check")
    options.add_argument("names", nargs="*")
    said = options.parse_args()
    unknown = set(said.names + [said.check or "lib"]) - set(all_names()) - {"lib"}
    if unknown:
        raise SystemExit(f"no such benchmark: {', '.join(sorted(unknown))}; there are: {' '.join(all_names())}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if said.check:
        return check(said.check)
    return everything(said.names or all_names(), (said.out or pathlib.Path("bench-report")).resolve())


if __name__ == "__main__":
    sys.exit(main())
