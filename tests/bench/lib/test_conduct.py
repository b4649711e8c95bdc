#!/usr/bin/python3
"""Played benchmarks, one for each way there is to end, run and reported as the real ones are."""
import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
import bench
import conduct
import draw
import machine

CORES = {"pingpong_ns": [[None, 90], [95, None]], "gaps": [{"cpu": 0.0, "gaps": 1.0, "longest_us": 30.0, "lost_us": 30.0}]}
GOOD = """#!/usr/bin/python3
import os, pathlib, sys
sys.path.insert(0, %r)
sys.dont_write_bytecode = True
import bench
count = pathlib.Path(%r)
count.write_text(str(int(count.read_text() if count.exists() else 0) + 1))
slices = bench.Slices([{"round": i, "variant": v, "value": 2.0 + (v == "b")} for i in range(31) for v in "ab"])
result = bench.Result(%r, "Played.")
result.control([%s])
result.claim("b / a", slices.ratios("b", "a"), gate=1.6, stretch=1.4)
result.claim("b / a, too much", slices.ratios("b", "a"), gate=1.2)
result.plot("it's_odd", "100 %% o'clock", "x", "y", {"a": [(1, 2.0), (2, [2.0] * 9)]})
for axes in ({"logx": True}, {"logy": True}, {"logx": True, "logy": True}):
    result.plot("log" + "".join(axes), "Log", "x", "y", {"a": [(1, 2.0), (1000, [2.0, 2.1, 30.0] * 9)], "b": [(10, 3.0)]}, **axes)
result.note("Played only.")
result.write(sys.argv[1], slices)
"""


