#!/usr/bin/python3
"""rules_golden.py RUNNER: packets of a session with a sheet of rules. The sheet is packed here, from shared/wire/sheet.h as text; packets
in and out are scapy's, and tshark reads the fields of what came out."""

import os
import socket
import struct
import subprocess
import sys
import tempfile

import pipe_golden as pipe
from pipe_golden import GATEWAY, GATEWAY6, RADIO, RADIO6, SERVER4, SERVER6, UPLINK, DOWNLINK, Case, inners, next_hop
from scapy.all import IP, TCP, UDP, IPv6, Raw, wrpcap
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer

DROP, FORWARD, BUFFER = range(3)
NONE, GTPU4, GTPU6 = range(3)
NOTIFY, DSCP, HAS_PEER = 1, 2, 4
GATE_UP, GATE_DOWN, HAS_QFI = 1, 2, 4
ANY = 0xffff0000
ALL_QFIS = 2 ** 64 - 1
UPF2 = "198.51.100.77"


def number6(address):
    return struct.unpack(">QQ", socket.inet_pton(socket.AF_INET6, address))


def pdr(number, far, qers=0, qfis=ALL_QFIS, flags=0):
    return struct.pack("<HBBBBHQ", number, flags, far, qers, 0, 0, qfis)


def far(action=FORWARD, outer=NONE, peer="", teid=0, dscp=None):
    flags = (HAS_PEER if peer else 0) | (DSCP if dscp is not None else 0)
    four = pipe.number4(peer) if outer == GTPU4 else 0
    six = number6(peer) if outer == GTPU6 else (0, 0)
    return struct.pack("<IBBBBIIQQ", 1, action, outer, flags, dscp or 0, teid, four, *six)


def qer(qfi=None, flags=0, mark=0):
    return struct.pack("<IBBBB2Q2I2I", 1, flags | (HAS_QFI if qfi is not None else 0), qfi or 0, mark, 0, 0, 0, 0, 0, 0, 0)


def filters(rows, words):
    """Groups of eight: each row is one filter's words, in the order of the columns."""
    blob = b""
    for first in range(0, len(rows), 8):
        group = rows[first:first + 8] + [[0] * words] * (8 - len(rows[first:first + 8]))
        blob += b"".join(struct.pack("<8I", *(row[column] for row in group)) for column in range(words))
    return blob


def filter4(pdrs, remote=None, remote_ports=ANY, local_ports=ANY, protocol=None):
    kind = 0 if protocol is None else protocol | 0xff << 8
    address, mask = (pipe.number4(remote), 0xffffffff) if remote else (0, 0)
    return [address, mask, remote_ports, local_ports, kind, 0, 0, pdrs & 0xffffffff, pdrs >> 32]


def filter6(pdrs, remote=None, remote_ports=ANY, local_ports=ANY, protocol=None, label=None):
    kind = 0 if protocol is None else protocol | 0xff << 8
    words = struct.unpack(">4I", socket.inet_pton(socket.AF_INET6, remote)) if remote else (0,) * 4
    mask = (0xffffffff if remote else 0,) * 4
    flow = (0, 0) if label is None else (label, 0xfffff)
    return [*words, *mask, remote_ports, local_ports, kind, 0, 0, *flow, pdrs & 0xffffffff, pdrs >> 32]


def sheet(tunnels, pdrs, fars, qers=(), four=(), six=(), ways=(0, 0), opens=(0, 0)):
    body = struct.pack(f"<{len(tunnels)}Q", *tunnels) + b"".join([*pdrs, *fars, *qers]) + filters(list(four), 9) + filters(list(six), 17)
    return struct.pack("<8BHHI4Q", 1, len(pdrs), len(fars), len(qers), 0, len(tunnels), (len(four) + 7) // 8, (len(six) + 7) // 8,
                       48 + len(body), 0, 1, *ways, *opens) + body


class Ruled(pipe.Session):
    def __init__(self, row, host, **rules):
        super().__init__(row, host)
        self.sheet = sheet(**rules)

    def line(self):
        return super().line() + f"\nsheet {self.shard} {self.row} {self.sheet.hex()}"

    def tunnel(self, index):
        return self.teid ^ index << (8 + pipe.SLOT_BITS)


