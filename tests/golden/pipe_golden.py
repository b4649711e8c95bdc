#!/usr/bin/python3
"""pipe_golden.py RUNNER [ARGUMENT...]: packets built by scapy go through the packet path; what comes out must be, byte for byte, what
scapy builds for the other side of the gateway, and tshark must find nothing wrong with it. Bad packets must end in their verdict."""

import logging
import os
import subprocess
import sys
import tempfile

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ICMP, IP, TCP, UDP, IPOption, IPv6, IPv6ExtHdrHopByHop, IPv6ExtHdrFragment, PadN, ICMPv6EchoRequest, \
    Raw, wrpcap  # noqa: E402
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer  # noqa: E402

GATEWAY, RADIO, SERVER4, SERVER6 = "192.0.2.1", "198.51.100.1", "203.0.113.9", "2001:db8:ffff::9"
GATEWAY6, RADIO6 = "2001:db8:1::1", "2001:db8:2::1"
SLOT_BITS = 9
UPLINK, DOWNLINK = 1, 2           # enum lane_kind
SIDE_ACCESS, SIDE_CORE = 254, 255
KEEP, BE, AF1, AF2, AF3, AF4, EF = range(7)
COLOUR_AWARE, RED_REMARK, QFI, GATE_CLOSED = 1, 2, 4, 8


def number4(address):
    return int.from_bytes(bytes(map(int, address.split("."))), "big")


class Session:
    """One cell of the plane, and its addresses by the arithmetic of shared/wire/shard.h."""

    def __init__(self, row, host, up=(0, KEEP, 0), down=(0, KEEP, 0), qfi=0):
        self.row, self.up, self.down, self.qfi = row, up, down, qfi
        self.ipv4 = f"10.45.{row}.{host}"
        self.shard = 10 ^ 45 ^ row ^ host
        low = self.shard ^ 0x20 ^ 0x01 ^ 0x0d ^ 0xb8 ^ 0x00 ^ 0x45 ^ row
        self.prefix = 0x20010db800450000 | row << 8 | low
        self.ipv6 = f"2001:db8:45:{row << 8 | low:x}::1234"
        self.teid = 1 << (8 + SLOT_BITS) | row << 8 | self.shard
        self.peer_teid = 0x77000000 | row
        self.qos = (up[2] | down[2]) & QFI

    def line(self):
        return (f"bearer {self.shard} {self.row} {number4(self.ipv4)} {self.prefix} {self.teid} {self.peer_teid} "
                f"{number4(RADIO)} {self.up[0]} {self.up[1]} {self.up[2]} {self.down[0]} {self.down[1]} {self.down[2]} {self.qfi}")


PLAIN = Session(3, 17)
FLOW = Session(9, 200, down=(0, KEEP, QFI), qfi=9)
MARKED = [Session(20 + mark, 5 * mark, up=(0, mark, 0), down=(0, mark, 0)) for mark in (BE, AF1, AF2, AF3, AF4, EF)]
AWARE = Session(40, 1, up=(0, AF4, COLOUR_AWARE), down=(0, AF4, COLOUR_AWARE))
V4_ONLY = Session(42, 1)
V4_ONLY.prefix = 0
CLOSED = Session(41, 1, up=(0, KEEP, GATE_CLOSED), down=(0, KEEP, GATE_CLOSED))
SESSIONS = [PLAIN, FLOW, AWARE, CLOSED, V4_ONLY] + MARKED


