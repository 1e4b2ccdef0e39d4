"""What a due timer is decided on: the same values as the whole episode has, and of the rest nothing."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from workflow.domain import decide
from workflow.domain.episode import COLLECTIONS, Episode
from workflow.domain.ladder import TimerState
from workflow.domain.observation import Reading
from workflow.domain.partial import NotLoadedError
from workflow.domain.signature import Confirmed, Signing
from workflow.service import act, fire, signing
from workflow.service.act import Asked, Desk
from workflow.service.audit import audit
from workflow.store import episodes, session, timers
from workflow.store.episodes import Loaded
from workflow.store.session import Store
from workflow.store.staff import Person

Enrol = Callable[..., str]
People = Callable[..., Person]
OVERDUE = "UPDATE timer SET due_at = clock_timestamp() - interval '1 minute' WHERE state = 'live'"


@pytest.fixture
def referred(enrolled: Enrol) -> str:
    return enrolled()


@pytest.fixture
def held(desk: Desk, enrolled: Enrol, referral_told: Callable[[str], None], someone: People) -> str:
    """On hold in screening, with a task that somebody has promised to do, an appointment, and values."""
    episode = enrolled("M2")
    referral_told(episode)
    asked = Asked(person=someone("coordinator"), episode=episode)
    act.advance(desk, asked, name="accept_referral")
    act.claim(desk, asked, task="s2.complete_workup.1")
    act.acknowledge(desk, asked, task="s2.complete_workup.1", until=datetime.now(UTC) + timedelta(hours=2))
    act.appoint(desk, asked, kind="visit", starts_at=datetime(2027, 3, 1, 9, tzinfo=UTC))
    reading = Reading(item="inr", observed_at=datetime.now(UTC), number=Decimal("1.10"), unit="{INR}")
    act.record(desk, Asked(person=someone("nurse"), episode=episode), readings=(reading,))
    act.hold(desk, asked, reason="waiting_for_payer")
    return episode


@pytest.fixture
def asked_for(desk: Desk, enrolled: Enrol, referral_told: Callable[[str], None], someone: People) -> str:
    """Somebody whose ending one person has asked for: a second must agree."""
    episode = enrolled("M3")
    referral_told(episode)
    asked = Asked(person=someone("clinician"), episode=episode)
    step = {"gate": "bleeding_risk_today", "reason": "palliative_with_haematology_plan"}
    shown = signing.to_sign(desk, asked.person, episode, lambda s: decide.override_to_sign(s, **step))
    assert shown is not None
    signed = Signing(printed="Dr One", digest=shown.digest, confirmed=Confirmed.WITH_PASSWORD)
    answer = act.override(desk, asked, **step, signed=signed)
    assert answer.outcome == "proposed"
    return episode


def both(store: Store, episode: str) -> tuple[Loaded, Loaded]:
    """The episode as it is loaded for all its live timers, and as it is loaded whole."""
    with store.transaction(["north"]) as connection:
        whole = episodes.load(connection, "north", [episode], sealed=False)[episode]
        keys = [(episode, key) for key, timer in whole.episode.timers.items() if timer.state is not TimerState.ENDED]
        return timers.load(connection, "north", keys)[episode], whole


@pytest.mark.parametrize("state", ["referred", "held", "asked_for"])
def test_every_value_is_the_one_the_whole_episode_has(state: str, request, worker_store: Store, database):
    episode = request.getfixturevalue(state)
    _set_something(database)
    part, whole = both(worker_store, episode)
    assert (part.head, part.wrapped, part.code) == (whole.head, whole.wrapped, whole.code)
    assert (part.calendar, part.settings) == (whole.calendar, whole.settings)
    assert part.settings == {"relief_line": Decimal(60)}
    for field in fields(Episode):
        if field.name not in COLLECTIONS:
            assert getattr(part.episode, field.name) == getattr(whole.episode, field.name), field.name
    known = whole.episode.timers.items()
    running = {key for key, timer in known if timer.state is not TimerState.ENDED}
    assert running
    assert {key: part.episode.tasks[key] for key in running} == {key: whole.episode.tasks[key] for key in running}
    assert {key: part.episode.timers[key] for key in running} == {key: whole.episode.timers[key] for key in running}


@pytest.mark.parametrize("collection", sorted(COLLECTIONS))
def test_nothing_else_was_loaded_and_nobody_can_think_so(collection: str, held: str, worker_store: Store):
    part, _ = both(worker_store, held)
    with pytest.raises(NotLoadedError):
        list(getattr(part.episode, collection))


def test_a_plain_reminder_reads_no_history(referred: str, held: str, worker_store: Store, database, monkeypatch):
    monkeypatch.setattr(episodes, "load", _never)
    _make_due(database)
    assert fire.sweep(worker_store) == 3
    monkeypatch.undo()
    assert _sound(database)


def test_where_a_part_does_not_do_the_whole_is_loaded(
    asked_for: str, referred: str, worker_store: Store, database, monkeypatch
):
    asked: list[list[str]] = []
    real = episodes.load

    def load(connection: object, site: str, ids: list[str], **how: bool) -> dict[str, Loaded]:
        asked.append(list(ids))
        return real(connection, site, ids, **how)

    monkeypatch.setattr(episodes, "load", load)
    _make_due(database)
    assert fire.sweep(worker_store) == 3
    assert asked == [[asked_for]]
    monkeypatch.undo()
    assert _sound(database)


def _never(*_: object, **__: object) -> None:
    pytest.fail("a whole episode was loaded")


def _make_due(database) -> None:
    admin = session.open_store(database.migrate, database.key_file)
    with admin.transaction() as connection:
        connection.execute(text(OVERDUE))
    admin.close()


def _set_something(database) -> None:
    admin = session.open_store(database.migrate, database.key_file)
    with admin.transaction() as connection:
        for value in (55, 60):
            row = "('north', 'opioid_trial', 'relief_line', clock_timestamp(), :value, 'lead-1', 'ours')"
            connection.execute(text(f"INSERT INTO setting VALUES {row}"), {"value": value})
    admin.close()


def _sound(database) -> bool:
    """The state is the fold of the ledger, but for the clocks that this test has set."""
    store = session.open_store(database.verify, database.key_file)
    flaws = [flaw for flaw in audit(store).flaws if flaw.kind != "fold"]
    store.close()
    return not flaws
