#!/usr/bin/python3
"""slow_golden.py RUNNER: questions and hopeless packets built by scapy go to the slow lane; its answers must be, byte for byte, what
scapy builds, and tshark must find nothing wrong with them. What deserves no answer must end in its verdict."""

import logging
import os
import subprocess
import sys
import tempfile

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ICMP, IP, TCP, UDP, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6PacketTooBig, ICMPv6TimeExceeded, \
    ICMPv6DestUnreach, ICMPv6ND_Redirect, IPOption, IPv6, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, PadN, Raw, raw, wrpcap  # noqa: E402
from scapy.contrib.gtp import GTP_U_Header, GTP_UDPPort_ExtensionHeader, GTPErrorIndication, IE_TEIDI  # noqa: E402

LOCAL, TTL, BIG, NO_SESSION, EXTENSION = "3 {} 0", "4 {} 0", "5 {} 1400", "3 {} 1", "3 {} 2"  # enum lane_kind, port, hint
ACCESS = 254               # LANE_SIDE_ACCESS: came out of a tunnel
PORT = 1
GATEWAY, RADIO, HOST, ERROR4 = "192.0.2.1", "198.51.100.1", "203.0.113.9", "198.51.100.254"
RADIO6 = "2001:db8:3::7"
GATEWAY6, HOST6, ERROR6 = "2001:db8:2::1", "2001:db8:ffff::9", "2001:db8:1::1"
UE4, UE6 = "10.45.3.17", "2001:db8:45:311::5"


def ours4(dst, src=ERROR4, tos=0, **more):
    return IP(src=src, dst=dst, id=0, flags="DF", ttl=64, tos=tos, **more)


def ours6(dst, src=ERROR6):
    return IPv6(src=src, dst=dst, hlim=64)


def gtpu_echo(sequence, **more):
    header = bytes([0x32, 1]) + (4).to_bytes(2, "big") + bytes(4) + sequence.to_bytes(2, "big") + bytes(2)
    return IP(src=RADIO, dst=GATEWAY) / UDP(**dict(dict(sport=40000, dport=2152), **more)) / Raw(header)


def gtpu_answer(sequence, port=40000):
    header = bytes([0x32, 2]) + (6).to_bytes(2, "big") + bytes(4) + sequence.to_bytes(2, "big") + bytes(2) + bytes([14, 0])
    return ours4(RADIO, GATEWAY) / UDP(sport=2152, dport=port, chksum=0) / Raw(header)


def gtpu(kind, **more):
    return IP(src=RADIO, dst=GATEWAY) / UDP(sport=2152, dport=2152) / GTP_U_Header(gtp_type=kind, teid=0, **more)


def g_pdu(teid, sport=40000, family=4, **more):
    outer = IP(src=RADIO, dst=GATEWAY, tos=0x28) if family == 4 else IPv6(src=RADIO6, dst=GATEWAY6, tc=0x28, fl=0x777)
    inner = IP(src=UE4, dst=HOST) / UDP(sport=9, dport=9) / Raw(b"shoal" * 9)
    return outer / UDP(sport=sport, dport=2152, **({} if family == 6 else dict(chksum=0))) / \
        GTP_U_Header(gtp_type=255, teid=teid, **more) / inner


def outer_answer(family, dport=2152):
    if family == 4:
        return IP(src=GATEWAY, dst=RADIO, id=0, flags="DF", ttl=64, tos=0x28) / UDP(sport=2152, dport=dport, chksum=0)
    return IPv6(src=GATEWAY6, dst=RADIO6, hlim=64, tc=0x28) / UDP(sport=2152, dport=dport)


def indication(teid, sport=40000, family=4):
    """Element 133 by hand: scapy writes no IPv6 address into it."""
    peer = b"\0\4" + raw(IP(dst=GATEWAY))[16:20] if family == 4 else b"\0\x10" + raw(IPv6(dst=GATEWAY6))[24:40]
    return outer_answer(family) / GTP_U_Header(gtp_type=26, teid=0, S=1, E=1, seq=0, next_ex=0x40) / \
        GTP_UDPPort_ExtensionHeader(length=1, udp_port=sport, next_ex=0) / GTPErrorIndication(IE_list=[IE_TEIDI(TEIDI=teid), Raw(b"\x85" + peer)])