def inners(session, up, tos=0):
    """Every kind of user's packet, both families: name, packet."""
    v4 = dict(src=session.ipv4, dst=SERVER4) if up else dict(src=SERVER4, dst=session.ipv4)
    v6 = dict(src=session.ipv6, dst=SERVER6) if up else dict(src=SERVER6, dst=session.ipv6)
    v4, v6 = dict(v4, tos=tos, id=4711), dict(v6, tc=tos, fl=0xabcde)
    yield "v4-udp", IP(ttl=64, **v4) / UDP(sport=5000, dport=9) / Raw(b"shoal" * 9)
    yield "v4-udp-empty", IP(ttl=2, **v4) / UDP(sport=5000, dport=9)
    yield "v4-bare", IP(ttl=255, proto=253, **v4)
    yield "v4-tcp", IP(ttl=63, flags="DF", **v4) / TCP(sport=5000, dport=443, flags="S", options=[("MSS", 1460), ("SAckOK", b"")])
    yield "v4-icmp", IP(ttl=3, **v4) / ICMP() / Raw(b"x")
    yield "v4-options", IP(ttl=9, options=[IPOption(b"\x94\x04\x00\x00")], **v4) / UDP(sport=1, dport=9) / Raw(b"ra")
    yield "v4-fragment", IP(ttl=64, flags="MF", frag=0, **v4) / UDP(sport=5000, dport=9, len=4000, chksum=1) / Raw(b"f" * 24)
    yield "v4-fragment-2", IP(ttl=64, frag=4, proto=17, **v4) / Raw(b"f" * 33)
    yield "v4-large", IP(ttl=64, **v4) / UDP(sport=5000, dport=9) / Raw(bytes(range(256)) * 5)
    yield "v6-udp", IPv6(hlim=64, **v6) / UDP(sport=5000, dport=9) / Raw(b"shoal" * 9)
    yield "v6-bare", IPv6(hlim=2, nh=59, **v6)
    yield "v6-tcp", IPv6(hlim=255, **v6) / TCP(sport=5000, dport=443, flags="A")
    yield "v6-icmp", IPv6(hlim=64, **v6) / ICMPv6EchoRequest(data=b"x" * 31)
    yield "v6-hop-by-hop", IPv6(hlim=64, **v6) / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) / UDP(sport=1, dport=9) / Raw(b"h")
    yield "v6-fragment", IPv6(hlim=64, **v6) / IPv6ExtHdrFragment(m=1, id=7, nh=17) / Raw(b"f" * 16)
    yield "v6-large", IPv6(hlim=64, **v6) / UDP(sport=5000, dport=9) / Raw(bytes(range(256)) * 5)


UL_SESSION_INFO = bytes(GTPPDUSessionContainer(type=1, QFI=9))[:-1]


def chain(*extensions):
    """Fields of scapy's header for a chain of extension headers (type, content), and the chain's bytes."""
    types = [kind for kind, _ in extensions] + [0]
    blob = b"".join(content + bytes([types[i + 1]]) for i, (_, content) in enumerate(extensions))
    return dict(E=1, next_ex=types[0]), blob


UDP_PORT, SERVICE_CLASS, LONG_PDCP_SKIP = (0x40, b"\x01\x12\x34"), (0x20, b"\x01\x55\x00"), (0x03, b"\x02" + b"\xaa" * 6)
PSC, PDCP, LONG_PDCP = (0x85, UL_SESSION_INFO), (0xc0, b"\x01\x12\x34"), (0x82, b"\x02\x01\x23\x45" + bytes(3))
GTP_HEADERS = {
    "8-bytes": (dict(), b""),
    "S": (dict(S=1, seq=0x1234), b""),
    "PN": (dict(PN=1, npdu=7), b""),
    "S+PN": (dict(S=1, PN=1, seq=1, npdu=7), b""),
    "S-stray-next": (dict(S=1, seq=1, next_ex=0xc0), b""),
    "E-none": (dict(E=1, next_ex=0), b""),
    "E1": chain(UDP_PORT),
    "E2": chain(UDP_PORT, LONG_PDCP_SKIP),
    "E3": chain(UDP_PORT, LONG_PDCP_SKIP, SERVICE_CLASS),
    "PSC": chain(PSC),
    "PDCP": chain(PDCP),
    "PSC+PDCP": chain(PSC, LONG_PDCP),
    "E+PSC+E": chain(SERVICE_CLASS, PSC, UDP_PORT),
    "E+S+PN": (dict(chain(PSC)[0], S=1, PN=1, seq=9, npdu=1), chain(PSC)[1]),
}


