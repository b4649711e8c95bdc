#!/usr/bin/python3
"""segment - connects over TCP from one namespace to another, and prints the largest segment that either kernel may send.

segment.py SERVER-NAMESPACE ADDRESS CLIENT-NAMESPACE SOURCE
"""
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000


def within(namespace, address):
    """A socket of that namespace's, bound."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}", "rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    end = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    end.settimeout(10)
    end.bind((address, 0))
    return end


def segment(end):
    return end.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)


server_space, address, client_space, source = sys.argv[1:]
server = within(server_space, address)
server.listen()
client = within(client_space, source)
client.connect((address, server.getsockname()[1]))
taken = server.accept()[0]
print(segment(client), segment(taken), file=sys.stdout)
os._exit(0)
