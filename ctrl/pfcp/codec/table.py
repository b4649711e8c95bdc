#!/usr/bin/python3
"""table.py - makes C of ie.table: the numbers (ie_type.h) and the rows (ie_rows.c). usage: table.py TABLE HEADER SOURCE

A name that nobody defined, a number given twice or a group inside itself ends the build.
"""
import re
import sys

NUMBERS = {"u6": 1, "u8": 1, "u16": 2, "u24": 3, "u32": 4, "u64": 8, "time": 4, "timer": 1, "gate": 1, "rate": 10, "choice": 1, "enum": 1,
           "node_id": 2, "fseid": 9, "fteid": 1, "sdf": 2, "volume": 1, "redirect": 3, "policy": 1, "outer_creation": 2, "outer_removal": 1,
           "ue_address": 1, "dropped": 1, "failed_rule": 1, "gtpu_peer": 1, "address": 1, "pfd": 2, "flags": 1, "group": 0}

BITS = ("flags", "outer_creation", "pfd")  # shapes whose bits have names
CHOICES = ("enum", "choice", "node_id", "outer_removal", "redirect", "failed_rule")  # whose first octet has named values


class Entry:
    def __init__(self, line, number, name, shape, args):
        self.line, self.number, self.name, self.shape, self.args = line, int(number), name, shape, args
        self.children = []


def fail(line, what):
    sys.exit(f"{sys.argv[1]}:{line}: {what}")


def joined(path):
    """Lines with their numbers; one that begins with two spaces and is no child continues the one before."""
    last = None
    for number, line in enumerate(open(path), 1):
        line = line.rstrip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("  ") and not re.match(r"  [MCO]\+? ", line):
            last[1] += " " + line.strip()
            continue
        if last:
            yield last
        last = [number, line]
    yield last


def read(path):
    ies, messages, entry = {}, {}, None
    for number, line in joined(path):
        child = re.fullmatch(r"  ([MCO])(\+?) (.+)", line)
        head = re.fullmatch(r"(message )?(\d+) ([^:]+): (\w+)(?: (.*))?", line)
        if child and entry:
            entry.children.append((number, child[1], child[2] == "+", child[3]))
        elif head:
            entry = Entry(number, *head.groups()[1:])
            if head[1] and entry.shape not in ("node", "session"):
                fail(number, "a message of neither a node nor a session")
            into = messages if head[1] else ies
            if entry.number in into:
                fail(number, f"{entry.number} twice")
            into[entry.number] = entry
        else:
            fail(number, "neither an IE, a message nor a child")
    return ies, messages


def check(ies, messages):
    names = {}
    for entry in ies.values():
        if entry.name in names:
            fail(entry.line, f"{entry.name} twice")
        names[entry.name] = entry
    for entry in [*ies.values(), *messages.values()]:
        for line, _, _, name in entry.children:
            if name not in names:
                fail(line, f"no IE is called {name}")
        if len({c[3] for c in entry.children}) != len(entry.children) or len(entry.children) > 64:
            fail(entry.line, "a child twice, or more than 64")
    for entry in ies.values():
        depth(entry, names, 0)
    return names


def depth(entry, names, level):
    if level > 8:
        fail(entry.line, "groups inside each other, nine deep")
    for child in entry.children:
        depth(names[child[3]], names, level + 1)


def symbol(*words):
    return "PFCP_" + re.sub(r"[^A-Z0-9]+", "_", " ".join(words).upper().replace("'", "")).strip("_")


def bits(entry):
    """(bit, name) of a flags IE."""
    bit = 0
    for word in (entry.args or "").split():
        octet = re.fullmatch(r"\[(\d)\]", word)
        if octet:
            bit = 8 * (int(octet[1]) - 1)
            continue
        if word != "-":
            yield bit, word
        bit += 1


def choices(entry):
    for part in (entry.args or "").split(","):
        value, name = part.strip().split(" ", 1)
        yield int(value), name


def words(entry):
    return list(bits(entry)) if entry.shape in BITS else list(choices(entry)) if entry.shape in CHOICES else []


