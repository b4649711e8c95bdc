#!/usr/bin/python3
"""shape - sizes of files and functions, parameters, nesting; what a file begins with; what does not belong into code."""
import re

import house

FUNCTION_MAX = 60
SOURCE_MAX, SOURCE_EXCUSED_MAX, HEADER_MAX = 400, 600, 120
PARAMETERS_MAX, NESTING_MAX = 5, 3
DICTATED = {("tests/bench/gtpgen/port.c", "port_rx")}  # signatures that a library wants
EXCUSE = "longer than the house allows because"
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")


def check_file(path, text):
    excused = any(EXCUSE in line for line in text[:5])
    most = HEADER_MAX if path.suffix == ".h" else SOURCE_EXCUSED_MAX if excused else SOURCE_MAX
    if len(text) > most:
        house.fault(path, len(text), f"{len(text)} lines; {most} are allowed")
    if not text or not text[0].startswith(f"// {path.name} - "):
        house.fault(path, 1, f"does not begin with '// {path.name} - ' and what it is for")
    if path.suffix == ".h" and "#pragma once" not in text:
        house.fault(path, 1, "no #pragma once")
    for number, line in enumerate(text, 1):
        if line.startswith("typedef") and "(" not in line:
            house.fault(path, number, "no typedefs but of functions")
        if UNFINISHED.search(line):
            house.fault(path, number, "unfinished")


def parameters(signature):
    """Of 'int f(int (*a)(int, int), char *b)': 2. The parameter list is the last pair of outermost parentheses."""
    depth = count = 0
    for i, c in enumerate(signature):
        if c == "(":
            if depth == 0:
                start, count = i + 1, 0
            depth += 1
        elif c == ")":
            depth -= 1
            if depth == 0:
                inside = signature[start:i].strip()
        elif c == "," and depth == 1:
            count += 1
    return 0 if inside in ("", "void") else count + 1


def functions(text):
    """(first line of the signature, signature, lines of the body with their numbers); bodies begin and end in column 0."""
    begin = None
    for number, line in enumerate(text, 1):
        if line == "{":
            first = number - 1
            while first > 1 and text[first - 2] and text[first - 2][0] not in "}#/" and not text[first - 2].endswith(";"):
                first -= 1
            begin = number
        elif line == "}" and begin:
            yield first, " ".join(text[first - 1 : begin - 1]), list(enumerate(text[begin : number - 1], begin + 1))
            begin = None


def nesting(line):
    """Levels that a control statement stands inside of, counting itself; 0 for other lines."""
    found = re.match(r"(\t+)(if|for|while|do|switch)\b", line)
    return len(found[1]) if found else 0


def check_function(path, first, signature, body):
    name = re.search(r"(\w+)\s*\(", signature)
    name = name[1] if name else "?"
    if len(body) + 2 > FUNCTION_MAX:
        house.fault(path, first, f"{name} has {len(body) + 2} lines; {FUNCTION_MAX} are allowed")
    if "(" in signature and parameters(signature) > PARAMETERS_MAX and (str(path), name) not in DICTATED:
        house.fault(path, first, f"{name} has {parameters(signature)} parameters; {PARAMETERS_MAX} are allowed")
    for number, line in body:
        if nesting(line) > NESTING_MAX:
            house.fault(path, number, f"{name} nests {nesting(line)} deep; {NESTING_MAX} are allowed")
            return


for path in house.sources():
    text = house.lines(path)
    check_file(path, text)
    for function in functions(text):
        check_function(path, *function)
house.done()
