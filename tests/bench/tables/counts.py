"""counts - what finding a session by a foreign address costs, and what a change costs its worker, in instructions."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import bench

SESSIONS, LOOKUPS, CHANGES = 16 << 10, 1 << 14, 4096
RUNS = 4  # of a round: two variants, each once to warm up


def all(lookup, changes):
    """{what: instructions}."""
    took = {"foreign look-up": bench.instructions("run_steps", lookup, "foreign-dual", SESSIONS, 1) / (RUNS * LOOKUPS)}
    for kind in ("pool", "foreign"):
        took[f"change, {kind}"] = bench.instructions("measured", changes, kind, CHANGES) / CHANGES
    return took
