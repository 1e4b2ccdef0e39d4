"""The other end of `tests.faults.child`: order a child, see it die, ask what it said."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.servers import until
from tests.faults.world import World
from workflow.settings import environment_with

KILLED, ABORTED, LAPSED = -9, -6, 77


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended, and what it said before."""

    status: int
    said: Any

    @property
    def killed(self) -> bool:
        return self.status == KILLED


class Warm:
    """A warm process that forks."""

    def __init__(self, here: World) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.child"],
            env=environment_with(here.told()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert json.loads(self._process.stdout.readline()) == {"ready": True}

    def start(self, what: str, **order: Any) -> int:
        """Have a child do something: `point`, `action`, `nth`, `lease`, `shift`; what it is given stands in `of`."""
        given = order.pop("of", {})
        return self._ask({"do": what, "with": given, **order})["pid"]

    def ended(self, pid: int) -> Ended:
        said = self._ask({"wait": pid})
        return Ended(said["status"], said["said"])

    def do(self, what: str, **order: Any) -> Ended:
        return self.ended(self.start(what, **order))

    def stop(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def warm(here: World) -> Iterator[Warm]:
    made = Warm(here)
    try:
        yield made
    finally:
        made.stop()


def frozen(pid: int) -> None:
    """Wait until a process stands still."""
    stat = Path(f"/proc/{pid}/stat")
    until(lambda: stat.read_text().rpartition(") ")[2].startswith("T"), what="standing still")
