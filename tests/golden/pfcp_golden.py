#!/usr/bin/python3
"""pfcp_golden.py RUNNER SHOAL-PFCP: PFCP written by scapy must read here as what scapy was told, and be written again byte for byte; PFCP written
here must read in tshark, field by field, as it reads here."""

import logging
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import raw  # noqa: E402
from scapy.contrib import pfcp  # noqa: E402
from scapy.contrib.pfcp import *  # noqa: E402,F403

MADE = 20       # messages of each type
VALUES = 100    # values of each IE that scapy knows
# Conditions that scapy's fields do not have: a value without any address or volume is refused here.
MAY_BE_REFUSED = {"F-TEID", "F-SEID", "UE IP Address", "Volume Threshold", "Volume Quota", "Volume Measurement", "Subsequent Volume Threshold",
                  "Subsequent Volume Quota", "Outer Header Creation", "Dropped DL Traffic Threshold", "Remote GTP-U Peer"}
faults = 0


def wrong(*what):
    global faults
    faults += 1
    if faults < 20:
        print("WRONG:", *what)


def runner(*args, lines=()):
    told = subprocess.run([sys.argv[1], *args], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return told.stdout


# ---- scapy writes, we read

def rules():
    access = [IE_SourceInterface(interface="Access"), IE_FTEID(CH=1, CHID=1, V4=1, choose_id=5), IE_NetworkInstance(instance="internet"),
              IE_SDF_Filter(FD=1, flow_description="permit out ip from any to assigned"), IE_QFI(QFI=9)]
    core = [IE_SourceInterface(interface="Core"), IE_UE_IP_Address(V4=1, SD=1, ipv4="10.45.0.7"), IE_FramedRoute(framed_route="192.0.2.0/28 0.0.0.0 1"),
            IE_FramedRouting(framed_routing=bytes(4)), IE_FramedIPv6Route(framed_ipv6_route="2001:db8:7::/56 :: 1")]
    return [
        IE_CreatePDR(IE_list=[IE_PDR_Id(id=1), IE_Precedence(precedence=255), IE_PDI(IE_list=access),
                              IE_OuterHeaderRemoval(header="GTP-U/UDP/IPv4"), IE_FAR_Id(id=1), IE_QER_Id(id=1)]),
        IE_CreatePDR(IE_list=[IE_PDR_Id(id=2), IE_Precedence(precedence=65535), IE_PDI(IE_list=core), IE_FAR_Id(id=2), IE_URR_Id(id=8)]),
        IE_CreateFAR(IE_list=[IE_FAR_Id(id=1), IE_ApplyAction(FORW=1),
                              IE_ForwardingParameters(IE_list=[IE_DestinationInterface(interface="Core")])]),
        IE_CreateFAR(IE_list=[IE_FAR_Id(id=2), IE_ApplyAction(FORW=1), IE_ForwardingParameters(IE_list=[
            IE_DestinationInterface(interface="Access"), IE_OuterHeaderCreation(GTPUUDPIPV4=1, TEID=0x1001, ipv4="198.51.100.1")])]),
        IE_CreateURR(IE_list=[IE_URR_Id(id=8), IE_MeasurementMethod(VOLUM=1), IE_ReportingTriggers(volume_threshold=1),
                              IE_VolumeThreshold(TOVOL=1, total=1 << 40)]),
        IE_CreateQER(IE_list=[IE_QER_Id(id=1), IE_GateStatus(ul="OPEN", dl="CLOSED"), IE_MBR(ul=1000, dl=1 << 33), IE_QFI(QFI=9)]),
        IE_Create_BAR(IE_list=[IE_BAR_Id(id=7), IE_SuggestedBufferingPacketsCount(count=200), IE_DownlinkDataNotificationDelay(delay=4)]),
    ]


def listed(*pieces):
    """Pieces as PFD Contents lists them: each behind its length."""
    return b"".join(struct.pack("!H", len(p)) + p.encode("latin-1") for p in pieces)


SAID = [
    (PFCP(S=0, seq=1) / PFCPHeartbeatRequest(IE_list=[IE_RecoveryTimeStamp(timestamp=3785653512)]), """\
Heartbeat Request, sequence 1, 16 bytes
  Recovery Time Stamp: 3785653512
"""),
    (PFCP(S=0, seq=2) / PFCPPFDManagementRequest(IE_list=[
        IE_ApplicationID_PFDs(IE_list=[IE_ApplicationId(id="video"), IE_PFDContext(IE_list=[
            IE_PFDContents(FD=1, flow="permit out 17 from 192.0.2.1 to assigned", AFD=1, additional_flow=listed("permit out 6 from 192.0.2.2 to any")),
            IE_PFDContents(URL=1, url="^http://a/", DN=1, domain="a.example", CP=1, custom="c", DNP=1, dnp=b"\x01", AURL=1, additional_url="odd",
                           ADNP=1, additional_dn_dnp=listed("b.example", "\x02"))])]),
        IE_ApplicationID_PFDs(IE_list=[IE_ApplicationId(id="gone")])]), """\
PFD Management Request, sequence 2, {bytes} bytes
  Application ID's PFDs:
    Application ID: "video"
    PFD Context:
      PFD Contents: FD "permit out 17 from 192.0.2.1 to assigned" AFD "permit out 6 from 192.0.2.2 to any"
      PFD Contents: URL "^http://a/" DN "a.example" CP "c" DNP "\\x01" AURL "odd" ADNP "b.example" "\\x02"
  Application ID's PFDs:
    Application ID: "gone"
"""),
    (PFCP(S=0, seq=0xfffffe) / PFCPAssociationSetupRequest(IE_list=[
        IE_NodeId(id_type="FQDN", id="Smf-1.Core.Example"), IE_RecoveryTimeStamp(timestamp=1), IE_CPFunctionFeatures(OVRL=1),
        IE_EnterpriseSpecific(ietype=0x8003, enterprise_id=18681, data=b"\x01\x02")]), """\
Association Setup Request, sequence 16777214, 53 bytes
  Node ID: smf-1.core.example
  Recovery Time Stamp: 1
  CP Function Features: OVRL (0x2)
  IE 32771 of vendor 18681: 0102
"""),
    (PFCP(S=1, seid=0, seq=7) / PFCPSessionEstablishmentRequest(IE_list=[
        IE_NodeId(id_type="IPv4", ipv4="192.0.2.7"), IE_FSEID(v4=1, v6=1, seid=0x1122334455667788, ipv4="192.0.2.7", ipv6="2001:db8::7"),
        *rules(), IE_PDNType(pdn_type=1), IE_APN_DNN(apn_dnn=b"internet.example")]), """\
Session Establishment Request, sequence 7, SEID 0x0, {bytes} bytes
  Node ID: 192.0.2.7
  F-SEID: 0x1122334455667788 192.0.2.7 2001:db8::7
  Create PDR:
    PDR ID: 1
    Precedence: 255
    PDI:
      Source Interface: access (0)
      F-TEID: choose ipv4 id 5
      Network Instance: internet
      SDF Filter: "permit out ip from any to assigned"
      QFI: 9
    Outer Header Removal: gtpu ipv4 (0)
    FAR ID: 1
    QER ID: 1
  Create PDR:
    PDR ID: 2
    Precedence: 65535
    PDI:
      Source Interface: core (1)
      UE IP Address: destination 10.45.0.7
      Framed-Route: "192.0.2.0/28 0.0.0.0 1"
      Framed-Routing: 0
      Framed-IPv6-Route: "2001:db8:7::/56 :: 1"
    FAR ID: 2
    URR ID: 8
  Create FAR:
    FAR ID: 1
    Apply Action: FORW (0x2)
    Forwarding Parameters:
      Destination Interface: core (1)
  Create FAR:
    FAR ID: 2
    Apply Action: FORW (0x2)
    Forwarding Parameters:
      Destination Interface: access (0)
      Outer Header Creation: GTPU-IPV4 (0x1) 0x00001001 198.51.100.1
  Create URR:
    URR ID: 8
    Measurement Method: VOLUM (0x2)
    Reporting Triggers: VOLTH (0x2)
    Volume Threshold: total 1099511627776
  Create QER:
    QER ID: 1
    Gate Status: uplink open downlink closed
    MBR: uplink 1000 kbps downlink 8589934592 kbps
    QFI: 9
  Create BAR:
    BAR ID: 7
    Suggested Buffering Packets Count: 200
    Downlink Data Notification Delay: 4
  PDN Type: ipv4 (1)
  APN/DNN: internet.example
"""),
    (PFCP(S=1, seid=2, seq=9) / PFCPSessionModificationRequest(IE_list=[
        IE_Update_BAR_SMR(IE_list=[IE_BAR_Id(id=7), IE_SuggestedBufferingPacketsCount(count=0)])]), """\
Session Modification Request, sequence 9, SEID 0x2, {bytes} bytes
  Update BAR:
    BAR ID: 7
    Suggested Buffering Packets Count: 0
"""),
    (PFCP(S=1, seid=2, seq=10) / PFCPSessionReportResponse(IE_list=[IE_Cause(cause=1), IE_UpdateBAR_SRR(IE_list=[
        IE_BAR_Id(id=7), IE_DLBufferingDuration(timer_unit="1 minute", timer_value=3), IE_DLBufferingSuggestedPacketCount(count=300),
        IE_SuggestedBufferingPacketsCount(count=9)])]), """\
Session Report Response, sequence 10, SEID 0x2, {bytes} bytes
  Cause: accepted (1)
  Report Update BAR:
    BAR ID: 7
    DL Buffering Duration: 180 s
    DL Buffering Suggested Packet Count: 012c
    Suggested Buffering Packets Count: 9
"""),
    (PFCP(S=1, MP=1, priority=3, seid=1 << 63, seq=8) / PFCPSessionDeletionRequest(), """\
Session Deletion Request, sequence 8, SEID 0x8000000000000000, priority 3, 16 bytes
"""),
]


def messages_of_scapy():
    told = runner("read", lines=[raw(packet).hex() for packet, _ in SAID]).split("\n.\n")
    for (packet, expected), text in zip(SAID, told):
        expected = expected.replace("{bytes}", str(len(raw(packet))))
        if text + "\n" != expected:
            wrong(f"scapy wrote\n{expected}\nbut here it reads\n{text}")


def decoded_by_command():
    """The same by `shoal-pfcp --decode`, raw and as digits; and what is cut off is said to be."""
    packet, expected = SAID[0]
    octets = raw(packet)
    for data, status, text in ((octets, 0, expected), (octets.hex(" ").encode() + b"\n", 0, expected), (octets[:-1], 1, "! no message: shorter")):
        told = subprocess.run([sys.argv[2], "--decode", "-"], input=data, capture_output=True)
        if told.returncode != status or not told.stdout.decode().startswith(text):
            wrong("--decode says", told)


def value_of_scapy(kind, dice):
    """An IE of this class with numbers at random, and no bytes but those its flags announce."""
    ie = kind()
    for field in ie.fields_desc[2:]:
        field = getattr(field, "fld", field)
        bits = getattr(field, "size", 0) if isinstance(field, BitField) else 0  # noqa: F405
        if field.name.startswith("spare"):
            continue
        if bits:
            setattr(ie, field.name, dice.getrandbits(bits))
        elif type(field) in (ByteField, ShortField, IntField, LongField, XIntField, XLongField):  # noqa: F405
            setattr(ie, field.name, dice.getrandbits(8 * field.sz))
        elif field.name in ("ul", "dl"):
            setattr(ie, field.name, dice.getrandbits(40))
        elif isinstance(field, StrField) and field.name != "extra_data" and not field.name.startswith("mac"):  # noqa: F405
            setattr(ie, field.name, b"%x" % dice.getrandbits(16))
    if kind is IE_FTEID:  # noqa: F405  CHOOSE ID counts with CHOOSE alone
        ie.CHID &= ie.CH
    if kind is IE_RemoteGTP_U_Peer:  # noqa: F405  its interface and network instance are not read
        ie.DI = ie.NI = 0
    if kind is IE_QFI:  # noqa: F405  six bits
        ie.QFI &= 0x3f
    if kind is IE_GateStatus:  # noqa: F405  2 and 3 are for future use, and mean 1
        ie.ul, ie.dl = dice.getrandbits(1), dice.getrandbits(1)
    return ie


def values_of_scapy():
    dice, sent = random.Random(1), []
    for kind in (c for n, c in sorted(vars(pfcp).items()) if n.startswith("IE_") and getattr(c, "ie_type", None)):
        if not issubclass(kind, IE_Compound):  # noqa: F405
            for _ in range(VALUES):
                try:
                    sent.append((kind, raw(value_of_scapy(kind, dice))))
                except Exception:  # a combination that scapy cannot write
                    continue
    refused, kinds = 0, set()
    for (kind, octets), line in zip(sent, runner("value", lines=[octets.hex() for _, octets in sent]).splitlines()):
        again, _, text = line.partition(" ")
        if again == "-":
            refused += 1
            if pfcp.IEType[kind.ie_type] not in MAY_BE_REFUSED:
                wrong(kind.__name__, octets.hex(), "is refused")
        elif again != octets.hex():
            wrong(kind.__name__, octets.hex(), "is written again as", line)
        kinds.add(kind)
    print(f"{len(sent)} values of {len(kinds)} kinds of scapy's, {refused} refused")
    if len(kinds) < 90 or refused * 4 > len(sent):
        wrong("too few values")


# ---- we write, tshark reads

def of(ie, pattern):
    return rf"^ *{ie}:.*? {pattern}"


IPV4, IPV6 = r"(\d+\.\d+\.\d+\.\d+)", r"([0-9a-f:]*:[0-9a-f:]+)(?= |$)"
FIELDS = {  # tshark's field: where the text has it
    "pfcp.seqno": r"^[A-Z].*, sequence (\d+)",
    "pfcp.mp": r"^[A-Z].*, priority (\d+)",
    "pfcp.seid": r"^(?:[A-Z].*, SEID| *F-SEID:) (0x[0-9a-f]+)",
    "pfcp.f_seid.ipv4": of("F-SEID", IPV4),
    "pfcp.f_seid.ipv6": of("F-SEID", IPV6),
    "pfcp.node_id_ipv4": of("(?:Node ID|Remote GTP-U Peer)", IPV4),
    "pfcp.node_id_ipv6": of("(?:Node ID|Remote GTP-U Peer)", IPV6),
    "pfcp.node_id_fqdn": of("Node ID", r"(smf\S+)"),
    "pfcp.pdr_id": r"^ *(?:PDR ID|Failed Rule ID: pdr \(0\)):? (\d+)",
    "pfcp.far_id": r"^ *(?:FAR ID|Failed Rule ID: far \(1\)):? (\d+)",
    "pfcp.qer_id": r"^ *(?:QER ID|Failed Rule ID: qer \(2\)):? (\d+)",
    "pfcp.precedence": of("Precedence", r"(\d+)"),
    "pfcp.source_interface": of("Source Interface", r"\((\d+)\)"),
    "pfcp.dst_interface": of("Destination Interface", r"\((\d+)\)"),
    "pfcp.f_teid.teid": of("F-TEID", r"(0x[0-9a-f]{8})"),
    "pfcp.f_teid.ipv4_addr": of("F-TEID", IPV4),
    "pfcp.f_teid.ipv6_addr": of("F-TEID", IPV6),
    "pfcp.network_instance": of("Network Instance", r"(\S+)"),
    "pfcp.ue_ip_addr_ipv4": of("UE IP Address", IPV4),
    "pfcp.ue_ip_addr_ipv6": of("UE IP Address", IPV6),
    "pfcp.outer_hdr_creation.teid": of("Outer Header Creation", r"(0x[0-9a-f]{8})"),
    "pfcp.outer_hdr_creation.ipv4": of("Outer Header Creation", IPV4),
    "pfcp.outer_hdr_creation.ipv6": of("Outer Header Creation", IPV6),
    "pfcp.outer_hdr_creation.port": of("Outer Header Creation", r"port (\d+)"),
    "pfcp.out_hdr_desc": of("Outer Header Removal", r"\((\d+)\)"),
    "pfcp.flow_desc": r'"(permit [^"]*)"',
    "pfcp.url": r'"(http[^"]*)"',
    "pfcp.dn": r'"(cdn.example|a.example|dnp\d)"',  # a domain name's protocol, too
    "pfcp.spi": of("SDF Filter", r"spi (0x\w+)"),
    "pfcp.flow_label": of("SDF Filter", r"label (0x\w+)"),
    "pfcp.sdf_filter_id": of("SDF Filter", r"id (\d+)"),
    "pfcp.ul_mbr": of("MBR", r"uplink (\d+)"),
    "pfcp.dl_mbr": of("MBR", r"downlink (\d+)"),
    "pfcp.ul_gbr": of("GBR", r"uplink (\d+)"),
    "pfcp.dl_gbr": of("GBR", r"downlink (\d+)"),
    "pfcp.qfi_value": of("QFI", r"(\d+)"),
    "pfcp.urr_id": r"^ *(?:URR ID|Linked URR ID|Failed Rule ID: urr \(3\)):? (\d+)",
    "pfcp.time_threshold": of("Time Threshold", r"(\d+)"),
    "pfcp.volume_threshold.tovol": of("Volume Threshold", r"total (\d+)"),
    "pfcp.volume_threshold.ulvol": of("Volume Threshold", r"uplink (\d+)"),
    "pfcp.volume_threshold.dlvol": of("Volume Threshold", r"downlink (\d+)"),
    "pfcp.volume_quota.tovol": of("Volume Quota", r"total (\d+)"),
    "pfcp.volume_measurement.tovol": of("Volume Measurement", r"total (\d+)"),
    "pfcp.volume_measurement.ulvol": of("Volume Measurement", r"uplink (\d+)"),
    "pfcp.volume_measurement.dlvol": of("Volume Measurement", r"downlink (\d+)"),
    "pfcp.volume_measurement.tonop": of("Volume Measurement", r"total packets (\d+)"),
    "pfcp.volume_measurement.ulnop": of("Volume Measurement", r"uplink packets (\d+)"),
    "pfcp.volume_measurement.dlnop": of("Volume Measurement", r"downlink packets (\d+)"),
    "pfcp.duration_measurement": of("Duration Measurement", r"(\d+)"),
    "pfcp.ur_seqn": of("UR-SEQN", r"(\d+)"),
    "pfcp.downlink_packets": of("Dropped DL Traffic Threshold", r"packets (\d+)"),
    "pfcp.bytes_downlink_data": of("Dropped DL Traffic Threshold", r"bytes (\d+)"),
    "pfcp.redirect_server_address": of("Redirect Information", r'\(\d\) "([^"]*)"'),
    "pfcp.cause": of("Cause", r"\((\d+)\)"),
    "pfcp.offending_ie": of("Offending IE", r"(\d+)"),
    "pfcp.metric": of("Metric", r"(\d+)"),
    "pfcp.sequence_number": of("Sequence Number", r"(\d+)"),
    "pfcp.pdn_type": of("PDN Type", r"\((\d+)\)"),
    "pfcp.apn_dnn": of("APN/DNN", r"(\S+)"),
    "pfcp.suggested_buffering_packets_count.packet_count": of("Suggested Buffering Packets Count", r"(\d+)"),
    "pfcp.dl_data_notification_delay": of("Downlink Data Notification Delay", r"(\d+)"),
    "pfcp.bar_id": r"^ *(?:BAR ID|Failed Rule ID: bar \(4\)):? (\d+)",
}
NEWER = {  # what tshark 4.4 tells under names of their own
    "pfcp.node_id_ipv4": "pfcp.remote_gtp_u_peer.ipv4", "pfcp.node_id_ipv6": "pfcp.remote_gtp_u_peer.ipv6", "pfcp.dn": "pfcp.dnp",
}
PREDEFINED = {"pfcp.far_id", "pfcp.qer_id", "pfcp.urr_id"}  # tshark takes the highest bit, "by the UP function", for itself
FLAGS = {  # tshark's boolean: the IE, and the word in its text
    f"pfcp.apply_action.{w.lower()}": ("Apply Action", w) for w in "DROP FORW BUFF NOCP DUPL DFRT EDRT MBSU".split()
} | {f"pfcp.reporting_triggers_flags.{w.lower()}": ("Reporting Triggers", w) for w in "PERIO VOLTH TIMTH LIUSA VOLQU QUVTI REEMR".split()} \
  | {f"pfcp.usage_report_trigger_flags.{w.lower()}": ("Usage Report Trigger", w) for w in "PERIO VOLTH STOPT VOLQU EVETH".split()} \
  | {f"pfcp.up_function_features.{w.lower()}": ("UP Function Features", w) for w in "BUCP DDND DLBD FTUP EMPU UDBC UEIP RESPS".split()}


def numbers_of_table():
    table = os.path.join(os.path.dirname(__file__), "../../ctrl/pfcp/codec/ie.table")
    return {m[2]: m[1] for m in re.finditer(r"^(\d+) ([^:\n]+):", open(table).read(), re.M)}


def made():
    for block in runner("make", str(MADE)).split("\n.\n"):
        if block.strip():
            digits, _, text = block.partition("\n")
            yield bytes.fromhex(digits), text


def capture_write(path, messages):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101))
        for message in messages:
            udp = struct.pack("!HHHH", 8805, 8805, 8 + len(message), 0) + message
            packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])) + udp
            out.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)


