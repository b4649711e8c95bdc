#!/usr/bin/python3
"""smf.py - a small SMF, to ask a user plane what it can do. Its messages are scapy's, not ours.

    smf.py serve SOCKET LOCAL PEER    answers heartbeats and keeps sessions by name; asked through SOCKET by
    smf.py SOCKET COMMAND [WORD...]   which prints what came of it as JSON; exit 0: accepted, 1: refused, 2: no answer

Commands: heartbeat; associate [set=NAME] [keep=ADDRESS] [load=1|unread]; release; asked: how often the user plane has asked us to associate, whether to release, and how many messages with its load were thrown away; restart (everything forgotten, a newer Recovery Time Stamp);
    attach NAME [KEY=VALUE...]: ue=ADDRESS (else the user plane chooses), gnb=, teid=, qfi=, mbr= (kbit/s), urr=1 [threshold=, quota= (bytes), period= (s), start=1, dropped= (packets), events=, event_quota=, silence= (s)], bar= (packets that may wait) [delay= (50 ms)], dnn=; csid=, group=, entity= (address of its F-SEID); way=both|up
    attach_as NAME SHAPE [KEY=VALUE...]; change NAME WHAT [WORD...]: as other SMFs do (shapes.py)
    handover NAME GNB TEID; drop NAME; forward NAME; gate NAME open|closed; query NAME [open]: usage, and opens the gate with it; delete NAME; refill NAME BYTES, more_events NAME N: a new quota
    ghosts N: N nodes more associate from here, one after the other; says how many were let, and the last cause
    adopt NAME UP: modifies another SMF's session of our set, and has it from then on; lose CSID: deletes all that were attached with csid=CSID
    pfds [NAME=TEXT[|TEXT...]...]: applications by flow descriptions or URLs, _ for spaces; none: all are forgotten; apps N [FIRST]: so many; odd_apps: wrong ones (apps.py)
    move [csid=|group=|entity=] to=ADDRESS: another SMF of our set is to hear of those
    paths N [SECONDS]: waits for so many changes of GTP-U paths in node reports: which peers have failed, and recovered
    reports N [SECONDS]: waits for so many session reports; what they said, repeats apart; forget: those heard until now
    known NAME: the SEID it has for its session
    rename NAME: from its next report on, which is told so, the session has another SEID; discard NAME: likewise, what waits is dropped; hold NAME SECONDS N: it is kept for so long, up to N packets
    answer CAUSE: what session reports are answered with from now on; 0: not at all
    lossy PERCENT: so many datagrams are lost, as many doubled, and as many late, in each direction
    many PREFIX N [KEY=VALUE...]: attaches N sessions, eight at a time; over PREFIX WORD...: one after the other of them
    repeat N: the last request N times more; says how many answers came, and whether all were the same
    mixed begin COUNT TABLE | shut | end: many sessions of different rules (mixed.py)
    nasty NAME: good messages with each of their IEs harmed in turn (nasty.py); NAME: a session that may change
    odd NAME; flood SECONDS: datagrams that are wrong as a whole, and as many as can be sent (nasty.py)
    exhaust TIMES: the same faulty session so often, and then without the fault (nasty.py); stale UP-SEID: deletes by that
    bad [NAME]: messages that are wrong, and what each is answered (bad.py)
"""
import concurrent.futures
import json
import random
import socket
import sys
import threading
import time

T1 = 1.0  # seconds until a request is sent again; N1 is large: a user plane may be away for a while
N1 = 25


class NoAnswer(Exception):
    pass


def serve(at, local, peer):
    import smf_words as words

    Smf(words, local, peer).serve(at)


