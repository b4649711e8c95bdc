#!/usr/bin/python3
"""advert_golden.py RUNNER: router solicitations built by scapy go through the packet path; the advertisements that come back must be, byte
for byte, what scapy builds, and tshark must read prefix, flags and MTU out of them. What asks wrongly, or is no question, ends here."""

import importlib.util
import logging
import os
import subprocess
import sys
import tempfile

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import IP, UDP, IPv6, ICMPv6EchoRequest, ICMPv6MLReport2, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptMTU, \
    ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, IPv6ExtHdrHopByHop, RouterAlert, Raw, wrpcap  # noqa: E402
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer  # noqa: E402

spec = importlib.util.spec_from_file_location("pipe_golden", os.path.join(os.path.dirname(os.path.abspath(__file__)), "pipe_golden.py"))
pipe = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pipe)

ROUTERS, NODES, ROUTER, ASKER = "ff02::2", "ff02::1", "fe80::1", "fe80::5:6:7:8"
MTU = 1456  # 1500 on both sides, less a tunnel with a PDU Session Container
SESSIONS = [pipe.Session(60 + i, 7 * i + 1) for i in range(5)]
FLOW = pipe.Session(70, 9, down=(0, pipe.KEEP, pipe.QFI), qfi=5)
V4 = pipe.Session(71, 9)
V4.prefix = 0
STRANGER = pipe.Session(72, 9)


def solicit(src=ASKER, dst=ROUTERS, hlim=255, options=b"", **icmp):
    return IPv6(src=src, dst=dst, hlim=hlim) / ICMPv6ND_RS(**icmp) / Raw(options)


def advert(session, to):
    prefix = session.ipv6.rsplit("::", 1)[0] + "::"
    inner = IPv6(src=ROUTER, dst=to, hlim=255) / ICMPv6ND_RA(chlim=64, M=0, O=0, H=0, prf=0, P=0, res=0, routerlifetime=65535, reachabletime=0,
                                                             retranstimer=0) / \
        ICMPv6NDOptPrefixInfo(prefixlen=64, L=0, A=1, R=0, validlifetime=0xffffffff, preferredlifetime=0xffffffff, prefix=prefix) / \
        ICMPv6NDOptMTU(mtu=MTU)
    gtp = GTP_U_Header(teid=session.peer_teid, gtp_type=255)
    if session.qos:
        gtp = GTP_U_Header(teid=session.peer_teid, gtp_type=255, E=1, next_ex=0x85) / GTPPDUSessionContainer(type=0, QFI=session.qfi)
    return bytes(IP(src=pipe.GATEWAY, dst=pipe.RADIO, ttl=64, id=0, flags="DF") / UDP(sport=2152, dport=2152, chksum=0) / gtp / inner)


