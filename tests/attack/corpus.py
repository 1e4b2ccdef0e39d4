"""What nobody could mean, by name: bodies, people, episodes, acts, headers and queries that every door refuses."""

import json

from tests.api.caller import ago

AT = ago(hours=1)


def raw(value: str, **more: object) -> bytes:
    """An observation whose value is written exactly so."""
    rest = json.dumps({"item": "nrs", "observed_at": AT, "unit": "{score}", **more})[:-1]
    return f'[{rest}, "value": {value}}}]'.encode()


def one(**change: object) -> bytes:
    whole = {"item": "nrs", "observed_at": AT, "value": 7, "unit": "{score}"} | change
    return json.dumps([{name: value for name, value in whole.items() if value is not None}]).encode()


OBSERVATIONS: dict[str, bytes] = {
    "nan": raw("NaN"),
    "infinity": raw("-Infinity"),
    "1e999": raw("1e999"),
    "1e-999": raw("1e-999"),
    "a flood of digits": raw("7" * 10_000),
    "an exponent beyond Decimal": raw("1e99999999999999999999"),
    "negative zero": raw("-0.0"),
    "true": raw("true"),
    "text for a number": raw('"7"'),
    "arabic digit": raw('"\u0667"'),
    "a list": raw("[7]"),
    "an object": raw('{"a": 7}'),
    "null": raw("null"),
    "leading zero": raw("07"),
    "comma": raw("7,5"),
    "out of range": raw("11"),
    "below range": raw("-1"),
    "too many decimals": raw("5.5"),
    "lone surrogate": raw('"\\ud800"', item="referral_reason", unit=""),
    "nul": raw('"a\\u0000b"', item="referral_reason", unit=""),
    "override mark": raw('"a\\u202eb"', item="referral_reason", unit=""),
    "a line break": raw('"a\\nb"', item="referral_reason", unit=""),
    "nul in a name": raw("7", **{"it\x00em": 1}),
    "twice the same name": raw('7, "value": 7'),
    "not utf-8": raw('"\xff"').replace("ÿ".encode(), b"\xff"),
    "utf-16": raw("7").decode().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + raw("7"),
    "deep nesting": b"[" * 50_000,
    "deep enough to read": b"[" * 60 + b"]" * 60,
    "not json": b"{",
    "nothing": b"",
    "an empty list": b"[]",
    "an object instead": b"{}",
    "too many": json.dumps([{"item": "nrs", "observed_at": AT, "value": 7, "unit": "{score}"}] * 201).encode(),
    "wrong unit": one(unit="mg"),
    "no unit": one(unit=None),
    "a unit for words": one(item="goal_agreed", value="walk", unit="mg"),
    "unknown item": one(item="karma"),
    "both value and absent": one(absent="asleep"),
    "neither": one(value=None),
    "unknown absence": one(value=None, absent="bored"),
    "future": one(observed_at=ago(days=-1)),
    "before birth": one(observed_at="1950-01-01T00:00:00Z"),
    "no offset": one(observed_at="2026-01-01T00:00:00"),
    "seconds since": one(observed_at=1_700_000_000),
    "30 february": one(observed_at="2026-02-30T00:00:00Z"),
    "leap second": one(observed_at="2016-12-31T23:59:60Z"),
    "year 1": one(observed_at="0001-01-01T00:00:00+14:00"),
    "year 9999": one(observed_at="9999-12-31T23:59:59-14:00"),
    "an impossible trial": one(trial=99_999_999_999),
    "a trial that is none": one(trial=1),
    "a trial as text": one(trial="1"),
    "a trial as truth": one(trial=True),
    "mass assignment": one(by="lead-1"),
    "superseded": one(superseded_by="void"),
    "recorded in the past": one(recorded_at=AT),
    "too long": one(item="referral_reason", value="x" * 2001, unit=None),
    "only spaces": one(item="referral_reason", value="   ", unit=None),
    "quotes": one(item="nrs'; DROP TABLE ledger; --"),
}

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
