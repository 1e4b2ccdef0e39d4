"""Reminders and escalations through the real parts: timers in PostgreSQL, Celery processes, mail over SMTP."""

import base64
import json
import signal
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis
from sqlalchemy import text

from workers import jobs
from workflow import engines
from workflow.domain.observation import Reading
from workflow.service import act, deliver, fire
from workflow.service.act import Asked, Desk
from workflow.service.audit import audit
from workflow.service.deliver import Letter, TryLaterError, UndeliverableError
from workflow.service.enrol import enrol
from workflow.store.bell import QUEUE, TICK, Bell
from workflow.store.candidates import Identity
from workflow.store.session import Store, open_store
from workflow.store.staff import Person

WORKER = ("celery", "-A", "workers.app", "worker", "--loglevel", "WARNING", "--concurrency", "2", "--without-mingle")
BEAT = ("celery", "-A", "workers.app", "beat", "--loglevel", "WARNING", "--pidfile", "")
WORDS = ("Nightjar", "Ada", "M-4711", "1960")


class Kept:
    """The building's end: what would have left, or what the relay answers instead."""

    def __init__(self, *answers: Exception) -> None:
        self.letters: list[Letter] = []
        self.answers = list(answers)

    def send(self, letter: Letter) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.letters.append(letter)


@pytest.fixture
def waiting(desk: Desk, someone: Callable[..., Person]) -> str:
    """Somebody referred 30 days ago whom nobody has triaged: every rung of the ladder is due."""
    identity = Identity(external_id="M-4711", family_name="Nightjar", given_name="Ada", birth_date="1960-02-29")
    asked = {"site": "north", "identity": identity, "protocol": "opioid_trial"}
    return enrol(desk, someone("coordinator"), occurred_at=datetime.now(UTC) - timedelta(days=30), **asked).episode


def test_a_reminder_and_an_escalation_arrive_as_mail_and_say_nothing_of_the_person(
    waiting: str, started, sink, until, quiet_broker, database, tmp_path
):
    with started(*WORKER), started(*BEAT, "--schedule", str(tmp_path / "beat")):
        until(lambda: len(sink.letters) >= 6, what="reminder to two coordinators, escalation to them and two leads")
    subjects = [letter["Subject"] for letter in sink.letters]
    assert any("escalation" not in subject for subject in subjects)
    assert any("escalation 1" in subject for subject in subjects)
    assert not [word for word in WORDS for letter in sink.letters if word in letter.as_string()]
    assert _flaws(database) == ()
    assert len({letter["Message-ID"] for letter in sink.letters}) == len(sink.letters)


def test_a_worker_alone_ticks_by_itself(waiting: str, started, sink, until, quiet_broker):
    with started(*WORKER):
        until(lambda: sink.letters, what="mail without a beat")


def test_a_ring_is_a_celery_message_for_the_tick(servers: engines.Engines, quiet_broker):
    bell = Bell(servers.redis_url)
    bell.ring()
    assert bell.missed == 0
    with redis.Redis.from_url(servers.redis_url) as client:
        rung = json.loads(client.lpop(QUEUE))
    assert rung["headers"]["task"] == jobs.tick.name == TICK
    assert json.loads(base64.b64decode(rung["body"]))[:2] == [[], {}]


def test_a_killed_worker_loses_nothing(waiting: str, started, sink, until, quiet_broker, database):
    with started(*WORKER) as first:
        until(lambda: _count(database, "message") > 0, what="a timer fired")
        first.send_signal(signal.SIGKILL)
        first.wait()
    with started(*WORKER):
        until(lambda: _unsent(database) == 0 and _count(database, "message") > 0, within=90, what="all sent")
    assert _flaws(database) == ()


def test_without_celery_or_redis_the_same_work_is_done(waiting: str, started, sink, until):
    with started("workers"):
        until(lambda: len(sink.letters) >= 2, what="mail from python -m workers")


def test_firing_twice_changes_nothing(waiting: str, worker_store: Store, database):
    due = fire.due_batches(worker_store)
    assert fire.fire_batch(worker_store, due[0]) == 1
    assert fire.fire_batch(worker_store, due[0]) == 0
    assert _flaws(database) == ()


def test_the_last_rung_does_not_catch_up_on_what_passed(waiting: str, worker_store: Store):
    rounds = 0
    while fire.sweep(worker_store):
        rounds += 1
    assert rounds == 2


def test_a_culprit_is_set_aside_and_the_others_fire(
    waiting: str, desk: Desk, worker_store: Store, someone: Callable[..., Person], database
):
    identity = Identity(external_id="M-2", family_name="Plover", given_name="Bo", birth_date="1970-01-01")
    at = datetime.now(UTC) - timedelta(days=30)
    other = enrol(
        desk, someone("coordinator"), site="north", identity=identity, protocol="opioid_trial", occurred_at=at
    )
    with desk.store.transaction(["north"]) as connection:
        connection.execute(text("UPDATE task SET name = 'gone' WHERE episode_id = :id"), {"id": other.episode})
    assert fire.sweep(worker_store) == 1
    with worker_store.transaction(["north"]) as connection:
        assert connection.scalar(text("SELECT episode_id::text FROM quarantine")) == other.episode
    assert other.episode not in {one[1] for batch in fire.due_batches(worker_store) for one in batch}


