"""apps - applications and their PFDs, good and bad, for smf.py."""
import nasty
import smf_words as w
from scapy.contrib import pfcp as p

PFD_MANAGEMENT = 3


def listed(*pieces):
    return b"".join(len(piece).to_bytes(2, "big") + piece.encode() for piece in pieces)


def contents(text):
    """A flow description, or a URL; what follows a + is additional."""
    first, *more = text.replace("_", " ").split("+")
    if first.startswith("http"):
        return p.IE_PFDContents(URL=1, url=first, AURL=int(bool(more)), additional_url=listed(*more))
    return p.IE_PFDContents(FD=1, flow=first, AFD=int(bool(more)), additional_flow=listed(*more))


def application(word):
    """NAME=TEXT[|TEXT...]; _ stands for a space. NAME=: without PFDs."""
    name, _, texts = word.partition("=")
    contexts = [p.IE_PFDContext(IE_list=[contents(text)]) for text in texts.split("|") if text]
    return p.IE_ApplicationID_PFDs(IE_list=[p.IE_ApplicationId(id=name), *contexts])


def request(words, *more):
    return p.PFCPPFDManagementRequest(IE_list=[application(word) for word in words] + list(more))


def raw(sequence, body):
    return bytes([0x20, PFD_MANAGEMENT]) + (len(body) + 4).to_bytes(2, "big") + sequence.to_bytes(3, "big") + b"\0" + body


def ask(smf, body):
    """The answer as it came."""
    sequence = smf.next()
    return smf.send(raw(sequence, body), sequence)


def bad(smf):
    """A good request with each of its IEs harmed in turn, and what is wrong in itself: an answer to each that says what."""
    good = bytes(request(["odd=permit_out_ip_from_192.0.2.1_to_any+permit_out_6_from_192.0.2.2_to_any|http://a/", "odder="], w.node(smf.local)))
    bodies = [(f"{harm} {name}", body) for harm in nasty.HARMS for name, _, body in nasty.harmed(good, harm)]
    texts = ["permit_out_" + "x" * 10000, "let_it_pass", "deny_out_ip_from_any_to_any", "permit_out_ip_from_any_to_10.45.0.9", "permit_out_ip_from_192.0.2.1_to_any+"]
    refused = [(text[:40], bytes(request(["odd=" + text]))) for text in texts]
    refused.append(("a list cut off", bytes(p.PFCPPFDManagementRequest(IE_list=[p.IE_ApplicationID_PFDs(IE_list=[
        p.IE_ApplicationId(id="odd"), p.IE_PFDContext(IE_list=[p.IE_PFDContents(AFD=1, additional_flow=b"\0\xff.")])])]))))
    wrong = []
    for name, body in bodies + refused:
        answer = ask(smf, body)
        ies = {int.from_bytes(head[:2], "big"): value for _, head, value in reversed(list(nasty.each(answer[8:])))}
        cause = ies.get(nasty.CAUSE, b"\0")[0]
        fault = answer[1] != PFD_MANAGEMENT + 1 or cause not in nasty.CAUSES | {1} or (cause != 1 and nasty.OFFENDING not in ies)
        if fault or ((name, body) in refused and cause == 1):
            wrong.append([name, cause])
    return {"cause": 1, "wrong": wrong, "count": len(bodies) + len(refused)}


def thousand(smf, count, first="0"):
    """So many applications by one request."""
    return smf.ask(None, request([f"app{i}=permit_out_17_from_192.0.2.{i % 256}_to_any" for i in range(int(first), int(first) + int(count))]))
