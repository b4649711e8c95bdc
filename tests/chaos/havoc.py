#!/usr/bin/python3
"""havoc.py TAG SOCKET SEED SESSIONS PPS: an SMF, a gNB and a host on the internet in one process, which knows what became of every session,
packet and report. It speaks from the namespaces TAG-cp, TAG-ran and TAG-net, and is told through SOCKET by
havoc.py SOCKET WORD, which prints the answer as JSON:

    associate
    go      sessions come, go and change all the time, and packets pass
    calm    that ends; when every request has been answered, everything is looked at. Prints a JSON: wrong is what should not be
"""
import collections
import ctypes
import json
import os
import random
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pfcp"))
import bad  # noqa: E402
import packets  # noqa: E402
import shapes  # noqa: E402
import smf_words as w  # noqa: E402

CP, TEID, THRESHOLD, QUOTA = 0x1122334455667788, 0x6B6B6B6B, 0x5A5A5A5A5A5A, 0x4B4B4B4B4B4B
GNB, UP, CPF, GATEWAY, HOST = "10.99.3.2", "10.99.4.1", "10.99.4.2", "10.99.3.1", "10.99.6.2"
T1, PATIENCE, WINDOW, WAITING = 3.0, 8.0, 24, 40  # s: who asks every 3 s has a deletion's last usage, or has waited 8 s (SERVED.md)
HEADERS = 28
SMALL, LARGE = 3000, 9000  # bytes: a threshold, a quota


def socket_in(tag, name, address, port):
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{tag}-{name}", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(there, 0):
        raise OSError(ctypes.get_errno(), "setns")
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, 33, 1 << 23)  # SO_RCVBUFFORCE
    end.bind((address, port))
    end.setblocking(False)
    if libc.setns(here, 0):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(here)
    os.close(there)
    return end


class Session:
    def __init__(self, uid):
        self.uid, self.cp, self.up, self.teid, self.ue = uid, uid << 20 | 7, 0, 0, None
        self.state, self.busy, self.idle_since, self.waiting = "new", False, 0.0, 0
        self.down = []                      # TEIDs at the gNB, the last one is in force
        self.kind = None                    # plain, threshold or quota
        self.ended = False                  # its quota
        self.sent, self.got, self.seen = [0, 0], [0, 0], [set(), set()]
        self.told = {}                      # number of a report -> bytes up, down
        self.answers = collections.deque(maxlen=6)  # the last ones: of what message, the cause, when
        self.strict = True                  # nothing of what it sends may be lost
        self.dead_at = 0.0
        self.untold = False                 # its deletion was answered without its last usage, and may be

    def heard(self, what, cause):
        self.answers.append(f"{what} {cause} @{time.monotonic():.1f}")


def template(kind):
    more = {"plain": {}, "threshold": {"threshold": THRESHOLD}, "quota": {"quota": QUOTA}}[kind]
    return bytes(w.establishment(CPF, {"cp": CP, "teid": hex(TEID), "qfi": 9, "urr": 1, **more}))


BODIES = {kind: template(kind) for kind in ("plain", "threshold", "quota")}
MOVE = bytes(w.modification([w.far_to(w.DOWNLINK, GNB, TEID)]))
REACH = bytes(w.modification(shapes.activate(None, GNB, hex(TEID), str(w.DOWNLINK))))
IDLE = bytes(w.modification(shapes.idle(None, str(w.DOWNLINK))))
QUERY = bytes(w.modification([w.query()]))
SHUT, OPEN = (bytes(w.modification([w.gate(closed)])) for closed in (True, False))
REFILL = bytes(w.modification([w.refill(QUOTA)]))


def ies(data, at=0):
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("!HH", data, at)
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length


def first(data, kind):
    return next((value for k, value in ies(data) if k == kind), None)


