#!/usr/bin/python3
"""faults.py - the faults of deploy/chaos and what is promised for each; the table of what they cost, and whether a promise broke.

    faults.py names                             the faults, one a line
    faults.py usage DUMP CHARGED                packets by which ctrl's accounts (`shoal session ls --json`) differ from the gauge's dump
    faults.py table RECORDS [--json FILE]       prints the table; exits 1 if a promise broke

RECORDS are lines of JSON: a gauge's report between two marks with "fault" beside it, and, where they were looked at, "leaked" (rooms) and
"usage" (packets that ctrl's accounts are wrong by). "quiet" is a time without a fault; a run has about as many of them as of faults.

Loss, duplicates, order and leaks are judged as they are. Times are judged on a shared host: from each time the wait that the kernel
itself tells is taken off (waited_us: while that span lasted, primary and workers stood ready to run and others had the cores), and what
the quiet times of the same run still show at the same quantile is allowed on top. Where they alone show more than a promise allows, that
host can't tell: its times are shown, and not judged. The table shows times as they were.
"""
import csv
import dataclasses
import json
import sys


@dataclasses.dataclass
class Promise:
    blackout_ms: float = 20     # of the worst shard, p99 over the times
    rate: float = 0.99          # of the others: what came of what was sent meanwhile
    lost: str = "none"          # packets that may be: none, own (of the shards that are hit), any
    usage: int = 0              # packets a time that the accounts may be wrong by,
    usage_s: float = 0          # or what so many seconds bring


WORKER = Promise(usage=32)  # at most one burst for a death
HANG = Promise(usage=32, blackout_ms=45)  # found after 25 ms
PLANNED = Promise()
NOTHING = Promise()
PROMISED = {
    "worker SIGKILL": WORKER,
    "quiet, 5 ms": NOTHING,  # these three only in `kills`
    "SIGKILL, 5 ms": WORKER,
    "after it": NOTHING,  # until all is as before
    "worker SIGSEGV": WORKER,
    "worker abort": WORKER,
    "worker SIGSTOP": HANG,
    "worker endless loop": HANG,
    "two workers at once": Promise(usage=64),
    "slow lane SIGKILL": NOTHING,
    "courier SIGKILL": NOTHING,
    "nursery SIGKILL": NOTHING,
    "ctrl SIGKILL": NOTHING,
    "ctrl SIGSTOP": NOTHING,
    "primary SIGKILL": Promise(blackout_ms=2000, lost="any", usage_s=1),
    "shards moved": PLANNED,
    "worker restarted": PLANNED,
    "worker stopped and started": PLANNED,
    "upgrade": PLANNED,
    "paging storm": Promise(blackout_ms=60000, usage=64),  # packets wait as long as it lasts
    "bit flip in a line": Promise(blackout_ms=1000, lost="own", usage=1 << 20),  # found and sent again within a second
    "change storm": NOTHING,
    "half open clients": NOTHING,
    "broken requests": NOTHING,
    "deaf subscriber": NOTHING,
    "disk full": NOTHING,
    "cpu hog": Promise(blackout_ms=20),  # the scheduler's doing; nothing may be lost by it
}
ONLY_KILLS = ("quiet, 5 ms", "SIGKILL, 5 ms", "after it")


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def load(path):
    runs = {}
    for line in open(path):
        record = json.loads(line)
        runs.setdefault(record["fault"], []).append(record)
    return runs


def lost(records, side=None):
    """Less what the gateway could not hand to the gauge: that the instrument's ring was full is its own fault."""
    sides = (side,) if side else ("set", "others")
    return sum(max(0, sum(r[s]["lost"] for s in sides) - r["refused"].get("tx_full", 0)) for r in records)


def total(records, what):
    return sum(r[side][what] for r in records for side in ("set", "others"))


def seen(records):
    """Those whose fault the gauge has seen begin: where it stood still itself just then, its own time hides the fault's."""
    return [r for r in records if not r["instrument"]["blind"]]


def blackouts(records, side):
    return [r[side]["blackout_us"]["max"] / 1000 for r in seen(records) if r[side]["shards"]]


def each_blackout(records, side):
    return [us / 1000 for r in seen(records) for us in r[side]["shard_blackout_us"]]


def blackout_row(records, side):
    worst = blackouts(records, side)
    return {"p50": quantile(each_blackout(records, side), 0.5), "p50_worst": quantile(worst, 0.5), "p99": quantile(worst, 0.99),
            "max": quantile(worst, 1)}


def judged(records):
    """p99 of the worse side, milliseconds, without what the kernel says was waiting for a core."""
    worst = [max(r[side]["blackout_us"]["max"] for side in ("set", "others")) - r["waited_us"] for r in records]
    return max(0, quantile(worst, 0.99)) / 1000


def rate(records, side):
    """What came of what was sent meanwhile; the median, as one packet under way more or less at a mark is neither loss nor gain."""
    return quantile([r[side]["arrived"] / r[side]["sent"] for r in records if r[side]["sent"]], 0.5)


def judged_rate(records):
    """The same, with what waited for a core at the end of the span: it was on its way."""
    return quantile([r["others"]["arrived"] / r["others"]["sent"] + r["waited_us"] / 1e6 / r["seconds"]
                     for r in records if r["others"]["sent"]], 0.5)


def spoilt(records):
    return sum(total(records, what) for what in ("stale", "damaged", "stray")) + sum(r["instrument"]["broken"] for r in records)


