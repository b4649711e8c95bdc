#!/usr/bin/python3
"""frames.py VERB ... - single frames, well-made and not, sent and answered for by scapy.

  arp DEVICE ADDRESS             is ARP for ADDRESS answered?
  nd DEVICE ADDRESS OWN          is a neighbour solicitation from OWN answered?
  echo ADDRESS                   is a GTP-U echo request answered, with our sequence number and Recovery 0?
  indication ADDRESS TEID        is a G-PDU for TEID answered with an Error Indication that names it, its address and its port?
  notice ADDRESS                 and one with a strange extension header with the list of those that are known?
  end-marker ADDRESS TEID        three of them, unanswered
  padded DEVICE UE GATEWAY       a 29-byte packet to UE in a 60-byte frame, through GATEWAY
  tags DEVICE HOST GATEWAY       no tag, a foreign tag, two tags; ARP is asked on HOST
  pieces DEVICE GATEWAY UE TEID  a G-PDU in fragments from behind; one that overlaps; one of which the rest never comes
  capture ACCESS CORE            two pcap files: 30 uplink packets of subscribers nobody has; one LLDP frame
  jumbo DEVICE GATEWAY           frames of 9000 bytes
  garbage-ran DEVICE GATEWAY UE TEID, garbage-net ...
                                 every kind of garbage, three frames each; prints "COUNTER FRAMES what" a line

Exit code 0: yes. Frames leave by a packet socket, so the kernel repairs nothing.
"""
import socket
import sys

from scapy.arch import get_if_hwaddr
from scapy.config import conf
from scapy.contrib.gtp import GTP_U_Header
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw
from scapy.sendrecv import sendp, srp1
from scapy.utils import wrpcap
from scapy.utils6 import in6_getnsma, in6_getnsmac

conf.verb = 0
COPIES = 3
INTERNET = "10.99.6.2"


def mac_of(device, address):
    answer = srp1(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(pdst=address), iface=device, timeout=5, retry=2)
    if answer is None:
        sys.exit(f"nobody answers ARP for {address}")
    return answer[ARP].hwsrc


def arp(device, address):
    mac_of(device, address)


def nd(device, address, own):
    packed = socket.inet_pton(socket.AF_INET6, address)
    group = socket.inet_ntop(socket.AF_INET6, in6_getnsma(packed))
    ask = Ether(src=get_if_hwaddr(device), dst=in6_getnsmac(in6_getnsma(packed))) / IPv6(src=own, dst=group)
    ask /= ICMPv6ND_NS(tgt=address) / ICMPv6NDOptSrcLLAddr(lladdr=get_if_hwaddr(device))
    answer = srp1(ask, iface=device, timeout=5, retry=2)
    if answer is None or ICMPv6ND_NA not in answer or answer[ICMPv6ND_NA].tgt != address:
        sys.exit(f"no neighbour advertisement for {address}")


def echo(address):
    ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ask.settimeout(5)
    ask.connect((address, 2152))
    ask.send(bytes.fromhex("3201000400000000abcd0000"))
    answer = ask.recv(2048)
    wanted = bytes.fromhex("3202000600000000abcd00000e00")
    if answer != wanted:
        sys.exit(f"answered {answer.hex()}, not {wanted.hex()}")


def peers():
    """Where G-PDUs come from, and where signalling goes to whatever they came from: port 2152 (TS 29.281 4.4.2)."""
    data, signalling = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    data.bind(("", 0))
    signalling.bind(("", 2152))
    signalling.settimeout(0.5)
    return data, signalling


def answered(address, question, wanted):
    """Asks for half a minute: not before all sessions are known to be there is anybody told that one is not."""
    data, signalling = peers()
    wanted = wanted(data.getsockname()[1])
    for _ in range(60):
        data.sendto(question, (address, 2152))
        try:
            answer = signalling.recv(2048)
        except socket.timeout:
            continue
        if answer != wanted:
            sys.exit(f"answered {answer.hex()}, not {wanted.hex()}")
        return
    sys.exit("no answer")


def indication(address, teid):
    teid = int(teid).to_bytes(4, "big")
    question = bytes.fromhex("30ff0004") + teid + b"user"
    answered(address, question, lambda port: bytes.fromhex("361a0014000000000000004001") + port.to_bytes(2, "big") + b"\0\x10" + teid +
             b"\x85\0\4" + socket.inet_aton(address))


