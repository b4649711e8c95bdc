#!/usr/bin/python3
"""selftest - a check that can't fail checks nothing: each one passes a good sample and is shown failing on bad ones."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

LINT = pathlib.Path(__file__).resolve().parent
HOT = re.findall(r'^    "([\w/]+\.c)":', (LINT / "hotpath.py").read_text(), re.M)

GOOD = {
    "README.md": "# good\n",
    "meson.build": "project('good')\n",
    ".clang-format": (LINT.parent.parent / ".clang-format").read_text(),
    "shared/README.md": "shared\n",
    "shared/base/README.md": "base\n",
    "shared/base/sum.h": "// sum.h - adds.\n#pragma once\n\nint sum(int a, int b);\n",
    "shared/base/sum.c": '// sum.c - adds.\n#include "shared/base/sum.h"\n\nint sum(int a, int b)\n{\n\treturn a + b;\n}\n',
    "shared/plane/README.md": "plane\n",
    "shared/plane/seat.h": "// seat.h - a seat.\n#pragma once\n",
    "shared/wire/README.md": "wire\n",
    "primary/README.md": "primary\n",
    "primary/nic/README.md": "nic\n",
    "primary/nic/nic.h": "// nic.h - ports.\n#pragma once\n",
    "workers/README.md": "workers\n",
    "ctrl/README.md": "ctrl\n",
}


def function(body, signature="int f(int a)"):
    return f"// x.c - a sample.\n{signature};\n\n{signature}\n{{\n{body}\n}}\n"


DEEP = "\tif (a)\n\t\tif (a)\n\t\t\tif (a)\n\t\t\t\tif (a)\n\t\t\t\t\treturn 1;\n\treturn 0;"

# check: [(what is added to the good house, what the check must say)]
BAD = {
    "layers": [
        ({"primary/x.c": '#include "workers/y.h"\n', "workers/y.h": ""}, "primary may not include workers/y.h"),
        ({"shared/base/x.c": '#include "shared/plane/seat.h"\n'}, "shared/base may not include shared/plane/seat.h"),
        ({"ctrl/x.c": '#include "shared/plane/seat.h"\n'}, "ctrl may not include shared/plane/seat.h"),
        ({"ctrl/x.c": '#include "primary/nic/nic.h"\n'}, "ctrl may not include primary/nic/nic.h"),
        ({"ctrl/store/x.c": '#include "ctrl/desk/y.h"\n', "ctrl/desk/y.h": ""}, "ctrl/store may not include ctrl/desk/y.h"),
        ({"ctrl/x.c": "#include <rte_mbuf.h>\n"}, "<rte_mbuf.h> may be seen only by"),
        ({"shared/wire/x.c": "# include <rte_ip.h>\n"}, "<rte_ip.h> may be seen only by"),
        ({"workers/loop/loop.c": "#include <nng/nng.h>\n"}, "<nng/nng.h> may be seen only by"),
        ({"workers/loop/loop.c": '#include "proto/feed.pb-c.h"\n'}, "workers/loop may not include proto/feed.pb-c.h"),
        ({"workers/loop/loop.c": '#include "workers/courier/feed.h"\n', "workers/courier/feed.h": ""}, "workers/courier/feed.h is the courier's own"),
        ({"shared/base/x.c": '#include "sum.h"\n'}, '"sum.h" is not a path from the top of the house'),
    ],
    "abi": [
        (
            {"shared/plane/build.h": "#define PLANE_ABI 1u\n", "shared/plane/abi.txt": "1 0\n"},
            "are not those recorded for PLANE_ABI 1",
        )
    ],
    "format": [({"shared/base/x.c": "int  f( void );\n"}, "x.c:1: not as clang-format writes it")],
    "headers": [
        ({"shared/base/x.h": "#pragma once\nuint32_t f(void);\n"}, "x.h: does not stand alone"),
        ({"shared/base/x.h": "struct x {\n\tint y;\n};\n"}, "x.h: does not stand alone"),
    ],
    "shape": [
        ({"shared/base/x.c": function("\n" * 60)}, "f has 63 lines; 60 are allowed"),
        ({"shared/base/x.c": "// x.c - long.\n" + "\n" * 400}, "401 lines; 400 are allowed"),
        (
            {"shared/base/x.c": "// x.c - long.\n// longer than the house allows because it is a table.\n" + "\n" * 599},
            "601 lines; 600 are allowed",
        ),
        ({"shared/base/x.h": "// x.h - long.\n#pragma once\n" + "\n" * 119}, "121 lines; 120 are allowed"),
        ({"shared/base/x.c": function("", "int f(int a, int b, int c,\n      int d, int e, int (*g)(int, int))")}, "f has 6 parameters"),
        ({"shared/base/x.c": function(DEEP)}, "f nests 4 deep; 3 are allowed"),
        ({"shared/base/x.c": "int a;\n"}, "does not begin with '// x.c - '"),
        ({"shared/base/x.h": "// x.h - once.\n"}, "no #pragma once"),
        ({"shared/base/x.c": "// x.c - types.\ntypedef struct a a_t;\n"}, "no typedefs"),
        ({"shared/base/x.c": "// x.c - later.\n// TO" + "DO\n"}, "unfinished"),
    ],
    "hotpath": [
        ({"workers/pipe/pipe.c": "unsigned f(unsigned a, unsigned b) { return a / b; }"}, "f: division: "),
        ({"workers/pipe/pipe.c": "int f(int *a) { return __atomic_fetch_add(a, 1, 0); }"}, "f: locked instruction: "),
        ({"workers/pipe/pipe.c": "int f(int *a) { return __atomic_exchange_n(a, 1, 0); }"}, "f: locked instruction: "),
        ({"workers/pipe/pipe.c": 'void f(void) { __asm__ volatile("syscall"); }'}, "f: system call: "),
        ({"workers/pipe/pipe.c": "void *malloc(unsigned long); void *f(void) { return malloc(8); }"}, "f: leaves the packet path: malloc"),
        ({"workers/pipe/pipe.c": "int puts(const char *); int f(void) { return puts(\"x\"); }"}, "f: leaves the packet path: puts"),
        ({"workers/pipe/pipe.c": "void g(void); void (*f(void))(void) { return g; }"}, "f: leaves the packet path: g"),
        ({"workers/pipe/pipe.c": None}, "workers/pipe/pipe.c is listed, but not built"),
    ],
    "folders": [
        ({"attic/x.c": ""}, "attic: has no place at the top level"),
        ({"notes.txt": ""}, "notes.txt: has no place at the top level"),
        ({"ctrl/cli/x.c": ""}, "ctrl/cli: no README.md"),
        ({"ctrl/README.md": "\n" * 61}, "ctrl/README.md: more than 60 lines"),
    ],
    "proofs": [
        ({"tests/regressions.md": "| x | y | `unit/none` |\n"}, "there is no unit/none"),
        ({"tests/regressions.md": "| x | y | z |\n"}, "regressions.md:1: no test"),
        ({"tests/regressions.md": "| x | y | `unit/a:b` |\n", "tests/unit/test_a.c": "// a\n"}, "unit/a has no 'b'"),
    ],
    "strangers": [
        ({"deploy/run": "cd /home/" + "someone/shoal\n"}, "a developer's path"),
        ({"deploy/run": "image: registry." + "somewhere.net/shoal\n"}, "a private host"),
        ({"deploy/run": "build." + "internal\n"}, "a private host"),
        ({"deploy/run": "https://" + "packages.somewhere.io/x\n"}, "an unknown host: packages.somewhere.io"),
    ],
    "commits": [
        ("did things", "'did things' is not 'area: what it does now'"),
        ("base: " + "x" * 67, "subject of 73 characters; 72 are allowed"),
    ],
}


def write(root, names):
    for name, text in names.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text)


def write_build(root):
    """What hotpath reads: a build's commands, one for each of its sources."""
    for name in HOT:
        write(root, {name: ""})
    write_commands(root)