def g_pdu(session, inner, header="8-bytes", outer=None, trailer=b"", udp=None, **gtp):
    fields, blob = GTP_HEADERS[header]
    fields = dict(fields, **gtp)
    content = GTP_U_Header(gtp_type=255, **dict(dict(teid=session.teid), **fields))
    return bytes(IP(**dict(dict(src=RADIO, dst=GATEWAY, ttl=60), **(outer or {}))) /
                 UDP(**dict(dict(sport=2152, dport=2152, chksum=0), **(udp or {}))) /
                 content / Raw(blob + bytes(inner) + trailer))


def next_hop(packet, tos=None):
    """The same packet one hop on, all checksums by scapy."""
    packet = packet.copy()
    if IP in packet:
        packet.ttl -= 1
        packet.tos = packet.tos if tos is None else tos
        del packet[IP].chksum
    else:
        packet.hlim -= 1
        packet.tc = packet.tc if tos is None else tos
    return bytes(packet)


# RFC 6040 4.2, figure 4: outer -> inner -> result. 0 not-ECT, 1 ECT(1), 2 ECT(0), 3 CE.
DECAP = {0: {0: 0, 1: 1, 2: 2, 3: 3}, 2: {0: 0, 1: 1, 2: 2, 3: 3}, 1: {0: 0, 1: 1, 2: 1, 3: 3}, 3: {0: None, 1: 3, 2: 3, 3: 3}}


class Case:
    def __init__(self, name, kind, session, sent, expected=None, verdict="forward", hint=None):
        self.name, self.kind, self.sent, self.expected, self.verdict = name, kind, sent, expected, verdict
        self.session, self.hint_out = session, 0 if hint is None else hint
        self.hint = session.teid if kind == UPLINK else session.shard

    def line(self):
        return f"packet {self.kind} {self.hint} {self.sent.hex()}"


def downlink_expected(session, inner, sport, tos):
    gtp = GTP_U_Header(teid=session.peer_teid, gtp_type=255)
    if session.qos:
        gtp = GTP_U_Header(teid=session.peer_teid, gtp_type=255, E=1, next_ex=0x85) / GTPPDUSessionContainer(type=0, QFI=session.qfi)
    return bytes(IP(src=GATEWAY, dst=RADIO, ttl=64, id=0, flags="DF", tos=tos) / UDP(sport=sport, dport=2152, chksum=0) / gtp / Raw(inner))


def uplink_cases():
    for header in GTP_HEADERS:
        for name, inner in inners(PLAIN, True):
            for padding in (0, 1, 18):
                sent = g_pdu(PLAIN, inner, header) + b"\xee" * padding
                yield Case(f"up {header} {name} pad{padding}", UPLINK, PLAIN, sent, next_hop(inner))
    for outer in range(4):
        for ecn in range(4):
            for name, inner in inners(PLAIN, True, tos=10 << 2 | ecn):
                result = DECAP[outer][ecn]
                case = Case(f"up ecn {outer}/{ecn} {name}", UPLINK, PLAIN, g_pdu(PLAIN, inner, outer=dict(tos=46 << 2 | outer)),
                            next_hop(inner, 10 << 2 | (result or 0)))
                if result is None:
                    case.verdict, case.expected = "congestion", case.sent
                yield case
    inner = next(inners(PLAIN, True))[1]
    yield Case("up outer options", UPLINK, PLAIN, g_pdu(PLAIN, inner, outer=dict(options=[IPOption(b"\x94\x04\x00\x00")])), next_hop(inner))
    yield Case("up other source port", UPLINK, PLAIN, g_pdu(PLAIN, inner, udp=dict(sport=50000)), next_hop(inner))
    for name, inner in inners(PLAIN, True):
        for checksum in ({}, dict(chksum=0)):  # RFC 6935
            sent = bytes(IPv6(src=RADIO6, dst=GATEWAY6) / UDP(sport=5, dport=2152, **checksum) / Raw(g_pdu(PLAIN, inner)[28:]))
            yield Case(f"up outer v6 {checksum} {name}", UPLINK, PLAIN, sent, next_hop(inner))
    inner = next(inners(PLAIN, True))[1]
    yield Case("up gtp trailer", UPLINK, PLAIN, g_pdu(PLAIN, inner, trailer=b"tail"), next_hop(inner))