def heard_error(peer, family=4, outside=None):
    """What RADIO says of a tunnel that ends at `peer`: element 133 by hand, as above."""
    address = b"\0\4" + raw(IP(dst=peer))[16:20] if family == 4 else b"\0\x10" + raw(IPv6(dst=peer))[24:40]
    outer = IP(src=RADIO, dst=GATEWAY) if (outside or family) == 4 else IPv6(src=RADIO6, dst=GATEWAY6)
    return outer / UDP(sport=40000, dport=2152) / GTP_U_Header(gtp_type=26, teid=0, S=1, E=1, seq=7, next_ex=0x40) / \
        GTP_UDPPort_ExtensionHeader(length=1, udp_port=2152, next_ex=0) / \
        GTPErrorIndication(IE_list=[IE_TEIDI(TEIDI=0x7001), Raw(b"\x85" + address)])


def notice(family=4):
    """Element 141 by hand: its length is one octet (TS 29.281 8.5), scapy writes two."""
    return outer_answer(family) / GTP_U_Header(gtp_type=31, teid=0, S=1, seq=0) / Raw(bytes([141, 4, 0x40, 0x82, 0x85, 0xc0]))


def error4(packet, dst, **icmp):
    return ours4(dst) / ICMP(**icmp) / Raw(raw(packet)[:548])


def error6(packet, dst, icmp):
    return ours6(dst) / icmp / Raw(raw(packet)[:1232])


ECHO4 = IP(src=HOST, dst=GATEWAY, tos=0xb8, ttl=3) / ICMP(id=7, seq=9) / Raw(b"shoal" * 11)
ECHO6 = IPv6(src=HOST6, dst=GATEWAY6, tc=0x20, fl=0x12345) / ICMPv6EchoRequest(id=7, seq=9, data=b"shoal" * 11)
LAST4 = IP(src=HOST, dst=UE4, ttl=1) / UDP(sport=9, dport=33434) / Raw(b"traceroute")
LAST6 = IPv6(src=HOST6, dst=UE6, hlim=1) / UDP(sport=9, dport=33434) / Raw(b"traceroute")
LARGE4 = IP(src=HOST, dst=UE4, flags="DF") / UDP(sport=9, dport=9) / Raw(bytes(range(250)) * 5)
LARGE6 = IPv6(src=HOST6, dst=UE6) / UDP(sport=9, dport=9) / Raw(bytes(range(250)) * 5)
HEADERS6 = IPv6(src=HOST6, dst=UE6, hlim=1) / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)])
FRAGMENT6 = IPv6(src=HOST6, dst=UE6, hlim=1)