def both(up_far, down_far, qers=()):
    """One PDR each way, for everything; the QERs count for both."""
    mask = (1 << len(qers)) - 1
    return dict(tunnels=[3], pdrs=[pdr(1, 0, mask), pdr(2, 1, mask)], fars=[up_far, down_far], qers=qers, ways=(1, 2), opens=(3, 3))


TO4 = far(outer=GTPU4, peer=RADIO, teid=0x44)
OUTER = {  # name: session, outer of what goes down: (radio side, TEID, QFI, DSCP)
    "gtpu4": (Ruled(50, 1, **both(far(), TO4)), (RADIO, 0x44, None, None)),
    "gtpu4 qfi": (Ruled(51, 1, **both(far(), TO4, [qer(), qer(9), qer(10)])), (RADIO, 0x44, 9, None)),
    "gtpu4 dscp": (Ruled(52, 1, **both(far(), far(outer=GTPU4, peer=RADIO, teid=0x45, dscp=46))), (RADIO, 0x45, None, 46)),
    "gtpu6": (Ruled(53, 1, **both(far(), far(outer=GTPU6, peer=RADIO6, teid=0x66))), (RADIO6, 0x66, None, None)),
    "gtpu6 qfi dscp": (Ruled(54, 1, **both(far(), far(outer=GTPU6, peer=RADIO6, teid=0x67, dscp=10), [qer(63)])), (RADIO6, 0x67, 63, 10)),
}
# Uplink by QFI: 5 to the core, 6 to another UPF, 7 dropped, no container and the rest: none. Second tunnel: whatever its QFI, to the core.
FLOWS = Ruled(55, 1, tunnels=[0b00111, 0b10000], pdrs=[pdr(1, 0, qfis=1 << 5), pdr(2, 1, 1, 1 << 6), pdr(3, 2, qfis=1 << 7), pdr(4, 3), pdr(5, 0)],
              fars=[far(), far(outer=GTPU4, peer=UPF2, teid=0x99), far(DROP), TO4], qers=[qer(33)], ways=(0b10111, 0b01000), opens=(31, 31))
# Down: web to its own flow, one server's DNS dropped, a flow label its own flow, the rest waits.
SERVICES = Ruled(56, 1, tunnels=[1], pdrs=[pdr(1, 0), pdr(2, 1, 1), pdr(3, 2), pdr(4, 1, 2), pdr(5, 3)],
                 fars=[far(), TO4, far(DROP), far(BUFFER)], qers=[qer(1), qer(2)],
                 four=[filter4(0b00010, remote_ports=443 << 16 | 400, protocol=6)] + [filter4(0, remote="192.0.2.99")] * 8 +
                 [filter4(0b00100, remote=SERVER4, remote_ports=53 << 16 | 53, protocol=17)],
                 six=[filter6(0b00010, remote_ports=443 << 16 | 400, protocol=6), filter6(0b01000, remote=SERVER6, label=0x12345)],
                 ways=(1, 0b11110), opens=(0b10001, 0b10001))
SESSIONS = [session for session, _ in OUTER.values()] + [FLOWS, SERVICES]


def outer_of(case, sport, tos):
    """scapy's packet, towards the radio side or another UPF."""
    peer, teid, qfi, dscp, kind = case.outer
    gtp = GTP_U_Header(teid=teid, gtp_type=255)
    if qfi is not None:
        gtp = GTP_U_Header(teid=teid, gtp_type=255, E=1, next_ex=0x85) / GTPPDUSessionContainer(type=kind, QFI=qfi)
    tos = tos if dscp is None else dscp << 2 | tos & 3
    if ":" in peer:
        return bytes(IPv6(src=GATEWAY6, dst=peer, hlim=64, tc=tos, fl=sport) / UDP(sport=sport, dport=2152) / gtp / Raw(case.expected))
    return bytes(IP(src=GATEWAY, dst=peer, ttl=64, id=0, flags="DF", tos=tos) / UDP(sport=sport, dport=2152, chksum=0) / gtp / Raw(case.expected))


