"""house - what the checks share: which files there are, and how a fault is told.

A check is a program `check.py ROOT [BUILD]`. It prints one line a fault, "<path>:<line>: <what>", and ends with 1 if there was one,
0 if there was none, 77 with "SKIPPED: <why>" if its tool is missing.
"""
import os
import pathlib
import shutil
import subprocess
import sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
build = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
_faults = 0


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


def need(tool):
    if not shutil.which(tool):
        skip(f"{tool} is missing")


def in_git():
    return (root / ".git").exists() and shutil.which("git")


def git(*words):
    return subprocess.run(["git", "-C", root, *words], check=True, capture_output=True, text=True).stdout


def files():
    """Every file of the house, relative: what git knows or would take; without git, all but build folders."""
    if in_git():
        names = git("ls-files", "-co", "--exclude-standard").splitlines()
        return sorted(pathlib.Path(n) for n in names if (root / n).is_file())
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in (".git", "__pycache__") and not f.startswith("build")]
        found += [(pathlib.Path(folder) / n).relative_to(root) for n in names]
    return sorted(found)


def sources(*suffixes):
    return [f for f in files() if f.suffix in (suffixes or (".c", ".h"))]


def lines(path):
    return (root / path).read_text(errors="replace").splitlines()


def fault(path, line, what):
    global _faults
    _faults += 1
    print(f"{path}:{line}: {what}" if line else f"{path}: {what}")


def done():
    if _faults:
        print(f"{_faults} faults")
    sys.exit(1 if _faults else 0)
