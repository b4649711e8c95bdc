"""shapes - sessions as open5gs, free5gc, OAI, SD-Core and pfcpsim ask for them, and how they change them. For smf.py; its messages are scapy's."""
import smf_words as w
from scapy.contrib import pfcp as p

ACCESS, CORE, CP = 0, 1, 3
GTPU_ANY = 6


def ie(kind, value):
    return p.IE_NotImplemented(ietype=kind, data=value)


def ue(session, destination):
    """Both addresses: the SMF's, or chosen by the user plane; scapy does not know of choosing."""
    if "ue6" in session:
        return p.IE_UE_IP_Address(V4=1, V6=1, SD=destination, ipv4=session["ue"], ipv6=session["ue6"])
    if "ue" in session:
        return p.IE_UE_IP_Address(V4=1, SD=destination, ipv4=session["ue"])
    return ie(93, bytes([0x30 | destination << 2]))


def fteid(choose_id=None):
    return p.IE_FTEID(CH=1, V4=1, V6=1) if choose_id is None else p.IE_FTEID(CH=1, CHID=1, V4=1, V6=1, choose_id=choose_id)


def sdf(text, ident=None):
    return p.IE_SDF_Filter(FD=1, flow_description=text) if ident is None else p.IE_SDF_Filter(FD=1, BID=1, flow_description=text, sdf_filter_id=ident)


def pdr(ident, precedence, pdi, *more):
    order = [] if precedence is None else [p.IE_Precedence(precedence=precedence)]
    return p.IE_CreatePDR(IE_list=[p.IE_PDR_Id(id=ident), *order, p.IE_PDI(IE_list=pdi), *more])


def removal(kind=GTPU_ANY):
    return ie(95, bytes([kind, 1]))  # with the PDU Session Container


def far(ident, parameters, *more, **action):
    inside = [p.IE_ForwardingParameters(IE_list=parameters)] if parameters else []
    return p.IE_CreateFAR(IE_list=[p.IE_FAR_Id(id=ident), p.IE_ApplyAction(**action), *inside, *more])


def to(interface, *more, dnn="internet"):
    return [p.IE_DestinationInterface(interface=interface), instance(dnn), *more]


def qer(ident, qfi=None, kbps=None, closed=0, mbr=None):
    ies = [p.IE_QER_Id(id=ident), p.IE_GateStatus(ul=closed, dl=closed)]
    up, down = mbr or (kbps, kbps)
    if up or down:
        ies.append(p.IE_MBR(ul=up, dl=down))
    if qfi is not None:
        ies.append(p.IE_QFI(QFI=qfi))
    return p.IE_CreateQER(IE_list=ies)


def head(local, session):
    return [w.node(local), w.fseid(local, session["cp"])]


def instance(dnn="internet"):
    return p.IE_NetworkInstance(instance=dnn)


# ---- open5gs: dual stack, the UE idle at first; router solicitations go to the SMF, and the SMF speaks to the UE

def open5gs(local, session):
    dnn = session.get("dnn", "internet")
    up = [p.IE_SourceInterface(interface=ACCESS), instance(dnn), fteid(5), p.IE_QFI(QFI=1)]
    down = [p.IE_SourceInterface(interface=CORE), instance(dnn), ue(session, 1), p.IE_QFI(QFI=1)]
    smf_to_ue = [p.IE_SourceInterface(interface=CP), instance(dnn), ue(session, 1), fteid()]
    ue_to_smf = [p.IE_SourceInterface(interface=ACCESS), instance(dnn), sdf("permit out 58 from ff02::2/128 to assigned"), ue(session, 0), fteid(5)]
    smf = w.tunnel(session.get("smf", "10.99.3.9"), 9)
    return p.PFCPSessionEstablishmentRequest(IE_list=head(local, session) + [
        pdr(1, 255, down, p.IE_FAR_Id(id=1), p.IE_URR_Id(id=1), p.IE_QER_Id(id=1)),
        pdr(2, 255, up, removal(), p.IE_FAR_Id(id=2), p.IE_QER_Id(id=1)),
        pdr(3, 255, smf_to_ue, removal(), p.IE_FAR_Id(id=1), p.IE_QER_Id(id=1)),
        pdr(4, 100, ue_to_smf, removal(), p.IE_FAR_Id(id=3)),
        far(1, None, p.IE_BAR_Id(id=1), BUFF=1, NOCP=1), far(2, to(CORE, dnn=dnn), FORW=1), far(3, to(CP, smf, dnn=dnn), FORW=1),
        w.urr(), qer(1, qfi=1, kbps=1000000), p.IE_Create_BAR(IE_list=[p.IE_BAR_Id(id=1)]), p.IE_PDNType(pdn_type=3)])


