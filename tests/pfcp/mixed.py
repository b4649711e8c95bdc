"""mixed - many sessions at once, whose rules differ: for smf.py. A message of each kind is scapy's; its copies have other numbers in them."""
import bad
import shapes
import smf_words as w

WINDOW, FLOW = 64, 17  # requests under way; the protocol of the flow that is shut
BYTES = 36             # of an inner packet of packets.py
CP, OWN, TEID, UE = 0x1122334455667788, 0x5A5A5A5A, 0x6B6B6B6B, "203.0.113.77"


def plain(local, session):
    return w.establishment(local, {"cp": session["cp"], "teid": session["teid"], "qfi": 9, "urr": 1})


# shape -> its message, FARs to activate, QFI uplink and downlink (- = none), what a packet each way comes to in its URR
SHAPES = {
    "plain": (plain, None, "-", 9, (BYTES, BYTES)),
    "open5gs": (shapes.open5gs, ("1",), 1, 1, (0, BYTES)),
    "free5gc": (shapes.free5gc, None, "-", 9, (BYTES, BYTES)),
    "pfcpsim": (shapes.pfcpsim, ("1", "3"), "-", 9, None),
}


def packed(address):
    return bytes(int(part) for part in address.split("."))


def filled(body, session):
    """The copy of a message that is this session's."""
    for mark, value in ((CP.to_bytes(8, "big"), session["cp"].to_bytes(8, "big")), (OWN.to_bytes(4, "big"), session["own"].to_bytes(4, "big")),
                        (TEID.to_bytes(4, "big"), session["down"].to_bytes(4, "big")), (packed(UE), packed(session["ue"]))):
        body = body.replace(mark, value)
    return body


def ask_all(smf, kind, messages):
    """Requests, so many at a time; their answers in that order. messages: (seid, body)."""
    answers = []
    for first in range(0, len(messages), WINDOW):
        asked = []
        for seid, body in messages[first : first + WINDOW]:
            sequence = smf.next()
            asked.append((bad.raw(kind, seid, sequence, body), sequence))
            smf.put(asked[-1][0])
        for data, sequence in asked:
            come = smf.wait(sequence, 1, 1.0)
            answers.append(come[0] if come else smf.send(data, sequence))
    return answers


def cause(answer):
    """The first IE of an answer about a session is its cause, or follows the Node ID."""
    at = 16
    while at + 4 < len(answer):
        kind, length = int.from_bytes(answer[at : at + 2], "big"), int.from_bytes(answer[at + 2 : at + 4], "big")
        if kind == 19:
            return answer[at + 4]
        at += 4 + length
    return 0


def modify(smf, sessions, body_of):
    answers = ask_all(smf, bad.MODIFY, [(s["up"], body_of(s)) for s in sessions])
    return [cause(answer) for answer in answers]


def begin(smf, count, table):
    """Sessions of each shape in turn, all of them reached; the table says how (packets.py)."""
    names = list(SHAPES)
    wish = {"cp": CP, "own": hex(OWN), "teid": hex(TEID), "ue": UE}
    bodies = {name: bytes(SHAPES[name][0](smf.local, wish)) for name in names}
    smf.mix = [{"shape": names[i % 4], "cp": (i + 1) << 32 | 7, "own": 0x500000 + i, "down": 0x10000 + i, "ue": f"10.46.{i >> 8}.{i & 255}"}
               for i in range(int(count))]
    answers = ask_all(smf, bad.ESTABLISH, [(0, filled(bodies[s["shape"]], s)) for s in smf.mix])
    causes = [cause(answer) for answer in answers]
    if set(causes) != {1}:
        return {"cause": 64, "causes": sorted(set(causes))}
    for session, answer in zip(smf.mix, answers):
        said = w.read(answer)
        session["up"], session["ue"] = said["seid"], said.get("ue", session["ue"])
        session["teid"] = said["teids"][2] if session["shape"] == "open5gs" else said.get("teid", session["own"])
    for name in names:
        fars = SHAPES[name][1]
        body = bytes(w.modification(shapes.activate(None, "10.99.3.2", hex(TEID), *fars))) if fars else None
        causes += modify(smf, [s for s in smf.mix if fars and s["shape"] == name], lambda s: filled(body, s))
    with open(table, "w") as file:
        for s in smf.mix:
            print(s["shape"], s["ue"], s["teid"], s["down"], *SHAPES[s["shape"]][2:4], file=file)
    return {"cause": max(causes), "count": len(smf.mix)}


def shut(smf):
    """open5gs' sessions have their downlink UDP stopped, by a rule more each."""
    body = bytes(w.modification(shapes.flow(None, 5, f"permit_out_{FLOW}_from_any_to_assigned", "closed")))
    return {"cause": max(modify(smf, [s for s in smf.mix if s["shape"] == "open5gs"], lambda s: body))}


def end(smf, *came):
    """All are deleted. came: SHAPE=UP,DOWN: packets that each of them has had; usage has to say so."""
    packets = {word.split("=")[0]: [int(n) for n in word.split("=")[1].split(",")] for word in came}
    wrong, causes = [], []
    for s, answer in zip(smf.mix, ask_all(smf, bad.DELETE, [(s["up"], b"") for s in smf.mix])):
        causes.append(cause(answer))
        each = SHAPES[s["shape"]][4]
        if each:
            usage = w.read(answer)["usage"][0]
            if [usage["uplink"], usage["downlink"]] != [n * size for n, size in zip(packets[s["shape"]], each)]:
                wrong.append([s["ue"], usage])
    return {"cause": max(causes), "count": len(causes), "wrong": wrong}


STEPS = {"begin": begin, "shut": shut, "end": end}