def downlink_cases():
    for session in (PLAIN, FLOW):
        for tos in (0, 1, 2, 3, 46 << 2, 0xff):
            for name, inner in inners(session, False, tos):
                for padding in (0, 1, 18):
                    yield Case(f"down {'qfi' if session.qos else 'plain'} tos{tos} {name} pad{padding}", DOWNLINK, session,
                               bytes(inner) + b"\xee" * padding, next_hop(inner))


def mark_cases():
    green = {BE: 0, AF1: 10, AF2: 18, AF3: 26, AF4: 34, EF: 46}
    for session in MARKED:
        for ecn in range(4):
            for up in (True, False):
                for name, inner in inners(session, up, tos=22 << 2 | ecn):
                    sent = g_pdu(session, inner) if up else bytes(inner)
                    yield Case(f"mark {session.up[1]} ecn{ecn} up{up} {name}", UPLINK if up else DOWNLINK, session, sent,
                               next_hop(inner, green[session.up[1]] << 2 | ecn))
    for dscp, expected in ((10, 34), (20, 36), (30, 38), (14, 38), (46, 34), (11, 34), (0, 34)):
        name, inner = next(inners(AWARE, True, tos=dscp << 2))
        yield Case(f"aware {dscp}", UPLINK, AWARE, g_pdu(AWARE, inner), next_hop(inner, expected << 2))


def with_bytes(packet, offset, content):
    return packet[:offset] + content + packet[offset + len(content):]


def resummed(packet, **changes):
    """An IPv4 packet with fields changed and its header checksum right again."""
    parsed = IP(packet)
    for field, value in changes.items():
        setattr(parsed, field, value)
    body = bytes(parsed.payload)
    fresh = IP(bytes(parsed)[:parsed.ihl * 4 if parsed.ihl >= 5 else 20])
    for field, value in changes.items():
        setattr(fresh, field, value)
    del fresh.chksum
    return bytes(fresh) + body


