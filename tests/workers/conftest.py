"""Real processes: a Celery worker, a beat, and a mail sink that keeps what it is given."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message
from itertools import count, islice

import pytest
import redis
from aiosmtpd.controller import Controller
from writing import EVERY, sql

from workflow import engines
from workflow.domain.calendar import Calendar
from workflow.domain.quiet import LetterHours
from workflow.service import deliver, fire
from workflow.service.act import Desk
from workflow.service.enrol import enrol
from workflow.settings import environment_with
from workflow.store import house as houses
from workflow.store.candidates import Identity
from workflow.store.house import House
from workflow.store.session import Store
from workflow.store.staff import Person


@dataclass
class Sink:
    """A local SMTP server. `answers` are given in turn before letters are taken: 450 means later, 550 never."""

    letters: list[Message] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - the name aiosmtpd calls
        if self.answers:
            return self.answers.pop(0)
        self.letters.append(message_from_bytes(envelope.content))
        return "250 taken"


@pytest.fixture
def sink(free_port: Callable[[], int]) -> Iterator[Sink]:
    kept = Sink()
    kept.port = free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port)
    controller.start()
    yield kept
    controller.stop()


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait for something to become true, and say what did not."""

    def _until(holds: Callable[[], object], *, within: float = 30, what: str = "it") -> None:
        pause = threading.Event()
        for _ in range(int(within / 0.05)):
            if holds():
                return
            pause.wait(0.05)
        pytest.fail(f"{what} did not happen within {within} s")

    return _until


@pytest.fixture
def started(database, servers: engines.Engines, sink: Sink) -> Callable[..., object]:
    """Start a process of ours against this test's database, broker and mail sink; it ends with the block."""
    variables = {
        "DATABASE_URL": database.worker,
        "DATABASE_WORKER_URL": database.worker,
        "REDIS_URL": servers.redis_url,
        "THECA_KEY_FILE": str(database.key_file),
        "THECA_PUBLIC_URL": "http://theca.example",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(sink.port),
        "SMTP_TLS": "false",
    }

    @contextmanager
    def _started(*command: str) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen([sys.executable, "-m", *command], env=environment_with(variables))
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    return _started


@pytest.fixture
def quiet_broker(servers: engines.Engines) -> Iterator[None]:
    """No ring of an earlier test is left in the queue."""
    client = redis.Redis.from_url(servers.redis_url)
    client.flushall()
    yield
    client.close()


@pytest.fixture
def refer(desk: Desk, someone: Callable[..., Person]) -> Callable[[int], list[str]]:
    """Refer so many people; nobody triages them."""
    numbers = count()

    def _refer(many: int) -> list[str]:
        people = [
            Identity(external_id=f"M-{n}", family_name="Nightjar", given_name="Ada", birth_date="1960-02-29")
            for n in islice(numbers, many)
        ]
        asked = {"site": "north", "protocol": "opioid_trial"}
        return [enrol(desk, someone("coordinator"), identity=identity, **asked).episode for identity in people]

    return _refer


@pytest.fixture
def told(refer: Callable[[int], list[str]], worker_store: Store) -> Callable[..., list[str]]:
    """Refer people and write their first reminders; e-mail to the first coordinator only, unless to everybody."""

    def _told(many: int = 1, *, urgency: str = "routine", everybody: bool = False) -> list[str]:
        new = refer(many)
        mine = "episode_id = ANY(CAST(:new AS uuid[]))"
        sql(worker_store, f"UPDATE timer SET due_at = clock_timestamp() - interval '1 second' WHERE {mine}", new=new)
        assert fire.sweep(worker_store) == many
        waits = f"state = 'waiting' AND {mine}"
        sql(worker_store, f"UPDATE message SET urgency = :urgency WHERE {waits}", urgency=urgency, new=new)
        if not everybody:
            others = f"{waits} AND recipient <> 'coordinator-1'"
            ended = "state = 'cancelled', reason = 'another test', settled_at = clock_timestamp()"
            sql(worker_store, f"UPDATE message SET {ended} WHERE {others}", new=new)
        return new

    return _told


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give every site other hours, on a calendar without holidays."""

    def _at_home(hours: LetterHours, **said: object) -> None:
        real = houses.house

        def stood_in(connection: object, site: str) -> House:
            return replace(real(connection, site), hours=hours, calendar=Calendar(zone="UTC", weekdays=EVERY), **said)

        monkeypatch.setattr(deliver, "house", stood_in)

    return _at_home
