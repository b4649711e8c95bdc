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


def numbered(pdr, ident):
    """The same PDR with another id."""
    return p.IE_CreatePDR(IE_list=[p.IE_PDR_Id(id=ident), *pdr.IE_list[1:]])


def update_far(*ies):
    return body(w.modification([p.IE_UpdateFAR(IE_list=[p.IE_FAR_Id(id=2), *ies])]))


def update(kind, ident, *ies):
    return body(w.modification([kind(IE_list=[ident, *ies])]))


def filtered(text):
    """A PDR with such a filter."""
    pdi = [p.IE_SourceInterface(interface=0), p.IE_FTEID(CH=1, V4=1), p.IE_SDF_Filter(FD=1, flow_description=text)]
    return update(p.IE_UpdatePDR, p.IE_PDR_Id(id=1), p.IE_PDI(IE_list=pdi))


def named(text):
    """The first PDR of all has such a filter."""
    def change(ies):
        pdr = next(i for i in ies if isinstance(i, p.IE_CreatePDR))
        next(i for i in pdr.IE_list if isinstance(i, p.IE_PDI)).IE_list.append(p.IE_SDF_Filter(FD=1, flow_description=text))
        return ies
    return change


def filtered_by(ident):
    """A PDR with a filter that was given elsewhere."""
    pdi = [p.IE_SourceInterface(interface=0), p.IE_FTEID(CH=1, V4=1), p.IE_SDF_Filter(BID=1, sdf_filter_id=ident)]
    return update(p.IE_UpdatePDR, p.IE_PDR_Id(id=1), p.IE_PDI(IE_list=pdi))


def routed(kind, value):
    """A PDR with such a framed route."""
    pdi = [p.IE_SourceInterface(interface=1), p.IE_NotImplemented(ietype=93, data=bytes([0x14])), p.IE_NotImplemented(ietype=kind, data=value)]
    return update(p.IE_UpdatePDR, p.IE_PDR_Id(id=2), p.IE_PDI(IE_list=pdi))


def tunnelled(**fteid):
    pdi = [p.IE_SourceInterface(interface=0), p.IE_FTEID(**fteid)]
    return update(p.IE_UpdatePDR, p.IE_PDR_Id(id=1), p.IE_PDI(IE_list=pdi))


def removing(kind, ident):
    return body(w.modification([kind(IE_list=[ident])]))


def measured(trigger, *ies):
    """A URR of events with such a trigger."""
    triggers = p.IE_ReportingTriggers(**{trigger: 1})
    return update(p.IE_CreateURR, p.IE_URR_Id(id=9), p.IE_MeasurementMethod(EVENT=1), triggers, *ies)


def establishments(smf):
    """(name, body, cause, offending: None = no IE is named)"""
    yield "no node id", establishment(smf, without(p.IE_NodeId)), 66, 60
    yield "no F-SEID", establishment(smf, without(p.IE_FSEID)), 66, 57
    yield "no PDR", establishment(smf, without(p.IE_CreatePDR)), 66, 1
    yield "no FAR", establishment(smf, without(p.IE_CreateFAR)), 66, 3
    yield "PDRs that name a QER that is not there", establishment(smf, without(p.IE_CreateQER)), 73, 109
    yield "PDRs that name a URR that is not there", establishment(smf, without(p.IE_CreateURR)), 73, 81
    yield "empty", b"", 66, 60
    yield "an IE that ends behind the message", establishment(smf) + b"\0\x1d\0\x10\0", 68, 29
    yield "half an IE", establishment(smf) + b"\0", 68, None
    yield "a PDR that is empty", establishment(smf) + ie(1, b""), 66, 56
    yield "a trace", establishment(smf) + ie(152, bytes(9)), 76, 152
    yield "a traffic endpoint that no PDR names", establishment(smf, adding(p.IE_CreateTrafficEndpoint(IE_list=[p.IE_TrafficEndpointId(id=1)]))), 73, 127
    yield "Ethernet", establishment(smf, lambda ies: [*ies[:-1], p.IE_PDNType(pdn_type=5)]), 76, 113
    yield "an unknown network", establishment(smf, dnn="nowhere"), 73, 22
    yield "a filter for an address that is ours to choose", establishment(smf, named("permit out ip from any to 192.0.2.77")), 73, 23
    yield "a UE address of nobody", establishment(smf, ue="224.0.0.1"), 73, 93
    yield "the same PDR 300 times", establishment(smf, lambda ies: ies + [ies[2]] * 300), 73, 56
    yield "300 PDRs", establishment(smf, lambda ies: ies + [numbered(ies[2], i) for i in range(1000, 1300)]), 75, None
    yield "65 PDRs", establishment(smf, lambda ies: ies + [numbered(ies[2], i) for i in range(1000, 1063)]), 75, 1
    yield "20 tunnels", establishment(smf, lambda ies: ies + [numbered(ies[2], i) for i in range(1000, 1020)]), 75, 21
    yield "30 measurements", establishment(smf, adding(*[w.urr(i) for i in range(2, 32)])), 75, 6
    yield "many IEs", establishment(smf) + ie(0x8001, b"\0\1") * 5000, 75, None


