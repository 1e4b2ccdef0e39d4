"""The demo itself, once, as a person runs it: it ends well, says what it should, and leaves nothing behind."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DEMO = (sys.executable, "-m", "workflow.cli", "demo")
# One worker of a parallel test run takes all of these, so that the demo runs once for them.
pytestmark = pytest.mark.xdist_group("demo")
MOST = 300.0  # seconds; it takes about a minute on two idle cores


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where the demo's data live: not in pytest's own folder, which the account root's servers run as cannot enter."""
    path = Path(tempfile.mkdtemp(prefix="theca-demo-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def port(free_port: Callable[[], int]) -> int:
    return free_port()


@pytest.fixture(scope="module")
def environment(folder: Path, port: int) -> dict[str, str]:
    """What the demo is started with: nothing of whoever runs the tests but the way to its programs."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {**kept, "THECA_DATA": str(folder / "data"), "THECA_PORT": str(port)}


@pytest.fixture(scope="module")
def told(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """The demo run to its end, once for all that is asked of it here."""
    return subprocess.run((*DEMO, "--exit"), env=environment, capture_output=True, text=True, timeout=MOST, check=False)


def test_it_ends_well(told: "subprocess.CompletedProcess[str]"):
    assert told.returncode == 0, told.stdout + told.stderr
    assert "NOT SO" not in told.stdout
    assert told.stderr == ""


@pytest.mark.parametrize(
    "line",
    [
        "32 rows would be taken, 0 known already, 8 refused",
        "32 rows taken, 0 known already, 8 refused",
        "37 rows taken, 1 known already, 6 refused",
        "because INR has expired: 1.1 of",
        "50.00 % relief, exactly on the line, not above it",
        "26.20 points short of the line",
        "because Open duties: 2 (Pump in the body, Pump to be filled again",
        "Ottilie Brandwein stands in Closed at the end",
        "Oluwaseun Salvatierra stands in Implant planning at the end",
        "Halvard Wintergreen stands in Single-shot trial at the end",
        "Xiadani Mooncastle stands in Case review at the end",
        "404 not_found",
        "(escalation 1). | | Due since: ",
        "Theca is not an emergency channel",
        "0 flaws",
    ],
)
def test_it_says_what_a_newcomer_should_see(told: "subprocess.CompletedProcess[str]", line: str):
    assert line in " ".join(told.stdout.split())  # a long line is broken where the terminal ends


def test_nothing_it_prints_is_wider_than_a_plain_page_or_coloured(told: "subprocess.CompletedProcess[str]"):
    assert "\x1b" not in told.stdout
    assert [line for line in told.stdout.splitlines() if len(line) > 100] == []


def test_the_refused_rows_can_be_read_by_their_owner_alone(told: "subprocess.CompletedProcess[str]", folder: Path):
    assert told.returncode == 0
    for name in ("referrals.refused.csv", "diaries.refused.csv", "tokens.json"):
        assert (folder / "data" / "demo" / name).stat().st_mode & 0o077 == 0


def test_it_leaves_no_process_behind(told: "subprocess.CompletedProcess[str]", folder: Path):
    assert told.returncode == 0
    assert soon(lambda: using(folder) == [])


def test_a_second_run_knows_the_rows_walks_anew_and_stops_on_a_signal(
    told: "subprocess.CompletedProcess[str]", environment: dict[str, str], folder: Path
):
    assert told.returncode == 0
    with subprocess.Popen(DEMO, env=environment, stdout=subprocess.PIPE, text=True) as again:
        assert again.stdout is not None
        said = []
        for line in again.stdout:
            said.append(line)
            if "curl -H" in line:
                again.send_signal(signal.SIGINT)
        assert again.wait(MOST) == 0, "".join(said)
    assert any("0 rows taken, 32 known already, 8 refused" in line for line in said)
    assert any(re.search(r"^   coordinator +Ilse Varnhagen +theca_\S{40,}$", line) for line in said)
    assert soon(lambda: using(folder) == [])


def test_a_taken_port_is_one_clear_line(environment: dict[str, str], port: int):
    with socket.create_server(("127.0.0.1", port)):
        found = subprocess.run(
            (*DEMO, "--exit"), env=environment, capture_output=True, text=True, timeout=MOST, check=False
        )
    assert found.returncode == 3
    assert f"Port {port} on 127.0.0.1 is taken" in found.stdout.splitlines()[-1]
    assert found.stderr == ""


def test_your_own_database_gets_no_invented_people_unasked(environment: dict[str, str]):
    elsewhere = environment | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    found = subprocess.run((*DEMO, "--exit"), env=elsewhere, capture_output=True, text=True, timeout=MOST, check=False)
    assert (found.returncode, found.stderr) == (3, "")
    assert "--own-database" in found.stdout


def using(folder: Path) -> list[str]:
    """The commands of processes that were started for this data folder."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            command = (one / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            surroundings = (one / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if int(one.name) != os.getpid() and (str(folder) in command or str(folder) in surroundings):
            found.append(command)
    return found


def soon(true: Callable[[], bool], *, most: float = 30.0) -> bool:
    """Whether something becomes true within so many seconds."""
    end, pause = time.monotonic() + most, threading.Event()
    while not true() and time.monotonic() < end:
        pause.wait(0.2)
    return true()