# ---- free5gc: several QERs, filters that let everything pass, URRs with periods, TEIDs of the SMF's choice

def free5gc(local, session):
    teid, everything = int(session.get("own", "0x51"), 0), sdf("permit out ip from any to assigned")
    up = [p.IE_SourceInterface(interface=ACCESS), p.IE_FTEID(V4=1, TEID=teid, ipv4="10.99.3.1"), instance(),
          p.IE_UE_IP_Address(V4=1, ipv4=session["ue"]), everything]
    down = [p.IE_SourceInterface(interface=CORE), instance(), p.IE_UE_IP_Address(V4=1, SD=1, ipv4=session["ue"]), everything]
    named = [p.IE_QER_Id(id=1), p.IE_QER_Id(id=2), p.IE_URR_Id(id=1)]
    gnb = w.tunnel(session.get("gnb", "10.99.3.2"), int(session["teid"], 0))
    return p.PFCPSessionEstablishmentRequest(IE_list=head(local, session) + [
        pdr(1, 255, up, removal(0), p.IE_FAR_Id(id=1), *named), pdr(2, 255, down, p.IE_FAR_Id(id=2), *named),
        far(1, to(CORE), FORW=1), far(2, to(ACCESS, gnb), FORW=1), qer(1, kbps=1000000), qer(2, qfi=9, kbps=1000000),
        p.IE_CreateURR(IE_list=[p.IE_URR_Id(id=1), p.IE_MeasurementMethod(VOLUM=1), p.IE_ReportingTriggers(periodic_reporting=1),
                                p.IE_MeasurementPeriod(period=3600), p.IE_MeasurementInformation()]), p.IE_PDNType(pdn_type=1)])


# ---- Where packets come from is said once, by traffic endpoints (PDIU), and FARs say which one the other direction's is

def endpoints(local, session):
    address = {"V4": 1, "ipv4": session["ue"]}
    ends = [p.IE_CreateTrafficEndpoint(IE_list=[p.IE_TrafficEndpointId(id=1), p.IE_FTEID(V4=1, TEID=int(session["own"], 0), ipv4="10.99.3.1"),
                                                p.IE_UE_IP_Address(**address)]),
            p.IE_CreateTrafficEndpoint(IE_list=[p.IE_TrafficEndpointId(id=2), instance(), p.IE_UE_IP_Address(SD=1, **address)])]
    up, down = ([p.IE_SourceInterface(interface=side), p.IE_TrafficEndpointId(id=end)] for side, end in ((ACCESS, 1), (CORE, 2)))
    return p.PFCPSessionEstablishmentRequest(IE_list=head(local, session) + [
        *ends, pdr(1, 255, up, removal(0), p.IE_FAR_Id(id=1), p.IE_QER_Id(id=1)), pdr(2, 255, down, p.IE_FAR_Id(id=2), p.IE_QER_Id(id=1)),
        far(1, to(CORE, p.IE_TrafficEndpointId(id=2)), FORW=1), far(2, None, DROP=1), qer(1, qfi=9), p.IE_PDNType(pdn_type=1)])


# ---- pfcpsim: ids from 0 on, a filter for both ways, QER 0 for the session and one for each way

