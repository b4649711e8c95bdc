"""smf_words - the messages of smf.py, made and read by scapy."""
import ipaddress

from scapy.contrib import pfcp as p
from scapy.packet import Raw

ACCESS, CORE = 0, 1
UPLINK, DOWNLINK = 1, 2  # ids of PDRs and of their FARs


def message(seid, sequence, body):
    """seid None: a message about the node. body: scapy's, or IEs of a type that it does not know, as a pair."""
    if isinstance(body, tuple):
        return bytes(p.PFCP(S=0, seq=sequence, message_type=body[0]) / Raw(b"".join(bytes(ie) for ie in body[1])))
    header = p.PFCP(S=0, seq=sequence) if seid is None else p.PFCP(S=1, seid=seid, seq=sequence)
    return bytes(header / body)


def heartbeat_answer(sequence, stamp):
    return message(None, sequence, p.PFCPHeartbeatResponse(IE_list=[p.IE_RecoveryTimeStamp(timestamp=stamp)]))


def report_answer(seid, sequence, cause, *more):
    return message(seid, sequence, p.PFCPSessionReportResponse(IE_list=[p.IE_Cause(cause=cause), *more]))


def report_more(local, cp, drop, hold):
    """What an answer says of the session: another F-SEID for it; that what waits is dropped; or is kept, for so many seconds, and so many of it."""
    return ([fseid(local, cp)] if cp else []) + ([p.IE_PFCPSRRspFlags(DROBU=1)] if drop else []) + ([held(*hold)] if hold else [])


