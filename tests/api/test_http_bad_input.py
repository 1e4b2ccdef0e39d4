"""What nobody could mean: refused with its place, nothing changed, one security row more, never a failure of ours."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

import httpx
import pytest
from caller import V1, Api, ago, referral

from api.refused import UnreadableError
from api.strict import parse

STATE = "SELECT (SELECT count(*) FROM ledger), (SELECT count(*) FROM candidate), (SELECT count(*) FROM access)"
TURNED = "SELECT coalesce(sum(count), 0) FROM security_event"
AT = ago(hours=1)


def _raw(value: str, **more: object) -> bytes:
    """An observation whose value is written exactly so."""
    rest = json.dumps({"item": "nrs", "observed_at": AT, "unit": "{score}", **more})[:-1]
    return f'[{rest}, "value": {value}}}]'.encode()


def _one(**change: object) -> bytes:
    whole = {"item": "nrs", "observed_at": AT, "value": 7, "unit": "{score}"} | change
    return json.dumps([{name: value for name, value in whole.items() if value is not None}]).encode()


OBSERVATIONS: dict[str, bytes] = {
    "nan": _raw("NaN"),
    "infinity": _raw("-Infinity"),
    "1e999": _raw("1e999"),
    "1e-999": _raw("1e-999"),
    "a flood of digits": _raw("7" * 10_000),
    "an exponent beyond Decimal": _raw("1e99999999999999999999"),
    "negative zero": _raw("-0.0"),
    "true": _raw("true"),
    "text for a number": _raw('"7"'),
    "arabic digit": _raw('"\u0667"'),
    "a list": _raw("[7]"),
    "an object": _raw('{"a": 7}'),
    "null": _raw("null"),
    "leading zero": _raw("07"),
    "comma": _raw("7,5"),
    "out of range": _raw("11"),
    "below range": _raw("-1"),
    "too many decimals": _raw("5.5"),
    "lone surrogate": _raw('"\\ud800"', item="referral_reason", unit=""),
    "nul": _raw('"a\\u0000b"', item="referral_reason", unit=""),
    "override mark": _raw('"a\\u202eb"', item="referral_reason", unit=""),
    "a line break": _raw('"a\\nb"', item="referral_reason", unit=""),
    "nul in a name": _raw("7", **{"it\x00em": 1}),
    "twice the same name": _raw('7, "value": 7'),
    "not utf-8": _raw('"\xff"').replace("ÿ".encode(), b"\xff"),
    "utf-16": _raw("7").decode().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + _raw("7"),
    "deep nesting": b"[" * 50_000,
    "deep enough to read": b"[" * 60 + b"]" * 60,
    "not json": b"{",
    "nothing": b"",
    "an empty list": b"[]",
    "an object instead": b"{}",
    "too many": json.dumps([{"item": "nrs", "observed_at": AT, "value": 7, "unit": "{score}"}] * 201).encode(),
    "wrong unit": _one(unit="mg"),
    "no unit": _one(unit=None),
    "a unit for words": _one(item="goal_agreed", value="walk", unit="mg"),
    "unknown item": _one(item="karma"),
    "both value and absent": _one(absent="asleep"),
    "neither": _one(value=None),
    "unknown absence": _one(value=None, absent="bored"),
    "future": _one(observed_at=ago(days=-1)),
    "before birth": _one(observed_at="1950-01-01T00:00:00Z"),
    "no offset": _one(observed_at="2026-01-01T00:00:00"),
    "seconds since": _one(observed_at=1_700_000_000),
    "30 february": _one(observed_at="2026-02-30T00:00:00Z"),
    "leap second": _one(observed_at="2016-12-31T23:59:60Z"),
    "year 1": _one(observed_at="0001-01-01T00:00:00+14:00"),
    "year 9999": _one(observed_at="9999-12-31T23:59:59-14:00"),
    "an impossible trial": _one(trial=99_999_999_999),
    "a trial that is none": _one(trial=1),
    "a trial as text": _one(trial="1"),
    "a trial as truth": _one(trial=True),
    "mass assignment": _one(by="lead-1"),
    "superseded": _one(superseded_by="void"),
    "recorded in the past": _one(recorded_at=AT),
    "too long": _one(item="referral_reason", value="x" * 2001, unit=None),
    "only spaces": _one(item="referral_reason", value="   ", unit=None),
    "quotes": _one(item="nrs'; DROP TABLE ledger; --"),
}


def test_a_decimal_keeps_its_scale_and_no_two_readings_are_left():
    assert str(parse(b"[0.20, 7, 1e2]")) == str([Decimal("0.20"), 7, Decimal("1E+2")])
    for raw in (b"-0.0", b"1e21", b'{"a":1,"a":1}', b"Infinity", b'"\\u202e"', b"[" * 22 + b"]" * 22, b"1" * 31):
        with pytest.raises(UnreadableError):
            parse(raw)


@dataclass(frozen=True, slots=True)
class Wall:
    """Checks refusals: a problem, nothing changed, one security event more. Keeps what did not hold, by name."""

    sql: Callable[..., list]
    held: list[str] = field(default_factory=list)
    fell: dict[str, str] = field(default_factory=dict)

    def check(self, name: str, send: Callable[[], httpx.Response], *, wanted: Callable[[dict], object] = bool) -> None:
        before, turned = self.sql(STATE), self.sql(TURNED)[0][0]
        told = send()
        problem = told.headers.get("content-type") == "application/problem+json"
        unmoved = self.sql(STATE) == before and self.sql(TURNED)[0][0] == turned + 1
        if 400 <= told.status_code < 500 and problem and unmoved and wanted(told.json()):
            self.held.append(name)
        else:
            self.fell[name] = f"{told.status_code} {told.text[:300]} unmoved: {unmoved}"

    def stands(self) -> None:
        assert self.held
        assert self.fell == {}


@pytest.fixture
def wall(sql: Callable[..., list]) -> Wall:
    return Wall(sql)


def _placed(told: dict) -> bool:
    """Whether a problem says where it lies; what cannot be read at all lies in the body."""
    return told["code"] == "unreadable" or bool(told.get("place"))


def test_no_impossible_observation_gets_in(api: Api, wall: Wall):
    nils, path = api("nurse-1"), f"/episodes/{api.enrol()}/observations"
    for name, body in OBSERVATIONS.items():
        wall.check(name, partial(nils.post, path, body), wanted=_placed)
    wall.stands()


CANDIDATES: dict[str, dict[str, object]] = {
    "role": {"role": "admin"},
    "empty name": {"family_name": ""},
    "only spaces": {"given_name": "  "},
    "a mark that turns the reading round": {"family_name": "Ad\u202eler"},
    "a number for a name": {"family_name": 7},
    "a very long name": {"family_name": "x" * 101},
    "a very long number": {"external_id": "1" * 65},
    "not a day": {"birth_date": "30.04.1961"},
    "no such day": {"birth_date": "1961-02-30"},
    "arabic digits": {"birth_date": "١٩٦١-٠٤-٣٠"},
    "born in the future": {"birth_date": "2150-01-01"},
    "born long ago": {"birth_date": "1066-10-14"},
    "a newline": {"phone": "1\n2"},
}
EPISODES: dict[str, dict[str, object]] = {
    "stage": {"stage": "implanted"},
    "version": {"version": 9},
    "id": {"id": "x"},
    "an unknown protocol": {"protocol": "nothing"},
    "an unknown version": {"protocol": "opioid_trial@99"},
    "a huge version": {"protocol": "opioid_trial@99999999999999999999"},
    "another alphabet's version": {"protocol": "opioid_trial@\u0661"},
    "a path": {"protocol": "../../etc/passwd"},
    "an unknown site": {"site": "nowhere"},
    "every site": {"site": "north,south"},
    "tomorrow": {"occurred_at": ago(days=-1)},
    "before birth": {"occurred_at": "1930-01-01T00:00:00Z"},
}


def test_no_impossible_person_is_registered(api: Api, wall: Wall):
    for name, change in CANDIDATES.items():
        asked = referral()
        whole = asked | {"candidate": asked["candidate"] | change}
        wall.check(name, partial(api("coordinator-1").post, "/episodes", whole), wanted=_placed)
    wall.stands()


def test_no_impossible_episode_begins(api: Api, wall: Wall):
    for name, change in EPISODES.items():
        wall.check(name, partial(api("coordinator-1").post, "/episodes", referral() | change))
    wall.stands()


ACTS: list[tuple[str, str, dict[str, object]]] = [
    ("transitions", "coordinator-1", {"name": "accept_referral", "stage": "implanted"}),
    ("transitions", "coordinator-1", {"name": "accept_referral", "occurred_at": "yesterday"}),
    ("transitions", "coordinator-1", {"name": ["accept_referral"]}),
    ("transitions", "coordinator-1", {"name": "accept_referral", "occurred_at": "2020-01-01T00:00:00Z"}),
    ("transitions", "clinician-1", {"name": "decline", "reason": "because"}),
    ("hold", "coordinator-1", {"reason": "tired"}),
    ("hold", "coordinator-1", {"reason": "waiting_for_payer", "until": "2030-01-01"}),
    ("release", "coordinator-1", {"reason": " "}),
    ("overrides", "clinician-1", {"gate": "no_such_gate", "reason": "assessment_waived_by_panel"}),
    ("overrides", "clinician-1", {"gate": "prepared", "reason": "in a hurry"}),
    ("deviations", "clinician-1", {"act": "implant", "reason": "short", "occurred_at": AT}),
    ("deviations", "clinician-1", {"act": "juggling", "reason": "ten characters", "occurred_at": AT}),
    ("deviations", "clinician-1", {"act": "repeat_dose", "reason": "ten characters", "occurred_at": AT}),
    ("adopt", "coordinator-1", {"stage": "nowhere", "reason": "paper"}),
    ("adopt", "coordinator-1", {"stage": "died", "reason": "paper"}),
    ("adopt", "coordinator-1", {"stage": "catheter_trial", "reason": "paper", "trials": []}),
    ("adopt", "coordinator-1", {"stage": "case_review", "reason": "paper", "trials": [{}] * 21}),
    ("appointments", "scheduler-1", {"kind": "holiday", "starts_at": AT}),
    ("appointments", "scheduler-1", {"kind": "visit", "starts_at": "2199-01-01T00:00:00Z"}),
    ("appointments", "scheduler-1", {"kind": "visit", "starts_at": "1901-01-01T00:00:00Z"}),
    ("trials/0/administrations", "nurse-1", {}),
    ("trials/99999999999999/administrations", "nurse-1", {}),
    ("trials/1/administrations", "nurse-1", {"drug": "morphine", "mode": "sip", "ordered": "1", "given": True}),
]
HEADERS: list[dict[str, str]] = [
    {"Content-Type": "text/plain"},
    {"Content-Type": ""},
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "application/problem+json"},
    {"Content-Encoding": "gzip"},
]
QUERIES = [
    "?stagee=screening",
    "?limit=0",
    "?limit=1e3",
    "?limit=99999999999999999999",
    "?q=",
    "?q=%00",
    "?q=" + "x" * 121,
    "?q=%ED%A0%80%00",
    "?stage=%0a",
    "?late=perhaps",
    "?cursor=x",
    "?cursor=" + "A" * 401,
    "?cursor=WyIyMDI2LTExLTIyVDAwOjAwOjAwKzAwOjAwIiwgIngiXQ",
    "?cursor=W1tbW1tbW1tbXV1dXV1dXV1dXQ",
    "?site=nowhere",
]


def test_no_impossible_act_is_done(api: Api, wall: Wall):
    episode = api.enrol()
    for page, person, body in ACTS:
        seen = '"1"' if page == "transitions" else ""
        send = partial(api(person).post, f"/episodes/{episode}/{page}", body, seen=seen)
        wall.check(f"{page} {body}", send, wanted=lambda told: told["status"] == 422)
    wall.stands()


def test_only_plain_json_is_read(api: Api, wall: Wall):
    path = f"/episodes/{api.enrol()}/observations"
    for headers in HEADERS:
        send = partial(api("nurse-1").post, path, _raw("7"), **headers)
        wall.check(str(headers), send, wanted=lambda told: told["status"] == 415)
    wall.stands()


def test_a_body_of_five_megabytes_is_not_read(api: Api, wall: Wall):
    nils, path = api("nurse-1"), f"/episodes/{api.enrol()}/observations"
    large = {"said": b"[" + b" " * 5_000_000 + b"]", "in pieces": (b" " * 100_000 for _ in range(10))}
    for name, content in large.items():
        headers = {**nils.headers, "Content-Type": "application/json"}
        send = partial(api.client.post, f"{V1}{path}", content=content, headers=headers)
        wall.check(name, send, wanted=lambda told: told["code"] == "too_large")
    wall.stands()


def test_a_list_refuses_what_it_cannot_read(api: Api, wall: Wall):
    for query in QUERIES:
        wall.check(
            query, partial(api.client.get, f"{V1}/episodes{query}", headers=api("lead-1").headers), wanted=_placed
        )
    wall.stands()


def test_trouble_outside_any_route_is_a_problem_too(api: Api):
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/episodes/", 404),
        ("DELETE", "/api/v1/episodes", 405),
        ("POST", "/healthz", 405),
    ):
        told = api.client.request(method, path)
        assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
        assert told.json()["code"] == {404: "not_found", 405: "method_not_allowed"}[status]


def test_nothing_sent_is_shown_or_logged(api: Api, caplog: pytest.LogCaptureFixture):
    secret = "ZZCANARY"
    asked = referral(family_name=secret * 20, given_name=secret) | {secret: secret}
    told = api("coordinator-1").post("/episodes", asked)
    assert told.status_code == 422
    assert secret not in told.text.replace(f'"place":"{secret}"', "")
    assert secret not in caplog.text
