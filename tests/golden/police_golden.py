#!/usr/bin/python3
"""police_golden.py TRACER [PACKETS]: the colours of random traces must be those of RFC 2697 computed without any rounding:
time in ticks, tokens in whole numbers of any size."""

import struct
import subprocess
import sys

GREEN, YELLOW, RED = range(3)


def srtcm(clock, cir, cbs, ebs, trace):
    """RFC 2697 section 3. A byte is worth 8 x clock, so that a tick brings exactly CIR."""
    full_c, full_e = cbs * 8 * clock, ebs * 8 * clock
    tc, te, last = full_c, full_e, None
    for when, size, incoming, _ in trace:
        tokens = 0 if last is None else (when - last) * cir
        last = when
        tc, te = min(tc + tokens, full_c), min(te + max(tc + tokens - full_c, 0), full_e)
        cost = size * 8 * clock
        if incoming == GREEN and tc >= cost:
            tc -= cost
            yield GREEN
        elif incoming != RED and te >= cost:
            te -= cost
            yield YELLOW
        else:
            yield RED


def main():
    packets, faults, seen = 0, 0, [0, 0, 0]
    tracer = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
    while head := tracer.stdout.read(48):
        clock, cir, cbs, ebs, aware, count = struct.unpack("6Q", head)
        trace = list(struct.iter_unpack("QIBBxx", tracer.stdout.read(16 * count)))
        for index, (colour, record) in enumerate(zip(srtcm(clock, cir, cbs, ebs, trace), trace, strict=True)):
            seen[colour] += 1
            if colour != record[3]:
                faults += 1
                print(f"cir {cir} cbs {cbs} ebs {ebs} aware {aware} packet {index}: {record[3]}, the RFC says {colour}")
                break
        packets += count
    print(f"{packets} packets, green/yellow/red {seen}, {faults} traces differ")
    sys.exit(bool(tracer.wait()) or bool(faults) or not packets or min(seen) < packets // 20)


main()