def down(name, session, inner, outer=None, **more):
    case = Case(f"down {name}", DOWNLINK, session, bytes(inner), next_hop(inner) if outer else bytes(inner), **more)
    case.outer = outer and (*outer, 0)
    return case


def up(name, session, inner, qfi=None, teid=None, expected=None, outer=None, verdict="forward"):
    gtp = GTP_U_Header(teid=session.teid if teid is None else teid, gtp_type=255)
    if qfi is not None:
        gtp = GTP_U_Header(teid=gtp.teid, gtp_type=255, E=1, next_ex=0x85) / GTPPDUSessionContainer(type=1, QFI=qfi)
    sent = bytes(IP(src=RADIO, dst=GATEWAY) / UDP(sport=2152, dport=2152, chksum=0) / gtp / Raw(bytes(inner)))
    case = Case(f"up {name}", UPLINK, session, sent, sent if verdict != "forward" else expected or next_hop(inner), verdict)
    case.outer = outer
    return case


def cases():
    for name, (session, outer) in OUTER.items():
        for tos in (0, 1, 46 << 2 | 2, 0xff):
            for kind, inner in inners(session, False, tos):
                yield down(f"{name} {kind} {tos}", session, inner, outer)
        for kind, inner in inners(session, True):
            yield up(f"{name} {kind}", session, inner)
    for kind, inner in inners(FLOWS, True):
        yield up(f"flow 5 {kind}", FLOWS, inner, 5)
        yield up(f"flow 6 {kind}", FLOWS, inner, 6, expected=bytes(inner), outer=(UPF2, 0x99, 33, None, 1))
        yield up(f"flow 7 {kind}", FLOWS, inner, 7, verdict="rule_drop")
        yield up(f"flow 8 {kind}", FLOWS, inner, 8, verdict="no_rule")
        yield up(f"no flow {kind}", FLOWS, inner, verdict="no_rule")
        for qfi in (None, 5, 8):
            yield up(f"other tunnel {qfi} {kind}", FLOWS, inner, qfi, FLOWS.tunnel(1))
        yield up(f"third tunnel {kind}", FLOWS, inner, 5, FLOWS.tunnel(2), verdict="no_rule")
    yield up("last hop from tunnel to tunnel", FLOWS, IP(src=FLOWS.ipv4, dst=SERVER4, ttl=1) / UDP(), 6,
             expected=bytes(IP(src=FLOWS.ipv4, dst=SERVER4, ttl=1) / UDP()), outer=(UPF2, 0x99, 33, None, 1))
    four, six = dict(src=SERVER4, dst=SERVICES.ipv4), dict(src=SERVER6, dst=SERVICES.ipv6)
    waits = dict(verdict="buffer", hint=SERVICES.row)
    for port, web in ((399, False), (400, True), (443, True), (444, False)):
        for name, ip in (("v4", IP(**four)), ("v6", IPv6(**six))):
            yield down(f"web {port} {name}", SERVICES, ip / TCP(sport=port, dport=5000), (RADIO, 0x44, 1, None) if web else None,
                       **({} if web else waits))
    yield down("web over udp", SERVICES, IP(**four) / UDP(sport=443, dport=5000), **waits)
    yield down("dns", SERVICES, IP(**four) / UDP(sport=53, dport=5000), verdict="rule_drop")
    yield down("dns of another", SERVICES, IP(**dict(four, src="203.0.113.8")) / UDP(sport=53, dport=5000), **waits)
    yield down("dns over v6", SERVICES, IPv6(**six) / UDP(sport=53, dport=5000), **waits)
    yield down("label", SERVICES, IPv6(fl=0x12345, **six) / UDP(sport=53, dport=5000), (RADIO, 0x44, 2, None))
    yield down("another label", SERVICES, IPv6(fl=0x12346, **six) / UDP(sport=53, dport=5000), **waits)
    yield down("a later fragment of web", SERVICES, IP(frag=4, proto=6, **four) / Raw(bytes(TCP(sport=443))), **waits)
    yield down("a first fragment of web", SERVICES, IP(flags="MF", **four) / TCP(sport=443) / Raw(b"x" * 24), (RADIO, 0x44, 1, None))


