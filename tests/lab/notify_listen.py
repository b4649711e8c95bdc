#!/usr/bin/python3
"""notify_listen.py SOCKET - stands in for a service manager: says every word that processes send to their NOTIFY_SOCKET."""
import socket
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(listener.recv(4096).decode().replace("\n", " "), flush=True)
