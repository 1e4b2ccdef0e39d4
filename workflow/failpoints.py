"""Named points at which a test can make this process die, stop, stumble or dawdle.

In production nothing arms a point: `failpoint("T6")` is then one look-up in an empty table. Points are armed by the
tests' own entry points (tests/faults) and by nothing else; neither a setting nor the environment can.
"""

import os
import signal
import time
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What happens to the process that comes by."""

    KILL = "kill"  # SIGKILL: no handler, no flush, no rollback
    STOP = "stop"  # SIGSTOP: frozen until somebody wakes it
    RAISE = "raise"
    SLEEP = "sleep"
    ABORT = "abort"  # as a library that crashes


class StumbledError(Exception):
    """Raised at an armed point."""


@dataclass(slots=True)
class _Armed:
    """An armed point: what happens, and after how many passings."""

    name: str
    action: Action
    left: int
    seconds: float

    def passed(self) -> None:
        self.left -= 1
        if self.left:
            return
        match self.action:
            case Action.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            case Action.STOP:
                os.kill(os.getpid(), signal.SIGSTOP)
            case Action.SLEEP:
                time.sleep(self.seconds)
            case Action.ABORT:
                os.abort()
            case Action.RAISE:
                raise StumbledError(self.name)


_armed: dict[str, _Armed] = {}


def failpoint(name: str) -> None:
    """Go by a named point."""
    if name in _armed:
        _armed[name].passed()


def arm(name: str, action: Action, *, nth: int = 1, seconds: float = 0) -> None:
    """From now on something happens at the `nth` passing of this point, in this process. For tests only."""
    _armed[name] = _Armed(name=name, action=action, left=nth, seconds=seconds)


def disarm() -> None:
    """Forget every armed point of this process."""
    _armed.clear()
