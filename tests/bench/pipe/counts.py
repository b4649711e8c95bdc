"""counts - what a packet costs in the packet path that no clock is needed for: instructions, and lines of its shard."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import bench

LINE, BURST = 64, 32
WAYS = ("uplink", "downlink")


def instructions(program, way, bursts=200):
    """A packet's, in bursts of 32, IPv4, policed, counted, marked; callgrind counts."""
    return bench.instructions("measured", program, "count", way, 1024, bursts) / (bursts * BURST)


def touched(trace, mark):
    """Of each packet: the addresses between two writes of the mark, as lackey wrote them down."""
    packet = None
    for line in trace:
        if line[:2] not in (" L", " S", " M"):
            continue
        address = int(line[3:].split(",")[0], 16)
        if address == mark and line[1] == "S":
            if packet is not None:
                yield packet
            packet = [] if packet is None else None
        elif packet is not None:
            packet.append(address)


def lines(program, way, packets=64):
    """(most lines of sessions that a packet touched, most other lines of its shard), packets of random sessions one by one."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        said = subprocess.run(["valgrind", "--tool=lackey", "--trace-mem=yes", f"--log-file={trace}", program, "trace", way, "16",
                               str(packets)], stderr=subprocess.PIPE, text=True, check=True).stderr.split()
        mark, first, uplink, stride = (int(word, 0) for word in said)
        session, other, seen = 0, 0, 0
        for packet in touched(open(trace, errors="replace"), mark):
            inside = {(a - first) // LINE * LINE for a in packet if 0 <= a - first < 256 * stride}
            own = {a for a in inside if a % stride >= uplink - first}
            session, other, seen = max(session, len(own)), max(other, len(inside - own)), seen + 1
    if seen != packets:
        raise SystemExit(f"{seen} packets in the trace instead of {packets}")
    return session, other
