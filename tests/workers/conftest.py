"""Real processes: a Celery worker, a beat, and a mail sink that keeps what it is given."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

import pytest
import redis
from aiosmtpd.controller import Controller

from workflow import engines
from workflow.settings import environment_with


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
