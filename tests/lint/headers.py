#!/usr/bin/python3
"""headers - each header compiles alone, and twice."""
import concurrent.futures
import os
import subprocess

import house

COMPILER = os.environ.get("CC", "cc").split()
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-march=x86-64-v3", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-fsyntax-only"]


def package_flags():
    flags = []
    for package in ("libdpdk", "libcyaml", "libprotobuf-c", "jansson"):
        said = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True)
        flags += [f.replace("-I", "-isystem", 1) for f in said.stdout.split() if not f.startswith("-march")]
    return flags


def compile_alone(path):
    places = ["-I", str(house.root)] + (["-I", str(house.build)] if house.build else [])
    text = f'#include "{path}"\n#include "{path}"\n'
    command = [*COMPILER, *FLAGS, *places, *packages, "-x", "c", "-"]
    return path, subprocess.run(command, input=text, capture_output=True, text=True, cwd=house.root)


house.need(COMPILER[0])
house.need("pkg-config")
packages = package_flags()
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for path, said in pool.map(compile_alone, house.sources(".h")):
        if said.returncode:
            first = next((line for line in said.stderr.splitlines() if "error" in line), said.stderr.strip())
            house.fault(path, 0, f"does not stand alone: {first}")
house.done()
