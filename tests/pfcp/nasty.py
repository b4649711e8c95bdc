"""nasty - every IE of a good message, in turn: missing, empty, a byte short, twice, far too long, all ones. For smf.py. Each such message has
to have an answer of its kind with a cause that fits; what is accepted all the same is deleted again. And odd datagrams, and floods."""
import time

import bad
import mixed
import smf_words as w
from scapy.contrib import pfcp as p

# Grouped IEs, TS 29.244 8.1.2.
GROUPED = {1, 2, 3, 4, 6, 7, 9, 10, 11, 13, 14, 58, 59, 85, 86}
HARMS = {
    "missing": lambda head, value: b"",
    "empty": lambda head, value: head[:2] + b"\0\0",
    "short": lambda head, value: ie(head, value[:-1]),
    "twice": lambda head, value: ie(head, value) * 2,
    "long": lambda head, value: ie(head, value + b"\xff" * 300),
    "ones": lambda head, value: ie(head, b"\xff" * len(value)),
}
ACCEPTED = 1
# Mandatory or conditional IE missing, lengths, mandatory IE incorrect, forwarding policy, F-TEID taken, rule creation, resources, service, network
# instance and UE address: what a wrong IE may be answered (8.2.1). Neither "rejected" nor "system failure": those do not say what is wrong.
CAUSES = {66, 67, 68, 69, 70, 71, 73, 75, 76, 80, 81}
CAUSE, OFFENDING, F_SEID = 19, 40, 57


def ie(head, value):
    return head[:2] + len(value).to_bytes(2, "big") + value


def each(body):
    """(offset, head, value) of the IEs in a message, behind its header, or in a group."""
    at = 0
    while at < len(body):
        length = int.from_bytes(body[at + 2 : at + 4], "big")
        yield at, body[at : at + 4], body[at + 4 : at + 4 + length]
        at += 4 + length


def harmed(body, harm, path=""):
    """All copies of it with one IE in it, however deep, harmed; each with its name."""
    for at, head, value in each(body):
        kind, before, after = int.from_bytes(head[:2], "big"), body[:at], body[at + 4 + len(value) :]
        name = f"{path}{kind}"
        yield name, kind, before + HARMS[harm](head, value) + after
        if kind in GROUPED:
            for deeper, inside, changed in harmed(value, harm, name + "/"):
                yield deeper, inside, before + ie(head, changed) + after


def bodies(smf):
    wish = {"cp": mixed.CP, "own": hex(mixed.OWN), "teid": hex(mixed.TEID), "ue": mixed.UE}
    for name, (make, *_) in mixed.SHAPES.items():
        yield name, bytes(make(smf.local, wish))
    yield "measured", bytes(w.establishment(smf.local, {"cp": mixed.CP, "urr": 1, "threshold": 1000, "quota": 9000, "period": 9, "mbr": 1000}))


def changes():
    return bytes(w.modification([w.far_to(2, "10.99.3.2", 9), w.gate(False), w.refill(1000), p.IE_UpdatePDR(IE_list=[
        p.IE_PDR_Id(id=1), p.IE_Precedence(precedence=9), p.IE_FAR_Id(id=1)])]))


def said(answer):
    """Its IEs, of each kind the first; scapy would take its time over two thousand of them."""
    return {int.from_bytes(head[:2], "big"): value for _, head, value in reversed(list(each(answer[16:])))}


def fits(answer, kind):
    """None, or what is wrong with the answer."""
    ies = said(answer)
    cause = ies.get(CAUSE, b"\0")[0]
    if answer[1] != kind + 1:
        return f"type {answer[1]}"
    if cause != ACCEPTED and cause not in CAUSES:
        return f"cause {cause}"
    if cause in (66, 68, 69) and OFFENDING not in ies:
        return f"cause {cause} without an offending IE"
    return None


def judge(smf, kind, messages, wrong):
    """messages: (name, seid, body). Which answers accept, by their place."""
    accepted = []
    answers = mixed.ask_all(smf, kind, [(seid, body) for _, seid, body in messages])
    for (name, _, _), answer in zip(messages, answers):
        fault = fits(answer, kind)
        if fault:
            wrong.append([name, fault])
        elif said(answer)[CAUSE][0] == ACCEPTED:
            accepted.append((name, answer))
    return accepted


