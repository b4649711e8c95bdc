#!/usr/bin/python3
"""marker_golden - End Markers and Echo Requests as the primary makes them: byte for byte scapy's, and tshark finds every field and
checksum right."""
import random
import subprocess
import sys
import tempfile

from scapy.all import IP, UDP, Ether, IPv6, wrpcap
from scapy.contrib.gtp import GTP_U_Header, GTPHeader

runner = sys.argv[1]
FIELDS = ["udp.srcport", "udp.dstport", "gtp.flags.version", "gtp.flags.payload", "gtp.message", "gtp.length", "gtp.teid",
          "gtp.seq_number", "ip.checksum.status", "udp.checksum.status"]


def case(number):
    """What the runner is asked for; the packet that has to come; message type, length, TEID and sequence number in it."""
    chance = random.Random(number)
    teid, sequence, tos = chance.getrandbits(32), chance.getrandbits(16), chance.getrandbits(8)
    if number % 2:
        ends = [".".join(str(chance.randrange(1, 255)) for _ in range(4)) for _ in range(2)]
        ip = IP(src=ends[0], dst=ends[1], ttl=64, id=0, flags="DF", tos=tos)
        udp = UDP(sport=2152, dport=2152, chksum=0)
    else:
        ends = ["2001:db8:" + ":".join(f"{chance.getrandbits(16):x}" for _ in range(6)) for _ in range(2)]
        ip = IPv6(src=ends[0], dst=ends[1], hlim=64, tc=tos)
        udp = UDP(sport=2152, dport=2152)
    if number % 4 < 2:
        return [str(teid), *ends, str(tos)], bytes(ip / udp / GTPHeader(version=1, PT=1, gtp_type=254, teid=teid, length=0)), (254, 0, teid, "")
    echo = GTP_U_Header(gtp_type=1, teid=0, S=1, seq=sequence)
    return [f"echo:{sequence}", *ends, str(tos)], bytes(ip / udp / echo), (1, 4, 0, str(sequence))


def main():
    packets, wanted = [], []
    for number in range(200):
        words, expected, fields = case(number)
        made = bytes.fromhex(subprocess.check_output([runner, *words], text=True))
        assert made == expected, f"case {number}: {made.hex()} instead of {expected.hex()}"
        packets.append(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / (IP(made) if number % 2 else IPv6(made)))
        wanted.append(fields)
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        wrpcap(file.name, packets)
        words = ["tshark", "-r", file.name, "-T", "fields", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
        said = subprocess.run(words + [w for f in FIELDS for w in ("-e", f)], capture_output=True, text=True, check=True)
    lines = said.stdout.splitlines()
    assert len(lines) == len(packets), said.stderr
    for number, line in enumerate(lines):
        source, destination, version, payload, message, length, teid, sequence, header, checksum = line.split("\t")
        seen = (int(message, 0), int(length), int(teid, 0), str(int(sequence, 0)) if sequence else "")
        assert (source, destination, version) == ("2152", "2152", "1") and payload in ("1", "True"), f"case {number}: {line}"
        assert seen == wanted[number], f"case {number}: {line}"
        assert (header, checksum) == (("1", "3") if number % 2 else ("", "1")), f"case {number}: {line}"
    print(f"{len(packets)} End Markers and Echo Requests are scapy's, and tshark's")


main()