def tshark(path, fields):
    command = ["tshark", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;", "-E", "separator=/t"]
    for field in fields:
        command += ["-e", field]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [dict(zip(fields, line.split("\t"))) for line in told.splitlines()]


def newer_names():
    known = subprocess.run(["tshark", "-G", "fields"], capture_output=True, text=True, check=True).stdout
    return {field: name for field, name in NEWER.items() if f"\t{name}\t" in known}


def plain(value):
    """A number or a flag however it is written; else the text."""
    if value in ("True", "False"):
        return str(int(value == "True"))
    return str(int(value, 0)) if re.fullmatch(r"0x[0-9a-f]+|[1-9]\d*|0", value) else value


def compare(field, theirs, ours, text):
    theirs = [plain(v) for v in theirs.split(";")] if theirs else []
    ours = [plain(v) for v in ours]
    if field in PREDEFINED:
        ours = [str(int(v) & 0x7fffffff) for v in ours]
    if field in NEWER:
        theirs, ours = sorted(theirs), sorted(ours)
    if theirs != ours:
        wrong(field, "is", theirs, "to tshark and", ours, "here:", text.partition("\n")[0])
    return len(ours)


def messages_of_ours():
    messages, numbers = list(made()), numbers_of_table()
    fields = {field: pattern for field, pattern in FIELDS.items() if pattern}
    seen, newer = dict.fromkeys(fields | FLAGS, 0), newer_names()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "made.pcap")
        capture_write(path, [m for m, _ in messages])
        frames = tshark(path, ["_ws.expert.message", "pfcp.ie_type", "pfcp.ie_len", *fields, *FLAGS, *newer.values()])
    if len(frames) != len(messages):
        wrong(f"tshark has {len(frames)} of {len(messages)} frames")
    for (_, text), frame in zip(messages, frames):
        if frame["_ws.expert.message"]:
            wrong("tshark complains:", frame["_ws.expert.message"], "\n" + text)
        compare("pfcp.ie_type", frame["pfcp.ie_type"], [numbers[n] for n in re.findall(r"^ +([^:\n]+):", text, re.M)], text)
        for field, name in newer.items():
            frame[field] = ";".join(filter(None, (frame[field], frame[name])))
        for field, pattern in fields.items():
            seen[field] += compare(field, frame[field], re.findall(pattern, text, re.M), text)
        for field, (ie, word) in FLAGS.items():
            flags = [str(int(word in found.split())) for found in re.findall(rf"^ *{ie}:(.*)", text, re.M)]
            seen[field] += compare(field, frame[field], flags, text)
    print(f"{len(messages)} messages of ours, {sum(seen.values())} fields compared with tshark's")
    for field in (f for f, count in seen.items() if not count):
        wrong(field, "was never compared")


messages_of_scapy()
decoded_by_command()
values_of_scapy()
messages_of_ours()
sys.exit(1 if faults else 0)
