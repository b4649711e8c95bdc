#!/usr/bin/python3
"""gnbs.py OUT ADDRESS...: gNBs that write down what comes to each, in order, a line each: ADDRESS KIND TEID [QFI TEXT]; KIND is data, end
(End Marker) or another message's number; TEXT the payload of the UDP packet inside. Headers are read by hand: not by our code, nor scapy's speed."""
import select
import socket
import sys

KINDS = {255: "data", 254: "end"}
CONTAINER = 0x85


def inside(data):
    """The QFI, or -, and the packet inside."""
    at, qfi = 8, "-"
    if data[0] & 7:
        kind, at = data[11], 12
        while kind:
            if kind == CONTAINER:
                qfi = data[at + 2] & 0x3F
            length = data[at] * 4
            kind, at = data[at + length - 1], at + length
    return qfi, data[at:]


def text_of(packet):
    """Of UDP in IPv4 or IPv6."""
    head = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
    return packet[head + 8 :].decode("ascii", "replace")


def line(data):
    kind, teid = KINDS.get(data[1], data[1]), int.from_bytes(data[4:8], "big")
    if kind != "data":
        return f"{kind} {teid:#x}"
    qfi, packet = inside(data)
    return f"{kind} {teid:#x} {qfi} {text_of(packet)}"


def main(out, *addresses):
    ends = {}
    for address in addresses:
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        end.bind((address, 2152))
        ends[end] = address
    with open(out, "w", buffering=1) as file:
        print("ready", file=sys.stderr, flush=True)
        while True:
            for end in select.select(list(ends), [], [])[0]:
                file.write(f"{ends[end]} {line(end.recv(65535))}\n")


main(*sys.argv[1:])
