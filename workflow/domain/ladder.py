"""Who is told what, after how long. Rung 0 reminds; later rungs escalate; the last one repeats."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workflow.domain.calendar import Calendar, Duration, TimeKind


class OnHold(StrEnum):
    """What a hold does to a ladder; a protocol must say, and a duty's ladder always runs."""

    PAUSE = "pause"
    RUN = "run"


class Urgency(StrEnum):
    """How a message is to be read."""

    ROUTINE = "routine"
    URGENT = "urgent"
    RED = "red"  # harm may follow within hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """After how long, counted from the anchor, who is told: roles, or `assignee`."""

    after: Duration
    tell: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The rungs of one task, in ascending order, on one kind of time."""

    key: str
    label: str
    time: TimeKind
    on_hold: OnHold
    urgency: Urgency
    rungs: tuple[Rung, ...]
    repeat: Duration
    source: str = ""

    def first(self, anchor: datetime, calendar: Calendar) -> datetime:
        """When rung 0 is due, in UTC."""
        return calendar.after(anchor, self.rungs[0].after, self.time)

    def next(
        self, rung: int, *, anchor: datetime, due_at: datetime, now: datetime, calendar: Calendar
    ) -> tuple[int, datetime]:
        """The rung after this one and when it is due. The last rung repeats and never catches up on what passed."""
        if rung + 1 < len(self.rungs):
            return rung + 1, calendar.after(anchor, self.rungs[rung + 1].after, self.time)
        if self.time is TimeKind.WORKING:
            return rung, calendar.after(max(due_at, now), self.repeat, self.time)
        missed = max(0, (now - due_at) // self.repeat.elapsed)
        return rung, due_at + self.repeat.elapsed * (missed + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """The one clock of an open task: at this time, this rung. `key` is the task's; `n` counts its projections."""

    key: str
    n: int
    rung: int
    due_at: datetime
    state: "TimerState"
    remaining: int | None = None  # minutes left, in the rung's own kind of time, while paused
    reached: int | None = None  # how many of the people its last rung names were told; 0: none, so the lead was


class TimerState(StrEnum):
    """Whether the clock runs."""

    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


SHORTEST_REPEAT = timedelta(minutes=5)
