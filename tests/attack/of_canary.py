"""Marks that are nowhere else in the world, planted in all that is said of a person; then all outside is searched."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from tests.api.caller import V1, ago, ahead, referral
from tests.attack.ears import Hook, Relay, hook, overheard, relay
from tests.attack.house import ROOT, House, process
from tests.attack.watch import shown
from tests.faults.results import Bar, Result, none
from tests.faults.servers import until
from workflow.service import notify
from workflow.settings import environment_with
from workflow.store.session import open_store

IDENTITY = {
    "family_name": "Zqcanfam Zqcantwo",
    "given_name": "Zqcangiv",
    "external_id": "ZQCANMRN-7731",
    "birth_date": "1931-02-17",
    "phone": "+49 555 7731 4471",
}
# However a program may write them: parts, other dates, folded letters.
MARKS = (
    "zqcanfam",
    "zqcantwo",
    "zqcangiv",
    "zqcanmrn",
    "1931-02-17",
    "17.02.1931",
    "02/17/1931",
    "19310217",
    "7731 4471",
)
NOTE = "zqcannote"
CELERY = ("celery", "-A", "workers.app", "worker", "--loglevel", "DEBUG", "--concurrency", "1", "--without-mingle")
DEAF = frozenset({"coordinator-2@theca.example"})


@dataclass
class Ears:
    """Who hears what leaves, and what programs write down."""

    relay: Relay
    hook: Hook
    broker: list[str]
    log: Path


@contextmanager
def listening(house: House) -> Iterator[Ears]:
    """A worker that says all it can, a relay, a webhook, and somebody at the broker."""
    with ExitStack() as stack:
        mail, web = stack.enter_context(relay(never=DEAF)), stack.enter_context(hook())
        admin = stack.enter_context(closing(open_store(house.urls["theca_migrate"], house.key_file)))
        url = f"http://127.0.0.1:{web.port}/hook"
        notify.set_channel(admin, person="coordinator-1", kind="webhook", url=url, allow_loopback=True)
        stack.callback(notify.remove_channel, admin, person="coordinator-1", kind="webhook")
        broker = stack.enter_context(overheard(house.servers.redis_url))
        settings = house.told(
            SMTP_HOST="127.0.0.1",
            SMTP_PORT=str(mail.port),
            SMTP_TLS="false",
            WEBHOOK_ALLOW_LOOPBACK="true",
            DATABASE_URL=house.urls["theca_worker"],
        )
        log = house.home / "worker.log"
        stack.enter_context(process(CELERY, settings, log))
        yield Ears(relay=mail, hook=web, broker=broker, log=log)


def leaked(house: House) -> Result:
    """One person's whole way with marks everywhere, and who finds one outside."""
    with listening(house) as ears:
        answers = [*_lived(house), *_refused(house), *_looked(house)]
        house.sql("UPDATE timer SET due_at = clock_timestamp() - interval '1 second' WHERE state = 'live'")
        until(lambda: ears.relay.letters and ears.hook.heard, what="letters by mail and webhook")
        until(lambda: house.sql("SELECT count(*) FROM message WHERE state = 'dead'")[0][0], what="a dead letter")
        figures = [
            house.api("admin-1").get("/metrics"),
            house.api.client.get("/readyz"),
            house.api.client.get("/healthz"),
        ]
    refusals = [one for one in answers if one.status_code >= 400]
    places = {
        "log of the API": house.log.read_text(errors="replace"),
        "log of the worker": ears.log.read_text(errors="replace"),
        "log of the database": _log(house, "postgres"),
        "log of the broker": _log(house, "valkey"),
        "letters": ears.relay.read,
        "webhooks": b"\n".join(ears.hook.heard).decode(),
        "broker": "\n".join(ears.broker),
        "refusals": "\n".join(one.text for one in refusals),
        "figures": "\n".join(one.text for one in figures),
        "addresses we made": "\n".join(_addresses(answers)),
        "the doctor": _doctor(house),
    }
    hits = [f"{mark} in {name}" for name, text in places.items() for mark in (*MARKS, NOTE) if mark in text.lower()]
    rows = _rows(house)
    hits += [f"{mark} in a row of {table}" for table, text in rows.items() for mark in MARKS if mark in text.lower()]
    allowed = "\n".join(one.text for one in answers if one.status_code < 300).lower()
    code = house.sql("SELECT code FROM candidate ORDER BY created_at DESC LIMIT 1")[0].code
    return shown(
        "what is said of a person, looked for outside",
        none(f"found: {'; '.join(hits[:5])}", len(hits)),
        Bar(
            what="marks found where they may be read", seen=sum(mark in allowed for mark in (*MARKS[:5], NOTE)), least=6
        ),
        Bar(what="letters", seen=len(ears.relay.letters), least=2),
        Bar(what="webhooks", seen=len(ears.hook.heard), least=1),
        Bar(what="letters that name the candidate's code", seen=ears.relay.read.count(code), least=1),
        Bar(what="commands heard at the broker", seen=len(ears.broker), least=20),
        Bar(what="refusals", seen=len(refusals), least=30),
        Bar(
            what="lines of logs",
            seen=sum(text.count("\n") for name, text in places.items() if name.startswith("log")),
            least=50,
        ),
        none("answered 5xx", sum(one.status_code >= 500 for one in answers)),
        characters=sum(len(text) for text in places.values()),
    )


