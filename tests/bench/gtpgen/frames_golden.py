#!/usr/bin/python3
"""frames_golden.py RUNNER: what net_gtpgen makes must be, byte for byte, what scapy makes of the same fields, and tshark must find
nothing wrong with it; what comes back from a gateway must be judged right, and each single wrong bit be noticed."""

import logging
import os
import random
import subprocess
import sys
import tempfile

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ARP, IP, UDP, Ether, Raw, rdpcap, wrpcap  # noqa: E402
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer  # noqa: E402

RUNNER = sys.argv[1]
RADIO, GATEWAY, HOST = "10.99.3.2", "10.99.3.1", "10.99.6.2"
GATEWAY_MAC, PEER_MAC = "02:67:74:70:00:00", "02:67:74:50:00:00"
SESSIONS = [(0x01000007 + i * 65537, f"10.130.{i}.{255 - i}", 900000 + i) for i in range(100)]
BY_ADDRESS = {address: (teid, peer_teid) for teid, address, peer_teid in SESSIONS}
folder = tempfile.TemporaryDirectory()
table = os.path.join(folder.name, "sessions")
with open(table, "w") as file:
    file.write("teid,ipv4,peer_teid\n" + "".join("%d,%s,%d\n" % session for session in SESSIONS))
failed = 0


def check(what, good):
    global failed
    if not good:
        print("FAILED:", what)
        failed += 1


def make(way, size, count=500, seed=5, more=""):
    args = f"sessions={table},seed={seed},way={way},size={size}{more}"
    return subprocess.run([RUNNER, "make", args, str(count)], stdout=subprocess.PIPE, check=True).stdout


def read(pcap):
    path = os.path.join(folder.name, "frames.pcap")
    open(path, "wb").write(pcap)
    return rdpcap(path)


def judge(frames):
    path = os.path.join(folder.name, "judged.pcap")
    wrpcap(path, [bytes(frame) for frame in frames], linktype=1)
    with open(path, "rb") as file:
        out = subprocess.run([RUNNER, "judge", f"sessions={table},seed=5"], stdin=file, stdout=subprocess.PIPE, check=True, text=True)
    return out.stdout.split()


def inner_of(frame, size, up):
    """(address, the UE's packet as scapy makes it) of a frame, whose mark is all that is believed."""
    start = 50 if up else 14
    address = ".".join(map(str, frame[start + 12:start + 16] if up else frame[start + 16:start + 20]))
    mark = frame[start + 28:start + 36]
    payload = mark + bytes(i % 256 for i in range(36, size))
    ends = dict(src=address, dst=HOST) if up else dict(src=HOST, dst=address)
    return address, IP(flags="DF", id=0, **ends) / UDP(sport=40000, dport=40001) / Raw(payload)


def tunnel(inner, teid, src=RADIO, dst=GATEWAY, qfi=None):
    header = GTP_U_Header(teid=teid, gtp_type=255) if qfi is None else \
        GTP_U_Header(teid=teid, gtp_type=255, E=1, next_ex=0x85) / GTPPDUSessionContainer(type=0, QFI=qfi)
    return IP(flags="DF", id=0, src=src, dst=dst) / UDP(sport=2152, dport=2152, chksum=0) / header / inner


def made_right(way, size):
    drawn = set()
    for number, packet in enumerate(read(make(way, size))):
        frame = bytes(packet)
        up = frame[23] == 17 and frame[36:38] == b"\x08\x68" and way != "down"
        address, inner = inner_of(frame, size, up)
        wanted = bytes(Ether(dst=GATEWAY_MAC, src=PEER_MAC) / (tunnel(inner, BY_ADDRESS[address][0]) if up else inner))
        check(f"{way} {size} frame {number}: {frame.hex()} is not {wanted.hex()}", frame == wanted)
        mark = bytes(inner[Raw])[:8]
        check(f"{way} {size} frame {number}: mark {mark.hex()}", mark == number.to_bytes(4, "little") + bytes([0, not up]) + b"gp")
        drawn.add((address, up))
    check(f"{way}: {len(drawn)} different sessions and ways in 500 draws",
          150 < len(drawn) < 200 if way == "mixed" else 90 < len(drawn) <= 100)


def tshark(path, *options):
    """What a dissector that is neither ours nor scapy's prints. Pathport is a guess it makes at some random payloads."""
    command = ["tshark", "-n", "-r", path, "--disable-protocol", "pathport", *options]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout.splitlines()