def establish(smf, wrong):
    """How many messages there were, and how many were accepted."""
    count = good = 0
    for shape, body in bodies(smf):
        for harm in HARMS:
            messages = [(f"{shape} {harm} {name}", 0, changed) for name, _, changed in harmed(body, harm)]
            count += len(messages)
            accepted = judge(smf, bad.ESTABLISH, messages, wrong)
            good += len(accepted)
            seids = [int.from_bytes(said(answer)[F_SEID][1:9], "big") for _, answer in accepted]
            judge(smf, bad.DELETE, [(f"deletion after {shape} {harm}", seid, b"") for seid in seids], wrong)
    return count, good


def modify(smf, seid, wrong):
    count = 0
    for harm in HARMS:
        messages = [(f"modification {harm} {name}", seid, changed) for name, _, changed in harmed(changes(), harm)]
        count += len(messages)
        judge(smf, bad.MODIFY, messages, wrong)
    return count


def run(smf, name):
    wrong = []
    count, good = establish(smf, wrong)
    count += modify(smf, smf.sessions[name]["up"], wrong)
    return {"cause": 1, "count": count, "accepted": good, "wrong": wrong}


# ---- Whole datagrams


def answered(smf, data, sequence):
    """Type and cause of the answer."""
    answer = smf.send(data, sequence)
    return [answer[1], said(answer)[CAUSE][0] if answer[1] in (bad.ESTABLISH + 1, bad.MODIFY + 1, bad.DELETE + 1) else 0]


def odd(smf, name):
    """What became of datagrams that are wrong as a whole."""
    seid, told = smf.sessions[name]["up"], {}
    change = bytes(w.modification([w.gate(False)]))
    sequence = smf.next()
    other = bytearray(bad.raw(bad.MODIFY, seid, sequence, change))
    other[0] |= 0x40  # version 3
    told["version"] = answered(smf, bytes(other), sequence)
    sequence = smf.next()
    told["largest"] = answered(smf, bad.raw(bad.MODIFY, seid, sequence, change + ie(b"\xff\xff", bytes(65507 - 20 - len(change)))), sequence)
    sequence = smf.next()
    first = bad.raw(bad.MODIFY, seid, sequence, change)
    told["change"] = answered(smf, first, sequence)
    smf.put(bad.raw(bad.MODIFY, seid, sequence, bytes(w.modification([w.gate(True)]))))  # the number was used for another one
    answers = smf.wait(sequence, 2, 20.0)
    told["number again"] = [len(answers), len(set(answers))]
    for length in (0, 4, 15, 0xFFFF):  # one says that it is as long as that
        smf.put(first[:2] + length.to_bytes(2, "big") + first[4:])
    for length in range(20):
        smf.put(first[:length])
    told["afterwards"] = answered(smf, bad.raw(bad.MODIFY, seid, sequence := smf.next(), change), sequence)
    return {"cause": 1, **told}


def flood(smf, seconds):
    """Establishments as fast as they can be sent, whatever is answered."""
    body = bytes(w.establishment(smf.local, {"cp": mixed.CP, "urr": 1}))
    sent, until = [], time.monotonic() + float(seconds)
    while time.monotonic() < until:
        for _ in range(100):
            sent.append(smf.next())
            smf.socket.sendto(bad.raw(bad.ESTABLISH, 0, sent[-1], body), (smf.peer, 8805))
    with smf.heard:
        causes = [said(data)[CAUSE][0] for sequence in sent for data in smf.answers.get(sequence, [])]
    return {"cause": 1, "sent": len(sent), "answered": len(causes), "causes": {cause: causes.count(cause) for cause in set(causes)}}


def exhaust(smf, times):
    """A session that is refused for its last rule, so often; then the same one without that fault is accepted, and goes again."""
    good = w.establishment(smf.local, {"cp": mixed.CP, "urr": 1, "ue": "10.45.200.200"})
    body = bytes(good)
    faulty = body + bytes(p.IE_CreatePDR(IE_list=[p.IE_PDR_Id(id=9), p.IE_Precedence(precedence=1), p.IE_PDI(
        IE_list=[p.IE_SourceInterface(interface=1)]), p.IE_FAR_Id(id=99)]))
    causes = {said(answer)[CAUSE][0] for answer in mixed.ask_all(smf, bad.ESTABLISH, [(0, faulty)] * int(times))}
    answer = said(mixed.ask_all(smf, bad.ESTABLISH, [(0, body)])[0])
    if answer[CAUSE][0] == ACCEPTED:
        mixed.ask_all(smf, bad.DELETE, [(int.from_bytes(answer[F_SEID][1:9], "big"), b"")])
    return {"cause": answer[CAUSE][0], "refused": sorted(causes)}