def write_commands(root):
    build = root / "build"
    build.mkdir(exist_ok=True)
    entries = [
        {"directory": str(root), "file": name, "command": f"cc -O2 -c {name} -o {name}.o"} for name in HOT if (root / name).exists()
    ]
    (build / "compile_commands.json").write_text(json.dumps(entries))


def commit(root, subject):
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", subject]):
        subprocess.run(["git", "-C", root, *words], check=True, env=os.environ | names)


def run(check, sample):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write(root, GOOD)
        if check == "hotpath":
            write_build(root)
        if check == "commits":
            commit(root, sample or "base: adds")
        else:
            write(root, sample or {})
        if check == "hotpath":
            write_commands(root)
        said = subprocess.run([LINT / f"{check}.py", root, root / "build"], capture_output=True, text=True)
    return said.returncode, said.stdout + said.stderr


def expect(check, sample, code, words):
    got, said = run(check, sample)
    if got == 77:
        print(said.strip())
        sys.exit(77)
    if got == code and words in said:
        return 0
    print(f"{check}: expected {code} and '{words}', got {got}:\n{said}")
    return 1


def main():
    checks = {p.stem for p in LINT.glob("*.py")} - {"house", "selftest"}
    wrong = 0
    for check in sorted(checks - set(BAD)):
        print(f"{check}: nothing shows it failing")
        wrong += 1
    for check, samples in BAD.items():
        wrong += expect(check, None, 0, "")
        for sample, words in samples:
            wrong += expect(check, sample, 1, words)
        print(f"{check}: {len(samples)} bad samples refused, the good one passed")
    return 1 if wrong else 0


sys.exit(main())