def bad_cases():
    inner = next(inners(PLAIN, True))[1]
    v6 = [packet for name, packet in inners(PLAIN, True) if name == "v6-udp"][0]
    good = g_pdu(PLAIN, inner)

    def up(name, verdict, sent, **more):
        return Case(f"bad up {name}", UPLINK, PLAIN, sent, sent, verdict, **more)

    for length in range(1, len(good)):
        yield up(f"cut at {length}", "short" if length < 20 else "bad_ip", good[:length])
    yield up("outer checksum", "bad_ip", with_bytes(good, 10, b"\x00\x00"))
    yield up("outer version 5", "bad_ip", with_bytes(good, 0, b"\x55"))
    yield up("outer ihl 4", "bad_ip", with_bytes(good, 0, b"\x44"))
    six = bytes(IPv6(src=RADIO6, dst=GATEWAY6) / UDP(sport=2152, dport=2152) / Raw(good[28:]))
    yield up("outer v6 checksum", "bad_udp", with_bytes(six, 46, b"\x12\x34"))
    yield up("outer v6 tcp", "not_ours", with_bytes(six, 6, b"\x06"))
    yield up("outer v6 fragment", "fragment", bytes(IPv6(src=RADIO6, dst=GATEWAY6) / IPv6ExtHdrFragment(nh=17) / Raw(six[40:])))
    yield up("outer v6 other port", "not_ours", bytes(IPv6(src=RADIO6, dst=GATEWAY6) / UDP(sport=2152, dport=2153) / Raw(good[28:])))
    yield up("outer v6 udp length", "bad_udp", with_bytes(six, 44, b"\x7f"))
    yield up("outer v6 ends in udp", "short", bytes(IPv6(src=RADIO6, dst=GATEWAY6, nh=17) / Raw(six[40:47])))
    # Options that look like UDP ports to whoever does not read the header's length; the sum is good either way.
    tail = good[24:26] + b"\x08\x68" + good[28:]
    fake = bytes(IP(src=RADIO, dst=GATEWAY, proto=17, options=[IPOption(b"\xf7\x97\x08\x68")]) / Raw(tail))
    yield up("outer options like ports", "bad_udp", fake)
    yield up("outer tcp", "not_ours", resummed(good, proto=6))
    yield up("outer first fragment", "fragment", resummed(good, flags="MF"))
    yield up("outer later fragment", "fragment", resummed(good, frag=10))
    yield up("outer ends in udp", "short", resummed(good, len=27))
    yield up("other port", "not_ours", g_pdu(PLAIN, inner, udp=dict(dport=2153)))
    yield up("udp length 7", "bad_udp", g_pdu(PLAIN, inner, udp=dict(len=7)))
    yield up("udp length above", "bad_udp", g_pdu(PLAIN, inner, udp=dict(len=len(good) - 20 + 1)))
    yield up("udp ends in gtp", "bad_gtpu", g_pdu(PLAIN, inner, udp=dict(len=15)))
    yield up("gtp version 0", "bad_gtpu", with_bytes(good, 28, b"\x10"))
    yield up("gtp version 2", "bad_gtpu", with_bytes(good, 28, b"\x50"))
    yield up("gtp prime", "bad_gtpu", with_bytes(good, 28, b"\x20"))
    yield up("gtp length above", "bad_gtpu", g_pdu(PLAIN, inner, length=len(inner) + 1))
    yield up("gtp length below inner", "bad_ip", g_pdu(PLAIN, inner, length=len(inner) - 1))
    yield up("gtp length 0", "short", g_pdu(PLAIN, inner, length=0))
    yield up("gtp options outside", "bad_gtpu", g_pdu(PLAIN, inner, "S", length=3))
    for name, kind in (("echo", 1), ("error indication", 26), ("unknown", 77)):
        yield up(f"gtp type {name}", "gtpu_type", with_bytes(good, 29, bytes([kind])))
    yield up("end marker", "end_marker", with_bytes(good, 29, b"\xfe"))
    yield up("end marker of nobody", "end_marker", with_bytes(g_pdu(PLAIN, inner, teid=0), 29, b"\xfe"))
    yield up("extension all must know", "to_slow_extension", g_pdu(PLAIN, Raw(b"\x01\x00\x05\x00" + bytes(inner)), E=1, next_ex=0xc1))
    yield up("extension endpoint must know", "to_slow_extension", g_pdu(PLAIN, Raw(b"\x01\x00\x05\x00" + bytes(inner)), E=1, next_ex=0x84))
    yield up("extension of length 0", "bad_gtpu", g_pdu(PLAIN, Raw(b"\x00\x00\x00\x40" + bytes(inner)), E=1, next_ex=0x40))
    yield up("extension past the end", "bad_gtpu", g_pdu(PLAIN, Raw(b"\xff\x00\x00\x40" + bytes(inner)), E=1, next_ex=0x40))
    yield up("extensions without end", "bad_gtpu", g_pdu(PLAIN, Raw(b"\x01\x00\x00\x40" * 300), E=1, next_ex=0x40))
    yield up("teid 0", "no_session", g_pdu(PLAIN, inner, teid=0))
    yield up("teid of an older generation", "no_session", g_pdu(PLAIN, inner, teid=PLAIN.teid + (1 << 17)))
    yield up("teid of an empty cell", "no_session", g_pdu(PLAIN, inner, teid=PLAIN.teid + 256))
    yield up("inner version 0", "bad_ip", with_bytes(good, 36, b"\x05"))
    yield up("inner checksum", "bad_ip", with_bytes(good, 46, b"\x12\x34"))
    yield up("inner longer than tunnel", "bad_ip", g_pdu(PLAIN, Raw(resummed(bytes(inner), len=len(inner) + 1))))
    yield up("inner total below header", "bad_ip", g_pdu(PLAIN, Raw(resummed(bytes(inner), len=19))))
    yield up("inner v6 longer than tunnel", "bad_ip", g_pdu(PLAIN, Raw(with_bytes(bytes(v6), 4, b"\x02\x00"))))
    yield up("inner v6 cut", "short", g_pdu(PLAIN, Raw(bytes(v6)[:39])))
    yield up("inner jumbogram", "bad_ip", g_pdu(PLAIN, Raw(with_bytes(bytes(v6), 4, b"\x00\x00\x00"))))
    yield up("spoofed v4", "spoofed", g_pdu(PLAIN, IP(src=FLOW.ipv4, dst=SERVER4) / UDP()))
    yield up("source 0.0.0.0", "spoofed", g_pdu(PLAIN, IP(src="0.0.0.0", dst=SERVER4) / UDP()))
    yield up("spoofed v6", "spoofed", g_pdu(PLAIN, IPv6(src=FLOW.ipv6, dst=SERVER6) / UDP()))
    sent = g_pdu(V4_ONLY, IPv6(src="::1", dst=SERVER6) / UDP())
    yield Case("bad up prefix 0", UPLINK, V4_ONLY, sent, sent, "spoofed")
    yield up("link-local source", "link_local", g_pdu(PLAIN, IPv6(src="fe80::1", dst="ff02::2") / UDP()))
    closed = g_pdu(CLOSED, next(inners(CLOSED, True))[1])
    yield Case("closed up", UPLINK, CLOSED, closed, closed, "gate_closed")
    for ttl in (0, 1):
        packet = IP(src=PLAIN.ipv4, dst=SERVER4, ttl=ttl) / UDP(sport=1, dport=9)
        yield Case(f"up ttl {ttl}", UPLINK, PLAIN, g_pdu(PLAIN, packet), bytes(packet), "to_slow_ttl")
        packet = IPv6(src=SERVER6, dst=PLAIN.ipv6, hlim=ttl) / UDP(sport=1, dport=9)
        yield Case(f"down hop limit {ttl}", DOWNLINK, PLAIN, bytes(packet) + b"pad", bytes(packet), "to_slow_ttl")
    packet = IP(src=PLAIN.ipv4, dst=SERVER4) / UDP(sport=1, dport=9) / Raw(b"b" * 1473)
    yield Case("up above the core mtu", UPLINK, PLAIN, g_pdu(PLAIN, packet), bytes(packet), "to_slow_big", hint=1500)
    for session, overhead in ((PLAIN, 36), (FLOW, 44)):
        for more in (0, 1):
            packet = IP(src=SERVER4, dst=session.ipv4) / UDP(sport=1, dport=9) / Raw(b"b" * (1500 - overhead - 28 + more))
            case = Case(f"down at the access mtu +{more}", DOWNLINK, session, bytes(packet), next_hop(packet))
            if more:
                case.expected, case.verdict, case.hint_out = bytes(packet), "to_slow_big", 1500 - overhead
            yield case

    def down(name, verdict, sent, session=PLAIN):
        return Case(f"bad down {name}", DOWNLINK, session, sent, sent, verdict)

    reply = bytes(next(inners(PLAIN, False))[1])
    reply6 = bytes([packet for name, packet in inners(PLAIN, False) if name == "v6-udp"][0])
    for length in range(1, len(reply)):
        yield down(f"cut at {length}", "short" if length < 20 else "bad_ip", reply[:length])
    for length in range(1, len(reply6)):
        yield down(f"v6 cut at {length}", "short" if length < 40 else "bad_ip", reply6[:length])
    yield down("checksum", "bad_ip", with_bytes(reply, 10, b"\x00\x01"))
    yield down("neighbour's address", "no_session", bytes(IP(src=SERVER4, dst="10.45.99.1") / UDP()))
    yield down("address of no pool", "no_session", bytes(IP(src=SERVER4, dst="8.8.8.8") / UDP()))
    yield down("prefix of no pool", "no_session", bytes(IPv6(src=SERVER6, dst="2001:db8:46::1") / UDP()))
    yield down("gate closed", "gate_closed", bytes(next(inners(CLOSED, False))[1]), CLOSED)


