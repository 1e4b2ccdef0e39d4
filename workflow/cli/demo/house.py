"""The house the demo plays in: `theca up` as a process of its own, and theca verbs run beside it."""

import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workflow.settings import environment_with

READY_WITHIN = 120.0
VERB_WITHIN = 120.0
_TETHER = (sys.executable, "-m", "workflow.cli.tether")
_THECA = (sys.executable, "-m", "workflow.cli")


class HouseError(Exception):
    """The service could not be started or has ended. `code` is what `theca up` ended with."""

    def __init__(self, said: str, *, code: int) -> None:
        self.code = code
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Ran:
    """One theca verb that ran: the words it was asked with, how it ended, and what it said."""

    words: tuple[str, ...]
    code: int
    said: str

    @property
    def shown(self) -> str:
        """As a person would type it."""
        return shlex.join(("theca", *self.words))


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A running service: its address, and the settings its verbs are run with."""

    address: str
    changes: Mapping[str, str] = field(repr=False)
    up: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def runs(self) -> bool:
        return self.up.poll() is None

    def theca(self, *words: str, token: str = "", typed: str = "") -> Ran:
        """Run one theca verb as a process, in the name of a token's bearer. What it says is kept, whatever it says."""
        ran = subprocess.run(
            (*_THECA, *words),
            env=environment_with({**self.changes, "THECA_TOKEN": token}),
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=VERB_WITHIN,
            check=False,
        )
        return Ran(words, ran.returncode, ran.stdout)


@contextmanager
def opened(folder: Path, changes: Mapping[str, str]) -> Iterator[House]:
    """`theca up` while this block runs: it cannot outlive it, however it ends. Raises HouseError."""
    ready, log = folder / "ready", folder / "up.log"
    ready.unlink(missing_ok=True)
    with log.open("wb") as out:
        up = subprocess.Popen(
            (*_TETHER, *_THECA, "up", "--ready", str(ready)),
            env=environment_with(changes),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield House(address=_address(up, ready, log), changes=changes, up=up)
        finally:
            assert up.stdin is not None
            up.stdin.close()
            up.wait()


def until(true: Callable[[], bool], *, most: float) -> bool:
    """Wait until something is true, or so many seconds; answers whether it became so."""
    end, pause = time.monotonic() + most, threading.Event()
    while not true() and time.monotonic() < end:
        pause.wait(0.1)
    return true()


def _address(up: "subprocess.Popen[bytes]", ready: Path, log: Path) -> str:
    def told() -> bool:
        return up.poll() is not None or (ready.exists() and ready.read_text().startswith("http"))

    if not until(told, most=READY_WITHIN):
        raise HouseError(f"the service did not start within {READY_WITHIN:.0f} s; see {log}", code=3)
    if up.poll() is not None:
        said = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("theca:")]
        raise HouseError(said[-1] if said else f"theca: the service ended; see {log}", code=up.returncode or 3)
    return ready.read_text()
