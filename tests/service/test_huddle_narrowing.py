"""The database narrows the huddle before anybody is loaded whole: held against loading everybody."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, make_url

from tests.conftest import Database, Someone
from workflow.domain.huddle import Harm, horizon, lines
from workflow.domain.situation import Situation
from workflow.domain.standing import standings
from workflow.service import act, people
from workflow.service.act import Asked, Desk
from workflow.service.enrol import enrol
from workflow.service.huddle import Huddle, huddle
from workflow.store import candidates, episodes, protocols, session
from workflow.store.candidates import Identity
from workflow.store.staff import Person

V2 = Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v2.yaml"
STAGES = ("referred", "screening", "contraindication_check", "case_review", "implant_planning", "follow_up")
MANY = 30

# What may have become of a candidate, each as one statement about some episodes. The refill's ladder counts back to a
# moment: one that is past leaves no rung ahead of it but the last, which repeats.
TWISTS = (
    "UPDATE timer SET due_at = clock_timestamp() + (random() * 8 - 4) * interval '1 day' WHERE {other}",
    "UPDATE timer SET rung = 1, due_at = clock_timestamp() + (random() * 4 - 2) * interval '1 day' WHERE {other}",
    (
        "UPDATE timer SET rung = 3, due_at = clock_timestamp() + random() * 3 * interval '1 day'"
        " WHERE key LIKE '%refill_due%' AND {some}"
    ),
    "UPDATE timer SET state = 'paused', remaining = 60 WHERE key LIKE 's%' AND {some}",
    "UPDATE timer SET reached = 0 WHERE {some}",
    "UPDATE task SET anchor_at = clock_timestamp() + (random() * 120 - 100) * interval '1 day' WHERE {other}",
    (
        "UPDATE task SET anchor_at = clock_timestamp() + (random() * 6 - 3) * interval '1 day' WHERE {some} AND EXISTS"
        " (SELECT 1 FROM timer AS t WHERE t.key = task.key AND t.episode_id = task.episode_id AND t.rung = 3)"
    ),
    (
        "UPDATE task SET waiting_on = 'lab', acknowledged_by = 'nurse-1',"
        " acknowledged_until = clock_timestamp() + (random() * 4 - 2) * interval '1 day' WHERE {some}"
    ),
    (
        "UPDATE task SET acknowledged_by = 'nurse-1',"
        " acknowledged_until = clock_timestamp() + (random() * 4 - 2) * interval '1 day' WHERE {some}"
    ),
    "UPDATE task SET withheld_until = clock_timestamp() + interval '1 day' WHERE scope = 'stint' AND {some}",
    (
        "UPDATE episode SET hold_reason = 'waiting_for_payer', hold_since = clock_timestamp(),"
        " hold_review_at = clock_timestamp(), hold_by = 'nurse-1' WHERE {some}"
    ),
    "UPDATE episode SET stint_at = clock_timestamp() - random() * 20 * interval '1 day' WHERE {some}",
    "UPDATE appointment SET starts_at = clock_timestamp() + (random() * 16 - 3) * interval '1 day' WHERE {some}",
)


@pytest.fixture
def admin(database: Database) -> Iterator[Connection]:
    """The database behind everybody's back, as the owner of its shape."""
    engine = create_engine(make_url(database.migrate).set(drivername="postgresql+psycopg"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def ward(desk: Desk, database: Database, someone: Someone) -> list[str]:
    """Candidates in every part of the pathway, some of them with cancer pain and a procedure ahead."""
    store = session.open_store(database.migrate, database.key_file)
    people.publish(store, V2.read_text(encoding="utf-8"))
    store.close()
    return [_arrive(desk, someone("coordinator"), number) for number in range(MANY)]


def _arrive(desk: Desk, carla: Person, number: int) -> str:
    who = Identity(
        external_id=f"M-{number}", family_name=f"Bird{number}", given_name="Ada", birth_date=f"19{40 + number}-02-28"
    )
    episode = enrol(
        desk, carla, site="north", identity=who, protocol="opioid_trial@2", occurred_at=None, command=None
    ).episode
    asked = Asked(person=carla, episode=episode)
    stage = STAGES[number % len(STAGES)]
    if stage != "referred":
        act.adopt(desk, asked, stage=stage, reason="paper", occurred_at=None, trials=(), duties=())
    if number % 5 in (1, 2):
        kind = ("trial_procedure", "implant_procedure", "visit")[number % 3]
        act.appoint(desk, asked, kind=kind, starts_at=datetime.now(UTC) + timedelta(days=number % 9, hours=1))
    return episode


def twist(admin: Connection, ward: list[str], dice: random.Random) -> None:
    """Let things have happened to some of them, which people and time could have done."""
    for statement in TWISTS:
        some = dice.sample(ward, dice.randint(2, 8))
        named = ", ".join(f"'{episode}'" for episode in some)
        column = "id" if statement.startswith("UPDATE episode") else "episode_id"
        which = f"{column} IN ({named})"
        admin.execute(text(statement.format(some=which, other=f"key NOT LIKE '%refill_due%' AND {which}")))
    for episode in dice.sample(ward, 10):
        admin.execute(
            text(
                "INSERT INTO observation (site_id, episode_id, key, item, observed_at, recorded_at, by, text, unit)"
                " VALUES ('north', CAST(:e AS uuid), :key, 'pain_origin', clock_timestamp(), clock_timestamp(),"
                " 'nurse-1', :origin, '') ON CONFLICT DO NOTHING"
            ),
            {
                "e": episode,
                "key": f"{dice.randint(1000, 10**8)}.0",
                "origin": dice.choice(("cancer", "cancer", "non_cancer")),
            },
        )


def everything(desk: Desk, person: Person, ward: list[str], found: Huddle) -> set[tuple[str, str, str, str]]:
    """The same list made the slow way: everybody loaded whole, all their open work looked at."""
    told = set()
    with desk.store.transaction(("north",)) as connection:
        for id_, one in episodes.load(connection, "north", ward).items():
            assert one.identity is not None
            named = candidates.opened(
                desk.store.vault.key(one.episode.candidate, one.wrapped), one.episode.candidate, one.identity
            )
            s = Situation(
                protocol=protocols.cached(connection, one.episode.protocol),
                episode=one.episode,
                calendar=one.calendar,
                actor=person.at("north"),
                now=found.at,
                born_on=named.born_on,
                settings=one.settings,
            )
            work = {standing.task.key for standing in standings(s)}
            for line in lines(s, code=one.code, until=horizon(one.calendar, found.at), work=work):
                told.add((line.harm, id_, line.about, line.because))
    return told


@pytest.mark.parametrize("seed", range(3))
def test_narrowing_loses_nothing_and_what_is_loaded_lightly_is_told_the_same(
    desk: Desk, admin: Connection, ward: list[str], someone: Someone, seed: int
):
    dice, lead, harms = random.Random(seed), someone("lead"), set[Harm]()
    admin.execute(text("SELECT setseed(:seed)"), {"seed": seed / 10})
    for _ in range(8):
        twist(admin, ward, dice)
        found = huddle(desk, lead, "north")
        shown = {(one.line.harm, one.line.episode, one.line.about, one.line.because) for one in found.lines}
        graver = {line for line in shown if line[0] is not Harm.LATE}
        assert graver == everything(desk, lead, ward, found)
        assert sum(number for harm, number in found.counts.items() if harm is not Harm.LATE) == len(graver)
        assert found.unseen == 0
        harms |= {line[0] for line in shown}
    assert harms >= {Harm.DUTY, Harm.PROCEDURE, Harm.PRIORITY, Harm.CHASE, Harm.UNHEARD, Harm.LATE}


def test_what_is_merely_late_is_counted_and_the_first_twenty_are_told(
    desk: Desk, admin: Connection, ward: list[str], someone: Someone
):
    admin.execute(text("UPDATE timer SET due_at = clock_timestamp() - interval '1 day' WHERE key LIKE 's%'"))
    found = huddle(desk, someone("lead"), "north")
    late = [one for one in found.lines if one.line.harm is Harm.LATE]
    assert (len(late), found.counts[Harm.LATE]) == (20, MANY)
    assert len(ward) == MANY
    assert all(one.identity is not None and one.identity.family_name.startswith("Bird") for one in found.lines)