def check(case, line, faults):
    verdict, hint, port, offset, result = (line.split(" ") + [""])[:5]
    result, expected = bytes.fromhex(result.strip()), case.expected
    side = {UPLINK: SIDE_CORE, DOWNLINK: SIDE_ACCESS}[case.kind] if case.verdict == "forward" else 3
    if case.kind == DOWNLINK and verdict == case.verdict == "forward":
        sport = int.from_bytes(result[20:22], "big")
        if sport < 49152:
            faults.append(f"{case.name}: source port {sport}")
        inner = case.expected
        tos = inner[1] if inner[0] >> 4 == 4 else (inner[0] & 15) << 4 | inner[1] >> 4
        expected = downlink_expected(case.session, inner, sport, tos)
    if (verdict, int(hint), int(port)) != (case.verdict, case.hint_out, side):
        faults.append(f"{case.name}: {verdict} hint {hint} port {port}, expected {case.verdict} {case.hint_out} {side}")
    elif result != expected:
        faults.append(f"{case.name}:\n  got      {result.hex()}\n  expected {expected.hex()}")
    elif int(offset) % 4:
        faults.append(f"{case.name}: payload moved by {offset}")
    return result


def tshark(results, folder, faults):
    """A dissector that is neither ours nor scapy's: no packet malformed, every checksum there is good."""
    path = os.path.join(folder, "out.pcap")
    wrpcap(path, [result for _, result in results], linktype=101)
    fields = ["_ws.malformed", "ip.checksum.status", "udp.checksum.status", "tcp.checksum.status", "icmp.checksum.status",
              "icmpv6.checksum.status", "gtp.teid", "gtp.ext_hdr.pdu_ses_con.qos_flow_id"]
    checks = [f"{p}.check_checksum:TRUE" for p in ("ip", "udp", "tcp")]
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|"]
    for setting in checks + ["ip.defragment:FALSE", "ipv6.defragment:FALSE"]:
        command += ["-o", setting]
    for field in fields:
        command += ["-e", field]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    if len(lines) != len(results):
        faults.append(f"tshark saw {len(lines)} packets of {len(results)}")
    for (case, _), line in zip(results, lines):
        malformed, *sums, teid, qfi = line.split("|")
        statuses = [status for value in sums for status in value.split(",") if value]
        if malformed or "0" in statuses:
            faults.append(f"tshark: {case.name}: malformed {malformed!r}, checksum states {sums}")
        if case.kind == DOWNLINK and (int(teid, 16) != case.session.peer_teid or (qfi and int(qfi, 0)) != (case.session.qfi if case.session.qos else "")):
            faults.append(f"tshark: {case.name}: teid {teid} qfi {qfi}")


def main():
    cases = [*uplink_cases(), *downlink_cases(), *mark_cases(), *bad_cases()]
    script = "\n".join(["mtu 1500 1500"] + [session.line() for session in SESSIONS] + [case.line() for case in cases]) + "\n"
    run = subprocess.run(sys.argv[1:], input=script, capture_output=True, text=True)
    lines, faults, forwarded = run.stdout.splitlines(), [], []
    if run.returncode or len(lines) != len(cases):
        sys.exit(f"runner left with {run.returncode} after {len(lines)} of {len(cases)} packets\n{run.stderr}")
    for case, line in zip(cases, lines):
        result = check(case, line, faults)
        if case.verdict == "forward":
            forwarded.append((case, result))
    with tempfile.TemporaryDirectory() as folder:
        tshark(forwarded, folder, faults)
    print("\n".join(faults[:20]))
    print(f"{len(cases)} packets, {len(forwarded)} forwarded, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