def held(seconds, packets):
    return p.IE_UpdateBAR_SRR(IE_list=[p.IE_BAR_Id(id=1), p.IE_DLBufferingDuration(timer_unit=0, timer_value=int(seconds) // 2),
                                       p.IE_DLBufferingSuggestedPacketCount(count=int(packets))])


def heartbeat(stamp):
    return p.PFCPHeartbeatRequest(IE_list=[p.IE_RecoveryTimeStamp(timestamp=stamp)])


def node(local):
    if local.endswith(".example"):
        return p.IE_NodeId(id_type=2, id=local)
    return p.IE_NodeId(id_type=1, ipv6=local) if ":" in local else p.IE_NodeId(id_type=0, ipv4=local)


def association(local, stamp, **wish):
    """set=: of this SMF set; load=: wants to know our load; keep=: the sessions of this entity of ours alone are to stay."""
    ies = [node(local), p.IE_RecoveryTimeStamp(timestamp=stamp), p.IE_CPFunctionFeatures(LOAD=int("load" in wish))]
    if "set" in wish:
        ies.append(p.IE_NotImplemented(ietype=180, data=b"\0" + wish["set"].encode()))
    if "keep" in wish:
        ies.append(p.IE_NotImplemented(ietype=183, data=raw_ie(185, host(wish["keep"]))))
    return p.PFCPAssociationSetupRequest(IE_list=ies)


def raw_ie(kind, value):
    return kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def host(address):
    """The value of IEs that are an address: which family it is of (as in an F-SEID), and it."""
    packed = ipaddress.ip_address(address).packed
    return bytes([2 if len(packed) == 4 else 1]) + packed


def association_answer(local, sequence, stamp):
    return message(None, sequence, p.PFCPAssociationSetupResponse(IE_list=[node(local), p.IE_Cause(cause=1), p.IE_RecoveryTimeStamp(timestamp=stamp)]))


def association_update_answer(local, sequence):
    return message(None, sequence, p.PFCPAssociationUpdateResponse(IE_list=[node(local), p.IE_Cause(cause=1)]))


def node_report_answer(local, sequence, cause):
    return message(None, sequence, p.PFCPNodeReportResponse(IE_list=[node(local), p.IE_Cause(cause=cause)]))


def csid_value(number):
    """FQ-CSID: of the node 10.99.4.2."""
    return bytes([1, 10, 99, 4, 2]) + number.to_bytes(2, "big")


def csid(number):
    return p.IE_NotImplemented(ietype=65, data=csid_value(number))


def set_modification(local, **named):
    """Sessions of this csid=, group=, or entity= are the SMF's at to= to hear of."""
    inside = raw_ie(65, csid_value(int(named["csid"]))) if "csid" in named else b""
    inside += raw_ie(291, named["group"].encode()) if "group" in named else b""
    inside += raw_ie(292, host(named["entity"])) if "entity" in named else b""
    inside += raw_ie(178, host(named["to"]))
    return 16, [node(local), p.IE_NotImplemented(ietype=290, data=inside)]


def set_deletion(local, number):
    return p.PFCPSessionSetDeletionRequest(IE_list=[node(local), csid(number)])


def adoption(local, seid):
    return modification([fseid(local, seid), node(local)])


def association_release(local):
    return p.PFCPAssociationReleaseRequest(IE_list=[node(local)])


def fseid(local, seid):
    return p.IE_FSEID(v6=1, seid=seid, ipv6=local) if ":" in local else p.IE_FSEID(v4=1, seid=seid, ipv4=local)


def ue_address(session, destination):
    """Without an address of ours the user plane chooses: CHV4 is among what scapy calls spare."""
    if "ue" in session:
        return p.IE_UE_IP_Address(V4=1, SD=destination, ipv4=session["ue"])
    return p.IE_NotImplemented(ietype=93, data=bytes([0x10 | destination << 2]))


def named(session):
    return [p.IE_URR_Id(id=1)] if session.get("urr") else []


def pdr_up(session):
    pdi = [p.IE_SourceInterface(interface=ACCESS), p.IE_FTEID(CH=1, V4=1), ue_address(session, 0)]
    return p.IE_CreatePDR(IE_list=[p.IE_PDR_Id(id=UPLINK), p.IE_Precedence(precedence=255), p.IE_PDI(IE_list=pdi),
                                   p.IE_OuterHeaderRemoval(header=0), p.IE_FAR_Id(id=UPLINK), *named(session), p.IE_QER_Id(id=1)])


def framed(routes):
    """Networks behind the UE, by commas apart; RFC 2865 and 3162 have them with a gateway and a metric."""
    return [p.IE_FramedIPv6Route(framed_ipv6_route=f"{route} :: 1") if ":" in route else p.IE_FramedRoute(framed_route=f"{route} 0.0.0.0 1")
            for route in routes.split(",") if route]


def pdi_down(session):
    return [p.IE_SourceInterface(interface=CORE), p.IE_NetworkInstance(instance=session.get("dnn", "internet")), ue_address(session, 1),
            *framed(session.get("framed", ""))]


def pdr_down_changed(session, routes):
    return p.IE_UpdatePDR(IE_list=[p.IE_PDR_Id(id=DOWNLINK), p.IE_PDI(IE_list=pdi_down({**session, "framed": routes}))])


def pdr_down(session):
    pdi = pdi_down(session)
    return p.IE_CreatePDR(IE_list=[p.IE_PDR_Id(id=DOWNLINK), p.IE_Precedence(precedence=255), p.IE_PDI(IE_list=pdi),
                                   p.IE_FAR_Id(id=DOWNLINK), *named(session), p.IE_QER_Id(id=1)])


def tunnel(gnb, teid):
    return p.IE_OuterHeaderCreation(GTPUUDPIPV4=1, TEID=teid, ipv4=gnb)


def far(ident, to, *more):
    return p.IE_CreateFAR(IE_list=[p.IE_FAR_Id(id=ident), p.IE_ApplyAction(FORW=1),
                                   p.IE_ForwardingParameters(IE_list=[p.IE_DestinationInterface(interface=to), *more])])


def bar(session):
    """As many packets may wait as bar= says, and are told of after delay= (units of 50 ms)."""
    ies = [p.IE_BAR_Id(id=1), p.IE_SuggestedBufferingPacketsCount(count=int(session["bar"]))]
    if "delay" in session:
        ies.append(p.IE_DownlinkDataNotificationDelay(delay=int(session["delay"])))
    return p.IE_Create_BAR(IE_list=ies)


def far_down(session, *parameters):
    whole = far(DOWNLINK, ACCESS, *parameters)
    if "bar" in session:
        whole.IE_list.append(p.IE_BAR_Id(id=1))
    return whole


def qer(session):
    ies = [p.IE_QER_Id(id=1), p.IE_GateStatus()]
    if "mbr" in session:
        ies.append(p.IE_MBR(ul=int(session["mbr"]), dl=int(session["mbr"])))
    if "qfi" in session:
        ies.append(p.IE_QFI(QFI=int(session["qfi"])))
    return p.IE_CreateQER(IE_list=ies)


def quota(total):
    return p.IE_VolumeQuota(TOVOL=1, total=int(total))


def events(session):
    """Triggers and IEs of a URR that has events."""
    ies = []
    if "events" in session:
        ies.append(p.IE_EventThreshold(event_threshold=int(session["events"])))
    if "event_quota" in session:
        ies.append(p.IE_EventQuota(event_quota=int(session["event_quota"])))
    if "silence" in session:
        ies.append(p.IE_InactivityDetectionTime(time_value=int(session["silence"])))
    return {"event_threshold": int("events" in session), "event_quota": int("event_quota" in session)}, ies


def urr(ident=1, threshold=None, volume=None, period=None, dropped=None, start=None, **more):
    more_triggers, more_ies = events(more)
    triggers = p.IE_ReportingTriggers(volume_threshold=int(threshold is not None), volume_quota=int(volume is not None),
                                      periodic_reporting=int(period is not None), dropped_dl_traffic_threshold=int(dropped is not None),
                                      start_of_traffic=int(start is not None),
                                      **more_triggers)
    ies = [p.IE_URR_Id(id=ident), p.IE_MeasurementMethod(VOLUM=1, EVENT=int(bool(more))), triggers, p.IE_MeasurementInformation(), *more_ies]
    if period is not None:
        ies.append(p.IE_MeasurementPeriod(period=int(period)))
    if threshold is not None:
        ies.append(p.IE_VolumeThreshold(TOVOL=1, total=int(threshold)))
    if volume is not None:
        ies.append(quota(volume))
    if dropped is not None:
        ies.append(p.IE_DroppedDLTrafficThreshold(DLPA=1, packet_count=int(dropped)))
    return p.IE_CreateURR(IE_list=ies)


def refill(total):
    return p.IE_UpdateURR(IE_list=[p.IE_URR_Id(id=1), quota(total)])


def more_events(count):
    return p.IE_UpdateURR(IE_list=[p.IE_URR_Id(id=1), p.IE_EventQuota(event_quota=int(count))])


def establishment(local, session):
    gnb, teid = session.get("gnb", "10.99.3.2"), int(session.get("teid", "0x7001"), 0)
    ies = [node(local), fseid(session.get("entity", local), session["cp"]), pdr_up(session), pdr_down(session), far(UPLINK, CORE),
           far_down(session, tunnel(gnb, teid)), qer(session)]
    if "bar" in session:
        ies.append(bar(session))
    if session.get("urr"):
        ies.append(urr(1, session.get("threshold"), session.get("quota"), session.get("period"), session.get("dropped"), session.get("start"),
                       **{key: session[key] for key in ("events", "event_quota", "silence") if key in session}))
    if "csid" in session:
        ies.append(csid(int(session["csid"])))
    if "group" in session:
        ies.append(p.IE_NotImplemented(ietype=291, data=session["group"].encode()))
    return p.PFCPSessionEstablishmentRequest(IE_list=ies + [p.IE_PDNType(pdn_type=1)])


def modification(parts):
    return p.PFCPSessionModificationRequest(IE_list=list(parts))


def deletion():
    return p.PFCPSessionDeletionRequest()


def far_to(ident, gnb, teid):
    return p.IE_UpdateFAR(IE_list=[p.IE_FAR_Id(id=ident), p.IE_ApplyAction(FORW=1),
                                   p.IE_UpdateForwardingParameters(IE_list=[tunnel(gnb, teid)])])


def far_drop(ident):
    return p.IE_UpdateFAR(IE_list=[p.IE_FAR_Id(id=ident), p.IE_ApplyAction(DROP=1)])


def far_forward(ident):
    return p.IE_UpdateFAR(IE_list=[p.IE_FAR_Id(id=ident), p.IE_ApplyAction(FORW=1)])


def gate(closed):
    return p.IE_UpdateQER(IE_list=[p.IE_QER_Id(id=1), p.IE_GateStatus(ul=int(closed), dl=int(closed))])


def query():
    return p.IE_QueryURR(IE_list=[p.IE_URR_Id(id=1)])


# ---- Reading

def find(ies, kind):
    for ie in ies:
        if isinstance(ie, kind):
            yield ie


def first(ies, kind):
    return next(find(ies, kind), None)


def usage(report):
    volume, trigger = first(report.IE_list, p.IE_VolumeMeasurement), first(report.IE_list, p.IE_UsageReportTrigger)
    why = [flag for flag in ("IMMER", "START", "VOLTH", "VOLQU", "PERIO", "TERMR", "QUHTI", "DROTH", "EVETH") if getattr(trigger, flag)]
    if trigger.extra_data[:1] == b"\1":  # octet 7, which scapy does not know
        why.append("EVEQU")
    stamps = [stamp.timestamp for stamp in find(report.IE_list, p.IE_EventTimeStamp)]
    return {"uplink": volume and volume.uplink, "downlink": volume and volume.downlink, "number": first(report.IE_list, p.IE_UR_SEQN).number, "why": why,
            **({"events": stamps} if stamps else {})}


def address(value):
    """Of a UE IP Address with V4, whatever scapy thinks of it."""
    return str(ipaddress.ip_address(value.ipv4))


def created(pdr, said):
    fteid, ue = first(pdr.IE_list, p.IE_FTEID), first(pdr.IE_list, p.IE_UE_IP_Address)
    if fteid:
        said["teid"], said["gtpu"] = fteid.TEID, fteid.ipv4
        said.setdefault("teids", {})[first(pdr.IE_list, p.IE_PDR_Id).id] = fteid.TEID
    if ue and ue.V4:
        said["ue"] = address(ue)
    if ue and ue.V6:
        said["ue6"] = str(ue.ipv6)


def failed(rule):
    return [("pdr", "far", "qer", "urr", "bar")[rule.type], rule.pdr_id if rule.type == 0 else rule.far_id if rule.type == 1 else
            rule.qer_id if rule.type == 2 else rule.urr_id if rule.type == 3 else rule.bar_id]


def resources(ies):
    """Where tunnels may end, as of which network, by what a message about an association says of that."""
    return [[i.ipv4, i.ipv6, i.network_instance.decode(), i.interface] for i in find(ies, p.IE_UserPlaneIPResourceInformation)]


def read(data):
    """What an answer says: cause, and whatever else there is of it."""
    answer = p.PFCP(data[:1] + bytes([15]) + data[2:] if data[1] == 17 else data)  # scapy knows Session Set Deletion alone, which is alike
    ies = answer.payload.IE_list
    said = {"type": answer.message_type, "to": answer.seid or 0}
    for key, kind, value in (("cause", p.IE_Cause, lambda i: i.cause), ("seid", p.IE_FSEID, lambda i: i.seid), ("offending", p.IE_OffendingIE, lambda i: i.type),
                             ("failed", p.IE_FailedRuleId, failed), ("stamp", p.IE_RecoveryTimeStamp, lambda i: i.timestamp)):
        ie = first(ies, kind)
        if ie is not None:
            said[key] = value(ie)
    for pdr in find(ies, p.IE_CreatedPDR):
        created(pdr, said)
    for group in ies_of(data[16:] if data[0] & 1 else b"", 128):
        for fteid in ies_of(group, 21):
            said["end"] = int.from_bytes(fteid[1:5], "big")
    tunnels = resources(ies)
    if tunnels:
        said["tunnels_end"] = tunnels
    reports = [*find(ies, p.IE_UsageReport_SMR), *find(ies, p.IE_UsageReport_SDR)]
    if reports:
        said["usage"] = [usage(report) for report in reports]
    return said


def read_paths(data):
    """The peers of a Node Report Request, each with what has become of it."""
    said = []
    for kind, what in ((102, "failed"), (187, "recovered")):
        for group in ies_of(data[8:], kind):
            said += [{"peer": str(ipaddress.ip_address(peer[1:5] if peer[0] & 2 else peer[1:17])), "is": what} for peer in ies_of(group, 103)]
    return said


def ies_of(data, wanted):
    """Values of all IEs of this type, as they stand in the bytes."""
    while len(data) >= 4:
        kind, length = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
        if kind == wanted:
            yield data[4:4 + length]
        data = data[4 + length:]


def read_report(data):
    """What a Session Report Request says."""
    ies = p.PFCP(data).payload.IE_list
    kind = first(ies, p.IE_ReportType)
    said = {"type": [name for name in ("DLDR", "USAR", "ERIR", "UPIR") if getattr(kind, name)]}
    usages = list(find(ies, p.IE_UsageReport_SRR))
    if usages:
        said["usage"] = [usage(report) for report in usages]
    downlink = first(ies, p.IE_DownlinkDataReport)
    if downlink:
        said["pdr"] = first(downlink.IE_list, p.IE_PDR_Id).id
    error = first(ies, p.IE_ErrorIndicationReport)
    old = next(ies_of(data[16:], 57), None)
    if old:
        said["old"] = str(int.from_bytes(old[1:9], "big"))
    if error:
        tunnel = first(error.IE_list, p.IE_FTEID)
        said["tunnel"] = {"teid": tunnel.TEID, "ipv4": tunnel.ipv4}
    return said
