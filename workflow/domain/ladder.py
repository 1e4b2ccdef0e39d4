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


class AfterOutage(StrEnum):
    """What becomes of reminders that were due while nobody looked what is due."""

    FIRE = "fire"  # each is told, late, one after the other
    COLLAPSE = "collapse"  # told once, as the highest rung whose time has passed
    SKIP = "skip"  # not told; the ladder goes on with what is still ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """After how long, counted from the anchor, who is told: roles, or `assignee`."""

    after: Duration
    tell: tuple[str, ...]
    time: TimeKind | None = None  # where it is not the ladder's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The rungs of one task, in ascending order; `time` is the kind of time of every rung that names no other."""

    key: str
    label: str
    time: TimeKind
    on_hold: OnHold
    urgency: Urgency
    rungs: tuple[Rung, ...]
    repeat: Duration
    after_outage: AfterOutage = AfterOutage.FIRE
    source: str = ""

    @property
    def last(self) -> int:
        return len(self.rungs) - 1

    def kind(self, rung: int) -> TimeKind:
        """The kind of time a rung runs on; the repeats of the last rung run on its own."""
        return self.rungs[rung].time or self.time

    def due(self, rung: int, anchor: datetime, calendar: Calendar) -> datetime:
        """When a rung is due, counted from the anchor, in UTC."""
        return calendar.after(anchor, self.rungs[rung].after, self.kind(rung))

    def first(self, anchor: datetime, calendar: Calendar) -> datetime:
        """When rung 0 is due, in UTC."""
        return self.due(0, anchor, calendar)

    @property
    def counts_back(self) -> bool:
        """Whether it counts back to a moment: its first rung lies before it."""
        return self.rungs[0].after.minutes < 0

    def next(
        self, rung: int, *, anchor: datetime, due_at: datetime, now: datetime, calendar: Calendar
    ) -> tuple[int, datetime]:
        """The rung after this one and when it is due. The last rung repeats and never catches up on what passed.

        A rung that a hold or a promise has put off beyond the one after it (`due_at`) leaves that one as much time as
        is declared between them; not where the ladder counts back to a moment, which nothing puts off.
        """
        if rung < self.last:
            above = self.due(rung + 1, anchor, calendar)
            if above < due_at and not self.counts_back:
                kind = self.kind(rung + 1)
                apart = calendar.between(self.due(rung, anchor, calendar), above, kind)
                above = calendar.later(due_at, apart, kind)
            return rung + 1, above
        if self.kind(rung) is TimeKind.WORKING:
            return rung, calendar.after(max(due_at, now), self.repeat, TimeKind.WORKING)
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
