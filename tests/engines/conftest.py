"""Real servers in throw-away folders, and a way to look at them that needs nothing of ours."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest


@dataclass(frozen=True, kw_only=True)
class Launched:
    """A launcher running as a program of its own, and what it printed once its servers answered."""

    process: subprocess.Popen[str]
    said: dict[str, Any]

    @property
    def ports(self) -> tuple[int, int]:
        return self.said["postgres_port"], int(self.said["redis_url"].rpartition(":")[2].removesuffix("/0"))


@pytest.fixture
def home() -> Iterator[Path]:
    # pytest's own tmp_path is closed to the account root's servers run as, so it would test something else.
    folder = Path(tempfile.mkdtemp(prefix="theca-engines-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def launch() -> Iterator[Callable[..., Launched]]:
    started: list[subprocess.Popen[str]] = []

    def _launch(folder: Path, *, program: tuple[str, ...] = (), **options: Any) -> Launched:
        command = [*(program or (sys.executable, "-m", "workflow.engines")), str(folder)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )
        started.append(process)
        line = process.stdout.readline()
        assert line, process.stderr.read()
        return Launched(process=process, said=json.loads(line))

    yield _launch
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.fixture
def until() -> Callable[..., None]:
    def _until(condition: Callable[[], bool], *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s"
            threading.Event().wait(0.05)

    return _until


@pytest.fixture
def sql() -> Callable[..., Any]:
    def _sql(admin_url: str, statement: str) -> Any:
        url = admin_url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection, connection.execute(statement) as cursor:
            return cursor.fetchone()[0] if cursor.description else None

    return _sql


@pytest.fixture
def listening() -> Callable[[int], bool]:
    def _listening(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return _listening
