#!/usr/bin/python3
"""The statistics of the benchmarks against numbers worked out by hand, and the form of their results."""
import contextlib
import copy
import io
import json
import os
import pathlib
import random
import tempfile
import unittest

import bench


class Statistics(unittest.TestCase):
    def test_median(self):
        self.assertEqual(bench.median([3, 1, 2]), 2)
        self.assertEqual(bench.median([4, 1, 2, 3]), 2.5)
        self.assertRaises(ValueError, bench.median, [])

    def test_ranks_are_those_of_the_binomial_table(self):
        for count, rank in ((5, 0), (6, 1), (8, 1), (9, 2), (11, 2), (31, 10), (101, 41)):
            self.assertEqual(bench.rank(count), rank, count)

    def test_interval(self):
        values = list(range(1, 102))
        random.Random(1).shuffle(values)
        self.assertEqual(bench.interval(values), (51, 41, 61))
        self.assertEqual(bench.interval([1, 2, 3]), (2, None, None))

    def test_interval_holds_the_true_median_95_times_in_100(self):
        chance = random.Random(2)
        inside = 0
        for _ in range(2000):
            _, low, high = bench.interval([chance.expovariate(1) for _ in range(31)])
            inside += low <= 0.6931 <= high
        self.assertGreater(inside / 2000, 0.94)
        self.assertLess(inside / 2000, 0.98)

    def test_percentile(self):
        self.assertEqual(bench.percentile(range(1, 101), 0.99), 99)
        self.assertEqual(bench.percentile([7], 0.5), 7)


class Pairs(unittest.TestCase):
    def test_every_variant_is_first_and_last_equally_often(self):
        firsts, lasts = [], []
        for _, order in bench.rounds(["a", "b", "c"], 12):
            self.assertEqual(sorted(order), ["a", "b", "c"])
            firsts.append(order[0])
            lasts.append(order[-1])
        for name in "abc":
            self.assertEqual(firsts.count(name), 4)
            self.assertEqual(lasts.count(name), 4)

    def test_a_ratio_is_of_one_round(self):
        slices = bench.Slices()
        slices.read("round,variant,value\n0,a,10\n0,b,5\n1,b,10\n1,a,40\n2,a,7\n", size=64)
        self.assertEqual(slices.ratios("a", "b"), [2, 4])
        self.assertEqual(slices.where(size=64, round=1).values("a"), [40])
        self.assertEqual(slices.where(size=1).values(), [])


class Results(unittest.TestCase):
    def result(self):
        result = bench.Result("example", "What it is about.")
        result.claim("cost", [1.0, 1.1, 1.2, 1.1, 1.0, 1.1], unit="x", gate=1.3, stretch=1.1)
        result.plot("cost", "Cost", "sessions", "ns", {"a": [(1, 2.0), (10, [2.0, 2.1, 2.2])]}, logx=True)
        return result

    def test_control_voids(self):
        result = self.result()
        result.control([1.0, 1.01, 1.02])
        self.assertFalse(result.data["void"])
        result.control([0.9, 0.91, 0.92])
        self.assertTrue(result.data["void"])
        result.control([1.0])
        self.assertTrue(result.data["void"])
        self.assertEqual(result.data["control"], 0.91)

    def test_written_is_valid(self):
        slices = bench.Slices([{"round": 0, "variant": "a", "value": 1}, {"round": 0, "variant": "b", "value": 2, "void": 1}])
        with tempfile.TemporaryDirectory() as out:
            self.result().write(out, slices)
            self.assertEqual(bench.faults(json.loads(pathlib.Path(out, "result.json").read_text())), [])
            self.assertEqual(pathlib.Path(out, "slices.csv").read_text(), "round,variant,value,void\n0,a,1,\n0,b,2,1\n")

    def test_each_fault_is_found(self):
        good = self.result().data
        self.assertEqual(bench.faults(good), [])

        def broken(change):
            data = copy.deepcopy(good)
            change(data)
            return bench.faults(data)

        for change in (
            lambda d: d.pop("about"),
            lambda d: d.update(surprise=1),
            lambda d: d.update(name="../up"),
            lambda d: d.update(control=float("nan")),
            lambda d: d["claims"].clear(),
            lambda d: d["claims"][0].update(value="fast"),
            lambda d: d["claims"][0].update(better="bigger"),
            lambda d: d["claims"][0].update(low=None),
            lambda d: d["claims"][0].update(value=9.0),
            lambda d: d["claims"].append(7),
            lambda d: d["plots"][0].update(series=[]),
            lambda d: d["plots"][0]["series"][0]["points"].append([1, 2]),
            lambda d: d["plots"][0]["series"][0]["points"].append([0, 1, None, None]),
            lambda d: d["notes"].append(""),
        ):
            self.assertTrue(broken(change))

    def test_an_invalid_result_is_not_written(self):
        with tempfile.TemporaryDirectory() as out:
            self.assertRaises(ValueError, bench.Result("empty", "Nothing.").write, out, bench.Slices())
            self.assertEqual(os.listdir(out), [])

    def test_verdict_asks_the_bad_end_of_the_interval(self):
        claim = {"value": 1.2, "low": 1.1, "high": 1.4, "better": "less", "gate": 1.3, "exact": False}
        self.assertEqual(bench.verdict(claim), "missed")
        self.assertEqual(bench.verdict({**claim, "high": 1.3}), "held")
        self.assertEqual(bench.verdict({**claim, "better": "more", "gate": 1.1}), "held")
        self.assertEqual(bench.verdict({**claim, "better": "more", "gate": 1.15}), "missed")
        self.assertEqual(bench.verdict({**claim, "low": None, "high": None}), "held")
        self.assertEqual(bench.verdict({**claim, "gate": None}), "told")
        self.assertEqual(bench.verdict(claim, void=True), "void")
        self.assertEqual(bench.verdict({**claim, "exact": True}, void=True), "missed")


class Environment(unittest.TestCase):
    def test_scale(self):
        os.environ["BENCH_SCALE"] = "short"
        self.assertEqual(bench.choose(1, 2, 3), 1)
        os.environ["BENCH_SCALE"] = "huge"
        self.assertRaises(SystemExit, bench.scale)

    def test_a_failure_of_a_program_is_ours(self):
        self.assertEqual(bench.run("echo", 7), "7\n")
        self.assertRaises(SystemExit, bench.run, "false")
        with contextlib.redirect_stdout(io.StringIO()) as said, self.assertRaises(SystemExit) as ended:
            bench.run("sh", "-c", "echo SKIPPED: no tun; exit 77")
        self.assertEqual((ended.exception.code, said.getvalue()), (77, "SKIPPED: no tun\n"))


unittest.main()