def notice(address):
    """UDP Port, PDCP PDU Number in both lengths, PDU Session Container (TS 29.281 7.2.3)."""
    answered(address, bytes.fromhex("34ff000800000001000000c301000000"), lambda port: bytes.fromhex("321f000a0000000000000000" + "8d04408285c0"))


def end_marker(address, teid):
    data, _ = peers()
    for _ in range(COPIES):
        data.sendto(bytes.fromhex("30fe0000") + int(teid).to_bytes(4, "big"), (address, 2152))


def padded(device, ue, gateway):
    frame = Ether(dst=mac_of(device, gateway)) / IP(src=INTERNET, dst=ue) / UDP(sport=9, dport=9) / b"x"
    sendp(bytes(frame) + b"\xee" * (60 - len(frame)), iface=device)


def tags(device, host, gateway):
    top = Ether(dst=mac_of(host, gateway))
    packet = IP(src="10.99.3.2", dst=gateway) / ICMP()
    for frame in top / packet, top / Dot1Q(vlan=99) / packet, top / Dot1Q(vlan=103) / Dot1Q(vlan=103) / packet:
        sendp(frame, iface=device)


def jumbo(device, gateway):
    top = Ether(dst=mac_of(device, gateway))
    for packet in IP(src="10.99.3.2", dst=gateway) / UDP(sport=2152, dport=2152), IP(src="10.99.3.2", dst=gateway) / ICMP():
        sendp([top / packet / Raw(b"j" * (9000 - len(packet)))] * COPIES, iface=device)


def capture(access, core):
    frames = []
    for number in range(30):
        inner = bytes(IP(src="10.45.0.1", dst=INTERNET) / UDP(sport=9, dport=9) / b"hello")
        outer = Ether(src="02:00:00:00:00:02", dst="ff:ff:ff:ff:ff:ff") / IP(src="10.99.3.2", dst="10.99.3.1")
        frames.append(gtpu(outer, head(0x00100100 + number, len(inner)), inner))
    wrpcap(access, frames)
    wrpcap(core, [Ether(src="02:00:00:00:00:06", dst="ff:ff:ff:ff:ff:ff", type=0x88CC) / Raw(b"lldp")])