class Conduct(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for module, name, value in ((conduct, "FOLDER", self.folder), (machine, "cores", lambda: CORES)):
            self.addCleanup(setattr, module, name, getattr(module, name))
            setattr(module, name, value)
        os.environ["BENCH_SCALE"] = "short"
        self.addCleanup(os.environ.pop, "BENCH_SCALE")

    def play(self, name, text):
        at = self.folder / name / "bench"
        at.parent.mkdir()
        at.write_text(text)
        at.chmod(0o755)

    def play_good(self, name, control):
        lib = str(pathlib.Path(__file__).resolve().parent)
        self.play(name, GOOD.replace("it's_odd", "odd") % (lib, str(self.folder / f"{name}.count"), name, control))

    def conduct(self, *names):
        """(exit code, what was printed, report.json)"""
        out = self.folder / "out"
        with contextlib.redirect_stdout(io.StringIO()) as said:
            code = conduct.everything(list(names) or conduct.all_names(), out)
        return code, said.getvalue(), json.loads((out / "report.json").read_text())

    def test_a_good_one(self):
        self.play_good("good", "1.0, 1.01, 1.02")
        code, said, report = self.conduct()
        self.assertEqual(code, 0)
        self.assertEqual(report["counts"], {"held": 1, "missed": 1, "void": 0})
        self.assertRegex(said, r"b / a +1\.5 x +1\.5 \.\. 1\.5 +<= 1\.6 +<= 1\.4 +held")
        out = self.folder / "out"
        self.assertIn("missed", (out / "report.md").read_text())
        self.assertEqual(len((out / "good/slices.csv").read_text().splitlines()), 63)
        self.assertEqual(report["benches"][0]["machine"]["before"], CORES)
        if draw.possible():
            self.assertIn("<svg", (out / "good/odd.svg").read_text())
            self.assertEqual((out / "good/odd.png").read_bytes()[1:4], b"PNG")
            self.assertEqual(len(list((out / "good").glob("*.svg"))), 4)

    def test_a_void_one_runs_three_times_and_is_not_judged(self):
        self.play_good("void", "1.2")
        code, said, report = self.conduct()
        self.assertEqual((code, (self.folder / "void.count").read_text()), (0, "3"))
        self.assertEqual(report["counts"], {"held": 0, "missed": 0, "void": 2})
        for kept in ("slices.csv", "void-1/slices.csv", "void-3/slices.csv"):
            self.assertTrue((self.folder / "out/void" / kept).exists(), kept)

    def test_a_void_one_runs_again_after_the_others_and_only_if_there_is_time(self):
        self.play_good("a-void", "1.2")
        self.play_good("good", "1.0")
        _, said, _ = self.conduct()
        self.assertEqual([line for line in said.splitlines() if line.startswith("==")],
                         ["== a-void", "== good", "== a-void", "== a-void"])
        limits = conduct.ALL_S
        self.addCleanup(setattr, conduct, "ALL_S", limits)
        conduct.ALL_S = {"short": 0}
        _, said, report = self.conduct()
        self.assertEqual([line for line in said.splitlines() if line.startswith("==")], ["== a-void", "== good"])
        self.assertEqual(report["counts"], {"held": 1, "missed": 1, "void": 2})
        self.assertTrue((self.folder / "out/a-void/slices.csv").exists())

    def test_a_broken_one_fails_and_the_next_still_runs(self):
        self.play("broken", "#!/bin/sh\necho no such thing\nexit 3\n")
        self.play_good("good", "1.0")
        code, said, report = self.conduct()
        self.assertEqual(code, 1)
        self.assertIn("no such thing", said)
        self.assertEqual(report["others"], {"broken": "broken: ended with 3"})
        self.assertEqual([d["result"]["name"] for d in report["benches"]], ["good"])

    def test_what_is_left_behind_has_to_be_right(self):
        self.play("silent", "#!/bin/sh\n")
        self.play("wrong", "#!/bin/sh\necho '{}' >\"$1/result.json\"; echo >\"$1/slices.csv\"\n")
        self.play_good("good", "1.0")
        text = (self.folder / "good/bench").read_text()
        self.play("other", text)
        code, _, report = self.conduct()
        self.assertEqual(code, 1)
        self.assertEqual(sorted(report["others"]), ["other", "silent", "wrong"])

    def test_one_that_cannot_run_here(self):
        self.play("poor", "#!/bin/sh\necho SKIPPED: no tun\nexit 77\n")
        code, _, report = self.conduct()
        self.assertEqual((code, report["others"]), (0, {"poor": "can't run here: no tun"}))
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(conduct.check("poor"), bench.SKIP)
        self.assertEqual(said.getvalue(), "SKIPPED: no tun\n")

    def test_one_that_never_ends(self):
        self.play("slow", f"#!/bin/sh\ntrap 'touch {self.folder}/told; exit' TERM\nsleep 60 & wait\n")
        limits = conduct.LIMIT_S
        self.addCleanup(setattr, conduct, "LIMIT_S", limits)
        conduct.LIMIT_S = {"short": 3}  # so long that it has said what it does when told to end
        code, _, report = self.conduct()
        self.assertEqual((code, list(report["others"])), (1, ["slow"]))
        self.assertTrue((self.folder / "told").exists())

    def test_check(self):
        self.play_good("good", "1.2")
        self.play("broken", "#!/bin/sh\nexit 1\n")
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(conduct.check("good"), 0)  # short and noisy: only whether it works
            self.assertEqual(conduct.check("broken"), 1)


class Machine(unittest.TestCase):
    def test_matrix(self):
        self.assertEqual(machine.matrix("ns\n   0   1\n 0  -  90\n 1  95  -\n"), CORES["pingpong_ns"])
        self.assertEqual(set(machine.nearest([[None, 60, 90], [60, None, 22], [90, 24, None]])), {1, 2})

    def test_session(self):
        self.assertEqual(machine.session_of("7 (a) b) S 1 2 33 0"), 33)
        self.assertIn(str(os.getpid()), machine.threads(os.getsid(0)))

    def test_what_others_use_is_told(self):
        hog = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
        self.addCleanup(hog.wait)
        self.addCleanup(hog.kill)
        watch = machine.Watch(hog.pid + 1000000)  # nobody's
        time.sleep(0.5)
        self.assertGreater(watch.end()["others_cores"], 0.2)


unittest.main()
