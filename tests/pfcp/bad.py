"""bad - messages with something wrong in them, and what each is to be answered. For smf.py."""
import struct

import smf_words as w
from scapy.contrib import pfcp as p

ESTABLISH, MODIFY, DELETE = 50, 52, 54


def ie(kind, value):
    return struct.pack("!HH", kind, len(value)) + value


def raw(kind, seid, sequence, body):
    return struct.pack("!BBHQ", 0x21, kind, len(body) + 12, seid) + sequence.to_bytes(3, "big") + b"\0" + body


def body(message):
    return bytes(message)


def establishment(smf, change=lambda ies: ies, **keys):
    """A good one, changed."""
    session = {"cp": 0xBAD, "urr": 1, **keys}
    message = w.establishment(smf.local, session)
    message.IE_list = change(list(message.IE_list))
    return body(message)


def without(kind):
    return lambda ies: [i for i in ies if not isinstance(i, kind)]


def adding(*more):
    return lambda ies: ies + list(more)


def update_far(*ies):
    return body(w.modification([p.IE_UpdateFAR(IE_list=[p.IE_FAR_Id(id=2), *ies])]))


def update(kind, ident, *ies):
    return body(w.modification([kind(IE_list=[ident, *ies])]))


def filtered(text):
    """A PDR with such a filter."""
    pdi = [p.IE_SourceInterface(interface=0), p.IE_FTEID(CH=1, V4=1), p.IE_SDF_Filter(FD=1, flow_description=text)]
    return update(p.IE_UpdatePDR, p.IE_PDR_Id(id=1), p.IE_PDI(IE_list=pdi))


def tunnelled(**fteid):
    pdi = [p.IE_SourceInterface(interface=0), p.IE_FTEID(**fteid)]
    return update(p.IE_UpdatePDR, p.IE_PDR_Id(id=1), p.IE_PDI(IE_list=pdi))


def removing(kind, ident):
    return body(w.modification([kind(IE_list=[ident])]))


def establishments(smf):
    """(name, body, cause, offending)"""
    yield "no node id", establishment(smf, without(p.IE_NodeId)), 66, 60
    yield "no F-SEID", establishment(smf, without(p.IE_FSEID)), 66, 57
    yield "no PDR", establishment(smf, without(p.IE_CreatePDR)), 66, 1
    yield "no FAR", establishment(smf, without(p.IE_CreateFAR)), 66, 3
    yield "PDRs that name a QER that is not there", establishment(smf, without(p.IE_CreateQER)), 73, 109
    yield "PDRs that name a URR that is not there", establishment(smf, without(p.IE_CreateURR)), 73, 81
    yield "empty", b"", 66, None
    yield "an IE that ends behind the message", establishment(smf) + b"\0\x1d\0\x10\0", 68, 29
    yield "half an IE", establishment(smf) + b"\0", 68, None
    yield "a PDR that is empty", establishment(smf) + ie(1, b""), 66, 56
    yield "an inactivity timer", establishment(smf, adding(p.IE_UserPlaneInactivityTimer(timer=60))), 76, 117
    yield "a traffic endpoint", establishment(smf, adding(p.IE_CreateTrafficEndpoint(IE_list=[p.IE_TrafficEndpointId(id=1)]))), 76, 127
    yield "Ethernet", establishment(smf, lambda ies: [*ies[:-1], p.IE_PDNType(pdn_type=5)]), 76, 113
    yield "a buffer", establishment(smf, adding(p.IE_Create_BAR(IE_list=[p.IE_BAR_Id(id=1)]))), 73, 85
    yield "an unknown network", establishment(smf, dnn="nowhere"), 73, 22
    yield "a UE address of nobody", establishment(smf, ue="224.0.0.1"), 73, None
    yield "300 PDRs", establishment(smf, lambda ies: ies + [ies[2]] * 300), 73, 56
    yield "many IEs", establishment(smf) + ie(0x8001, b"\0\1") * 5000, 75, None


