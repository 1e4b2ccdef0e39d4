"""theca up as a person runs it: it answers, a second one says what is in the way, and nothing outlives it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from workflow.settings import environment_with


@pytest.fixture
def port(free_port: Callable[[], int]) -> int:
    return free_port()


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="theca-up-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "data"


@pytest.fixture
def up(data: Path, port: int) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `theca up` on a folder of its own; whatever is left of it ends with the test."""
    begun: list[subprocess.Popen[str]] = []

    def _up(*options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "workflow.cli", "up", *options],
            env=environment_with({"THECA_DATA": str(data), "THECA_PORT": str(port), "DATABASE_URL": ""}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        begun.append(process)
        return process

    yield _up
    for process in begun:
        process.kill()
        process.communicate()


def _ready(process: subprocess.Popen[str], ready: Path) -> str:
    pause = threading.Event()
    for _ in range(1200):
        if ready.exists() and ready.read_text():
            return ready.read_text()
        if process.poll() is not None:
            break
        pause.wait(0.05)
    pytest.fail(f"theca up did not get ready: {process.stdout.read() if process.poll() is not None else 'in time'}")


def _family(data: Path) -> set[int]:
    """The processes whose command or environment names this data folder, from /proc."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if str(data).encode() in told and state != "Z":
                found.add(int(entry.name))
    return found


def _gone(data: Path, *, within: float) -> bool:
    pause = threading.Event()
    for _ in range(int(within / 0.1)):
        if not _family(data):
            return True
        pause.wait(0.1)
    return False


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_answers_and_nothing_outlives_it(up, data: Path, tmp_path: Path, sign: signal.Signals):
    ready = tmp_path / "ready"
    process = up("--ready", str(ready))
    address = _ready(process, ready)
    assert httpx.get(f"{address}/healthz").status_code == 200
    assert httpx.get(f"{address}/api/v1/episodes").status_code == 401
    assert len(_family(data)) > 5
    process.send_signal(sign)
    assert process.wait(30) == (-signal.SIGKILL if sign is signal.SIGKILL else 0)
    assert _gone(data, within=15), _family(data)


def test_a_second_one_says_what_is_in_the_way_and_other_verbs_join(up, data: Path, port: int, tmp_path: Path):
    ready = tmp_path / "ready"
    first = up("--ready", str(ready))
    _ready(first, ready)
    second = up()
    said, _ = second.communicate(timeout=30)
    assert second.returncode == 3
    assert str(port) in said
    assert "THECA_PORT" in said
    assert "Traceback" not in said
    looked = subprocess.run(
        [sys.executable, "-m", "workflow.cli", "doctor", "--invariants", "--json"],
        env=environment_with({"THECA_DATA": str(data), "DATABASE_URL": ""}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(looked.stdout)["flaws"] == []
    assert first.poll() is None
