"""Outages: noted once, whoever comes back first; and a broker that is away, or hears and does nothing, is none."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from workers import rounds
from workers.rounds import Round, look_if_nobody_does
from workflow import engines
from workflow.domain.canonical import instant
from workflow.service import act, fire
from workflow.service.act import Asked, Desk
from workflow.service.enrol import enrol
from workflow.service.outages import Fate, report
from workflow.store import outages, pulse
from workflow.store.bell import Bell
from workflow.store.candidates import Identity
from workflow.store.session import Store, UnavailableError
from workflow.store.staff import Person

WORKER = ("celery", "-A", "workers.app", "worker", "--loglevel", "WARNING", "--concurrency", "1", "--without-mingle")
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def referred(desk: Desk, someone: Callable[..., Person]) -> Callable[[str], str]:
    """Enrol somebody referred 30 days ago, under a record number: their reminder is due."""

    def _referred(number: str) -> str:
        identity = Identity(external_id=number, family_name="Nightjar", given_name="Ada", birth_date="1960-02-29")
        at = datetime.now(UTC) - timedelta(days=30)
        asked = {"site": "north", "identity": identity, "protocol": "opioid_trial"}
        return enrol(desk, someone("coordinator"), occurred_at=at, **asked).episode

    return _referred


def stood_still(store: Store, since: str = "2 hours") -> None:
    """Nobody has looked since then."""
    with store.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO pulse VALUES ('tick', clock_timestamp() - CAST(:since AS interval))"
                " ON CONFLICT (name) DO UPDATE SET at = excluded.at"
            ),
            {"since": since},
        )


def due_within(store: Store, ago: str) -> None:
    """Every live timer was due so long ago."""
    with store.transaction(["north", "south"]) as connection:
        connection.execute(
            text("UPDATE timer SET due_at = clock_timestamp() - CAST(:ago AS interval) WHERE state = 'live'"),
            {"ago": ago},
        )


def count(store: Store, table: str) -> int:
    with store.transaction(["north", "south"]) as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")))


def test_a_short_pause_is_no_outage(worker_store: Store):
    for since in ("1 second", "119 seconds"):
        stood_still(worker_store, since)
        with worker_store.transaction() as connection:
            assert outages.note(connection) is None
    assert count(worker_store, "outage") == 0


def test_the_first_tick_of_all_is_no_outage(worker_store: Store):
    fire.sweep(worker_store)
    assert count(worker_store, "outage") == 0
    with worker_store.transaction() as connection:
        assert connection.scalar(text("SELECT name FROM pulse")) == "tick"


def test_the_tick_after_an_outage_notes_it_with_what_fell_due_in_it(worker_store: Store, referred):
    referred("M-1"), referred("M-2")
    due_within(worker_store, "1 hour")
    stood_still(worker_store)
    fire.due_batches(worker_store)
    fire.due_batches(worker_store)
    with worker_store.transaction(["north"]) as connection:
        (one,) = connection.execute(text("SELECT until_at - from_at AS lasted FROM outage"))
        rows = connection.execute(text("SELECT rung, n FROM outage_timer")).all()
    assert timedelta(hours=2) <= one.lasted < timedelta(hours=2, minutes=1)
    assert [tuple(row) for row in rows] == [(0, 1), (0, 1)]


def test_what_was_due_long_before_is_not_put_on_the_outage(worker_store: Store, referred):
    referred("M-1")
    due_within(worker_store, "3 hours")
    stood_still(worker_store)
    fire.due_batches(worker_store)
    assert (count(worker_store, "outage"), count(worker_store, "outage_timer")) == (1, 0)


def test_eight_tickers_at_once_note_it_once(worker_store: Store, referred):
    referred("M-1")
    due_within(worker_store, "1 hour")
    stood_still(worker_store)
    gate = threading.Barrier(8)

    def tick(_: int) -> int | None:
        with worker_store.transaction() as connection:
            gate.wait(10)
            return outages.note(connection)

    with ThreadPoolExecutor(8) as pool:
        noted = [each for each in pool.map(tick, range(8)) if each is not None]
    assert len(noted) == 1
    assert (count(worker_store, "outage"), count(worker_store, "outage_timer")) == (1, 1)


def test_a_ticker_that_is_stuck_in_its_tick_stops_no_other(worker_store: Store):
    stood_still(worker_store, "10 seconds")
    with worker_store.transaction() as stuck:
        outages.note(stuck)
        with worker_store.transaction() as connection:
            assert outages.note(connection) is None


def test_the_report_tells_what_became_of_each(
    desk: Desk, worker_store: Store, referred, someone: Callable[..., Person]
):
    told, taken = referred("M-1"), referred("M-2")
    due_within(worker_store, "1 hour")
    stood_still(worker_store)
    fire.due_batches(worker_store)
    lead = someone("lead")
    (before,) = report(desk, lead)
    assert {one.fate for one in before.missed} == {Fate.WAITS}
    asked = Asked(person=someone("coordinator"), episode=taken)
    act.acknowledge(desk, asked, task="s1.triage_referral.1", until=datetime.now(UTC) + timedelta(hours=1))
    fire.sweep(worker_store)
    (after,) = report(desk, lead)
    assert {one.line.episode: one.fate for one in after.missed} == {told: Fate.TOLD, taken: Fate.MOVED}
    assert report(desk, someone("lead", site="south"))[0].missed == ()


@pytest.mark.parametrize(("about", "fate"), [({"skipped": [0]}, Fate.SKIPPED), ({"rung": 0, "people": 0}, Fate.NOBODY)])
def test_a_firing_that_told_nobody_is_told_apart_by_its_line(
    desk: Desk,
    worker_store: Store,
    referred,
    someone: Callable[..., Person],
    monkeypatch: pytest.MonkeyPatch,
    about: dict[str, object],
    fate: Fate,
):
    """Through the real ledger: only what deciding says is put in its place."""
    episode = referred("M-1")
    due_within(worker_store, "1 hour")
    stood_still(worker_store)
    plain = fire.decide.fire

    def silent(s, *, key: str, n: int):
        draft = plain.__globals__["Draft"](s)
        plain.__globals__["set_timer"](draft, key, rung=1, due_at=s.now + timedelta(days=1))
        timer = s.episode.timers[key]
        said = {"task": key, "due_at": timer.due_at, **about}
        return draft.decide("fire", occurred_at=timer.due_at, about=said)

    monkeypatch.setattr(fire.decide, "fire", silent)
    assert fire.sweep(worker_store) == 1
    (found,) = report(desk, someone("lead"))
    assert [(one.line.episode, one.fate) for one in found.missed] == [(episode, fate)]


def test_a_ticker_fires_by_itself_where_nobody_hears_the_bell(worker_store: Store, referred):
    referred("M-1")
    stood_still(worker_store, "5 seconds")
    assert look_if_nobody_does(worker_store, Bell(NOWHERE)) == 1


def test_a_ticker_leaves_it_to_the_workers_while_they_look(
    worker_store: Store, referred, servers: engines.Engines, quiet_broker
):
    referred("M-1")
    stood_still(worker_store, "5 seconds")
    assert look_if_nobody_does(worker_store, Bell(servers.redis_url)) == 0


@pytest.mark.parametrize("since", ["16 seconds", "-1 hour"])
def test_a_ticker_fires_by_itself_where_the_bell_is_heard_and_nobody_looks(
    since: str, worker_store: Store, referred, servers: engines.Engines, quiet_broker
):
    """Also where the clock was put back, and the last look lies ahead."""
    referred("M-1")
    stood_still(worker_store, since)
    assert look_if_nobody_does(worker_store, Bell(servers.redis_url)) == 1


def test_a_round_goes_on_after_whatever_goes_wrong(caplog: pytest.LogCaptureFixture):
    done, stop = list[int](), threading.Event()

    def breaks() -> None:
        done.append(1)
        if len(done) == 3:
            stop.set()
        raise (UnavailableError if len(done) == 1 else RuntimeError)("ZZCANARY")

    Round(name="look", do=breaks, every=0.01).start(stop).join(10)
    assert len(done) == 3
    assert "RuntimeError" in caplog.text


def test_a_turn_is_taken_by_one_and_comes_again(worker_store: Store):
    every = timedelta(seconds=60)

    def take() -> bool:
        with worker_store.transaction() as connection:
            return pulse.turn(connection, "heartbeat", every)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: take(), range(8))) == 1
    for shift, mine in (("61 seconds", True), ("59 seconds", False), ("-1 hour", True)):
        with worker_store.transaction() as connection:
            connection.execute(
                text("UPDATE pulse SET at = clock_timestamp() - CAST(:shift AS interval)"), {"shift": shift}
            )
        assert take() is mine, shift


def test_a_worker_whose_broker_is_away_from_the_start_still_reminds(referred, started, sink, until, monkeypatch):
    """Redis does not answer: no beat, no bell, no queue. The worker's own threads fire and send."""
    referred("M-1")
    monkeypatch.setenv("BROKER_URL", NOWHERE)
    before = datetime.now(UTC)
    with started(*WORKER):
        until(lambda: sink.letters, within=60, what="mail without a broker")
    assert datetime.now(UTC) - before < timedelta(seconds=45), instant(before)


def test_an_extra_ticker_needs_no_relay_and_sends_nothing(referred, started, worker_store: Store, until, monkeypatch):
    referred("M-1")
    monkeypatch.setenv("BROKER_URL", NOWHERE)
    with started("workers", "--tick-only"):
        until(lambda: count(worker_store, "message") > 0, what="a timer fired by an extra ticker")
    assert rounds.TICK_SECONDS <= 5