# A G-PDU in pieces of eight bytes, from behind; one with an overlap; one of which only the first comes.
def pieces(device, gateway, ue, teid):
    inner = bytes(IP(src=ue, dst=INTERNET) / UDP(sport=9, dport=9) / b"hello")
    body = bytes(UDP(sport=2152, dport=2152, chksum=0, len=16 + len(inner)) / Raw(head(int(teid), len(inner)) + inner))
    top = Ether(dst=mac_of(device, gateway))
    cuts = [(at, body[at:at + 8]) for at in range(0, len(body), 8)]

    def send(number, at, piece):
        more = "MF" if at + len(piece) < len(body) else 0
        sendp(top / IP(src="10.99.3.2", dst=gateway, id=number, frag=at // 8, flags=more, proto=17) / Raw(piece), iface=device)

    for at, piece in reversed(cuts):
        send(101, at, piece)
    send(102, 0, body[:24])
    send(102, 16, body[16:32])
    send(103, 0, body[:16])


def gtpu(outer, head, inner):
    return outer / UDP(sport=2152, dport=2152) / Raw(head + bytes(inner))


def head(teid, length, flags=0x30, kind=255, rest=b""):
    return bytes([flags, kind]) + length.to_bytes(2, "big") + teid.to_bytes(4, "big") + rest


def garbage_ran(gateway, ue, teid):
    outer = IP(src="10.99.3.2", dst=gateway)
    inner = bytes(IP(src=ue, dst=INTERNET) / UDP(sport=9, dport=9) / b"hello")
    spoofed = bytes(IP(src="10.45.255.254", dst=INTERNET) / UDP(sport=9, dport=9) / b"hello")
    loop = b"\x00\x00\x00\x40" + b"\x01\x00\x00\x40" * 40
    long = len(inner)
    yield "short", "an Ethernet header and one byte of IPv4", Raw(b"E")
    yield "short", "half an IPv4 header", Raw(bytes(outer)[:10])
    yield "bad_ip", "IPv4 header length 4", Raw(b"\x44" + bytes(outer / UDP() / inner)[1:])
    yield "bad_ip", "IPv4 checksum wrong", gtpu(IP(src="10.99.3.2", dst=gateway, chksum=1), head(teid, long), inner)
    yield "bad_ip", "IPv4 longer than its frame", IP(src="10.99.3.2", dst=gateway, len=1400) / UDP(dport=2152) / inner
    yield "fragment_bad", "a fragment of 33 bytes, and not the last", IP(src="10.99.3.2", dst=gateway, flags="MF", proto=17) / inner
    yield "fragment_full", "a fragment beyond any room", IP(src="10.99.3.2", dst=gateway, frag=1000, proto=17) / inner
    yield "bad_udp", "UDP length 4", outer / UDP(dport=2152, len=4, chksum=0) / Raw(head(teid, long) + inner)
    yield "bad_udp", "UDP longer than IPv4", outer / UDP(dport=2152, len=999, chksum=0) / Raw(head(teid, long) + inner)
    yield "bad_gtpu", "GTP-U of four bytes", outer / UDP(dport=2152) / Raw(b"\x30\xff\x00\x00")
    yield "bad_gtpu", "GTP version 2", gtpu(outer, head(teid, long, flags=0x50), inner)
    yield "bad_gtpu", "GTP-U longer than UDP", gtpu(outer, head(teid, 1200), inner)
    yield "bad_gtpu", "extension headers in a loop", gtpu(outer, head(teid, len(loop), flags=0x34) + loop, b"")
    yield "bad_gtpu", "extension header of length zero", gtpu(outer, head(teid, long + 8, flags=0x34) + bytes([0, 0, 0, 0x40, 0, 0, 0, 0]), inner)
    yield "answered", "unknown extension that demands to be understood", gtpu(outer, head(teid, long + 8, flags=0x34) + bytes([0, 0, 0, 0xC1, 1, 0, 0, 0]), inner)
    yield "no_session", "TEID 0", gtpu(outer, head(0, long), inner)
    yield "no_session", "a TEID nobody has", gtpu(outer, head(teid ^ 0x00F00000, long), inner)
    yield "spoofed", "somebody else's source", gtpu(outer, head(teid, long), spoofed)
    yield "bad_ip", "no IP packet inside", gtpu(outer, head(teid, long), b"\x00" * long)
    yield "not_ip", "LLDP", None
    yield "vlan", "a tag on an untagged port", Dot1Q(vlan=7) / outer / UDP(dport=2152) / Raw(head(teid, long) + inner)
    yield "vlan", "two tags", Dot1AD(vlan=7) / Dot1Q(vlan=8) / outer / UDP(dport=2152) / Raw(head(teid, long) + inner)


def garbage_net(gateway, ue, teid):
    inner = UDP(sport=9, dport=9) / b"hello"
    yield "no_session", "a subscriber's address nobody has", IP(src=INTERNET, dst="10.45.255.253") / inner
    yield "no_session", "an IPv6 subscriber nobody has", IPv6(src="fd99:6::2", dst="2001:db8:0:ffff::1") / inner
    yield "bad_ip", "IPv4 checksum wrong", IP(src=INTERNET, dst=ue, chksum=1) / inner
    yield "bad_ip", "IPv4 longer than its frame", IP(src=INTERNET, dst=ue, len=1400) / inner
    yield "bad_ip", "IPv6 longer than its frame", IPv6(src="fd99:6::2", dst="2001:db8::1", plen=1400) / inner
    yield "bad_ip", "IP version 9", Raw(b"\x95" + bytes(IP(src=INTERNET, dst=ue) / inner)[1:])
    yield "short", "half an IPv6 header", Raw(bytes(IPv6(src="fd99:6::2", dst="2001:db8::1") / inner)[:20])
    yield "vlan", "a tag on an untagged port", Dot1Q(vlan=7) / IP(src=INTERNET, dst=ue) / inner


def garbage(kinds, device, gateway, ue, teid):
    mac = mac_of(device, gateway)
    for counter, what, packet in kinds(gateway, ue, int(teid)):
        if packet is None:
            frame = Ether(dst=mac, type=0x88CC) / Raw(b"lldp")
        elif isinstance(packet, Raw):
            frame = Ether(dst=mac, type=0x86DD if packet.load[0] >> 4 == 6 else 0x0800) / packet
        else:
            frame = Ether(dst=mac) / packet
        sendp(bytes(frame), iface=device, count=COPIES)
        print(counter, COPIES, what)


VERBS = {
    "arp": arp, "nd": nd, "capture": capture, "echo": echo, "indication": indication, "notice": notice, "end-marker": end_marker, "padded": padded, "pieces": pieces, "tags": tags, "jumbo": jumbo,
    "garbage-ran": lambda *words: garbage(garbage_ran, *words),
    "garbage-net": lambda *words: garbage(garbage_net, *words),
}
if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
    sys.exit(__doc__)
VERBS[sys.argv[1]](*sys.argv[2:])