def modifications():
    yield "an unknown FAR", removing(p.IE_RemoveFAR, p.IE_FAR_Id(id=99)), 73, 108
    yield "PDR 65535", removing(p.IE_RemovePDR, p.IE_PDR_Id(id=65535)), 73, 56
    yield "an unknown QER", removing(p.IE_RemoveQER, p.IE_QER_Id(id=7)), 73, 109
    yield "an unknown URR", removing(p.IE_RemoveURR, p.IE_URR_Id(id=65535)), 73, 81
    yield "a FAR that a PDR needs", removing(p.IE_RemoveFAR, p.IE_FAR_Id(id=2)), 73, 108
    yield "a FAR twice", body(w.modification([w.far(2, 1)])), 73, 108
    yield "duplicating", update_far(p.IE_ApplyAction(FORW=1, DUPL=1)), 73, 44
    yield "forwarding and telling of it", update_far(p.IE_ApplyAction(FORW=1, NOCP=1)), 73, 44
    yield "a BAR that is not there", update_far(p.IE_ApplyAction(BUFF=1), p.IE_BAR_Id(id=9)), 73, 88
    yield "nothing to do with packets", update_far(p.IE_ApplyAction()), 73, 44
    yield "an outer header of no length", update_far(p.IE_UpdateForwardingParameters(IE_list=[p.IE_NotImplemented(ietype=84)])), 68, 84
    yield "a tunnel to nowhere", update_far(p.IE_UpdateForwardingParameters(IE_list=[w.tunnel("10.99.3.2", 0)])), 73, 84
    yield "a tunnel without GTP", update_far(p.IE_UpdateForwardingParameters(
        IE_list=[p.IE_OuterHeaderCreation(UDPIPV4=1, ipv4="10.99.3.2", port=9)])), 73, 84
    yield "for the police", update_far(p.IE_UpdateForwardingParameters(IE_list=[p.IE_DestinationInterface(interface=4)])), 73, 42
    yield "a header to enrich", update_far(p.IE_UpdateForwardingParameters(IE_list=[p.IE_HeaderEnrichment(header_type=0, name="a", value="b")])), 73, 98
    yield "a forwarding policy", update_far(p.IE_UpdateForwardingParameters(IE_list=[p.IE_ForwardingPolicy(policy_identifier="x")])), 70, 41
    yield "a filter of 10 kB", filtered("permit out ip from any to assigned " * 300), 73, 23
    yield "a filter that denies", filtered("deny out ip from any to assigned"), 73, 23
    yield "a filter of nonsense", filtered("permit out of my way"), 73, 23
    yield "a filter that nobody has given", filtered_by(7), 73, 23
    for what, route in (("that is none", b"the way home"), ("of half an address", b"192.0.2/28"), ("of 33 bits", b"192.0.2.0/33"),
                        ("without bits", b"192.0.2.0/"), ("of a host in it", b"192.0.2.1/28"), ("of everything", b"0.0.0.0/0"),
                        ("of IPv6", b"2001:db8:7::/56"), ("by a gateway that is none", b"192.0.2.0/28 home"), ("with a name for a metric", b"192.0.2.0/28 0.0.0.0 x"),
                        ("of many groups", b"224.1.0.0/16"), ("in a pool", b"10.45.7.0/24"), ("of our own links", b"10.99.6.128/25"),
                        ("that ends in the middle", b"192.0.2.0/28\0/24"), ("of 255 bytes", b"192.0.2.0/28" + b" " * 242 + b"x")):
        yield f"a framed route {what}", routed(153, route), 73, 153
    for what, route in (("without a length", b"2001:db8:7::"), ("of 129 bits", b"2001:db8:7::/129"), ("in a pool", b"2001:db8:0:77::/64"),
                        ("of IPv4", b"192.0.2.0/28"), ("of a link", b"fe80::/64"), ("of groups", b"ff0e::/16")):
        yield f"a framed IPv6 route {what}", routed(155, route), 73, 155
    yield "a routing protocol", routed(154, bytes([0, 0, 0, 3])), 73, 154
    yield "an empty framed route", routed(153, b""), 68, 153
    yield "a tunnel end elsewhere", tunnelled(V4=1, TEID=5, ipv4="10.99.3.77"), 71, 21
    yield "a tunnel end without a TEID", tunnelled(V4=1, TEID=0, ipv4="10.99.3.1"), 71, 21
    yield "a tunnel end of IPv6 elsewhere", tunnelled(V6=1, TEID=5, ipv6="fd99:3::77"), 71, 21
    yield "rules that nobody has configured", update(p.IE_UpdatePDR, p.IE_PDR_Id(id=1), p.IE_NotImplemented(ietype=106, data=b"web")), 80, 106
    yield "rules that are not active", update(p.IE_UpdatePDR, p.IE_PDR_Id(id=1), p.IE_NotImplemented(ietype=107, data=b"web")), 80, 107
    yield "removing an outer header that does not exist", update(p.IE_UpdatePDR, p.IE_PDR_Id(id=1), p.IE_OuterHeaderRemoval(header=4)), 73, 95
    yield "a threshold of events without a number", measured("event_threshold"), 67, 149
    yield "a quota of events without a number", measured("event_quota"), 67, 148
    yield "dropped traffic without a number", measured("dropped_dl_traffic_threshold"), 67, 72
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
              (DELETE, 1 << 62, "deletes nobody's session", b"", 65, None),
              (MODIFY, 0, "modifies one whose SEID it was never told", body(w.modification([w.gate(True)])), 65, None),
              (DELETE, 0, "deletes one whose SEID it was never told", b"", 65, None)]
    for kind, of, name, said, cause, offending in cases:
        answer = ask(smf, kind, of, said)
        count += 1
        if answer["cause"] != cause or answer["type"] != kind + 1 or answer.get("offending") != offending:
            wrong.append([name, answer])
    for noise in (b"", b"\x20", b"\x21\x32\0\0", b"\xff" * 40, b"\x20\x01\xff\xff\0\0\1\0", bytes(2000)):
        smf.socket.sendto(noise, (smf.peer, 8805))
    return {"cause": 1, "wrong": wrong, "count": count}