def test_nothing_is_sent_for_work_that_is_done(
    waiting: str, desk: Desk, worker_store: Store, someone: Callable[..., Person]
):
    fire.sweep(worker_store)
    asked = Asked(person=someone("coordinator"), episode=waiting)
    at = datetime.now(UTC)
    readings = (
        Reading(item="referral_reason", observed_at=at, text="x"),
        Reading(item="pain_origin", observed_at=at, text="cancer"),
    )
    act.record(desk, asked, readings=readings)
    act.advance(desk, asked, name="accept_referral")
    out = Kept()
    assert deliver.relay(worker_store, out, link="http://t") == 0
    assert out.letters == []
    assert _states(worker_store) == {"cancelled"}


def test_later_is_tried_again_and_never_is_final(waiting: str, worker_store: Store):
    fire.sweep(worker_store)
    out = Kept(TryLaterError("busy"), UndeliverableError("no such box"))
    deliver.relay(worker_store, out, link="http://t")
    assert _states(worker_store) == {"waiting", "dead"}
    with worker_store.transaction(["north"]) as connection:
        connection.execute(text("UPDATE message SET next_try_at = clock_timestamp() - interval '1 second'"))
        assert connection.scalar(text("SELECT count(*) FROM delivery")) == 2
    assert deliver.relay(worker_store, out, link="http://t") == 1
    assert _states(worker_store) == {"sent", "dead"}


def test_a_worker_that_slept_past_its_lease_changes_nothing(waiting: str, worker_store: Store):
    fire.sweep(worker_store)

    class Slow(Kept):
        def send(self, letter: Letter) -> None:
            with worker_store.transaction(["north"]) as connection:
                connection.execute(text("UPDATE message SET lease_token = 'another'"))
            super().send(letter)

    assert deliver.relay(worker_store, Slow(), link="http://t") == 0
    assert _states(worker_store) == {"waiting"}


def test_an_acknowledgement_holds_the_climb_and_never_ends_it(
    waiting: str, desk: Desk, worker_store: Store, someone: Callable[..., Person]
):
    asked = Asked(person=someone("coordinator"), episode=waiting)
    task = "s1.triage_referral.1"
    act.acknowledge(desk, asked, task=task, until=datetime.now(UTC) + timedelta(hours=1))
    assert fire.sweep(worker_store) == 0
    with worker_store.transaction(["north"]) as connection:
        live = connection.execute(text("SELECT state, due_at FROM timer")).one()
    assert live.state == "live"
    assert live.due_at > datetime.now(UTC)


def test_a_command_key_is_forgotten_after_thirty_days_and_not_before(desk: Desk, worker_store: Store, database):
    with desk.store.transaction(["north"]) as connection:
        for key, age in (("old", "31 days"), ("young", "29 days")):
            connection.execute(
                text(
                    "INSERT INTO command VALUES ('north', 'coordinator-1', :key, '', gen_random_uuid(), 1,"
                    " clock_timestamp() - CAST(:age AS interval))"
                ),
                {"key": key, "age": age},
            )
    assert fire.tidy(worker_store) == 1
    with desk.store.transaction(["north"]) as connection:
        assert connection.scalars(text("SELECT key FROM command")).all() == ["young"]


def test_a_bell_knows_whether_it_hangs_without_ringing(servers: engines.Engines, quiet_broker):
    assert Bell(servers.redis_url).hangs()
    assert not Bell("redis://127.0.0.1:1/0").hangs()
    assert not Bell("").hangs()


def test_a_broker_that_says_nothing_delays_a_request_by_less_than_two_seconds():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        bell = Bell(f"redis://127.0.0.1:{mute.getsockname()[1]}/0")
        before = datetime.now(UTC)
        bell.ring()
    assert bell.missed == 1
    assert datetime.now(UTC) - before < timedelta(seconds=2)


def test_a_relay_that_is_down_for_a_day_makes_a_letter_dead_and_not_before(waiting: str, worker_store: Store):
    fire.sweep(worker_store)
    for age, state in (("1 hour", {"waiting"}), ("4 days", {"dead"})):
        with worker_store.transaction(["north"]) as connection:
            connection.execute(
                text(
                    "UPDATE message SET created_at = clock_timestamp() - CAST(:age AS interval),"
                    " next_try_at = clock_timestamp() - interval '1 second' WHERE channel = 'email'"
                ),
                {"age": age},
            )
        deliver.relay(worker_store, Kept(TryLaterError("busy"), TryLaterError("busy")), link="http://t")
        assert _states(worker_store) == state


def test_an_odd_failure_of_one_letter_stops_no_other(waiting: str, worker_store: Store):
    fire.sweep(worker_store)
    out = Kept(RuntimeError("odd"))
    assert deliver.relay(worker_store, out, link="http://t") == 1
    assert _states(worker_store) == {"waiting", "sent"}


def _flaws(database) -> tuple[object, ...]:
    store = open_store(database.verify, database.key_file)
    found = audit(store).flaws
    store.close()
    return found


def _states(store: Store) -> set[str]:
    with store.transaction(["north"]) as connection:
        return set(connection.scalars(text("SELECT state FROM message WHERE channel = 'email'")))


def _count(database, table: str) -> int:
    store = open_store(database.verify, database.key_file)
    with store.transaction() as connection:
        found = int(connection.scalar(text(f"SELECT count(*) FROM {table}")))
    store.close()
    return found


def _unsent(database) -> int:
    store = open_store(database.verify, database.key_file)
    with store.transaction() as connection:
        found = int(connection.scalar(text("SELECT count(*) FROM message WHERE state = 'waiting'")))
    store.close()
    return found
