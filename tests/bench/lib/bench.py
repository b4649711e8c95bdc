"""bench - what every benchmark shares: intervals by rank, ratios of pairs, the control, and the two files it leaves behind.

A benchmark is `bench OUT` with BUILD, SHOAL and BENCH_SCALE in the environment. Its slices come in rounds: within a round every
variant runs once for a few milliseconds, in an order that rotates, and what is compared is the ratio inside one round. One
variant runs twice under two names; their ratio should be 1, and where it is not, the machine was not ours and the run is void.

    import os, sys
    sys.path.insert(0, os.path.join(os.environ["SHOAL"], "tests/bench/lib"))
    import bench

    slices = bench.Slices()
    for number, order in bench.rounds(["plain", "plain again", "locked"], bench.choose(short=31, default=101, long=401)):
        for variant in order:
            slices.add(round=number, variant=variant, value=nanoseconds(variant))
    result = bench.Result("example", "What a lock costs.")
    result.control(slices.ratios("plain again", "plain"))
    result.claim("locked against plain", slices.ratios("locked", "plain"), unit="x", gate=1.3, stretch=1.15)
    result.write(sys.argv[1], slices)
"""
import csv
import json
import math
import os
import pathlib
import subprocess
import tempfile

CONTROL = (0.97, 1.03)
SKIP = 77
SCALES = ("short", "default", "long")


# ---- Statistics

def median(values):
    """The middle one; of an even number, the mean of the two in the middle."""
    values = sorted(values)
    if not values:
        raise ValueError("no values, no median")
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def rank(count, confidence=0.95):
    """The rank, from one, whose value and its mirror image enclose the median with that confidence; 0: too few values."""
    tail, below = 0.0, 0
    for k in range(count // 2):
        tail += math.comb(count, k) / 2**count
        if tail > (1 - confidence) / 2:
            break
        below = k + 1
    return below


def interval(values):
    """(median, low, high): 95 % between low and high, whatever the values' distribution; None where there are too few."""
    values = sorted(values)
    at = rank(len(values))
    return (median(values), values[at - 1], values[-at]) if at else (median(values), None, None)


def percentile(values, share):
    """The smallest value that at least this share of all does not exceed."""
    values = sorted(values)
    return values[max(math.ceil(share * len(values)) - 1, 0)]


# ---- Slices

def rounds(variants, count):
    """(number, order) of every round; the order rotates, and every other one runs backwards, so none always follows another."""
    for number in range(count):
        at = number // 2 % len(variants)
        order = variants[at:] + variants[:at]
        yield number, order[::-1] if number % 2 else order


class Slices:
    """Raw measurements, a dict each: at least round, variant, value. Written as they are, void ones too."""

    def __init__(self, rows=()):
        self.rows = list(rows)

    def add(self, **row):
        self.rows.append(row)

    def read(self, text, **more):
        """Adds what a program printed: lines of 'round,variant,value,...' under a header line."""
        for row in csv.DictReader(text.splitlines()):
            self.add(**more, **{**row, "round": int(row["round"]), "value": float(row["value"])})

    def where(self, **fields):
        return Slices(r for r in self.rows if all(r.get(k) == v for k, v in fields.items()))

    def values(self, variant=None):
        return [r["value"] for r in self.rows if variant in (None, r["variant"])]

    def ratios(self, over, under):
        """One ratio a round in which both ran."""
        below = {r["round"]: r["value"] for r in self.rows if r["variant"] == under}
        return [r["value"] / below[r["round"]] for r in self.rows if r["variant"] == over and below.get(r["round"])]

    def write(self, path):
        names = list(dict.fromkeys(k for row in self.rows for k in row))
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)


# ---- Result

class Result:
    """result.json in the making. Numbers may be given as one value or as all of them: then the interval is worked out."""

    def __init__(self, name, about):
        self.data = {"name": name, "about": about, "control": None, "void": False, "claims": [], "plots": [], "notes": []}

    def control(self, ratios):
        """The same thing twice. The worst of several controls is the one that is told."""
        ratio = median(ratios)
        told = self.data["control"]
        if told is None or abs(math.log(ratio)) > abs(math.log(told)):
            self.data["control"] = ratio
        self.data["void"] |= not CONTROL[0] <= ratio <= CONTROL[1]
        return ratio

    def void(self, why):
        self.data["void"] = True
        self.note(why)

    def claim(self, what, values, unit="x", better="less", gate=None, stretch=None, exact=False):
        """A number and its goal. No gate: it is only reported. exact: counted, the same in every run."""
        value, low, high = interval(values) if isinstance(values, (list, tuple)) else (values, None, None)
        self.data["claims"].append({"what": what, "value": value, "low": low, "high": high, "unit": unit, "better": better,
                                    "gate": gate, "stretch": stretch, "exact": exact})
        return value

    def plot(self, file, title, x, y, series, logx=False, logy=False):
        """series: {name: [(x, values or value), ...]}."""
        drawn = []
        for name, points in series.items():
            rows = []
            for at, values in points:
                rows.append([at, *(interval(values) if isinstance(values, (list, tuple)) else (values, None, None))])
            drawn.append({"name": name, "points": rows})
        self.data["plots"].append({"file": file, "title": title, "x": x, "y": y, "logx": logx, "logy": logy, "series": drawn})

    def note(self, sentence):
        self.data["notes"].append(sentence)

    def write(self, out, slices):
        wrong = faults(self.data)
        if wrong:
            raise ValueError("; ".join(wrong))
        out = pathlib.Path(out)
        slices.write(out / "slices.csv")
        (out / "result.json").write_text(json.dumps(self.data, indent=1) + "\n")