ANSWERED = [  # session, question, to whom
    (SESSIONS[0], solicit(), ASKER),
    (SESSIONS[1], solicit(src="::"), NODES),
    (SESSIONS[2], solicit(options=bytes(ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:01"))), ASKER),
    (SESSIONS[3], solicit(dst=ROUTER), ASKER),
    (SESSIONS[4], solicit(res=7), ASKER),
    (FLOW, solicit(), ASKER),
]

LINK = [  # name, question
    ("hop limit 254", solicit(hlim=254)),
    ("code 1", solicit(code=1)),
    ("checksum", solicit(cksum=0x1234)),
    ("option of length 0", solicit(options=b"\x01\x00" + bytes(6))),
    ("option cut", solicit(options=b"\x01\x02" + bytes(6))),
    ("half an option", solicit(options=b"\x01")),
    ("layer 2 of nobody", solicit(src="::", options=bytes(ICMPv6NDOptSrcLLAddr()))),
    ("to all nodes", solicit(dst=NODES)),
    ("to another", solicit(dst="fe80::2")),
    ("cut", IPv6(src=ASKER, dst=ROUTERS, hlim=255, nh=58) / Raw(b"\x85\x00\x00")),
    ("an advertisement", IPv6(src=ASKER, dst=NODES, hlim=255) / ICMPv6ND_RA()),
    ("neighbour solicitation", IPv6(src="::", dst="ff02::1:ff07:8", hlim=255) / ICMPv6ND_NS(tgt=ASKER)),
    ("neighbour advertisement", IPv6(src=ASKER, dst=NODES, hlim=255) / ICMPv6ND_NA(tgt=ASKER)),
    ("multicast listener report", IPv6(src=ASKER, dst="ff02::16", hlim=1) /
     IPv6ExtHdrHopByHop(options=[RouterAlert()]) / ICMPv6MLReport2()),
    ("echo to the router", IPv6(src=ASKER, dst=ROUTER) / ICMPv6EchoRequest()),
    ("multicast DNS", IPv6(src=ASKER, dst="ff02::fb") / UDP(sport=5353, dport=5353)),
]


def ask(runner, lines):
    script = [s.line() for s in SESSIONS + [FLOW, V4]] + ["settle", "front"] + lines
    out = subprocess.run([runner], input="".join(line + "\n" for line in script), capture_output=True, text=True, check=True)
    return [line.split(" ") for line in out.stdout.splitlines()]


def question(session, inner, **more):
    return f"packet {pipe.UPLINK} {session.teid} {pipe.g_pdu(session, inner, **more).hex()}"


def check_answers(runner, faults):
    header = "PSC"
    answers = ask(runner, [question(session, inner, header=header) for session, inner, _ in ANSWERED])
    for (session, inner, to), (verdict, hint, port, _, hexes) in zip(ANSWERED, answers, strict=True):
        if (verdict, int(hint), int(port), hexes) != ("answered", 0, pipe.SIDE_ACCESS, advert(session, to).hex()):
            faults.append(f"{inner.summary()}: {verdict} {hint} {port}\n  got      {hexes}\n  expected {advert(session, to).hex()}")
    return [bytes.fromhex(answer[4]) for answer in answers]


def check_others(runner, faults):
    cases = [(name, SESSIONS[0], inner, "link_local") for name, inner in LINK]
    cases += [("no prefix", V4, solicit(), "link_local"), ("no session", STRANGER, solicit(), "to_slow_no_session"),
              ("foreign source", SESSIONS[0], IPv6(src="2001:db8::5", dst="2001:db8::6") / UDP(), "spoofed"),
              ("once", SESSIONS[1], solicit(), "answered"), ("again at once", SESSIONS[1], solicit(), "link_local")]
    for (name, _, _, wanted), answer in zip(cases, ask(runner, [question(s, inner) for _, s, inner, _ in cases]), strict=True):
        if answer[0] != wanted:
            faults.append(f"{name}: {answer[0]}, not {wanted}")
    return len(cases)


def check_fields(answers, faults):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "adverts.pcap")
        wrpcap(path, answers, linktype=101)
        names = ("icmpv6.type", "icmpv6.checksum.status", "icmpv6.nd.ra.cur_hop_limit", "icmpv6.nd.ra.flag.m", "icmpv6.nd.ra.flag.o",
                 "icmpv6.nd.ra.router_lifetime", "icmpv6.opt.prefix.length", "icmpv6.opt.prefix.flag.l", "icmpv6.opt.prefix.flag.a",
                 "icmpv6.opt.prefix.valid_lifetime", "icmpv6.opt.prefix", "icmpv6.opt.mtu", "gtp.ext_hdr.pdu_ses_con.qos_flow_id")
        command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=,"]
        for name in names:
            command += ["-e", name]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    for (session, _, _), line in zip(ANSWERED, lines, strict=True):
        prefix = session.ipv6.rsplit("::", 1)[0] + "::"
        wanted = f"134,1,64,0,0,65535,64,0,1,4294967295,{prefix},{MTU},{session.qfi if session.qos else ''}"
        if line.replace("False", "0").replace("True", "1") != wanted:
            faults.append(f"tshark reads {line}, not {wanted}")


def main():
    faults = []
    answers = check_answers(sys.argv[1], faults)
    others = check_others(sys.argv[1], faults)
    check_fields(answers, faults)
    for fault in faults:
        print(fault)
    print(f"advert: {len(answers)} answers and {others} others compared, {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main())
