#!/usr/bin/python3
"""rpc_abuse.py SOCKET KIND [N] - what hostile or broken clients do to the RPC socket, on the wire of NNG's ipc transport.

KIND: crowd N     N connections that never finish the handshake, held until stdin ends; says "there" once all stand
      deaf        a subscriber of events that never reads one, held until stdin ends; says "there" once it stands
      huge        a request that says it has 100 MB, and as many of them as the server takes
      garbage N   N requests of random bytes; prints how many were answered
      mute N      N clients that ask for all counters again and again and never read an answer, for some seconds; prints how often
      cut N       N clients that leave in the middle of a request
"""
import os
import random
import resource
import socket
import struct
import sys
import time

HANDSHAKE = b"\0SP\0" + struct.pack(">HH", 0x30, 0)  # REQ
HUGE = 100 << 20


def connect(path, handshake=True):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    for _ in range(2000):
        try:
            client.connect(path)
            break
        except BlockingIOError:  # the listener's backlog is full: it will come to us
            time.sleep(0.01)
    if handshake:
        client.sendall(HANDSHAKE)
        receive(client, 8)
    return client


def receive(client, count):
    data = b""
    while len(data) < count:
        more = client.recv(count - len(data))
        if not more:
            raise ConnectionError("closed")
        data += more
    return data


def message(body):
    return b"\1" + struct.pack(">Q", len(body)) + body


def crowd(path, count):
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
    clients = []
    for i in range(count):
        client = connect(path, handshake=False)
        client.sendall(HANDSHAKE[: i % 8])
        clients.append(client)
    print("there", flush=True)
    sys.stdin.read()


def deaf(path):
    client = connect(path, handshake=False)
    client.sendall(b"\0SP\0" + struct.pack(">HH", 0x21, 0))  # SUB
    receive(client, 8)
    print("there", flush=True)
    sys.stdin.read()


def huge(path):
    client = connect(path)
    sent = 0
    try:
        client.sendall(b"\1" + struct.pack(">Q", HUGE) + struct.pack(">I", 0x80000001))
        for _ in range(HUGE >> 16):
            client.sendall(bytes(1 << 16))
            sent += 1 << 16
    except OSError:
        pass
    print(sent)


def garbage(path, count):
    random.seed(1)
    answered = 0
    client = connect(path)
    for i in range(count):
        body = struct.pack(">I", 0x80000000 + i) + os.urandom(random.choice([0, 1, 7, 60, 600, 6000]))
        client.sendall(message(body))
        length = struct.unpack(">Q", receive(client, 9)[1:])[0]
        answered += receive(client, length)[:4] == body[:4]
    print(answered)


def mute(path, count):
    clients = [connect(path) for _ in range(count)]
    ask = b"".join(message(struct.pack(">I", 0x80000001 + i) + b"\x08\x01\xfa\x01\x00") for i in range(500))
    sent, left = 0, {client: b"" for client in clients}
    for client in clients:
        client.setblocking(False)
    print("asking", flush=True)
    until = time.monotonic() + 6
    while time.monotonic() < until:
        for client in clients:
            left[client] = left[client] or ask
            try:
                n = client.send(left[client])
                left[client] = left[client][n:]
                sent += n
            except OSError:
                pass
        time.sleep(0.002)
    print(sent // (len(ask) // 500))


def cut(path, count):
    for i in range(count):
        client = connect(path)
        client.sendall(message(struct.pack(">I", 0x80000000) + bytes(100))[: 1 + i % 112])
        client.close()


if __name__ == "__main__":
    kind, path = sys.argv[2], sys.argv[1]
    number = [int(word) for word in sys.argv[3:4]]
    {"crowd": crowd, "deaf": deaf, "huge": huge, "garbage": garbage, "mute": mute, "cut": cut}[kind](path, *number)