def pfcpsim(local, session):
    teid, flow = int(session.get("own", "11"), 0), "permit out udp from 0.0.0.0/0 to assigned 80-80"
    up = [p.IE_SourceInterface(interface=ACCESS), p.IE_FTEID(V4=1, TEID=teid, ipv4="10.99.3.1")]
    down = [p.IE_SourceInterface(interface=CORE), p.IE_UE_IP_Address(V4=1, ipv4=session["ue"])]
    anything, gnb = "permit out ip from any to assigned", w.tunnel("0.0.0.0", 0)
    rules = []
    for ident, text, precedence in ((0, flow, 100), (2, anything, 200)):
        qers = [p.IE_QER_Id(id=0), p.IE_QER_Id(id=ident + 1)]
        rules += [pdr(ident, precedence, [*up, sdf(text, 1 + ident)], removal(0), p.IE_FAR_Id(id=ident), *qers),
                  pdr(ident + 1, precedence, [*down, sdf(text, 1 + ident)], p.IE_FAR_Id(id=ident + 1), *qers),
                  far(ident, [p.IE_DestinationInterface(interface=CORE)], FORW=1),
                  far(ident + 1, [p.IE_DestinationInterface(interface=ACCESS), gnb], DROP=1), qer(ident + 1, qfi=9, kbps=1000000)]
    return p.PFCPSessionEstablishmentRequest(IE_list=head(local, session) + rules + [qer(0, qfi=0, kbps=1000000), p.IE_PDNType(pdn_type=1)])


# ---- open5gs' SGW-C: from tunnel to tunnel, the UE idle at first; nobody names its address

def sgwc(local, session):
    up, down = ([p.IE_SourceInterface(interface=side), p.IE_NetworkInstance(instance="s5"), fteid()] for side in (ACCESS, CORE))
    pgw = w.tunnel(session.get("pgw", "10.99.3.9"), int(session.get("pgw_teid", "9"), 0))
    return p.PFCPSessionEstablishmentRequest(IE_list=head(local, session) + [
        pdr(1, None, up, p.IE_FAR_Id(id=1), p.IE_URR_Id(id=1)), pdr(2, None, down, p.IE_FAR_Id(id=2), p.IE_URR_Id(id=1)),
        far(1, [p.IE_DestinationInterface(interface=CORE), pgw], FORW=1), far(2, None, p.IE_BAR_Id(id=1), BUFF=1, NOCP=1),
        w.urr(), p.IE_Create_BAR(IE_list=[p.IE_BAR_Id(id=1)]), p.IE_PDNType(pdn_type=1)])


# ---- OAI: uplink first, without a word about families and networks; downlink when the radio side is known. It asks for usage on the way up,
# and names a URR 0 on the way down. An idle UE has no rules but one that waits for packets; URRs it has never taken away.

def oai_metered(ident):
    return p.IE_CreateURR(IE_list=[p.IE_URR_Id(id=ident), p.IE_MeasurementMethod(VOLUM=1, DURAT=1), p.IE_MeasurementPeriod(period=3600),
                                   p.IE_ReportingTriggers(periodic_reporting=1), p.IE_TimeThreshold(threshold=3600)])


def oai_up(session, ident, urr):
    pdi = [p.IE_SourceInterface(interface=ACCESS), p.IE_FTEID(CH=1), p.IE_UE_IP_Address(V4=1, ipv4=session["ue"])]
    return [far(ident, [p.IE_DestinationInterface(interface=CORE)], FORW=1), qer(ident, qfi=9, mbr=(1000000, 0)),
            pdr(ident, 0, pdi, removal(0), p.IE_FAR_Id(id=ident), p.IE_QER_Id(id=ident), p.IE_URR_Id(id=urr))]


def oai_down(session):
    return [p.IE_SourceInterface(interface=CORE), p.IE_UE_IP_Address(V4=1, SD=1, ipv4=session["ue"])]


def oai(local, session):
    return p.PFCPSessionEstablishmentRequest(IE_list=head(local, session) + [oai_metered(1)] + oai_up(session, 1, 1))


def reach(session, gnb, teid, ident="2", *more):
    ident = int(ident)
    return [far(ident, [p.IE_DestinationInterface(interface=ACCESS), w.tunnel(gnb, int(teid, 0))], FORW=1), qer(ident, qfi=9, mbr=(0, 1000000)),
            pdr(ident, 0, oai_down(session), p.IE_FAR_Id(id=ident), p.IE_QER_Id(id=ident), p.IE_URR_Id(id=0)), *more]