ANSWERED = [  # name, kind, sent, expected
    ("icmp echo", LOCAL, ECHO4, ours4(HOST, GATEWAY, tos=0xb8) / ICMP(type=0, id=7, seq=9) / Raw(b"shoal" * 11)),
    ("icmp echo, odd length", LOCAL, IP(src=HOST, dst=GATEWAY) / ICMP(id=1) / Raw(b"x"),
     ours4(HOST, GATEWAY) / ICMP(type=0, id=1) / Raw(b"x")),
    ("icmp echo, options", LOCAL, IP(src=HOST, dst=GATEWAY, options=[IPOption(b"\x94\x04\x00\x00")]) / ICMP(id=1) / Raw(b"ra"),
     ours4(HOST, GATEWAY) / ICMP(type=0, id=1) / Raw(b"ra")),
    ("icmpv6 echo", LOCAL, ECHO6, IPv6(src=GATEWAY6, dst=HOST6, tc=0x20, fl=0x12345, hlim=64) /
     ICMPv6EchoReply(id=7, seq=9, data=b"shoal" * 11)),
    ("gtp-u echo", LOCAL, gtpu_echo(0x1234), gtpu_answer(0x1234)),
    ("gtp-u echo from 2152", LOCAL, gtpu_echo(0, sport=2152), gtpu_answer(0, 2152)),
    ("gtp-u echo, v6", LOCAL, IPv6(src=RADIO6, dst=GATEWAY6, tc=0x28) / UDP(sport=40000, dport=2152) /
     Raw(bytes.fromhex("320100040000000012340000")), outer_answer(6, 40000) / Raw(bytes.fromhex("3202000600000000123400000e00"))),
    ("gtp-u echo, options", LOCAL, IP(src=RADIO, dst=GATEWAY, options=[IPOption(b"\x94\x04\x00\x00")]) / gtpu_echo(5)[UDP],
     gtpu_answer(5)),
    ("gtp-u echo, strange extension", LOCAL, IP(src=RADIO, dst=GATEWAY, tos=0x28) / UDP(sport=40000, dport=2152, chksum=0) /
     Raw(bytes.fromhex("3401000800000000000000c301000000")), notice()),
    ("error indication, strange extension", LOCAL, IP(src=RADIO, dst=GATEWAY, tos=0x28) / UDP(sport=40000, dport=2152, chksum=0) /
     Raw(bytes.fromhex("341a001400000000000000c301000000" "1000007001" "850004c6336401")), notice()),
    ("end marker, strange extension", LOCAL, IP(src=RADIO, dst=GATEWAY, tos=0x28) / UDP(sport=40000, dport=2152, chksum=0) /
     Raw(bytes.fromhex("34fe000800000001000000c301000000")), notice()),
    ("no session", NO_SESSION, g_pdu(0x12345678), indication(0x12345678)),
    ("no session, sequence number", NO_SESSION, g_pdu(7, S=1, seq=9), indication(7)),
    ("no session, v6", NO_SESSION, g_pdu(0x12345678, family=6), indication(0x12345678, family=6)),
    ("no session, port", NO_SESSION, g_pdu(0xffffffff, sport=2152), indication(0xffffffff, sport=2152)),
    ("extension", EXTENSION, IP(src=RADIO, dst=GATEWAY, tos=0x28) / UDP(sport=40000, dport=2152, chksum=0) /
     Raw(bytes.fromhex("34ff000800000001000000c301000000")), notice()),
    ("extension, v6", EXTENSION, IPv6(src=RADIO6, dst=GATEWAY6, tc=0x28) / UDP(sport=40000, dport=2152) /
     Raw(bytes.fromhex("34ff000800000001000000c301000000")), notice(6)),
    ("ttl", TTL, LAST4, error4(LAST4, HOST, type=11, code=0)),
    ("ttl, first fragment", TTL, IP(src=HOST, dst=UE4, ttl=1, flags="MF") / UDP() / Raw(b"f" * 16),
     error4(IP(src=HOST, dst=UE4, ttl=1, flags="MF") / UDP() / Raw(b"f" * 16), HOST, type=11, code=0)),
    ("ttl of an echo", TTL, IP(src=HOST, dst=UE4, ttl=1) / ICMP(), error4(IP(src=HOST, dst=UE4, ttl=1) / ICMP(), HOST, type=11)),
    ("hop limit", TTL, LAST6, error6(LAST6, HOST6, ICMPv6TimeExceeded())),
    ("hop limit behind extension headers", TTL, HEADERS6 / UDP() / Raw(b"h"), error6(HEADERS6 / UDP() / Raw(b"h"), HOST6, ICMPv6TimeExceeded())),
    ("hop limit of an echo", TTL, HEADERS6 / ICMPv6EchoRequest(), error6(HEADERS6 / ICMPv6EchoRequest(), HOST6, ICMPv6TimeExceeded())),
    ("too big", BIG, LARGE4, error4(LARGE4, HOST, type=3, code=4, nexthopmtu=1400)),
    ("too big, v6", BIG, LARGE6, error6(LARGE6, HOST6, ICMPv6PacketTooBig(mtu=1400))),
]