def limits(entry):
    if entry.shape in ("bytes", "text", "name"):
        least, most = entry.args.split("..")
        return int(least), int(most)
    if entry.shape not in NUMBERS:
        fail(entry.line, f"no shape is called {entry.shape}")
    return NUMBERS[entry.shape], 65535


def header(ies, messages):
    yield "// ie_type.h - the numbers of ie.table: IEs, messages, and what is in them. Made by table.py."
    yield "#pragma once\n#include <stdint.h>\n"
    yield "enum pfcp_ie_type {"
    yield from (f"\t{symbol('IE', e.name)} = {e.number}," for e in ies.values())
    yield f"\tPFCP_IE_TYPES = {max(ies) + 1}\n}};\n"
    yield "enum pfcp_message_type {"
    yield from (f"\t{symbol(e.name)} = {e.number}," for e in messages.values())
    yield f"\tPFCP_MESSAGE_TYPES = {max(messages) + 1}\n}};\n"
    for entry in ies.values():
        if entry.shape in BITS:
            yield "".join(f"#define {symbol(entry.name, n)} (UINT64_C(1) << {b})\n" for b, n in bits(entry))
        elif entry.shape in CHOICES:
            yield f"enum {symbol(entry.name).lower()}{'' if entry.shape in ('enum', 'choice') else '_kind'} {{"
            yield from (f"\t{symbol(entry.name, n)} = {v}," for v, n in choices(entry))
            yield "};\n"


def places(entry, names):
    """Which child each type from the least one on is; the number of children where it is none."""
    numbers = [names[c[3]].number for c in entry.children]
    return [numbers.index(n) if n in numbers else len(numbers) for n in range(min(numbers), max(numbers) + 1)]


def rows(ies, messages, names):
    yield "// ie_rows.c - the rows of ie.table. Made by table.py."
    yield '#include "ctrl/pfcp/codec/ie_table.h"\n'
    for kind, entries in (("ie", ies), ("message", messages)):
        for entry in entries.values():
            if entry.children:
                yield f"static const struct pfcp_child {kind}_{entry.number}[] = {{"
                yield from (f"\t{{ {names[n].number}, PFCP_{p}, {int(many)} }}," for _, p, many, n in entry.children)
                yield "};"
                yield f"static const uint8_t place_{kind}_{entry.number}[] = {{ {', '.join(map(str, places(entry, names)))} }};"
            if words(entry):
                yield f"static const struct pfcp_word word_{entry.number}[] = {{"
                yield from (f'\t{{ {value}, "{name}" }},' for value, name in words(entry))
                yield "};"
    yield "\nconst struct pfcp_kind pfcp_kinds[PFCP_IE_TYPES] = {"
    yield from (row(e, "ie", names, limits(e)) for e in ies.values())
    yield "};\n\nconst struct pfcp_kind pfcp_messages[PFCP_MESSAGE_TYPES] = {"
    yield from (row(e, "message", names, (0, 65535)) for e in messages.values())
    yield "};"


def row(entry, kind, names, least_most):
    shape = "PFCP_SHAPE_" + ("group" if kind == "message" else entry.shape).upper()
    mandatory = sum(1 << i for i, child in enumerate(entry.children) if child[1] == "M")
    place = f"place_{kind}_{entry.number}"
    least = min((names[c[3]].number for c in entry.children), default=0)
    children = f"{kind}_{entry.number}, {len(entry.children)}, {place}, {least}, sizeof({place}), {mandatory:#x}" if entry.children else "0, 0, 0, 0, 0, 0"
    said = f"word_{entry.number}, {len(words(entry))}" if words(entry) else "0, 0"
    return f'\t[{entry.number}] = {{ "{entry.name}", {shape}, {least_most[0]}, {least_most[1]}, {children}, {said}, {int(entry.shape == "session")} }},'


def main(table, header_to, source_to):
    ies, messages = read(table)
    names = check(ies, messages)
    for path, text in ((header_to, header(ies, messages)), (source_to, rows(ies, messages, names))):
        with open(path, "w") as out:
            out.write("\n".join(text) + "\n")


main(*sys.argv[1:])
