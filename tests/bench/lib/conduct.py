#!/usr/bin/python3
"""conduct - runs benchmarks one by one and writes what they said. deploy/bench is the way to call it by hand.

conduct.py --out DIR [name...]     all that there are, or these; BUILD, SHOAL and BENCH_SCALE in the environment
conduct.py --check name            only whether it works: no machine facts, no figures, nothing kept

A benchmark that ends with 77 can't run here, and its last line says why. One whose control is off runs again, three times
in all at most; what the void runs measured is kept in DIR/NAME/void-N. Exit code 1 if one is broken, 77 if --check was skipped.
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


def conduct(name, out):
    """One benchmark, again while it is void: everything that report wants to know of it."""
    shutil.rmtree(out, ignore_errors=True)
    began = time.monotonic()
    for tries in range(1, TRIES + 1):
        before = machine.cores()
        at = out / f"run-{tries}"
        meanwhile = run(name, at)
        result = result_of(name, at)
        if not result["void"]:
            break
        at.rename(out / f"void-{tries}")
        print(f"   void: control {report.short(result['control'])}, run {tries} of {TRIES}", flush=True)
    if result["void"]:
        shutil.copytree(out / f"void-{tries}", at)
    for path in at.iterdir():
        path.rename(out / path.name)
    at.rmdir()
    if draw.possible():
        for plot in result["plots"]:
            try:
                draw.draw(plot, out)
            except subprocess.SubprocessError as error:
                raise Broken(f"the plot {plot['file']} can't be drawn: {error}") from None
    return {"result": result, "tries": tries, "seconds": time.monotonic() - began,
            "machine": {"before": before, "after": machine.cores(), **meanwhile}}


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
    out.mkdir(parents=True, exist_ok=True)
    facts = {**machine.facts(), "scale": bench.scale(), "commit": commit()}
    dones, others, broken = [], {}, []
    for name in names:
        print(f"\n== {name}", flush=True)
        try:
            dones.append(conduct(name, out / name))
            print("\n".join(report.lines(dones[-1])), flush=True)
        except Skipped as why:
            others[name] = f"can't run here: {why}"
        except Broken as why:
            others[name] = f"broken: {str(why).splitlines()[0]}"
            broken.append(name)
            print(f"   BROKEN: {why}", flush=True)
        else:
            continue
        print(f"   {others[name]}", flush=True)
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