def usages(body):
    """Number, bytes up and down, why, of each usage report in a message."""
    for kind, value in ies(body):
        if kind in (78, 79, 80):
            volume = first(value, 66)
            up, down, at = 0, 0, 1
            for bit in range(3):
                if volume and volume[0] >> bit & 1:
                    number = struct.unpack_from("!Q", volume, at)[0]
                    at += 8
                    up, down = (number, down) if bit == 1 else (up, number) if bit == 2 else (up, down)
            yield struct.unpack("!I", first(value, 104))[0], (up, down), first(value, 63)


class Havoc:
    def __init__(self, tag, at, seed, count=150, pps=800):
        self.random = random.Random(int(seed))
        self.count, self.pps = int(count), int(pps)
        self.smf = socket_in(tag, "cp", CPF, 8805)
        self.gnb = socket_in(tag, "ran", GNB, 2152)
        self.net = socket_in(tag, "net", HOST, 7777)
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.door.bind(at)
        self.door.listen(4)
        self.door.setblocking(False)
        self.sequence, self.pending = self.random.randrange(1 << 20), {}
        self.sessions, self.gone, self.uids, self.teids = {}, collections.deque(maxlen=2000), 0, 0x10000
        self.by_teid, self.by_cp, self.every = {}, {}, []
        self.stamp, self.going, self.wrong = int(time.time()) + 2208988800, False, []
        self.tally = collections.Counter()
        self.next_packet = self.next_deed = 0.0
        self.reports, self.probing = {}, False

    def fault(self, text):
        self.tally["wrong"] += 1
        if len(self.wrong) < 40:
            self.wrong.append(text)

    # ---- PFCP

    def ask(self, kind, seid, body, done):
        self.sequence = self.sequence + 1 & 0xFFFFFF
        data = struct.pack("!BBHI", 0x20, kind, len(body) + 4, self.sequence << 8) + body if seid is None else bad.raw(kind, seid, self.sequence, body)
        self.pending[self.sequence] = [data, 0.0, done, time.monotonic()]

    def push(self, now):
        for entry in self.pending.values():
            if now >= entry[1]:
                self.tally["again"] += entry[1] > 0
                entry[1] = now + T1
                self.smf.sendto(entry[0], (UP, 8805))

    def hear_smf(self):
        data = self.smf.recv(65535)
        kind = data[1]
        at = 16 if data[0] & 1 else 8
        sequence = int.from_bytes(data[at - 4 : at - 1], "big")
        if kind == 1:
            self.smf.sendto(w.heartbeat_answer(sequence, self.stamp), (UP, 8805))
        elif kind == 56:
            self.hear_report(sequence, data)
        elif kind == 12:
            self.smf.sendto(w.node_report_answer(CPF, sequence, 1), (UP, 8805))
        elif sequence in self.pending:
            _, _, done, since = self.pending.pop(sequence)
            self.tally["slowest_ms"] = max(self.tally["slowest_ms"], int(1000 * (time.monotonic() - since)))
            body = data[at:]
            cause = first(body, 19)
            done(cause[0] if cause else 0, body)

    def hear_report(self, sequence, data):
        session = self.by_cp.get(int.from_bytes(data[4:12], "big"))
        said = bad.ie(19, bytes([1 if session else 65]))
        self.smf.sendto(bad.raw(57, session.up if session else 0, sequence, said), (UP, 8805))
        self.tally["reports"] += 1
        if not session:
            self.fault("a report of nobody's session")
            return
        if session.state in ("dead", "judged") and time.monotonic() > session.dead_at + 0.5 and data[16:] not in self.reports.setdefault(session.uid, set()):
            self.fault(f"{session.uid}: a new report after its deletion")
        self.reports.setdefault(session.uid, set()).add(data[16:])
        self.take_usage(session, data[16:])

    def take_usage(self, session, body):
        for number, volume, why in usages(body):
            if session.told.setdefault(number, volume) != volume:
                self.fault(f"{session.uid}: report {number} says {volume}, and said {session.told[number]}")
            if len(why) > 1 and why[1] & 1 and session.kind == "quota":
                session.ended = True

    # ---- Deeds

    def teid(self):
        self.teids += 1
        return self.teids

    def attach(self):
        self.uids += 1
        session = Session(self.uids)
        session.kind = self.random.choice(("plain", "threshold", "quota"))
        session.strict = session.kind != "quota"
        teid = self.teid()
        session.down.append(teid)
        self.by_teid[teid] = session
        self.by_cp[session.cp] = session
        session.busy = True
        self.sessions[session.uid] = session
        self.every.append(session)
        body = BODIES[session.kind].replace(CP.to_bytes(8, "big"), session.cp.to_bytes(8, "big")).replace(TEID.to_bytes(4, "big"), teid.to_bytes(4, "big"))
        body = body.replace(THRESHOLD.to_bytes(8, "big"), SMALL.to_bytes(8, "big")).replace(QUOTA.to_bytes(8, "big"), LARGE.to_bytes(8, "big"))
        self.ask(50, 0, body, lambda cause, said: self.attached(session, cause, said))

    def attached(self, session, cause, said):
        session.busy = False
        session.heard("made", cause)
        self.tally[f"attach {cause}"] += 1
        if cause != 1:
            session.state = "refused"
            self.sessions.pop(session.uid)
            return
        session.up = struct.unpack("!Q", first(said, 57)[1:9])[0]
        for kind, value in ies(said):
            if kind == 8:
                fteid, ue = first(value, 21), first(value, 93)
                if fteid:
                    session.teid = struct.unpack("!I", fteid[1:5])[0]
                if ue:
                    session.ue = socket.inet_ntoa(ue[1:5])
        for other in self.sessions.values():
            if other is not session and (other.ue == session.ue or other.teid == session.teid):
                self.fault(f"{session.uid} has what {other.uid} has: {session.ue} {session.teid:#x}")
        session.state = "active"

    def modify(self, session, body, then):
        session.busy = True

        def done(cause, said):
            session.busy = False
            session.heard("changed", cause)
            self.tally[f"modify {cause}"] += 1
            self.take_usage(session, said)
            if cause == 1:
                then()

        self.ask(52, session.up, body, done)

    def move(self, session):
        teid = self.teid()
        self.by_teid[teid] = session
        session.down.append(teid)
        self.modify(session, MOVE.replace(TEID.to_bytes(4, "big"), teid.to_bytes(4, "big")), lambda: None)

    def idle(self, session):
        def then():
            session.state, session.idle_since = "idle", time.monotonic()

        session.waiting = 0
        self.modify(session, IDLE, then)

    def reach(self, session):
        def then():
            session.state = "active"

        teid = self.teid()
        self.by_teid[teid] = session
        session.down.append(teid)
        self.modify(session, REACH.replace(TEID.to_bytes(4, "big"), teid.to_bytes(4, "big")), then)

    def shut(self, session):
        session.strict = False
        session.state = "shut"
        self.modify(session, SHUT, lambda: None)

    def open(self, session):
        def then():
            session.state = "active"

        self.modify(session, OPEN, then)

    def refill(self, session):
        session.ended = False
        self.modify(session, REFILL.replace(QUOTA.to_bytes(8, "big"), LARGE.to_bytes(8, "big")), lambda: None)

    def query(self, session):
        self.modify(session, QUERY, lambda: None)

    def delete(self, session):
        session.busy = True
        session.state = "leaving"
        asked = time.monotonic()

        def done(cause, said):
            session.heard("deleted", cause)
            self.tally[f"delete {cause}"] += 1
            session.untold = time.monotonic() > asked + PATIENCE and not any(usages(said))
            self.take_usage(session, said)
            if cause != 1:
                session.busy, session.state = False, "active"
                session.strict = False
                return
            session.state, session.dead_at = "dead", time.monotonic()
            self.sessions.pop(session.uid)
            self.gone.append(session)

        self.ask(54, session.up, b"", done)

    def deed(self):
        free = [s for s in self.sessions.values() if not s.busy]
        if len(self.pending) >= WINDOW:
            return
        if len(self.sessions) < self.count and self.random.random() < 0.3 or not free:
            if len(self.sessions) < self.count:
                self.attach()
            return
        session = self.random.choice(free)
        if session.ended:
            self.refill(session)
        elif session.state == "idle":
            self.reach(session)
        elif session.state == "shut":
            self.open(session)
        elif session.state == "active":
            deeds = (self.move, self.idle, self.query, self.shut, self.delete, self.query, self.idle, self.move)
            self.random.choice(deeds)(session)

    # ---- Packets

    def packet(self, session, way):
        session.sent[way] += 1
        text = b"%c%08d%08d" % (b"UD"[way], session.uid, session.sent[way])
        try:
            if way == 0:
                self.gnb.sendto(packets.tunnelled(session.teid, "9", packets.inner(session.ue, HOST, text)), (GATEWAY, 2152))
            else:
                self.net.sendto(text, (session.ue, 7777))
        except OSError as error:
            self.tally[f"send {error.errno}"] += 1

    def some_packet(self):
        if not self.sessions:
            return
        session = self.random.choice(list(self.sessions.values()))
        way = self.random.randrange(2)
        if session.state in ("active", "shut") or session.state == "idle" and (way == 0 or session.waiting < WAITING):
            if way == 1 and (session.busy or session.state == "idle"):
                if session.waiting >= WAITING:
                    return
                session.waiting += 1
            self.packet(session, way)

    def seen(self, session, way, text, length):
        """A packet has come: counted for whose tunnel it came by."""
        session.got[way] += length
        uid, number = int(text[1:9]), int(text[9:17])
        if uid != session.uid:
            self.tally["for an address's last owner"] += 1
        elif number in session.seen[way]:
            self.fault(f"{session.uid}: {'UD'[way]} {number} came twice")
        else:
            session.seen[way].add(number)

    def hear_net(self):
        text, (source, _) = self.net.recvfrom(2000)
        session = self.every[int(text[1:9]) - 1]
        if session.ue != source:
            self.fault(f"{session.uid}: a packet from {source}")
        if session.state in ("dead", "judged") and (self.probing or time.monotonic() > session.dead_at + 3):
            self.fault(f"{session.uid}: uplink goes on after its deletion")
        self.seen(session, 0, text, HEADERS + len(text))

    def hear_gnb(self):
        data = self.gnb.recv(2000)
        if data[1] == 1:
            self.gnb.sendto(b"\x32\x02\0\6" + data[4:8] + data[8:12] + b"\x0e\0", (GATEWAY, 2152))
        if data[1] != 255:
            self.tally[f"gtpu {data[1]}"] += 1
            return
        teid, _, target, text = packets.opened(data)
        session = self.by_teid.get(teid)
        if not session:
            self.fault(f"a packet by tunnel {teid:#x}")
            return
        if target != session.ue:
            self.fault(f"{session.uid}: a packet for {target}")
        if session.state in ("dead", "judged") and (self.probing or time.monotonic() > session.dead_at + 3):
            self.fault(f"{session.uid}: downlink goes on after its deletion")
        self.seen(session, 1, text.encode(), HEADERS + len(text))

    # ---- The loop

    def turn(self, wait=0.002):
        hear = {self.smf: self.hear_smf, self.gnb: self.hear_gnb, self.net: self.hear_net}
        for end in select.select(list(hear), [], [], wait)[0]:
            for _ in range(64):
                try:
                    hear[end]()
                except BlockingIOError:
                    break
        now = time.monotonic()
        self.push(now)
        if self.going:
            while self.next_packet < now:
                self.some_packet()
                self.next_packet += 1 / self.pps
            while self.next_deed < now:
                self.deed()
                self.next_deed += 0.012

    def spin(self, seconds, until=lambda: False):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            self.turn()
        return until()

    def settle(self, text):
        if not self.spin(90, lambda: not self.pending):
            self.fault(f"{text}: {len(self.pending)} requests have no answer")

    def calm(self):
        self.going = False
        self.settle("calm")
        for deed, chosen in ((self.reach, lambda s: s.state == "idle"), (self.open, lambda s: s.state == "shut"), (self.refill, lambda s: s.kind == "quota")):
            for session in [s for s in self.sessions.values() if chosen(s)]:
                deed(session)
                self.spin(5, lambda: len(self.pending) < WINDOW)
            self.settle(deed.__name__)
        self.spin(1)
        self.probe()
        self.probe_gone()
        for session in list(self.sessions.values()):
            self.query(session)
            self.spin(5, lambda: len(self.pending) < WINDOW)
        self.settle("query")
        self.spin(1)
        self.judge()
        said = {"cause": 1, "sessions": len(self.sessions), "made": self.uids, "tally": dict(self.tally), "wrong": self.wrong}
        self.wrong, self.tally = [], collections.Counter()
        return said

    def probe(self):
        lacking = list(self.sessions.values())
        odd = [s for s in lacking if s.state != "active"]
        for session in odd:
            self.fault(f"{session.uid}: is {session.state}")
        for attempt in range(3):
            had = {s.uid: [len(s.seen[0]), len(s.seen[1])] for s in lacking}
            for session in lacking:
                for way in (0, 1):
                    self.packet(session, way)
                self.turn(0)

            def missing():
                return [s for s in lacking if len(s.seen[0]) == had[s.uid][0] or len(s.seen[1]) == had[s.uid][1]]

            self.spin(4, lambda: not missing())
            lacking = missing()
            if lacking:
                self.tally[f"unanswered probes {attempt}"] += len(lacking)
        for session in lacking:
            self.fault(f"{session.uid} ({session.kind}): is not served: {session.ue} {session.teid:#x} {session.down[-1]:#x} {list(session.answers)}")

    def probe_gone(self):
        for session in list(self.gone)[-300:]:
            self.packet(session, 0)
            if session.ue not in [s.ue for s in self.sessions.values()]:
                self.packet(session, 1)
            self.turn(0)
        self.probing = True
        self.spin(1)
        self.probing = False

    def judge(self):
        for session in self.every:
            if session.state in ("refused", "judged"):
                continue
            told = [sum(v[way] for v in session.told.values()) for way in (0, 1)]
            if told != session.got and session.untold:
                self.tally["untold"] += 1
            elif told != session.got:
                self.fault(f"{session.uid} ({session.kind}, {session.state}): told {told}, passed {session.got}, of reports {len(session.told)}")
            if session.told and sorted(session.told) != list(range(len(session.told))):
                self.fault(f"{session.uid}: reports {sorted(session.told)}")
            lost = [session.sent[way] - len(session.seen[way]) for way in (0, 1)]
            if session.strict and session.state != "dead" and lost != [0, 0]:
                self.tally["lost"] += sum(lost)
                self.tally["losers"] += 1
                session.strict = False
            if session.state == "dead":
                session.state = "judged"

    def go(self):
        self.going = True
        self.next_packet = self.next_deed = time.monotonic()
        return {"cause": 1}

    def associate(self):
        causes = []
        self.ask(5, None, bytes(w.association(CPF, self.stamp)), lambda cause, said: causes.append(cause))
        self.spin(20, lambda: causes)
        return {"cause": causes[0] if causes else 0}

    def serve(self):
        print("ready", file=sys.stderr, flush=True)
        while True:
            self.turn()
            try:
                client, _ = self.door.accept()
            except BlockingIOError:
                continue
            with client:
                client.setblocking(True)
                word = client.makefile().readline().split()
                client.sendall(json.dumps(getattr(self, word[0])(*word[1:])).encode())


def ask(at, words):
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.connect(at)
    door.sendall((" ".join(words) + "\n").encode())
    print(door.makefile().read())


if __name__ == "__main__":
    if len(sys.argv) < 6:
        ask(sys.argv[1], sys.argv[2:])
    else:
        Havoc(*sys.argv[1:]).serve()