def tshark_likes(way, size):
    path = os.path.join(folder.name, "shark.pcap")
    open(path, "wb").write(make(way, size))
    faults = ["_ws.malformed", "_ws.expert.severity >= 0x600000", 'ip.checksum.status == "Bad"', 'udp.checksum.status == "Bad"']
    out = tshark(path, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-Y", " || ".join(faults))
    check(f"tshark on {way} {size}: {out[:3]}", not out)
    if way == "up":
        check("tshark sees a packet in every tunnel", len(tshark(path, "-Y", f"gtp.message == 0xff && ip.dst == {HOST}")) == 500)


def judged_right():
    up, down = read(make("up", 64)), read(make("down", 64))
    check("uplink as made", set(judge(up)) == {"up_tunnel"})
    check("downlink as made", set(judge(down)) == {"down_plain"})
    ether = Ether(dst=PEER_MAC, src=GATEWAY_MAC)
    plain, right, marked, stray, lost = [], [], [], [], []
    for packet in up:
        _, inner = inner_of(bytes(packet), 64, True)
        inner.ttl = 63
        plain.append(ether / inner)
        stray.append(ether / tunnel(inner, 4))
    for packet in down:
        address, inner = inner_of(bytes(packet), 64, False)
        inner.ttl = 63
        right.append(ether / tunnel(inner, BY_ADDRESS[address][1], GATEWAY, RADIO))
        marked.append(ether / tunnel(inner, BY_ADDRESS[address][1], GATEWAY, RADIO, qfi=9))
        stray.append(ether / tunnel(inner, BY_ADDRESS[address][0], GATEWAY, RADIO))
        stray.append(ether / tunnel(inner, BY_ADDRESS[address][1], RADIO, GATEWAY))
        inner.dst = "10.130.200.200"
        lost.append(ether / tunnel(inner, BY_ADDRESS[address][1], GATEWAY, RADIO))
    check("uplink out of its tunnel", set(judge(plain)) == {"up_plain"})
    check("downlink in its tunnel", set(judge(right)) == {"down_tunnel"})
    check("downlink in its tunnel, with a QFI", set(judge(marked)) == {"down_tunnel"})
    check("a wrong tunnel", set(judge(stray)) == {"bad_tunnel"})
    check("a wrong address", set(judge(lost)) == {"bad_address"})
    check("ARP", judge([ether / ARP()]) == ["foreign"])
    check("a stranger's mark", judge([ether / IP(dst=HOST) / UDP() / Raw(b"x" * 36)]) == ["bad_mark"])
    padded = [bytes(frame) + bytes(9) for frame in plain]
    check("padding", set(judge(padded)) == {"up_plain"})
    return plain[0], right[0]


def notices_each_bit(frame, good):
    """All bits behind the Ethernet header but those that may be anything: TTL is in a checksum, so is all the rest."""
    frame = bytes(frame)
    spoilt = []
    for bit in range(14 * 8, len(frame) * 8):
        changed = bytearray(frame)
        changed[bit // 8] ^= 0x80 >> bit % 8
        spoilt.append(bytes(changed))
    # The tunnel's source port is in no checksum, and GTP-U has a spare bit.
    free = {34 * 8 + i for i in range(16)} | {42 * 8 + 4} if good == "down_tunnel" else set()
    for bit, found in enumerate(judge(spoilt), 14 * 8):
        if bit not in free:
            check(f"{good}: bit {bit % 8} of byte {bit // 8} changed, and it is still {found}", found != good)
    cut = judge([frame[:length] for length in range(14, len(frame))])
    check(f"{good} cut short: {set(cut)}", good not in cut)


def random_bytes():
    number = random.Random(7)
    heads = [b"", b"\x45\0\0\x40" + bytes(5) + b"\x11"]
    frames = [bytes(12) + b"\x08\0" + number.choice(heads) + number.randbytes(number.randrange(120)) for _ in range(3000)]
    found = judge(frames)
    check("random bytes", len(found) == 3000 and not set(found) & {"up_plain", "up_tunnel", "down_plain", "down_tunnel"})


def refused(args):
    run = subprocess.run([RUNNER, "make", args, "1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    check(f"{args} is refused", run.returncode == 2 and run.stderr)


for way, size in (("up", 36), ("up", 64), ("up", 1421), ("down", 36), ("down", 50), ("down", 1500), ("mixed", 64)):
    made_right(way, size)
    tshark_likes(way, size)
for frame, good in zip(judged_right(), ("up_plain", "down_tunnel")):
    notices_each_bit(frame, good)
random_bytes()
for args in ("size=35", "size=1501", "way=sideways", "count=x", "radio=1.2.3", "radio=1.2.3.4.5", "nonsense=1", "count=-1", "count=5,subsets=6", "subsets=1:", "subsets=0"):
    refused(args)
lists = [bytes(packet) for packet in read(make("up", 64, more=",subsets=1:10:100"))]
for number, size in enumerate((1, 10, 100)):
    drawn = {frame[62:66] for frame in lists[number::3]}
    check(f"{len(drawn)} sessions drawn of the first {size}", size * 0.7 <= len(drawn) <= size)
    check(f"list {number} in the mark", {frame[82] for frame in lists[number::3]} == {number})
check("another seed draws others", make("up", 64) != make("up", 64, seed=6))
sys.exit(failed > 0)