def row(fault, records):
    return {
        "fault": fault,
        "times": len(records),
        "blind": len(records) - len(seen(records)),
        "sent": total(records, "sent"),
        "pps": total(records, "sent") / max(0.001, sum(r["seconds"] for r in records)),
        "lost": lost(records),
        "duplicated": total(records, "duplicated"),
        "reordered": total(records, "reordered"),
        "spoilt": spoilt(records),
        "blackout_ms": blackout_row(records, "set"),
        "others_ms": blackout_row(records, "others"),
        "waited_ms": quantile([r["waited_us"] / 1000 for r in records], 0.5),
        "judged_ms": judged(records),
        "judged_rate": judged_rate(records),
        "others_lost": lost(records, "others"),
        "others_rate": rate(records, "others"),
        "leaked": sum(r.get("leaked", 0) for r in records),
        "usage": sum(r.get("usage", 0) for r in records),
        "not_sent": sum(r["instrument"]["refused"] for r in records),
        "tx_full": sum(r["refused"].get("tx_full", 0) for r in records),
    }


def is_quiet(row):
    return row["fault"].startswith("quiet")


def slow(row, promise, noise):
    """noise: milliseconds that the quiet times show, judged likewise."""
    if is_quiet(row) or noise > promise.blackout_ms:
        return
    if row["judged_ms"] > promise.blackout_ms + noise:
        yield f"blackout p99 is {row['judged_ms']:.1f} ms, allowed {promise.blackout_ms + noise:.1f}"
    if row["judged_rate"] and row["judged_rate"] < promise.rate:
        yield f"others' rate {row['judged_rate']:.3f}"


def broken(row, promise, noise):
    """The promises that this row breaks, in words."""
    not_lost = {"none": row["lost"], "own": row["others_lost"], "any": 0}[promise.lost]
    if not_lost:
        yield f"{not_lost} lost"
    for what in ("duplicated", "reordered", "spoilt", "leaked"):
        if row[what]:
            yield f"{row[what]} {what}"
    yield from slow(row, promise, noise)
    if row["usage"] > max(promise.usage * row["times"], promise.usage_s * row["pps"] * row["times"]):
        yield f"usage wrong by {row['usage']} packets"


HEAD = f"{'fault':30} {'times':>5} {'sent':>9} {'lost':>6} {'twice':>5} {'order':>5} {'spoilt':>6} {'blackout p50, worst p50/p99/max ms':>34} " \
       f"{'others likewise':>25} {'waited':>7} {'rate':>6} {'leaked':>6} {'usage':>6}"


def text(row):
    own = "/".join(f"{v:.3f}" if v < 1 else f"{v:.1f}" for v in row["blackout_ms"].values())
    others = "/".join(f"{v:.3f}" if v < 1 else f"{v:.1f}" for v in row["others_ms"].values())
    return f"{row['fault']:30} {row['times']:5} {row['sent']:9} {row['lost']:6} {row['duplicated']:5} {row['reordered']:5} " \
           f"{row['spoilt']:6} {own:>34} {others:>25} {row['waited_ms']:7.1f} {row['others_rate']:6.4f} {row['leaked']:6} {row['usage']:6}"


def table(path, json_path=None):
    runs = load(path)
    quiet = row("quiet", runs.pop("quiet"))
    rows = [row(fault, records) for fault, records in runs.items()]
    noise = max(r["judged_ms"] for r in [quiet] + rows if is_quiet(r))
    faults = {r["fault"]: list(broken(r, PROMISED[r["fault"]], noise)) for r in rows}
    faults["quiet"] = list(broken(quiet, NOTHING, noise))
    print(HEAD)
    for r in [quiet] + rows:
        print(text(r))
        if r["blind"]:
            print(f"   not timed: {r['blind']} of them, the gauge itself stood still as they began")
        for what in faults[r["fault"]]:
            print(f"   BROKEN: {r['fault']}: {what}")
        if not is_quiet(r) and noise > PROMISED[r["fault"]].blackout_ms:
            print(f"   not judged: {r['fault']}: its times, as quiet ones alone show {noise:.1f} ms")
    if json_path:
        with open(json_path, "w") as file:
            json.dump({"quiet": quiet, "rows": rows, "broken": faults}, file, indent=2)
    return 1 if any(faults.values()) else 0


def usage(dump, charged):
    """Packets, both ways, by which ctrl's accounts lie outside of what the gauge sent and what it received, over all sessions."""
    accounts = {account["teid"]: account["usage"] for account in map(json.loads, open(charged))}
    wrong = 0
    for line in csv.DictReader(open(dump)):
        account = accounts.get(int(line["teid"]), {"uplink_packets": 0, "downlink_packets": 0})
        for way, name in (("up", "uplink_packets"), ("down", "downlink_packets")):
            sent, received = int(line[f"sent_{way}"]), int(line[f"received_{way}"])
            wrong += max(0, account[name] - sent, received - account[name])
    return wrong


if __name__ == "__main__":
    if sys.argv[1:] == ["names"]:
        print("\n".join(name for name in PROMISED if name not in ONLY_KILLS))
    elif sys.argv[1:2] == ["usage"]:
        print(usage(*sys.argv[2:4]))
    elif sys.argv[1:2] == ["table"]:
        sys.exit(table(sys.argv[2], sys.argv[4] if sys.argv[3:4] == ["--json"] else None))
    else:
        sys.exit(__doc__)