def gone(*idents):
    kinds = ((p.IE_RemovePDR, p.IE_PDR_Id), (p.IE_RemoveFAR, p.IE_FAR_Id), (p.IE_RemoveQER, p.IE_QER_Id))
    return [kind(IE_list=[of(id=i)]) for kind, of in kinds for i in idents]


def oai_idle(session, up="1", down="2"):
    return gone(int(up), int(down)) + [far(9, None, BUFF=1, NOCP=1), pdr(9, 0, oai_down(session), p.IE_FAR_Id(id=9))]


def oai_back(session, up):
    """The UE is back; what is for it still waits."""
    return oai_up(session, int(up), int(up)) + [oai_metered(int(up))]


def oai_urr(session, ident):
    return [oai_metered(int(ident))]


def oai_reach(session, gnb, teid, down):
    return reach(session, gnb, teid, down, p.IE_RemovePDR(IE_list=[p.IE_PDR_Id(id=9)]), p.IE_RemoveFAR(IE_list=[p.IE_FAR_Id(id=9)]))


def oai_older(local, session):
    """Without QERs: which flow, it says only where packets come from."""
    without = [p.IE_FAR_Id(id=1), p.IE_URR_Id(id=1)]
    pdi = [p.IE_SourceInterface(interface=ACCESS), p.IE_FTEID(CH=1, V4=1), p.IE_UE_IP_Address(V4=1, ipv4=session["ue"]), p.IE_QFI(QFI=9)]
    return p.PFCPSessionEstablishmentRequest(IE_list=head(local, session) + [oai_metered(1), oai_up(session, 1, 1)[0], pdr(1, 0, pdi, removal(0), *without)])


def oai_older_reach(session, gnb, teid):
    return [far(2, [p.IE_DestinationInterface(interface=ACCESS), w.tunnel(gnb, int(teid, 0))], FORW=1), pdr(2, 0, oai_down(session), p.IE_FAR_Id(id=2), p.IE_URR_Id(id=1))]


# ---- SD-Core's SMF: names are text, and one that it does not know empty (its SPGW-C's have 32 bytes); filters that say nothing, without
# any flag; F-TEIDs and the UE's address are ours to choose; a flow's QER is taken away with each of its PDRs

ANYTHING = ie(23, b"\0\0")
TEXT, NOBODY, PADDED = ie(22, b"internet"), ie(22, b""), ie(22, b"internet".ljust(32, b"\0"))


def sdcore(local, session):
    chosen, named = ie(93, b"\x10"), [p.IE_FAR_Id(id=1), p.IE_QER_Id(id=1)]
    up = [p.IE_SourceInterface(interface=ACCESS), p.IE_FTEID(CH=1), TEXT, chosen, ANYTHING]
    down = [p.IE_SourceInterface(interface=CORE), PADDED, chosen, ANYTHING]
    return p.PFCPSessionEstablishmentRequest(IE_list=head(local, session) + [
        pdr(1, 255, up, removal(0), *named), pdr(2, 255, down, p.IE_FAR_Id(id=2), p.IE_QER_Id(id=1)),
        far(1, [p.IE_DestinationInterface(interface=2), TEXT], FORW=1), far(2, [p.IE_DestinationInterface(interface=ACCESS), NOBODY], DROP=1),
        qer(1, qfi=1, kbps=1000000), p.IE_PDNType(pdn_type=1)])


def dedicate(session, qfi, text):
    """A flow both ways, by a tunnel of its own; nobody is reached by it yet. The DNN is said once more."""
    flow, named = sdf(text.replace("_", " ")), [p.IE_QER_Id(id=5)]
    return [pdr(3, 10, [p.IE_SourceInterface(interface=CORE), TEXT, flow], p.IE_FAR_Id(id=3), *named),
            pdr(4, 10, [p.IE_SourceInterface(interface=ACCESS), p.IE_FTEID(CH=1), TEXT, flow], removal(0), p.IE_FAR_Id(id=4), *named),
            far(3, None, BUFF=1, NOCP=1), far(4, [p.IE_DestinationInterface(interface=CORE), TEXT], FORW=1), qer(5, qfi=int(qfi)),
            ie(159, b"internet")]


