#!/usr/bin/python3
"""hotpath - no lock, no atomic read-modify-write, no division, no system call on the packet path, and no call that leaves it.

The sources below are compiled once more with the build's own commands, and the machine code is read. What the code calls must be
one of them, or copy memory; that rules out allocation, logs and threads without naming them all.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import house

# The packet's way. A source's set-up functions, which run before the first packet or after the last, are named beside it.
HOT = {
    "shared/wire/bearer.c": [],
    "shared/wire/gtpu.c": [],
    "shared/wire/ip.c": [],
    "shared/wire/sheet.c": [],
    "shared/plane/region.c": [],
    "workers/pipe/advert.c": [],
    "workers/pipe/aside.c": [],
    "workers/lines/foreign.c": [],
    "workers/lines/lines.c": [],
    "workers/lines/lines_count.c": [],
    "workers/lines/lines_rate.c": [],
    "workers/lines/lines_rules.c": [],
    "workers/lines/lines_sweep.c": [],
    "workers/pipe/mss.c": [],
    "workers/pipe/pipe.c": [],
    "workers/pipe/pipe_down.c": [],
    "workers/pipe/pipe_long.c": [],
    "workers/pipe/pipe_marker.c": [],
    "workers/pipe/pipe_ruled.c": [],
    "workers/pipe/pipe_up.c": [],
    "workers/pipe/pipe_words.c": [],
    "workers/lines/police.c": [],
    "workers/pipe/ruled_admit.c": [],
    "workers/pipe/ruled_call.c": [],
    "workers/pipe/ruled_gauge.c": [],
    "workers/pipe/ruled_key.c": [],
    "workers/pipe/ruled_lost.c": [],
    "workers/pipe/ruled_match.c": [],
    "workers/pipe/ruled_pieces.c": [],
    "workers/pipe/ruled_route.c": [],
    "workers/pipe/tunnel.c": [],
    "primary/edge/addrmap.c": ["addrmap_init", "addrmap_fini"],
    "primary/edge/among.c": ["among_build"],
    "primary/loop/cut.c": [],
    "primary/loop/detour.c": [],
    "primary/loop/join.c": ["join_init", "join_fini"],
    "primary/edge/framed.c": ["framed_init", "framed_fini", "framed_set"],
    "primary/loop/hold.c": ["hold_init", "hold_fini"],
    "primary/lane/lane.c": ["lane_init", "lane_reset"],
    "primary/lane/lane_back.c": [],
    "primary/lane/lease.c": [],
    "primary/loop/look.c": ["look_order"],
    "primary/loop/loss.c": ["loss_init"],
    "primary/loop/map.c": [],
    "primary/loop/marker.c": ["marker_init", "marker_order"],
    "primary/loop/marker_write.c": [],
    "primary/loop/move.c": ["fences_lend", "move_order"],
    "primary/edge/neigh.c": ["neigh_make", "neigh_free"],
    "primary/edge/neigh_arp.c": [],
    "primary/edge/neigh_nd.c": [],
    "primary/edge/neigh_ready.c": [],
    "primary/edge/neigh_table.c": ["neigh_table_init", "neigh_table_fini"],
    "primary/loop/own.c": ["own_order"],
    "primary/loop/own_write.c": [],
    "primary/loop/park.c": ["park_init", "park_fini"],
    "primary/edge/quarantine.c": ["quarantine_init", "quarantine_fini", "quarantine_add", "quarantine_replace"],
    "primary/loop/release.c": ["release_order", "release_dropping", "release_fences"],
    "primary/edge/network.c": ["networks_make", "networks_of_port"],
    "primary/edge/route.c": ["route_build"],
    "primary/loop/rx.c": [],
    "primary/edge/steer.c": [],
    "primary/edge/steer_usual.c": ["steer_usual_make"],
    "primary/loop/stray.c": [],
    "primary/loop/trace.c": ["traces_init", "traces_fini", "traces_keys"],
    "primary/loop/tx.c": [],
    "primary/loop/tx_neigh.c": [],
}
MEMORY = {"memcpy", "memmove", "memset", "memcmp", "bcmp", "__assert_fail", "_GLOBAL_OFFSET_TABLE_"}
DOORS = {"nic_rx", "nic_tx", "nic_flush", "nic_free", "nic_room", "bell_ring"}  # what a packet comes and goes by
DOORS |= {"crew_condemn"}  # and what ends the worker that forged it
DOORS |= {"crew_feed", "crew_eats"}  # and who may be fed, asked while there are suspects
CALLS = MEMORY | DOORS
# How gcc spells a full fence: it locks a word of its own stack and changes nothing. Doorbells need one where no burst follows.
FENCE = re.compile(r"lock or[lq]\s+\$0x0,(-?0x[0-9a-f]+)?\(%[re]sp\)")
INSTRUCTIONS = {
    r"\block\b": "locked instruction",
    r"\bxchg\b.*\(": "locked instruction",
    r"\bi?div[bwlq]?\s": "division",
    r"\b(syscall|sysenter|int\s+\$0x80)\b": "system call",
}


def tool(*words):
    said = subprocess.run(words, capture_output=True, text=True)
    if said.returncode:
        house.fault(words[-1], 0, said.stderr.strip())
    return said.stdout


def compiled(entry, folder):
    """Runs the build's command for one source, but into `folder`."""
    out = str(pathlib.Path(folder) / (entry["file"].replace("/", "_") + ".o"))
    words = shlex.split(entry["command"])
    words[words.index("-o") + 1] = out
    words = [w for w in words if w not in ("-MD", "-MQ", "-MF")]  # the names after them are ignored inputs otherwise
    words = [w for w in words if not w.endswith(".d") and not (w.endswith(".o") and w != out)]
    said = subprocess.run(words, cwd=entry["directory"], capture_output=True, text=True)
    if said.returncode:
        house.fault(entry["file"], 0, f"does not compile: {said.stderr.strip().splitlines()[0]}")
        return None
    return out


