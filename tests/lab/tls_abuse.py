#!/usr/bin/python3
"""tls_abuse.py PORT KIND WORD... - clients of a TLS door on 127.0.0.1 that want no answer.

KIND: crowd N     N connections that begin a handshake and never end it, in different places; held until stdin ends; says "there"
      garbage N   N connections that send what looks like TLS and is none
      greet V C K one whole handshake of TLS version V (TLSv1_2) with certificate C and key K; fails if NNG's greeting does not follow
"""
import os
import random
import resource
import socket
import ssl
import sys


def hello():
    """The first words of a good handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def connect(port):
    client = socket.socket()
    client.settimeout(60)
    client.connect(("127.0.0.1", port))
    return client


def crowd(port, count):
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
    words = hello()
    ends = [0, 1, 5, len(words) // 2, len(words)]
    clients = []
    for i in range(count):
        client = connect(port)
        client.sendall(words[: ends[i % len(ends)]])
        clients.append(client)
    print("there", flush=True)
    sys.stdin.read()


def garbage(port, count):
    random.seed(1)
    words = hello()
    for i in range(count):
        client = connect(port)
        try:
            bad = bytearray(words)
            for _ in range(1 + i % 8):
                bad[random.randrange(1, len(bad))] = random.randrange(256)
            client.sendall(bytes(bad) if i % 2 else b"\x16\x03\x01" + os.urandom(random.choice([1, 20, 600, 20000])))
        except OSError:
            pass
        client.close()


def greet(port, version, cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.load_cert_chain(cert, key)
    client = context.wrap_socket(connect(port))
    client.sendall(b"\0SP\0\0\x30\0\0")
    answer = b""
    while len(answer) < 8:
        more = client.recv(8 - len(answer))
        if not more:
            break
        answer += more
    assert client.version() == version.replace("_", ".") and answer == b"\0SP\0\0\x31\0\0", answer


if __name__ == "__main__":
    words = [int(word) if word.isdigit() else word for word in sys.argv[3:]]
    {"crowd": crowd, "garbage": garbage, "greet": greet}[sys.argv[2]](int(sys.argv[1]), *words)