def _lived(house: House) -> Iterator[httpx.Response]:
    """A candidate with a mark in every field, and a note with one in every text anybody can write about them."""
    clerk, nurse, lead = house.api("coordinator-1"), house.api("nurse-1"), house.api("lead-1")
    begun = clerk.post("/episodes", referral(days=40, **IDENTITY))
    yield begun
    episode = begun.json()["episode"]
    path = f"/episodes/{episode}"
    yield (made := nurse.record(episode, ago(days=3), {"referral_reason": f"{NOTE} of the referral", "nrs": 8}))
    yield nurse.post(
        f"/observations/{made.json()['made'][0]}/corrections", {"value": f"{NOTE} again", "reason": f"{NOTE} typo"}
    )
    task = lead.get(path).json()["tasks"][0]["id"]
    soon = ahead(hours=20)
    for verb, body in {
        "claim": {},
        "wait": {"on": "cardiology", "reason": f"{NOTE} wait", "until": soon},
        "contacts": {"how": "phone", "reached": False, "note": f"{NOTE} contact"},
        "snooze": {"reason": f"{NOTE} snooze", "until": soon},
        "reassign": {"to": "coordinator-2", "reason": f"{NOTE} reassign"},
        "acknowledge": {"until": soon, "note": f"{NOTE} acknowledge"},
        "complete": {"note": f"{NOTE} complete"},
    }.items():
        yield clerk.post(f"/tasks/{task}/{verb}", body)
    booked = house.api("scheduler-1").post(f"{path}/appointments", {"kind": "visit", "starts_at": ahead(days=3)})
    yield booked
    yield clerk.post(f"/appointments/{booked.json()['made'][0]}/cancel", {"reason": f"{NOTE} cancel"})
    yield clerk.post(f"{path}/hold", {"reason": "waiting_for_payer"})
    yield clerk.post(f"{path}/release", {"reason": f"{NOTE} release"})
    deviation = {"act": "catheter_placement", "reason": f"{NOTE} deviation", "occurred_at": ago(hours=1)}
    for person in ("clinician-1", "clinician-2"):
        yield house.api(person).post(f"{path}/deviations", deviation)
    yield house.api("clinician-1").advance(episode, "decline", reason=f"{NOTE} decline")
    for page in ("", "/options", "/why", "/ledger"):
        yield lead.get(path + page)