def undedicate(session):
    qers = [p.IE_RemoveQER(IE_list=[p.IE_QER_Id(id=5)])] * 2
    return [kind(IE_list=[of(id=i)]) for kind, of in ((p.IE_RemovePDR, p.IE_PDR_Id), (p.IE_RemoveFAR, p.IE_FAR_Id)) for i in (3, 4)] + qers


SHAPES = {"oai": oai, "oai_older": oai_older, "open5gs": open5gs, "free5gc": free5gc, "endpoints": endpoints, "pfcpsim": pfcpsim, "sgwc": sgwc, "sdcore": sdcore}

# ---- Changes: what they are made of


def update_far(ident, gnb, teid, end_marker=False):
    flags = [p.IE_PFCPSMReqFlags(SNDEM=1)] if end_marker else []
    return p.IE_UpdateFAR(IE_list=[p.IE_FAR_Id(id=ident), p.IE_ApplyAction(FORW=1), p.IE_UpdateForwardingParameters(
        IE_list=[p.IE_DestinationInterface(interface=ACCESS), w.tunnel(gnb, teid), *flags])])


def activate(session, gnb, teid, *fars):
    """The UE is there."""
    return [update_far(int(i), gnb, int(teid, 0)) for i in fars or ("1",)]


def both(session, ue6):
    """A prefix comes to open5gs' shape, as OAI has it at a path switch."""
    return [p.IE_UpdatePDR(IE_list=[p.IE_PDR_Id(id=1), p.IE_PDI(IE_list=[p.IE_SourceInterface(interface=CORE), instance(),
                                                                        ue({**session, "ue6": ue6}, 1), p.IE_QFI(QFI=1)])])]


def idle(session, *fars):
    return [p.IE_UpdateFAR(IE_list=[p.IE_FAR_Id(id=int(i)), p.IE_ApplyAction(BUFF=1, NOCP=1)]) for i in fars or ("1",)]


def discard(session, far=None, gnb=None, teid=None):
    """What waits is dropped; the UE is there, or its rules stay."""
    flags = [p.IE_PFCPSMReqFlags(DROBU=1)]
    return flags + ([update_far(int(far), gnb, int(teid, 0))] if far else [])


def bar(session, packets):
    """So many may wait."""
    return [p.IE_Update_BAR_SMR(IE_list=[p.IE_BAR_Id(id=1), p.IE_SuggestedBufferingPacketsCount(count=int(packets))])]


def move(session, gnb, teid, *fars):
    """Handed over: the old tunnel is to be told its end."""
    return [update_far(int(i), gnb, int(teid, 0), end_marker=True) for i in fars or ("1",)]


def moves(session, gnb, *tunnels):
    """The same of several, FAR=TEID each."""
    return [update_far(int(i), gnb, int(teid, 0), end_marker=True) for i, teid in (tunnel.split("=") for tunnel in tunnels)]


def branch(session, text, gnb, teid):
    """Downlink packets of this flow go by a tunnel of their own; _ stands for a space."""
    pdi = [p.IE_SourceInterface(interface=CORE), instance(), sdf(text.replace("_", " "))]
    return [pdr(11, 50, pdi, p.IE_FAR_Id(id=11)), far(11, to(ACCESS, w.tunnel(gnb, int(teid, 0))), FORW=1)]


def detour(session, gnb, teid):
    """Indirect forwarding (open5gs, TS 23.502 4.9.1.3): what a gNB that is being left has still to send goes to the next one by us."""
    pdi = [p.IE_SourceInterface(interface=ACCESS), instance(), fteid()]
    return [pdr(21, 255, pdi, removal(), p.IE_FAR_Id(id=21)), far(21, to(ACCESS, w.tunnel(gnb, int(teid, 0))), FORW=1)]


def fork(session, gnb, teid, text, other):
    """The same, and a flow of it by a tunnel of its own: two rules of one F-TEID."""
    rest = [p.IE_SourceInterface(interface=ACCESS), instance(), fteid(9)]
    flow = [*rest, sdf(text.replace("_", " "))]
    return [pdr(31, 255, rest, removal(), p.IE_FAR_Id(id=31)), far(31, to(ACCESS, w.tunnel(gnb, int(teid, 0))), FORW=1),
            pdr(32, 50, flow, removal(), p.IE_FAR_Id(id=32)), far(32, to(ACCESS, w.tunnel(gnb, int(other, 0))), FORW=1)]