def passes(value, better, goal):
    return value <= goal if better == "less" else value >= goal


def verdict(claim, void=False):
    """held, missed or void; 'told' where there is no goal. The bad end of the interval has to pass, not the median."""
    worst = claim["high"] if claim["better"] == "less" else claim["low"]
    if void and not claim["exact"]:
        return "void"
    if claim["gate"] is None:
        return "told"
    return "held" if passes(claim["value"] if worst is None else worst, claim["better"], claim["gate"]) else "missed"


# ---- Validation

def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def number_or_none(value):
    return value is None or number(value)


def text(value):
    return isinstance(value, str) and bool(value)


def flag(value):
    return isinstance(value, bool)


def file_name(value):
    return text(value) and value.replace("-", "").replace("_", "").isalnum()


SHAPES = {
    "result": {"name": file_name, "about": text, "control": number_or_none, "void": flag,
               "claims": lambda v: isinstance(v, list), "plots": lambda v: isinstance(v, list),
               "notes": lambda v: isinstance(v, list) and all(map(text, v))},
    "claim": {"what": text, "value": number, "low": number_or_none, "high": number_or_none, "unit": text,
              "better": lambda v: v in ("less", "more"), "gate": number_or_none, "stretch": number_or_none, "exact": flag},
    "plot": {"file": file_name, "title": text, "x": text, "y": text, "logx": flag, "logy": flag,
             "series": lambda v: isinstance(v, list) and bool(v)},
    "series": {"name": text, "points": lambda v: isinstance(v, list) and bool(v)},
}


def faults_of(kind, at, data):
    shape = SHAPES[kind]
    if not isinstance(data, dict):
        return [f"{at} is no object"]
    wrong = [f"{at}: no {key}" for key in shape if key not in data]
    wrong += [f"{at}: {key} is unknown" for key in data if key not in shape]
    return wrong + [f"{at}: {key} can't be {data[key]!r}"[:200] for key in shape if key in data and not shape[key](data[key])]


def point_is_good(point, logx, logy):
    return (isinstance(point, list) and len(point) == 4 and all(map(number, point[:2])) and all(map(number_or_none, point[2:]))
            and (not logx or point[0] > 0) and (not logy or point[1] > 0))


def faults_of_plot(at, plot):
    wrong = faults_of("plot", at, plot)
    for series in plot["series"] if not wrong else []:
        wrong += faults_of("series", at, series)
        for point in series["points"] if not wrong else []:
            if not point_is_good(point, plot["logx"], plot["logy"]):
                wrong.append(f"{at}: {series['name']}: {point!r} is no [x, y, low, high] that can be drawn")
    return wrong


def faults_of_claim(at, claim):
    wrong = faults_of("claim", at, claim)
    if not wrong and (claim["low"] is None) != (claim["high"] is None):
        wrong.append(f"{at}: half an interval")
    if not wrong and claim["low"] is not None and not claim["low"] <= claim["value"] <= claim["high"]:
        wrong.append(f"{at}: {claim['value']} is not inside its own interval")
    return wrong


def faults(result):
    """What is wrong with a result, a sentence each."""
    wrong = faults_of("result", "result", result)
    if wrong:
        return wrong
    for i, claim in enumerate(result["claims"]):
        wrong += faults_of_claim(f"claim {i}", claim)
    for i, plot in enumerate(result["plots"]):
        wrong += faults_of_plot(f"plot {i}", plot)
    return wrong if result["claims"] else ["result: it claims nothing"]


# ---- The environment a benchmark runs in

def scale():
    said = os.environ.get("BENCH_SCALE", "default")
    if said not in SCALES:
        raise SystemExit(f"BENCH_SCALE is {' or '.join(SCALES)}, not {said}")
    return said


def choose(short, default, long):
    """How much to do: seconds in all for short, a few minutes for default."""
    return {"short": short, "default": default, "long": long}[scale()]


def skip(why):
    """Ends the benchmark: the host lacks something."""
    print(f"SKIPPED: {why}")
    raise SystemExit(SKIP)


def program(path):
    """A program of the build folder, by its path there."""
    return os.path.join(os.environ["BUILD"], path)


def run(*command, timeout=600):
    """Runs a program to its end and returns what it printed; its failure is ours, and so is what the host lacks for it."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, timeout=timeout)
    if done.returncode == SKIP:
        skip(done.stdout.strip().removeprefix("SKIPPED: "))
    if done.returncode:
        raise SystemExit(f"{pathlib.Path(str(command[0])).name} ended with {done.returncode}")
    return done.stdout


def instructions(function, *command, timeout=600):
    """Instructions executed inside one function, callees included, over the whole run, counted by callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind")
        run("valgrind", "--tool=callgrind", "-q", f"--toggle-collect={function}", f"--callgrind-out-file={out}", *command,
            timeout=timeout)
        for line in open(out, errors="replace"):
            if line.startswith(("summary:", "totals:")):
                return int(line.split()[1])
    raise SystemExit(f"callgrind counted nothing in {function}")