def check(case, line, faults):
    verdict, hint, port, _, result = (line.split(" ") + [""])[:5]
    result, expected, side = bytes.fromhex(result.strip()), case.expected, 3
    if case.verdict == "forward":
        side = pipe.SIDE_ACCESS if case.outer else pipe.SIDE_CORE
    if case.outer and verdict == "forward":
        at = 40 if result[0] >> 4 == 6 else 20
        tos = expected[1] if expected[0] >> 4 == 4 else (expected[0] & 15) << 4 | expected[1] >> 4
        expected = outer_of(case, int.from_bytes(result[at:at + 2], "big"), tos)
    if (verdict, int(hint), int(port)) != (case.verdict, case.hint_out, side):
        faults.append(f"{case.name}: {verdict} hint {hint} port {port}, expected {case.verdict} {case.hint_out} {side}")
    elif result != expected:
        faults.append(f"{case.name}:\n  got      {result.hex()}\n  expected {expected.hex()}")
    return result


FIELDS = ["_ws.malformed", "ip.checksum.status", "udp.checksum.status", "ipv6.dst", "ip.dst", "ipv6.tclass.dscp", "ip.dsfield.dscp",
          "gtp.teid", "gtp.ext_hdr.pdu_ses_con.qos_flow_id", "gtp.ext_hdr.pdu_ses_con.pdu_type"]


def tshark_case(case, fields, faults):
    malformed, *sums = fields[:3]
    if malformed or "0" in ",".join(sums).split(","):
        faults.append(f"tshark: {case.name}: malformed {malformed!r}, checksum states {sums}")
    if not case.outer:
        return
    peer, teid, qfi, dscp, kind = case.outer
    dst, marks = (fields[3], fields[5]) if ":" in peer else (fields[4], fields[6])
    said = [dst.split(",")[0], int(fields[7], 16), fields[8] and int(fields[8], 0), fields[9] and int(fields[9], 0)]
    wanted = [peer, teid, "" if qfi is None else qfi, "" if qfi is None else kind]
    if said != wanted or (dscp is not None and int(marks.split(",")[0]) != dscp):
        faults.append(f"tshark: {case.name}: {said} DSCP {marks}, expected {wanted} {dscp}")


def tshark(results, folder, faults):
    path = os.path.join(folder, "out.pcap")
    wrpcap(path, [result for _, result in results], linktype=101)
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|"]
    for setting in ("ip.check_checksum:TRUE", "udp.check_checksum:TRUE", "ip.defragment:FALSE", "ipv6.defragment:FALSE"):
        command += ["-o", setting]
    for field in FIELDS:
        command += ["-e", field]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    if len(lines) != len(results):
        faults.append(f"tshark saw {len(lines)} packets of {len(results)}")
    for (case, _), line in zip(results, lines):
        tshark_case(case, line.split("|"), faults)


def main():
    all_cases = list(cases())
    script = ["mtu 1500 1500", "gtpu6 %u %u" % number6(GATEWAY6)] + [session.line() for session in SESSIONS] + [case.line() for case in all_cases]
    run = subprocess.run(sys.argv[1:], input="\n".join(script) + "\n", capture_output=True, text=True)
    lines, faults, forwarded = run.stdout.splitlines(), [], []
    if run.returncode or len(lines) != len(all_cases):
        sys.exit(f"runner left with {run.returncode} after {len(lines)} of {len(all_cases)} packets\n{run.stderr}")
    for case, line in zip(all_cases, lines):
        result = check(case, line, faults)
        if case.verdict == "forward":
            forwarded.append((case, result))
    with tempfile.TemporaryDirectory() as folder:
        tshark(forwarded, folder, faults)
    print("\n".join(faults[:20]))
    print(f"{len(all_cases)} packets, {len(forwarded)} forwarded, {len(faults)} faults")
    sys.exit(bool(faults))


main()
