"""Bodies nobody could mean, at every door that takes one: whole, spoilt in one place, mislabelled, or in a flood."""

import gzip
import json
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.api.caller import referral
from tests.attack.corpus import ACTS, CANDIDATES, EPISODES, HEADERS, OBSERVATIONS
from tests.attack.described import at, places, spoilt
from tests.attack.ground import Ground, ground
from tests.attack.watch import Watch, shown
from tests.faults.results import Bar, Result, exactly, none

SEED = 20_261_122
_HOLE = "@@hole@@"
# Written exactly so where a value stands: there is no field that takes one of these.
NEVER = [
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e99999999999999999999", "-0.0", "07", "+7", ".5", "7.", "0x7",
    "7" * 10_000, "1" + "0" * 31, "1e-999", "7,5", "True", "undefined", "'x'", '"\\ud800"', '"\\udfff\\ud800"',
    '"a\\u0000b"', '"a\\u202eb"', '"a\\u2066b"', '"a\\nb"', '"a\\u001bb"', '"a\\u0085b"', '"\\ufeff"', '"\\uffff"',
    '"unended', "[" * 60 + "]" * 60, '{"a":' * 60 + "1" + "}" * 60, '{"a":1,"a":1}', "/* */ 1", "1 2", "",
]  # fmt: skip
# Where these stand somebody may mean it, in one field or another; they must never be a failure of ours.
ODD = [
    "true", "false", "null", "[]", "{}", "-1", "0", "1e20", "99999999999999999999", "0.1", '"7"', '""', '" "', '"nan"',
    '"\u0667"', '"1_0"', '"\\ud83d\\ude00"', '"e\\u0301"', '"' + "x" * 5000 + '"', '"9999-12-31T23:59:59-14:00"',
    '"0001-01-01T00:00:00+14:00"', '"2026-02-30T00:00:00Z"', '"2016-12-31T23:59:60Z"', "[[1],[2]]", '{"$ne":null}',
]  # fmt: skip


def whole_bodies(example: Any) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """A body that cannot be read, or is not what its label says; with the headers it is sent under."""
    plain = json.dumps(example).encode()
    parts = (
        b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' for _ in range(3000)) + b"--x--\r\n"
    )
    for name, content in {
        "nothing": b"",
        "a brace": b"{",
        "a word": b"hello",
        "two documents": plain + plain,
        "something after it": plain + b"\x00",
        "a comment": b"// " + plain,
        "a byte order mark": b"\xef\xbb\xbf" + plain,
        "utf-16": plain.decode().encode("utf-16"),
        "utf-32": plain.decode().encode("utf-32"),
        "latin-1": '["é"]'.encode("latin-1"),
        "an overlong slash": b'["\xc0\xaf"]',
        "an encoded surrogate": b'["\xed\xa0\x80"]',
        "deep lists": b"[" * 100_000,
        "deep objects": b'{"a":' * 40_000,
        "deep and closed": b"[" * 10_000 + b"]" * 10_000,
        "a hundred thousand keys": json.dumps({str(n): 0 for n in range(16_000)}).encode(),
        "one very long name": json.dumps({"x" * 200_000: 1}).encode(),
        "ten thousand digits": b"1" * 10_000,
        "pickled": b"\x80\x04K\x07.",
        "packed without saying so": gzip.compress(plain),
    }.items():
        yield name, content, {}
    for coding in ("gzip", "deflate", "br", "zstd", "identity, gzip", "x" * 200):
        yield f"packed as {coding[:20]}", gzip.compress(b"[" + b" " * 10_000_000 + b"]"), {"Content-Encoding": coding}
    for kind in (
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/xml",
    ):
        yield f"labelled {kind[:20]}", parts if "multipart" in kind else plain, {"Content-Type": kind}
    for headers in HEADERS:
        yield f"labelled {headers}", plain, headers


def holes(example: Any) -> Iterator[tuple[tuple[str | int, ...], bytes, bytes]]:
    """Every place of a body, and what stands before and after it when it is written."""
    for place in places(example):
        if place and not isinstance(at(example, place), dict | list):
            before, _, after = json.dumps(spoilt(example, place, _HOLE)).encode().partition(f'"{_HOLE}"'.encode())
            yield place, before, after


def unreadable(here: Ground, watch: Watch, *, share: float = 1.0) -> Result:
    """Every body that nobody could mean, at every door. `share` of them, the same ones each time."""
    dice = random.Random(SEED)
    for path, example in sorted(here.bodies.items()):
        by = here.who(path)
        for name, content, headers in whole_bodies(example):
            # A body that is empty, or an object of nothing, is what some doors take.
            if dice.random() < share:
                watch.attack(f"{path}: {name}", partial(here.post, path, content, **headers), by=by)
        for place, before, after in holes(example):
            for written in NEVER:
                if dice.random() < share:
                    body = before + written.encode() + after
                    watch.attack(f"{path} {place}: {written[:30]}", partial(here.post, path, body), by=by)
    return watch.result("bodies nobody could mean", least=int(200 * share))


def odd(here: Ground, watch: Watch, *, share: float = 1.0) -> Result:
    """Values that some field somewhere takes, in every field."""
    dice = random.Random(SEED)
    for path, example in sorted(here.bodies.items()):
        fresh = ground(here.house)  # what was done to the one before bars nothing here
        watch.forget()
        for place, before, after in holes(example):
            for written in ODD:
                if dice.random() < share:
                    send = partial(fresh.post, path, before + written.encode() + after, seen=fresh.seen())
                    watch.attack(f"{path} {place}: {written[:30]}", send, by=here.who(path), may=True, counted=False)
    return watch.result("odd values in every field", least=int(100 * share))


def known(here: Ground, watch: Watch) -> Result:
    """The corpus of observations, people, episodes and acts that nobody could mean."""
    nurse, clerk = here.house.api("nurse-1"), here.house.api("coordinator-1")
    episode = here.things["/episodes/"]
    for name, body in OBSERVATIONS.items():
        watch.attack(name, partial(nurse.post, f"/episodes/{episode}/observations", body), by="nurse-1")
    for name, change in CANDIDATES.items():
        asked = referral()
        body = {**asked, "candidate": {**asked["candidate"], **change}}
        watch.attack(name, partial(clerk.post, "/episodes", body), by="coordinator-1")
    for name, change in EPISODES.items():
        watch.attack(name, partial(clerk.post, "/episodes", referral() | change), by="coordinator-1")
    for page, person, body in ACTS:
        seen = '"1"' if page == "transitions" else ""
        send = partial(here.house.api(person).post, f"/episodes/{episode}/{page}", body, seen=seen)
        watch.attack(f"{page} {body}", send, by=person)
    return watch.result("impossible observations, people and acts", least=80)


def flood(here: Ground, watch: Watch, *, times: int) -> Result:
    """The same refusal so often is one row a minute, and is counted each time."""
    kept = "SELECT count(*), coalesce(sum(count), 0) FROM security_event WHERE actor = 'nurse-2'"
    rows, counted = here.house.sql(kept)[0]
    send = partial(here.house.api("nurse-2").post, f"/episodes/{here.things['/episodes/']}/observations", b"{")
    for number in range(times):
        watch.attack(f"flood {number}", send, by="nurse-2")
    more, all_ = here.house.sql(kept)[0]
    return shown(
        "a flood of the same refusal",
        exactly("counted", int(all_ - counted), times),
        Bar(what="rows it made, one a minute", seen=more - rows, least=1, most=3),
        none("that did not hold otherwise", len(watch.broken)),
    )
