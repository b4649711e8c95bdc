#!/usr/bin/python3
"""idle.py SOCKET idle|reach|done: makes sessions idle, or reached again by the tunnel they had: on stdin ID TEID-OF-THE-PEER each line, in a
connection to shoal-ctrl's RPC (proto/oss.proto). done: reports, by their numbers, are heard. Fails if anything is refused."""
import os
import socket
import struct
import sys

PEER = 0x0A630302  # 10.99.3.2
ACCESS, CORE = 1, 2


def varint(value):
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number, value):
    """A number, or bytes: of a string, a message."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def fixed64(number, value):
    return varint(number << 3 | 1) + struct.pack("<Q", value)


def rule(ident, source, forward):
    return field(5, field(1, ident) + field(2, ident) + field(3, field(1, source)) + field(4, forward))


def modify(ident, downlink):
    session = fixed64(1, ident) + rule(1, ACCESS, field(1, CORE)) + rule(2, CORE, field(1, ACCESS) + downlink)
    return field(11, field(1, session) + field(2, 1))


REQUESTS = {
    "idle": lambda ident, teid: modify(ident, field(6, 1) + field(7, 1)),
    "reach": lambda ident, teid: modify(ident, field(2, PEER) + field(3, teid)),
    "done": lambda number, _: field(38, field(1, struct.pack("<Q", number))),
}


def take(stream, count):
    got = stream.read(count)
    if len(got) < count:
        sys.exit("the connection ended")
    return got


def ask(client, stream, number, body):
    request = struct.pack(">I", 0x80000000 | number) + field(1, 1) + field(2, os.urandom(16)) + field(3, 20000) + body
    client.sendall(b"\1" + struct.pack(">Q", len(request)) + request)
    answer = take(stream, struct.unpack(">xQ", take(stream, 9))[0])[4:]
    if not answer.startswith(field(1, 1) + field(2, b"")):  # version 1, an empty status: OK
        sys.exit(f"refused: {answer!r}")


def main(at, what):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(at)
        client.sendall(b"\0SP\0" + struct.pack(">HH", 0x30, 0))
        stream = client.makefile("rb")
        take(stream, 8)
        for number, line in enumerate(sys.stdin, 1):
            ask(client, stream, number, REQUESTS[what](*(int(word) for word in line.split())))


main(*sys.argv[1:])
