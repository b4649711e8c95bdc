#!/usr/bin/python3
"""oss_ask SOCKET PROTO - sends one request of oss.proto, as protoc's text on stdin, and prints the answer as text. Fails if it is a refusal."""
import os
import socket
import struct
import subprocess
import sys

HANDSHAKE = b"\0SP\0" + struct.pack(">HH", 0x30, 0)  # REQ


def protoc(way, kind, text):
    proto = os.path.abspath(sys.argv[2])
    words = ["protoc", f"--proto_path={os.path.dirname(proto)}", f"--{way}=shoal.oss.{kind}", proto]
    return subprocess.run(words, input=text, stdout=subprocess.PIPE, check=True).stdout


def take(stream, count):
    got = stream.read(count)
    if len(got) < count:
        sys.exit("the connection ended")
    return got


def main():
    request = protoc("encode", "Request", sys.stdin.buffer.read())
    body = struct.pack(">I", 0x80000001) + request
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(sys.argv[1])
        client.sendall(HANDSHAKE + b"\1" + struct.pack(">Q", len(body)) + body)
        stream = client.makefile("rb")
        take(stream, 8)
        length = struct.unpack(">xQ", take(stream, 9))[0]
        answer = protoc("decode", "Response", take(stream, length)[4:]).decode()
    print(answer)
    if "code:" in answer.split("session {")[0]:
        sys.exit(1)


main()