class Smf:
    def __init__(self, words, local, peer):
        self.words, self.local, self.peer = words, local, peer
        self.socket = socket.socket(socket.AF_INET6 if ":" in local else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((local, 8805))
        self.stamp = int(time.time()) + 2208988800 - 1000
        self.sequence = random.randrange(1 << 20)
        self.sessions, self.answers, self.last = {}, {}, None
        self.reports_heard, self.cause, self.loss = {}, 1, 0.0
        self.release_wanted, self.dropped_at, self.held_at = False, None, {}
        self.tunnels_end = []
        self.setups, self.paths_heard, self.paths_seen = 0, [], set()
        self.load, self.thrown = None, 0
        self.heard = threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        """Heartbeats are answered here; answers are put where they are waited for."""
        while True:
            data, _ = self.socket.recvfrom(65535)
            for _ in range(self.copies()):
                self.hear(data)

    def unread(self, data):
        """Whether this SMF, which said load=unread, throws it away: it knows no Load Control Information, and so none of the message."""
        told = self.load == "unread" and any(True for _ in self.words.ies_of(data[16 if data[0] & 1 else 8 :], 51))
        self.thrown += told
        return told

    def copies(self):
        """How often a datagram goes through."""
        chance = random.random()
        return 0 if chance < self.loss else 2 if chance < 2 * self.loss else 1

    def put(self, data):
        for _ in range(self.copies()):
            if random.random() < self.loss:
                threading.Timer(random.uniform(0.01, 0.4), self.socket.sendto, (data, (self.peer, 8805))).start()
            else:
                self.socket.sendto(data, (self.peer, 8805))

    def hear(self, data):
        if len(data) < 8 or self.unread(data):
            return
        kind, sequence = data[1], int.from_bytes(data[12:15] if data[0] & 1 else data[4:7], "big")
        if kind == 1:
            self.put(self.words.heartbeat_answer(sequence, self.stamp))
        elif kind == 5:
            self.setups, self.tunnels_end = self.setups + 1, self.words.resources(self.words.p.PFCP(data).payload.IE_list)
            self.put(self.words.association_answer(self.local, sequence, self.stamp))
        elif kind == 7:
            self.release_wanted |= any(True for _ in self.words.ies_of(data[8:], 111))
            self.put(self.words.association_update_answer(self.local, sequence))
        elif kind == 12:
            self.node_report(sequence, data)
        elif kind == 56:
            self.report(sequence, data)
        else:
            with self.heard:
                self.answers.setdefault(sequence, []).append(data)
                self.heard.notify_all()

    def node_report(self, sequence, data):
        if not self.cause:
            return
        with self.heard:
            if self.cause == 1 and sequence not in self.paths_seen:
                self.paths_seen.add(sequence)
                self.paths_heard += self.words.read_paths(data)
            self.heard.notify_all()
        self.put(self.words.node_report_answer(self.local, sequence, self.cause))

    def report(self, sequence, data):
        """Known by its bytes without sequence number: one that comes again is told apart from another."""
        seid, cause = int.from_bytes(data[4:12], "big"), self.cause
        known = next((s for s in self.sessions.values() if seid in (s["cp"], s.get("was"))), None if seid else {"up": 0})  # 0: another's of our set
        if not cause:
            return
        with self.heard:
            if cause == 1 and known:
                heard = self.reports_heard.setdefault(data[4:12] + data[16:], {**self.words.read_report(data), "session": str(seid), "times": 0})
                heard["times"] += 1
            self.heard.notify_all()
        self.put(self.words.report_answer(known["up"] if known else 0, sequence, 65 if cause == 1 and not known else cause, *self.more(known, seid, sequence)))

    def more(self, session, seid, sequence):
        """What an answer says of the session; again where the same is asked again, or it is not known yet."""
        said = session.pop("says", None) if session else None
        if said == "cp":
            session["was"], session["cp"] = seid, seid ^ 1 << 40
        if said == "drop":
            self.dropped_at = sequence
        if isinstance(said, tuple):
            self.held_at[sequence] = said
        drop = sequence == self.dropped_at
        return self.words.report_more(self.local, session["cp"] if session and session.get("was") == seid else None, drop, self.held_at.get(sequence))

    def rename(self, name):
        self.sessions[name]["says"] = "cp"
        return {"cause": 1}

    def hold(self, name, seconds, packets):
        self.sessions[name]["says"] = (seconds, packets)
        return {"cause": 1}

    def discard(self, name):
        self.sessions[name]["says"] = "drop"
        return {"cause": 1}

    def wait(self, sequence, count, seconds):
        with self.heard:
            self.heard.wait_for(lambda: len(self.answers.get(sequence, [])) >= count, seconds)
            return list(self.answers.get(sequence, []))

    def next(self):
        with self.heard:
            self.sequence = (self.sequence + 1) & 0xFFFFFF
            return self.sequence

    def send(self, data, sequence):
        """Until it is answered; the answer's bytes."""
        self.last = (data, sequence)
        for _ in range(N1):
            self.put(data)
            answers = self.wait(sequence, 1, T1)
            if answers:
                return answers[0]
        raise NoAnswer

    def ask(self, seid, message):
        sequence = self.next()
        return self.words.read(self.send(self.words.message(seid, sequence, message), sequence))

    # ---- Commands

    def associate(self, *keys):
        wish = dict(key.split("=", 1) for key in keys)
        self.load = wish.get("load")
        return self.ask(None, self.words.association(self.local, self.stamp, **wish))

    def ghosts(self, count):
        causes = [self.ask(None, self.words.association(f"ghost-{i}.example", self.stamp))["cause"] for i in range(int(count))]
        return {"cause": 1, "let": causes.count(1), "last": causes[-1]}

    def asked(self):
        return {"cause": 1, "asked": self.setups, "release": self.release_wanted, "thrown": self.thrown, "tunnels_end": self.tunnels_end}

    def adopt(self, name, up):
        session = {"cp": random.getrandbits(63) | 1, "up": int(up, 0)}
        answer = self.ask(session["up"], self.words.adoption(self.local, session["cp"]))
        if answer["cause"] == 1:
            self.sessions[name] = session
        return answer

    def lose(self, csid):
        return self.ask(None, self.words.set_deletion(self.local, int(csid)))

    def pfds(self, *words):
        import apps

        return self.ask(None, apps.request(words))

    def apps(self, *words):
        import apps

        return apps.thousand(self, *words)

    def odd_apps(self):
        import apps

        return apps.bad(self)

    def move(self, *keys):
        return self.ask(None, self.words.set_modification(self.local, **dict(key.split("=", 1) for key in keys)))

    def paths(self, count, seconds="30"):
        with self.heard:
            done = self.heard.wait_for(lambda: len(self.paths_heard) >= int(count), float(seconds))
            said, self.paths_heard = self.paths_heard, []
        return {"cause": 1 if done else 0, "paths": said}

    def heartbeat(self):
        return {"cause": 1, **self.ask(None, self.words.heartbeat(self.stamp))}

    def release(self):
        return self.ask(None, self.words.association_release(self.local))

    def restart(self):
        self.sessions, self.stamp = {}, self.stamp + 1
        return {"cause": 1}

    def attach(self, name, *keys):
        return self.establish(name, self.words.establishment, keys)

    def attach_as(self, name, shape, *keys):
        import shapes

        return self.establish(name, shapes.SHAPES[shape], keys)

    def establish(self, name, words, keys):
        wish = dict(key.split("=", 1) for key in keys)
        session = {"cp": random.getrandbits(63) | 1, "up": 0, **wish}
        answer = self.ask(0, words(self.local, session))
        if answer["cause"] == 1:
            session["up"] = answer["seid"]
            self.sessions[name] = session
        return answer

    def modify(self, name, *parts):
        return self.ask(self.sessions[name]["up"], self.words.modification(parts))

    def change(self, name, what, *words):
        import shapes

        return self.modify(name, *shapes.CHANGES[what](self.sessions[name], *words))

    def framed(self, name, routes=""):
        return self.modify(name, self.words.pdr_down_changed(self.sessions[name], routes))

    def handover(self, name, gnb, teid):
        return self.modify(name, self.words.far_to(2, gnb, int(teid, 0)))

    def drop(self, name):
        return self.modify(name, self.words.far_drop(2), self.words.far_drop(1))

    def forward(self, name):
        return self.modify(name, self.words.far_forward(2), self.words.far_forward(1))

    def gate(self, name, how):
        return self.modify(name, self.words.gate(how == "closed"))

    def query(self, name, *gate):
        return self.modify(name, self.words.query(), *([self.words.gate(False)] if gate else []))

    def refill(self, name, total):
        return self.modify(name, self.words.refill(total))

    def more_events(self, name, count):
        return self.modify(name, self.words.more_events(count))

    def delete(self, name):
        answer = self.ask(self.sessions[name]["up"], self.words.deletion())
        if answer["cause"] == 1:
            del self.sessions[name]
        return answer

    def repeat(self, times):
        data, sequence = self.last
        count = len(self.wait(sequence, 1, T1)) + int(times)
        for _ in range(int(times)):
            self.socket.sendto(data, (self.peer, 8805))
        answers = self.wait(sequence, count, T1 * N1)
        return {"cause": 1, "answers": len(answers), "same": len(set(answers)) == 1, "said": [self.words.read(a) for a in {*answers}]}

    def reports(self, count, seconds="30"):
        with self.heard:
            done = self.heard.wait_for(lambda: len(self.reports_heard) >= int(count), float(seconds))
            said, self.reports_heard = list(self.reports_heard.values()), {}
        return {"cause": 1 if done else 0, "reports": said}

    def forget(self):
        """What was heard until now."""
        with self.heard:
            self.reports_heard = {}
        return {"cause": 1}

    def known(self, name):
        return {"cause": 1, "cp": str(self.sessions[name]["cp"])}

    def answer(self, cause):
        self.cause = int(cause)
        return {"cause": 1}

    def lossy(self, percent):
        self.loss = float(percent) / 100
        return {"cause": 1}

    def together(self, words):
        """Commands by eight threads; all of them have to be accepted."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            causes = [answer["cause"] for answer in pool.map(self.command, words)]
        return {"cause": 1 if set(causes) == {1} else min(causes), "count": len(causes)}

    def many(self, prefix, count, *keys):
        return self.together([["attach", f"{prefix}{i}", *keys] for i in range(int(count))])

    def over(self, prefix, command, *words):
        return self.together([[command, name, *words] for name in list(self.sessions) if name.startswith(prefix)])

    def mixed(self, step, *words):
        import mixed

        return mixed.STEPS[step](self, *words)

    def nasty(self, name):
        import nasty

        return nasty.run(self, name)

    def odd(self, name):
        import nasty

        return nasty.odd(self, name)

    def exhaust(self, times):
        import nasty

        return nasty.exhaust(self, times)

    def stale(self, seid):
        return self.ask(int(seid), self.words.deletion())

    def flood(self, seconds):
        import nasty

        return nasty.flood(self, seconds)

    def bad(self, *name):
        """All of what is wrong; refused answers are what is wanted."""
        import bad

        return bad.run(self, self.sessions[name[0]]["up"] if name else 0)

    def command(self, words):
        try:
            return getattr(self, words[0])(*words[1:])
        except NoAnswer:
            return {"cause": 0}

    def serve(self, at):
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.bind(at)
        door.listen(8)
        print("ready", file=sys.stderr, flush=True)
        while True:
            client, _ = door.accept()
            with client:
                said = client.makefile().readline()
                client.sendall(json.dumps(self.command(said.split())).encode())


def client(at, words):
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.connect(at)
    door.sendall((" ".join(words) + "\n").encode())
    answer = json.loads(door.makefile().read())
    print(json.dumps(answer))
    return {1: 0, 0: 2}.get(answer["cause"], 1)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:5])
    sys.exit(client(sys.argv[1], sys.argv[2:]))