def modifications():
    yield "an unknown FAR", removing(p.IE_RemoveFAR, p.IE_FAR_Id(id=99)), 73, 108
    yield "PDR 65535", removing(p.IE_RemovePDR, p.IE_PDR_Id(id=65535)), 73, 56
    yield "an unknown QER", removing(p.IE_RemoveQER, p.IE_QER_Id(id=7)), 73, 109
    yield "an unknown URR", removing(p.IE_RemoveURR, p.IE_URR_Id(id=65535)), 73, 81
    yield "a FAR that a PDR needs", removing(p.IE_RemoveFAR, p.IE_FAR_Id(id=2)), 73, 108
    yield "a FAR twice", body(w.modification([w.far(2, 1)])), 73, 108
    yield "buffering", update_far(p.IE_ApplyAction(BUFF=1, NOCP=1)), 73, 44
    yield "nothing to do with packets", update_far(p.IE_ApplyAction()), 73, 44
    yield "an outer header of no length", update_far(p.IE_UpdateForwardingParameters(IE_list=[p.IE_NotImplemented(ietype=84)])), 68, 84
    yield "an IPv6 tunnel", update_far(p.IE_UpdateForwardingParameters(
        IE_list=[p.IE_OuterHeaderCreation(GTPUUDPIPV6=1, TEID=1, ipv6="fd99:3::2")])), 73, 84
    yield "an end marker", update_far(p.IE_UpdateForwardingParameters(IE_list=[w.tunnel("10.99.3.2", 9), p.IE_PFCPSMReqFlags(SNDEM=1)])), 73, 49
    yield "a forwarding policy", update_far(p.IE_UpdateForwardingParameters(IE_list=[p.IE_ForwardingPolicy(policy_identifier="x")])), 70, 41
    yield "a filter of 10 kB", filtered("permit out ip from any to assigned " * 300), 73, 23
    yield "a filter", filtered("permit out 17 from 10.0.0.1 to assigned"), 73, 23
    yield "a tunnel end of the SMF's choice", tunnelled(V4=1, TEID=5, ipv4="10.99.3.1"), 71, 21
    yield "a tunnel end of IPv6", tunnelled(CH=1, V6=1), 71, 21
    yield "removing an outer header that does not exist", update(p.IE_UpdatePDR, p.IE_PDR_Id(id=1), p.IE_OuterHeaderRemoval(header=6),
                                                                 p.IE_NotImplemented(ietype=106, data=b"web")), 73, 106
    yield "an unknown query", body(w.modification([p.IE_QueryURR(IE_list=[p.IE_URR_Id(id=65535)])])), 73, 81
    yield "good and bad together", body(w.modification([w.far_to(2, "10.99.3.77", 1), w.gate(True)])) + body(
        w.modification([p.IE_RemovePDR(IE_list=[p.IE_PDR_Id(id=9)])])), 73, 56


def ask(smf, kind, seid, said):
    sequence = smf.next()
    return w.read(smf.send(raw(kind, seid, sequence, said), sequence))


def run(smf, seid):
    wrong, count = [], 0
    cases = [(ESTABLISH, 0, *case) for case in establishments(smf)]
    cases += [(MODIFY, seid, *case) for case in modifications()]
    cases += [(MODIFY, 0xFFFFFFFFFFFFFFFF, "modifies nobody's session", body(w.modification([w.gate(True)])), 65, None),
              (DELETE, 1 << 62, "deletes nobody's session", b"", 65, None)]
    for kind, of, name, said, cause, offending in cases:
        answer = ask(smf, kind, of, said)
        count += 1
        if answer["cause"] != cause or answer["type"] != kind + 1 or (offending and answer.get("offending") != offending):
            wrong.append([name, answer])
    for noise in (b"", b"\x20", b"\x21\x32\0\0", b"\xff" * 40, b"\x20\x01\xff\xff\0\0\1\0", bytes(2000)):
        smf.socket.sendto(noise, (smf.peer, 8805))
    return {"cause": 1, "wrong": wrong, "count": count}
