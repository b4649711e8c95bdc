"""parts - instructions by function, counted by callgrind inside one function, the played driver left out.

callgrind counts self and callees apart; a cost line belongs to the function named last, and the line behind `calls=` to a callee.
"""
import collections
import os
import re
import subprocess
import tempfile

# What a function is part of, by the word its name begins with; anything else is copied bytes and the like.
PARTS = {"rx": "rx", "steer": "steer", "addrmap": "steer", "lane": "lane", "lease": "lane", "tx": "tx", "neigh": "neigh",
         "route": "neigh", "nic": "nic", "loop": "turn", "crew": "turn", "move": "turn", "post": "turn", "measured": "turn"}


def selves(text):
    names, costs, function, callee = {}, collections.Counter(), None, False
    for line in text.splitlines():
        named = re.match(r"(c?fn)=\((\d+)\)(?: (.*))?$", line)
        if named:
            if named[3]:
                names[named[2]] = named[3].split("'")[0].split(".")[0]
            if named[1] == "fn":
                function = names[named[2]]
        elif line.startswith("calls="):
            callee = True
        elif re.match(r"[\d+*-]", line):
            if not callee and len(line.split()) > 1:
                costs[function] += int(line.split()[1])
            callee = False
    return costs


def counted(function, *command):
    """({function: instructions}, the number the program printed first)."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind")
        said = subprocess.run(["valgrind", "--tool=callgrind", "-q", f"--toggle-collect={function}", f"--callgrind-out-file={out}",
                               *map(str, command)], stdout=subprocess.PIPE, text=True, check=True).stdout
        costs = selves(open(out, errors="replace").read())
    return costs, int(said.split()[0])


def driver(name):
    return name.startswith("port_") or name.startswith("ports_") or name.startswith("rte_")


def turn(program, way, burst, turns=1000):
    """Instructions a packet of the primary's turn, by part, the driver's left out."""
    costs, packets = counted("measured", program, way, burst, turns)
    parts = collections.Counter()
    for name, cost in costs.items():
        if not driver(name):
            parts[PARTS.get(name.split("_")[0], "copying")] += cost / packets
    return parts


def functions(program, way, burst, turns=1000):
    costs, packets = counted("measured", program, way, burst, turns)
    return {name: cost / packets for name, cost in costs.most_common()}


def hop(program, side, burst, turns=1000):
    """Instructions a handle on one side of a lane, there and back."""
    costs, handles = counted(side, program, "count", burst, turns)
    return sum(costs.values()) / handles


if __name__ == "__main__":
    import sys
    for name, cost in functions(*sys.argv[1:4]).items():
        print(f"{cost:8.2f}  {name}")