def flow(session, qfi, text, *closed):
    """Downlink packets of this flow with a QFI of their own; _ stands for a space."""
    pdi = [p.IE_SourceInterface(interface=CORE), instance(), sdf(text.replace("_", " "), 7)]
    return [pdr(11, 50, pdi, p.IE_FAR_Id(id=1), p.IE_QER_Id(id=11)), qer(11, qfi=int(qfi), closed=int(bool(closed)))]


def reflow(session, pdr_id, text):
    """Another filter for a rule, without a word of where its packets come from (open5gs); PDR 2 is what it sends."""
    pdi = [p.IE_SourceInterface(interface=ACCESS if pdr_id == "2" else CORE), sdf(text.replace("_", " "))]
    return [p.IE_UpdatePDR(IE_list=[p.IE_PDR_Id(id=int(pdr_id)), p.IE_PDI(IE_list=pdi)])]


def app(session, name, qfi):
    """The same of an application's packets."""
    pdi = [p.IE_SourceInterface(interface=CORE), instance(), p.IE_ApplicationId(id=name)]
    return [pdr(11, 50, pdi, p.IE_FAR_Id(id=2), p.IE_QER_Id(id=11)), qer(11, qfi=int(qfi))]


def named(session, *names):
    """The same of what the operator calls so."""
    return [pdr(12, 40, [p.IE_SourceInterface(interface=CORE), instance()], p.IE_FAR_Id(id=2), *(p.IE_NotImplemented(ietype=106, data=n.encode()) for n in names))]


def rename(session, on, off):
    """Rules activated and deactivated; -: none."""
    ies = [p.IE_NotImplemented(ietype=kind, data=name.encode()) for kind, name in ((106, on), (107, off)) if name != "-"]
    return [p.IE_UpdatePDR(IE_list=[p.IE_PDR_Id(id=12), *ies])]


def flow_gate(session, how):
    closed = int(how == "closed")
    return [p.IE_UpdateQER(IE_list=[p.IE_QER_Id(id=11), p.IE_GateStatus(ul=closed, dl=closed)])]


def flow_rate(session, kbps):
    return [p.IE_UpdateQER(IE_list=[p.IE_QER_Id(id=11), p.IE_MBR(ul=int(kbps), dl=int(kbps))])]


def flow_gone(session):
    return [p.IE_RemovePDR(IE_list=[p.IE_PDR_Id(id=11)]), p.IE_RemoveQER(IE_list=[p.IE_QER_Id(id=11)])]


def end(session, teid=None):
    """Traffic endpoint 1 is at another F-TEID: the user plane's to choose, or this."""
    fteid = p.IE_FTEID(V4=1, TEID=int(teid, 0), ipv4="10.99.3.1") if teid else p.IE_FTEID(CH=1, V4=1)
    return [p.IE_UpdateTrafficEndpoint(IE_list=[p.IE_TrafficEndpointId(id=1), fteid])]


def end_elsewhere(session):
    """With a rule that is good: neither is to be done."""
    fteid = p.IE_FTEID(V4=1, TEID=0x53, ipv4="10.99.3.77")
    return [w.far_drop(2), p.IE_UpdateTrafficEndpoint(IE_list=[p.IE_TrafficEndpointId(id=1), fteid])]


CHANGES = {"activate": activate, "both": both, "move": move, "moves": moves, "branch": branch, "detour": detour, "fork": fork, "idle": idle, "discard": discard, "bar": bar, "flow": flow, "reflow": reflow, "gate": flow_gate, "rate": flow_rate,
           "reach": reach, "oai_idle": oai_idle, "oai_older_reach": oai_older_reach, "oai_back": oai_back, "oai_reach": oai_reach, "oai_urr": oai_urr, "unflow": flow_gone, "app": app, "named": named, "rename": rename, "end": end, "elsewhere": end_elsewhere, "dedicate": dedicate, "undedicate": undedicate}
