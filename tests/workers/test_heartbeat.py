"""The dead man's switch: a monitor outside hears from us while time is kept, and silence is the alarm."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from workers import heartbeat as heartbeats
from workers.heartbeat import Heartbeat
from workers.rounds import alone, beside_celery, ticking
from workflow.service import fire
from workflow.service.act import Desk
from workflow.service.enrol import enrol
from workflow.settings import Settings
from workflow.store.candidates import Identity
from workflow.store.session import Store, UnavailableError, open_store
from workflow.store.staff import Person

WORKER = ("celery", "-A", "workers.app", "worker", "--loglevel", "WARNING", "--concurrency", "1", "--without-mingle")
MINUTE = timedelta(seconds=60)


@dataclass
class Monitor:
    """What an outside monitor would hear; `answers` are given in turn before 200."""

    heard: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    kept = Monitor()

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.heard.append(self.path)
            self.send_response(kept.answers.pop(0) if kept.answers else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/ping/one"
    yield kept
    server.shutdown()
    server.server_close()


def beating(store: Store, monitor: Monitor) -> Heartbeat:
    return Heartbeat(url=monitor.url, every=MINUTE, store=store)


def elapse(store: Store, name: str, ago: str) -> None:
    with store.transaction() as connection:
        connection.execute(
            text("UPDATE pulse SET at = clock_timestamp() - CAST(:ago AS interval) WHERE name = :name"),
            {"ago": ago, "name": name},
        )


def test_it_beats_while_time_is_kept_and_once_a_minute(worker_store: Store, monitor: Monitor):
    fire.sweep(worker_store)
    heartbeat = beating(worker_store, monitor)
    assert heartbeat.beat()
    assert not heartbeat.beat()
    elapse(worker_store, "heartbeat", "61 seconds")
    fire.sweep(worker_store)
    assert heartbeat.beat()
    assert monitor.heard == ["/ping/one"] * 2


def test_many_workers_beat_once(worker_store: Store, monitor: Monitor):
    fire.sweep(worker_store)
    many = [beating(worker_store, monitor) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda one: one.beat(), many)) == 1
    assert len(monitor.heard) == 1


def test_it_is_silent_where_nobody_looks_what_is_due(worker_store: Store, monitor: Monitor):
    assert not beating(worker_store, monitor).beat()
    fire.sweep(worker_store)
    elapse(worker_store, "tick", "61 seconds")
    assert not beating(worker_store, monitor).beat()
    assert monitor.heard == []


def test_it_is_silent_where_reminders_should_have_left(
    worker_store: Store, monitor: Monitor, desk: Desk, someone: Callable[..., Person]
):
    identity = Identity(external_id="M-1", family_name="Nightjar", given_name="Ada", birth_date="1960-02-29")
    at = datetime.now(UTC) - timedelta(days=30)
    enrol(desk, someone("lead"), site="north", identity=identity, protocol="opioid_trial", occurred_at=at)
    fire.due_batches(worker_store)  # somebody looks, and nobody fires
    heartbeat = beating(worker_store, monitor)
    assert not heartbeat.beat()
    while fire.sweep(worker_store):
        pass
    assert heartbeat.beat()
    assert len(monitor.heard) == 1


def test_a_monitor_that_is_away_is_only_counted(worker_store: Store, monitor: Monitor):
    fire.sweep(worker_store)
    away = Heartbeat(url="http://127.0.0.1:1/ping", every=MINUTE, store=worker_store)
    assert not away.beat()
    elapse(worker_store, "heartbeat", "61 seconds")
    monitor.answers.append(500)
    refusing = beating(worker_store, monitor)
    assert not refusing.beat()
    assert (away.missed, refusing.missed) == (1, 1)


def test_a_monitor_that_says_nothing_is_not_waited_for(worker_store: Store, monkeypatch: pytest.MonkeyPatch):
    assert heartbeats.WAIT <= 5
    monkeypatch.setattr(heartbeats, "WAIT", 0.2)
    fire.sweep(worker_store)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        heartbeat = Heartbeat(url=url, every=MINUTE, store=worker_store)
        before = datetime.now(UTC)
        assert not heartbeat.beat()
    assert heartbeat.missed == 1
    assert datetime.now(UTC) - before < timedelta(seconds=4)


def test_its_address_is_a_secret_and_is_written_nowhere(
    worker_store: Store, monitor: Monitor, caplog: pytest.LogCaptureFixture
):
    fire.sweep(worker_store)
    heartbeat = Heartbeat(url="http://127.0.0.1:1/ZZCANARY", every=MINUTE, store=worker_store)
    heartbeat.beat()
    assert "heartbeat not heard" in caplog.text
    assert "ZZCANARY" not in caplog.text + repr(heartbeat)


def test_without_a_database_it_is_silent(key_file, monitor: Monitor):
    nowhere = open_store("postgresql://nobody@127.0.0.1:1/none", key_file)
    with pytest.raises(UnavailableError):
        beating(nowhere, monitor).beat()
    assert monitor.heard == []


def test_every_kind_of_worker_beats_where_an_address_is_set_and_none_without(worker_store: Store):
    for made in (beside_celery, ticking, alone):
        with_one = made(Settings(heartbeat_url="https://monitor.example/x"), worker_store)
        assert [one.name for one in with_one].count("heartbeat") == 1
        assert "heartbeat" not in [one.name for one in made(Settings(heartbeat_url=""), worker_store)]


@pytest.mark.parametrize("url", ["monitor.example", "ftp://monitor.example/", "https://", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused_at_the_door(url: str):
    with pytest.raises(ValidationError):
        Settings(heartbeat_url=url)


@pytest.mark.parametrize("command", [("workers",), ("workers", "--tick-only"), WORKER])
def test_a_real_process_beats(
    command: tuple[str, ...], started, monitor: Monitor, until, monkeypatch: pytest.MonkeyPatch, quiet_broker
):
    monkeypatch.setenv("HEARTBEAT_URL", monitor.url)
    with started(*command):
        until(lambda: monitor.heard, within=60, what="a heartbeat")


def test_the_address_of_the_monitor_is_in_no_log(monitor: Monitor, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        heartbeats._get(monitor.url)
    assert monitor.heard == ["/ping/one"]
    assert "/ping/one" not in caplog.text