REFUSED = [  # name, kind, sent, verdict
    ("echo reply", LOCAL, IP(src=HOST, dst=GATEWAY) / ICMP(type=0), "slow_refused"),
    ("echo, bad checksum", LOCAL, IP(src=HOST, dst=GATEWAY) / ICMP(chksum=1), "slow_refused"),
    ("echo, v6, bad checksum", LOCAL, IPv6(src=HOST6, dst=GATEWAY6) / ICMPv6EchoRequest(cksum=1), "slow_refused"),
    ("echo, fragment", LOCAL, IP(src=HOST, dst=GATEWAY, flags="MF") / ICMP(), "fragment"),
    ("echo from multicast", LOCAL, IP(src="224.0.0.1", dst=GATEWAY) / ICMP(), "slow_refused"),
    ("echo from nobody", LOCAL, IP(src="0.0.0.0", dst=GATEWAY) / ICMP(), "slow_refused"),
    ("echo from loopback", LOCAL, IP(src="127.0.0.1", dst=GATEWAY) / ICMP(), "slow_refused"),
    ("tcp", LOCAL, IP(src=HOST, dst=GATEWAY) / TCP(dport=22), "slow_refused"),
    ("udp", LOCAL, IP(src=HOST, dst=GATEWAY) / UDP(dport=53), "slow_refused"),
    ("udp, length that lies", LOCAL, gtpu_echo(1, len=900), "bad_udp"),
    ("bad ip", LOCAL, IP(src=HOST, dst=GATEWAY, chksum=1) / ICMP(), "bad_ip"),
    ("gtp-u, short", LOCAL, IP(src=RADIO, dst=GATEWAY) / UDP(sport=1, dport=2152) / Raw(b"\x32\x01\x00"), "bad_gtpu"),
    ("gtp-u, version 2", LOCAL, IP(src=RADIO, dst=GATEWAY) / UDP(sport=1, dport=2152) / Raw(b"\x52\x01\0\4" + bytes(8)), "bad_gtpu"),
    ("error indication about nothing", LOCAL, gtpu(26), "bad_gtpu"),
    ("error indication", LOCAL, heard_error(RADIO), "gtpu_heard"),
    ("error indication, v6", LOCAL, heard_error(RADIO6, 6), "gtpu_heard"),
    ("error indication from elsewhere", LOCAL, heard_error(HOST), "gtpu_heard"),
    ("error indication from elsewhere, v6", LOCAL, heard_error(HOST6, 6), "gtpu_heard"),
    ("end marker", LOCAL, gtpu(254), "end_marker"),
    ("supported extension headers", LOCAL, gtpu(31), "gtpu_type"),
    ("supported extension headers, and a strange one", LOCAL, IP(src=RADIO, dst=GATEWAY) / UDP(sport=40000, dport=2152) /
     Raw(bytes.fromhex("341f000800000000000000c301000000")), "gtpu_type"),
    ("echo response", LOCAL, gtpu(2, S=1, seq=9), "gtpu_heard"),
    ("no session, multicast", NO_SESSION, IP(src="224.0.0.9", dst=GATEWAY) / g_pdu(1)[UDP], "slow_refused"),
    ("no session, no g-pdu", NO_SESSION, gtpu_echo(1), "not_ours"),
    ("no session, cut", NO_SESSION, IP(src=RADIO, dst=GATEWAY) / UDP(sport=1, dport=2152) / Raw(b"\x30\xff\0\0\0"), "bad_gtpu"),
    ("no session, v6, bad checksum", NO_SESSION, IPv6(src=RADIO6, dst=GATEWAY6) / UDP(sport=1, dport=2152, chksum=1) / Raw(bytes(8)), "bad_udp"),
    ("extension, none strange", EXTENSION, g_pdu(1), "no_session"),
    ("ttl of an error", TTL, IP(src=HOST, dst=UE4, ttl=1) / ICMP(type=3, code=1) / LAST4, "slow_refused"),
    ("ttl of a redirect", TTL, IP(src=HOST, dst=UE4, ttl=1) / ICMP(type=5) / LAST4, "slow_refused"),
    ("ttl, later fragment", TTL, IP(src=HOST, dst=UE4, ttl=1, frag=4) / Raw(b"f" * 16), "slow_refused"),
    ("ttl, to multicast", TTL, IP(src=HOST, dst="239.1.1.1", ttl=1) / UDP(), "slow_refused"),
    ("ttl, to broadcast", TTL, IP(src=HOST, dst="255.255.255.255", ttl=1) / UDP(), "slow_refused"),
    ("ttl, from broadcast", TTL, IP(src="255.255.255.255", dst=UE4, ttl=1) / UDP(), "slow_refused"),
    ("hop limit of an error", TTL, LAST6[IPv6].__class__(src=HOST6, dst=UE6, hlim=1) / ICMPv6DestUnreach() / LAST6, "slow_refused"),
    ("hop limit of an error behind headers", TTL, HEADERS6 / ICMPv6DestUnreach() / LAST6, "slow_refused"),
    ("hop limit of a redirect", TTL, IPv6(src=HOST6, dst=UE6, hlim=1) / ICMPv6ND_Redirect(), "slow_refused"),
    ("hop limit, later fragment", TTL, FRAGMENT6 / IPv6ExtHdrFragment(offset=2, nh=17) / Raw(b"f" * 16), "slow_refused"),
    ("hop limit, cut headers", TTL, IPv6(src=HOST6, dst=UE6, hlim=1, nh=0) / Raw(b"\x11\x09" + bytes(6)), "slow_refused"),
    ("hop limit, endless headers", TTL, IPv6(src=HOST6, dst=UE6, hlim=1, nh=60) /
     Raw((b"\x3c\x00" + bytes(6)) * 19 + b"\x11\x00" + bytes(6)) / UDP(), "slow_refused"),
    ("hop limit, to multicast", TTL, IPv6(src=HOST6, dst="ff0e::1", hlim=1) / UDP(), "slow_refused"),
    ("hop limit, from nobody", TTL, IPv6(src="::", dst=UE6, hlim=1) / UDP(), "slow_refused"),
    ("fast kind", "1 {} 0", ECHO4, "not_ours"),
]