def _refused(house: House) -> Iterator[httpx.Response]:
    """The same marks in requests that are refused, by what is wrong with them and by where they stand."""
    clerk, client = house.api("coordinator-1"), house.api.client
    whole = referral(**IDENTITY)
    for name, mark in IDENTITY.items():
        for wrong in (mark + "\u202e", mark * 20, [mark], {IDENTITY["given_name"]: 1}):
            body = {**whole, "candidate": {**IDENTITY, name: wrong}}
            yield clerk.post("/episodes", body)
    other = {**IDENTITY, "birth_date": "1931-02-18"}
    for body in (
        whole,
        {**whole, "candidate": other},
        {**whole, "site": IDENTITY["family_name"]},
        {**whole, "protocol": "zqcanfam"},
    ):
        yield clerk.post("/episodes", body)
    marks = [*IDENTITY.values(), NOTE]
    for mark in marks:
        yield clerk.get(f"/episodes/{mark}")
        yield client.get(f"{V1}/episodes", params={"q": mark})
        yield clerk.get("/episodes", q=mark, stage=mark)
        yield clerk.get("/episodes", cursor=mark)
        yield client.get(f"/a/{mark}")
        yield client.get(f"/{mark}")
        yield clerk.post(f"/tasks/{mark}~{mark}/claim", {})
        yield clerk.post("/episodes", json.dumps({**whole, "candidate": mark}).encode() + b"}")
        yield clerk.post("/episodes", whole, key=f"{mark.encode('ascii').decode()} x")
    episode = house.sql("SELECT id::text FROM episode ORDER BY enrolled_at DESC LIMIT 1")[0].id
    for mark in marks:
        for page, body in {
            "hold": {"reason": mark},
            "transitions": {"name": mark},
            "adopt": {"stage": mark, "reason": mark},
            "appointments": {"kind": mark, "starts_at": ahead(days=1)},
            "overrides": {"gate": mark, "reason": mark},
            "deviations": {"act": mark, "reason": f"{mark} and more", "occurred_at": ago(hours=1)},
            "observations": [{"item": mark, "observed_at": ago(hours=1), "value": mark, "unit": mark}],
        }.items():
            yield clerk.post(f"/episodes/{episode}/{page}", body, seen='"1"')
        yield clerk.record(episode, ago(hours=1), {"pain_origin": mark, "nrs": mark})


def _looked(house: House) -> Iterator[httpx.Response]:
    """Those who may look do, by name and by number."""
    lead = house.api("lead-1")
    for query in ("zqcanfam", "zqcangiv", IDENTITY["external_id"]):
        yield lead.get("/episodes", q=query)
    yield lead.get("/episodes", limit=1)
    for path in ("/tasks", "/messages", "/sites/north/huddle", "/sites/north/backlog", "/outages"):
        yield lead.get(path)


def _addresses(answers: list[httpx.Response]) -> Iterator[str]:
    """What we put into heads and cursors of answers, opened where it is packed."""
    for one in answers:
        yield " ".join(f"{name}: {value}" for name, value in one.headers.items())
        if one.headers.get("content-type") == "application/json" and isinstance(one.json(), dict):
            cursor = one.json().get("next") or ""
            yield base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8", "replace")


def _rows(house: House) -> Mapping[str, str]:
    """Every row of every table as text: no name, number, day of birth or telephone stands there in the clear."""
    tables = house.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    query = "SELECT coalesce(string_agg(t::text, '|'), '') FROM \"{}\" AS t"
    return {name: str(house.sql(query.format(name))[0][0]) for (name,) in tables}


def _log(house: House, name: str) -> str:
    path = house.servers.folder.log(name)
    return path.read_text(errors="replace") if path.exists() else ""


def _doctor(house: House) -> str:
    run = partial(subprocess.run, capture_output=True, text=True, check=False, cwd=ROOT)
    settings = environment_with(house.told(DATABASE_VERIFY_URL=house.urls["theca_verify"]))
    done = [
        run([sys.executable, "-m", "workflow.cli", "doctor", *more], env=settings) for more in ([], ["--invariants"])
    ]
    return "\n".join(one.stdout + one.stderr for one in done)