def hot_entries():
    commands = json.loads((house.build / "compile_commands.json").read_text())
    found = {}
    for entry in commands:
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if path.is_relative_to(house.root):
            found.setdefault(str(path.relative_to(house.root)), entry)
    for name in HOT:
        if name not in found:
            house.fault("hotpath.py", 0, f"{name} is listed, but not built")
    return {name: found[name] for name in HOT if name in found}


def defined(objects):
    return {line.split()[-1] for o in objects for line in tool("nm", "--defined-only", o).splitlines() if line}


def check_object(name, path, own):
    function = "?"
    for line in tool("objdump", "-dr", "--no-show-raw-insn", path).splitlines():
        heading = re.match(r"[0-9a-f]+ <([^>]+)>:", line)
        called = re.search(r"R_X86_64_(?:PLT32|PC32|GOTPCRELX|REX_GOTPCRELX|GOTPCREL)\s+([A-Za-z_]\w*)", line)
        if heading:
            function = heading[1].split(".")[0]
        if function in HOT[name]:
            continue
        for pattern, what in INSTRUCTIONS.items():
            if re.search(pattern, line) and not called and not FENCE.search(line):
                house.fault(name, 0, f"{function}: {what}: {' '.join(line.split()[1:])}")
        if called and called[1] in undefined(path) and called[1] not in own | CALLS:
            house.fault(name, 0, f"{function}: leaves the packet path: {called[1]}")


_undefined = {}


def undefined(path):
    if path not in _undefined:
        _undefined[path] = {line.split()[-1] for line in tool("nm", "-u", path).splitlines() if line}
    return _undefined[path]


for needed in ("objdump", "nm"):
    house.need(needed)
if not house.build or not (house.build / "compile_commands.json").exists():
    house.skip("needs a build folder")
with tempfile.TemporaryDirectory() as folder:
    entries = hot_entries()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        paths = pool.map(lambda entry: compiled(entry, folder), entries.values())
        objects = {name: path for name, path in zip(entries, paths) if path}
    own = defined(objects.values())
    for name, path in objects.items():
        check_object(name, path, own)
house.done()
