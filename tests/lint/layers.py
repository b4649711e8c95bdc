#!/usr/bin/python3
"""layers - who may include what. Arrows point down: base < wire < plane < processes; proto stands beside."""
import fnmatch
import re

import house

# What those may know of the plane who do not live on it: names, sizes, and which build it is.
PLANE_OUTSIDE = ["shared/plane/verdict.h", "shared/plane/limits.h", "shared/plane/build.h"]

# What ctrl has outside itself.
CTRL = ["shared/base/*", "shared/wire/*", *PLANE_OUTSIDE, "proto/*"]

# What the processes are made of, from the ground up: a room may include itself and those before it.
ROOMS = {
    "primary": ["nic", "lane", "edge", "loop", "brood", "fleet"],
    "workers": ["lines", "pipe", "loop", "slow", "fork", "courier", "nursery"],
    "ctrl/pfcp": ["codec", "peer", "node", "rules", "report", "session"],
    "ctrl": ["kit", "store", "door", "session", "measure", "rules", "feed", "tell", "usage", "fleet", "truth", "desk"],
}

# Folder (the longest that fits): the folders and headers of ours that its files may include.
OURS = {
    "shared/base": ["shared/base/*"],
    "shared/wire": ["shared/base/*", "shared/wire/*"],
    "shared/plane": ["shared/*"],
    "proto": ["shared/*", "proto/*"],
    "topo": ["shared/base/*", "topo/*"],
    "primary": ["shared/*", "proto/*", "topo/*", "primary/*"],
    "workers": ["shared/*", "workers/*"],
    "cost": ["shared/*", "topo/*", "workers/*", "primary/lane/lane_back.h", "primary/edge/steer.h", "cost/*"],
    "ctrl": [*CTRL, "ctrl/*"],
    "ctrl/cli": [*CTRL, "topo/*", "ctrl/*"],
    "ctrl/pfcp": ["shared/base/*", "shared/wire/*", "proto/*", "ctrl/kit/calls.h", "ctrl/kit/hash.h", "ctrl/kit/table.h", "ctrl/client/*", "ctrl/pfcp/*"],
    "tests": ["*"],
}

for process, rooms in ROOMS.items():
    outside = [name for name in OURS[process] if name != f"{process}/*"]
    for i, room in enumerate(rooms):
        OURS[f"{process}/{room}"] = outside + [f"{process}/{below}/*" for below in rooms[:i + 1]]

# The courier is the one process among the workers' that speaks protobuf; nobody else there may see its insides.
COURIER = ["workers/courier/*"]
COURIER_INSIDE = ["workers/courier/feed.h", "workers/courier/pending.h", "workers/courier/usage.h"]

# Other people's headers: the files that may see them. What is not listed is libc's or the kernel's.
THEIRS = {
    "rte_*": ["primary/eal.c", "primary/nic/*", "shared/plane/zone.c", "workers/nursery/nursery.c", "workers/nursery/attach.c", "tests/*"],
    "bus_*driver.h": ["primary/nic/*"],
    "nng/*": ["ctrl/cli/*", "tests/*"],
    "protobuf-c/*": ["primary/*", *COURIER, "ctrl/*", "proto/*", "tests/*"],
    "lmdb.h": ["ctrl/store/*", "tests/*"],
    "seccomp.h": ["ctrl/kit/calls.c", "tests/*"],
    "openssl/*": ["ctrl/door/tls.[ch]", "ctrl/door/stream.[ch]", "ctrl/cli/secure_why.c", "tests/*"],
    "hwloc.h": ["topo/read.c"],
    "jansson.h": ["ctrl/*", "tests/*"],
    "cyaml/*": ["shared/base/conf*"],
    "yaml.h": ["shared/base/conf*"],
    "cmocka.h": ["tests/*"],
}

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def fits(name, patterns):
    return any(fnmatch.fnmatchcase(name, p) for p in patterns)


def folder_rule(path):
    folders = [f for f in OURS if str(path).startswith(f + "/")]
    allowed = OURS[max(folders, key=len)] if folders else []
    return allowed + (["proto/*"] if fits(str(path), COURIER) else [])


def check_ours(path, number, name):
    generated = name.endswith(".pb-c.h") or name == "ctrl/pfcp/codec/ie_type.h"
    if not generated and not (house.root / name).is_file():
        house.fault(path, number, f'"{name}" is not a path from the top of the house')
    elif fits(name, COURIER_INSIDE) and not fits(str(path), [*COURIER, "tests/*"]):
        house.fault(path, number, f"{name} is the courier's own")
    elif not fits(name, folder_rule(path)):
        house.fault(path, number, f"{path.parent} may not include {name}")


def check_theirs(path, number, name):
    for pattern, places in THEIRS.items():
        if fits(name, [pattern]) and not fits(str(path), places):
            house.fault(path, number, f"<{name}> may be seen only by {', '.join(places)}")


for path in house.sources():
    for number, line in enumerate(house.lines(path), 1):
        found = INCLUDE.match(line)
        if found:
            (check_ours if found[1] == '"' else check_theirs)(path, number, found[2])
house.done()
