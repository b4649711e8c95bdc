#!/usr/bin/python3
"""strangers - nothing in the house knows the machine it was written on: no developer's paths, no private hosts."""
import re

import house

PATHS = re.compile(r"(?<![\w.$}])/(?:home|Users|root|work|workspace|builds)/[\w.]")
PRIVATE = re.compile(r"\b[\w-]+\.(?:internal|corp|intranet|lan)\b|\b(?:artifactory|jfrog|nexus|registry|mirror)\.[\w-]+\.\w+")
URL = re.compile(r"(?:https?|git|ssh)://(?:\w+@)?([\w.-]+\.[a-z]{2,})")
PUBLIC = re.compile(
    r"(^|\.)(apache\.org|rfc-editor\.org|ietf\.org|3gpp\.org|etsi\.org|iana\.org|dpdk\.org|kernel\.org|debian\.org|nanomsg\.org"
    r"|mesonbuild\.com|freedesktop\.org|example\.(com|net|org)|github\.com|protobuf\.dev)$"
)
OWN = ("tests/lint/strangers.py", "tests/lint/selftest.py")  # must say what they look for

for path in house.files():
    if str(path) in OWN or b"\0" in (house.root / path).read_bytes()[:8192]:
        continue
    for number, line in enumerate(house.lines(path), 1):
        for pattern, what in ((PATHS, "a developer's path"), (PRIVATE, "a private host")):
            found = pattern.search(line)
            if found:
                house.fault(path, number, f"{what}: {found[0]}")
        for host in URL.findall(line):
            if not PUBLIC.search(host):
                house.fault(path, number, f"an unknown host: {host}")
house.done()
