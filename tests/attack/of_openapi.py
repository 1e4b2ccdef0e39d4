"""Whatever the description allows and forbids, made by schemathesis and sent by everybody who works at the house."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.attack.ground import Ground, ground
from tests.attack.house import BESIDE, House
from tests.attack.of_bodies import SEED
from tests.attack.watch import COUNTED, PROBLEM, shown
from tests.faults.results import Bar, Result, none
from workflow.authoring import read

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PEOPLE = [
    "clinician-1",
    "clinician-2",
    "coordinator-1",
    "lead-1",
    "nurse-1",
    "scheduler-1",
    "implanter-1",
    "admin-1",
    "nurse-3",
]
_COUNTING = """
CREATE TABLE IF NOT EXISTS attack_changes (n bigint NOT NULL);
INSERT INTO attack_changes SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM attack_changes);
CREATE OR REPLACE FUNCTION attack_noticed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN UPDATE public.attack_changes SET n = n + 1; RETURN NULL; END $$;
"""


@dataclass
class Tally:
    """What was seen, and what did not hold, by name."""

    statuses: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def blame(self, what: str, said: str) -> None:
        self.wrong.setdefault(what, []).append(said)


def described(here: Ground, *, cases: int) -> Result:
    """About so many cases, half of them as described and half not: answered as described, refused without a change.

    The digest of everything would take too long for each; triggers count every row that is written instead.
    """
    house, tally = here.house, Tally()
    _count_changes(house)
    schema = schemathesis.openapi.from_dict(here.described)
    operations = [one.ok() for one in schema.get_all_operations()]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    each = max(1, cases // (len(operations) * len(modes)))
    words = _words(house)
    with requests.Session() as line:
        line.trust_env = False
        for operation in operations:
            fresh = ground(house)
            for mode in modes:
                _sent(operation, mode, each, _sender(fresh, line, tally, words))
    sent = tally.statuses.total()
    flaws = house.flaws()
    return shown(
        "all that the description allows and forbids",
        Bar(what="cases", seen=sent, least=cases // 2),
        Bar(what="operations", seen=len(tally.operations), least=len(operations)),
        *(none(f"{what}: {said[0]}", len(said)) for what, said in tally.wrong.items()),
        none("answered 5xx", tally.statuses["5xx"]),
        none("flaws of the ledger afterwards", len(flaws)),
        **{status: float(count) for status, count in sorted(tally.statuses.items())},
    )


def _sent(operation: Any, mode: GenerationMode, times: int, send: Callable[[Any, bool], None]) -> None:
    """Make and send; what cannot be made is not there to be sent: a page without parameters has no wrong ones."""

    @seed(SEED)
    @settings(
        max_examples=times,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        send(case, mode is GenerationMode.NEGATIVE)

    try:
        run()
    except Exception as cannot:
        if type(cannot).__name__ not in {"Unsatisfiable", "SkipTest", "InvalidArgument"}:
            raise


def _sender(here: Ground, line: requests.Session, tally: Tally, words: list[str]) -> Callable[[Any, bool], None]:
    house, dice = here.house, random.Random(SEED)
    now = _noticed(house)

    def send(case: Any, spoilt: bool) -> None:
        nonlocal now
        person, named = dice.choice(PEOPLE), dice.random() < 0.75
        if named:
            _name_what_is_there(case, here, dice, words)
        headers = dict(house.api(person).headers)
        if case.operation.label.endswith("/transitions") and named:
            headers["If-Match"] = here.seen()
        before = now
        answer = case.call(base_url=house.address, session=line, headers=headers)
        now = _noticed(house)
        said = f"{case.operation.label} by {person}: {answer.status_code} {answer.text[:160]}"
        tally.operations[case.operation.label] += 1
        ready = case.operation.label == "GET /readyz"
        tally.statuses["not ready" if ready else f"{answer.status_code // 100}xx"] += 1
        if ready:
            return  # red where nobody ticks
        refused = answer.status_code >= 400
        if refused and before[0] != now[0] and '"refused"' not in answer.text:
            tally.blame("refused and yet changed something", said)
        if refused and PROBLEM not in "".join(answer.headers.get("content-type", [])):
            tally.blame("refused and no problem", said)
        if now[1] - before[1] != int(answer.status_code in COUNTED):
            tally.blame("refused and not counted once", said)
        checks = [*CHECKS, negative_data_rejection] if spoilt and not named else CHECKS
        try:
            case.validate_response(answer, checks=checks)
        except (FailureGroup, Failure) as unlike:
            tally.blame("not as described", f"{said} {unlike}"[:400])

    return send


def _name_what_is_there(case: Any, here: Ground, dice: random.Random, words: list[str]) -> None:
    """Put real ids into the path, and words of the house where a text stands, so that a case gets past the door."""
    begun = next((begun for begun in here.things if begun in f"{case.operation.path}/"), "")
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = here.things.get(begun, "north")
    if isinstance(case.body, dict):
        for name, value in list(case.body.items()):
            if isinstance(value, str) and dice.random() < 0.5:
                case.body[name] = dice.choice(words)


def _words(house: House) -> list[str]:
    (row,) = house.sql("SELECT text FROM protocol_version WHERE key = 'opioid_trial' ORDER BY number LIMIT 1")
    version = read(row.text)
    names = {*version.transitions, *version.stages, *version.gates, *version.items, *version.tasks, *version.acts}
    more = ["north", "opioid_trial", "nurse-1", "coordinator-2", "phone", "mg", "{score}", "morphine", "bolus", "visit"]
    return (
        sorted(names) + more + ["2026-11-22T10:00:00Z", "2026-12-24T10:00:00+01:00", "yes", "no", "waiting_for_payer"]
    )


def _count_changes(house: House) -> None:
    """Every row written to a table that only decisions and administrators may change is noticed."""
    tables = house.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for statement in _COUNTING.strip().split(";\n"):
        house.sql(statement.strip())
    for (name,) in tables:
        if name not in {*BESIDE, "attack_changes", "token", "session"}:  # which say when they were last used
            fires = f'AFTER INSERT OR UPDATE OR DELETE ON "{name}" FOR EACH ROW EXECUTE FUNCTION attack_noticed()'
            house.sql(f"CREATE OR REPLACE TRIGGER attack_notices {fires}")


def _noticed(house: House) -> tuple[int, int]:
    """How many rows were written so far, and how often somebody was turned away."""
    (row,) = house.sql("SELECT n, (SELECT coalesce(sum(count), 0)::bigint FROM security_event) FROM attack_changes")
    return int(row[0]), int(row[1])
