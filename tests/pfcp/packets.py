#!/usr/bin/python3
"""packets.py TABLE GATEWAY HOST [SHUT]: a UDP packet from each subscriber of a table (mixed.py) by its tunnel to HOST, which sends it
back; each has to come back by the subscriber's own tunnel, to its address, with its QFI. SHUT: a shape whose do not come back. Prints a JSON."""
import json
import socket
import struct
import sys
import time

PORT, PATIENCE = 2152, 20.0


def checksum(head):
    total = sum(struct.unpack("!10H", head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def inner(source, target, text):
    udp = struct.pack("!HHHH", 5000, 7777, 8 + len(text), 0) + text
    head = [0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target)]
    head[7] = checksum(struct.pack("!BBHHHBBH4s4s", *head))
    return struct.pack("!BBHHHBBH4s4s", *head) + udp


def tunnelled(teid, qfi, packet):
    """With an uplink PDU Session Container where there is a QFI."""
    more = b"" if qfi == "-" else bytes([0, 0, 0, 0x85, 1, 0x10, int(qfi), 0])
    return struct.pack("!BBHI", 0x34 if more else 0x30, 255, len(more) + len(packet), teid) + more + packet


def opened(data):
    """TEID, QFI, where it goes, text."""
    teid, at, qfi = int.from_bytes(data[4:8], "big"), 8, "-"
    if data[0] & 4:
        qfi, at = str(data[14] & 0x3F), 16
    return teid, qfi, socket.inet_ntoa(data[at + 16 : at + 20]), data[at + 28 :].decode()


def send_all(end, gateway, host, ues):
    for number, (_, ue, up, _, qfi, _) in enumerate(ues):
        end.sendto(tunnelled(int(up), qfi, inner(ue, host, b"%08d" % number)), (gateway, PORT))
        time.sleep(0.3 if number == 0 else 0.0005)


def main(table, gateway, host, shut=None):
    ues = [line.split() for line in open(table)]
    wanted = {f"{i:08}": (int(ue[3]), ue[5], ue[1]) for i, ue in enumerate(ues) if ue[0] != shut}
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    end.bind(("10.99.3.2", PORT))
    send_all(end, gateway, host, ues)
    wrong, back, until = [], 0, time.monotonic() + PATIENCE
    while wanted and time.monotonic() < until:
        end.settimeout(max(0.01, until - time.monotonic()))
        try:
            teid, qfi, ue, text = opened(end.recv(2000))
        except TimeoutError:
            break
        back += 1
        if wanted.pop(text, None) != (teid, qfi, ue):
            wrong.append([text, teid, qfi, ue])
    print(json.dumps({"sent": len(ues), "back": back, "wrong": wrong, "missing": sorted(wanted)[:10]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