def ask(runner, lines):
    answer = subprocess.run([runner], input="".join(line + "\n" for line in lines), capture_output=True, text=True, check=True)
    return [line.split(" ") for line in answer.stdout.splitlines()]


def packet(kind, sent, port=PORT, padding=b""):
    return f"packet {kind.format(port)} {(raw(sent) + padding).hex()}"


def check_answers(runner, faults):
    answers = []
    for port, verdict in (PORT, "answered"), (ACCESS, "steer_again"):
        for padding in b"", b"\xee" * 13:
            lines = [packet(kind, sent, port, padding) for _, kind, sent, _ in ANSWERED]
            for (name, _, _, expected), (got, out, hexes) in zip(ANSWERED, ask(runner, lines), strict=True):
                answers.append(bytes.fromhex(hexes))
                if (got, int(out), hexes) != (verdict, port, raw(expected).hex()):
                    faults.append(f"{name}: {got} {out}\n  got      {hexes}\n  expected {raw(expected).hex()}")
    return answers


def check_refusals(runner, faults):
    lines = [packet(kind, sent) for _, kind, sent, _ in REFUSED]
    for (name, _, _, verdict), (got, _, _) in zip(REFUSED, ask(runner, lines), strict=True):
        if got != verdict:
            faults.append(f"{name}: {got}, not {verdict}")


def check_told(runner, faults):
    """What the controller hears of Error Indications: the tunnel's end, and whether it was said elsewhere."""
    for name, sent, elsewhere, peer in (("from the end", heard_error(RADIO), 0, raw(IP(dst=RADIO))[16:20]),
                                        ("from elsewhere", heard_error(HOST), 1, raw(IP(dst=HOST))[16:20]),
                                        ("from the end, v6", heard_error(RADIO6, 6), 0, raw(IPv6(dst=RADIO6))[24:40]),
                                        ("from elsewhere, v6", heard_error(HOST6, 6), 1, raw(IPv6(dst=HOST6))[24:40]),
                                        ("from elsewhere, the other family", heard_error(HOST6, 6, 4), 1, raw(IPv6(dst=HOST6))[24:40])):
        _, told = ask(runner, [packet(LOCAL, sent), "told"])
        if told != [str(0x7001), str(elsewhere), peer.hex()]:
            faults.append(f"error indication {name}: told {told}")


def check_limits(runner, faults):
    """A flood is answered up to the limit, and again after a while; echoes and errors do not share their limits."""
    strays = [packet(NO_SESSION, g_pdu(teid)) for teid in range(150)] + [packet(NO_SESSION, g_pdu(1, family=6))]
    verdicts = [answer[0] for answer in ask(runner, strays)]
    if verdicts != ["answered"] * 20 + ["no_session"] * 130 + ["answered"]:
        faults.append("limit of a peer: " + " ".join(verdicts))
    flood = [packet(TTL, LAST4)] * 150
    verdicts = [answer[0] for answer in ask(runner, flood + [packet(LOCAL, ECHO4)] + ["wait"] + flood)]
    if verdicts != (["answered"] * 100 + ["slow_refused"] * 50) + ["answered"] + ["answered"] * 100 + ["slow_refused"] * 50:
        faults.append("limit: " + " ".join(verdicts))


def check_dissector(answers, faults):
    """tshark reads each answer and finds all checksums right and nothing malformed."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "answers.pcap")
        wrpcap(path, answers, linktype=101)
        out = subprocess.run(["tshark", "-r", path, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields",
                              "-e", "frame.number", "-e", "_ws.expert.message", "-e", "icmp.checksum.status", "-e",
                              "icmpv6.checksum.status", "-e", "ip.checksum.status", "-Y",
                              "_ws.malformed || ip.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0"],
                             capture_output=True, text=True, check=True)
        count = subprocess.run(["tshark", "-r", path, "-Y", "icmp || icmpv6 || gtp.message"], capture_output=True, text=True,
                               check=True)
    if out.stdout.strip():
        faults.append("tshark: " + out.stdout)
    if len(count.stdout.splitlines()) != len(answers):
        faults.append(f"tshark knows {len(count.stdout.splitlines())} of {len(answers)} answers")


def check_fields(answers, faults):
    """What tshark reads out of the first round's Error Indications and notices: message, header, elements."""
    wanted = {"no session": f"0x1a,0x00000000,0x0000,40000,0x12345678,{GATEWAY},,",
              "no session, v6": f"0x1a,0x00000000,0x0000,40000,0x12345678,,{GATEWAY6},",
              "extension": "0x1f,0x00000000,0x0000,,,,,64+130+133+192", "extension, v6": "0x1f,0x00000000,0x0000,,,,,64+130+133+192"}
    names = ("message", "teid", "seq_number", "ext_hdr.udp_port", "teid_data", "gsn_ipv4", "gsn_ipv6", "ext_hdr_type")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "answers.pcap")
        wrpcap(path, answers[:len(ANSWERED)], linktype=101)
        command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=,", "-E", "aggregator=+"]
        for name in names:
            command += ["-e", "gtp." + name]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    for (name, _, _, _), line in zip(ANSWERED, lines, strict=True):
        if name in wanted and line != wanted[name]:
            faults.append(f"{name}: tshark reads {line}, not {wanted[name]}")


def main():
    faults = []
    answers = check_answers(sys.argv[1], faults)
    check_refusals(sys.argv[1], faults)
    check_told(sys.argv[1], faults)
    check_limits(sys.argv[1], faults)
    check_dissector(answers, faults)
    check_fields(answers, faults)
    for fault in faults:
        print(fault)
    print(f"slow: {len(answers)} answers and {len(REFUSED)} refusals compared, {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main())
