"""Durations, and a site's working time. Times in and out are aware; arithmetic is on the site's wall clock.

Clock time counts elapsed hours: a `d` is 24 h, whatever the clocks do. Working time counts only open hours
of working days; a working `d` is the same wall-clock time on the n-th working day after.

A site that closes no later than it opens closes on the next day, and its hours belong to the day on which it opened.
A site is open from the moment its clock first shows the opening time, or later, until it first shows the closing time,
or later: hours that the clocks skip are no open hours, and an hour that comes twice opens and closes nothing twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from workflow.domain.errors import ImpossibleInputError

_DURATION = re.compile(r"(-?)([0-9]{1,4})(min|h|d|w)", re.ASCII)
_MINUTES = {"min": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}
_HORIZON_DAYS = 3700
_MIDNIGHT, _DAY, _MINUTE = time(0), timedelta(days=1), timedelta(minutes=1)


class TimeKind(StrEnum):
    """Which clock a ladder runs on; a protocol must say."""

    CLOCK = "clock"  # elapsed time, day and night
    WORKING = "working"  # the site's open hours only


@dataclass(frozen=True, slots=True)
class Duration:
    """A whole number of minutes (`min`), hours (`h`), days (`d`) or weeks (`w`); may be negative."""

    amount: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read `3d`, `-7d`, `90min`, `24h`, `2w`. Raises ImpossibleInputError on anything else."""
        match = _DURATION.fullmatch(text)
        if match is None:
            raise ImpossibleInputError(f"{text!r} is not a duration", allowed="like 90min, 24h, 3d, -7d, 2w")
        sign, amount, unit = match.groups()
        return cls(-int(amount) if sign else int(amount), unit)

    @property
    def minutes(self) -> int:
        """Elapsed minutes; a day is 24 h."""
        return self.amount * _MINUTES[self.unit]

    @property
    def elapsed(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a site works: its zone, open hours, working weekdays (Monday is 0), and the days it is closed.

    Midnight as the closing time is the end of the day, so 00:00 to 00:00 is the whole day.
    """

    zone: str
    opens: time = time(8)
    closes: time = time(17)
    weekdays: frozenset[int] = frozenset(range(5))
    closed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise ImpossibleInputError("a site works on at least one weekday")
        if self.opens == self.closes != _MIDNIGHT:
            raise ImpossibleInputError(
                "a site opens and closes at different times", place="closes", allowed="00:00 to 24:00 is the whole day"
            )

    @property
    def night(self) -> bool:
        """Whether the hours go on past midnight."""
        return _MIDNIGHT < self.closes < self.opens

    @property
    def open_minutes(self) -> int:
        """The open minutes of a working day on which no clock changes."""
        opens, closes = (at.hour * 60 + at.minute for at in (self.opens, self.closes))
        return (closes - opens) % (24 * 60) or 24 * 60

    def works_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.closed

    def day(self, at: datetime) -> date:
        """The day of the site a moment belongs to; what is left of a night belongs to the evening before."""
        local = self.local(at)
        return local.date() - _DAY if self.night and local.time() < self.closes else local.date()

    def local(self, at: datetime) -> datetime:
        return at.astimezone(_zone(self.zone))

    def after(self, at: datetime, wait: Duration, kind: TimeKind) -> datetime:
        """The moment `wait` after `at` (before it, where negative), in UTC."""
        if kind is TimeKind.CLOCK:
            return at.astimezone(UTC) + wait.elapsed
        if wait.unit in ("d", "w"):
            return self._working_days(at, wait.amount * (5 if wait.unit == "w" else 1))
        return self.later(at, wait.minutes, kind)

    def later(self, at: datetime, minutes: int, kind: TimeKind) -> datetime:
        """The moment `minutes` of clock or working time after `at`, in UTC."""
        if kind is TimeKind.CLOCK:
            return at.astimezone(UTC) + timedelta(minutes=minutes)
        left = timedelta(minutes=abs(minutes))
        for opens, closes in self._windows(at, back=minutes < 0):
            if closes - opens >= left:
                return opens + left if minutes >= 0 else closes - left
            left -= closes - opens
        raise ImpossibleInputError(f"no working time within {_HORIZON_DAYS} days of {at:%Y-%m-%d}")

    def between(self, start: datetime, end: datetime, kind: TimeKind) -> int:
        """Whole minutes of clock or working time from `start` to `end`; 0 where `end` is not later."""
        if kind is TimeKind.CLOCK or end <= start:
            return max(0, int((end - start) / timedelta(minutes=1)))
        total = timedelta()
        for opens, closes in self._windows(start, back=False):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return int(total / timedelta(minutes=1))

    def _working_days(self, at: datetime, count: int) -> datetime:
        if count == 0:
            return at.astimezone(UTC)
        local, day, left, step = self.local(at), self.day(at), abs(count), _DAY if count > 0 else -_DAY
        after_midnight = local.date() - day
        for _ in range(_HORIZON_DAYS):
            day += step
            left -= self.works_on(day)
            if left == 0:
                wall = datetime.combine(day + after_midnight, local.time())
                return wall.replace(tzinfo=_zone(self.zone)).astimezone(UTC)
        raise ImpossibleInputError(f"no working day within {_HORIZON_DAYS} days of {at:%Y-%m-%d}")

    def _windows(self, at: datetime, *, back: bool) -> Iterator[tuple[datetime, datetime]]:
        """The open windows after `at` (before it, latest first), in UTC, the first one cut at `at`."""
        step, at = -_DAY if back else _DAY, at.astimezone(UTC)
        day = self.local(at).date() - step  # the window of the day before can reach into this one
        for _ in range(_HORIZON_DAYS):
            if self.works_on(day):
                opens, closes = self._window(day)
                first, last = (opens, min(closes, at)) if back else (max(opens, at), closes)
                if first < last:  # never so where the clocks skip all of it
                    yield first, last
            day += step

    def _window(self, day: date) -> tuple[datetime, datetime]:
        last = day if self.opens < self.closes else day + _DAY
        opens, closes = datetime.combine(day, self.opens), datetime.combine(last, self.closes)
        return _shown(self.zone, opens), _shown(self.zone, closes)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=16384)
def _shown(zone: str, wall: datetime) -> datetime:
    """When the clocks of a zone first show this time or a later one, in UTC."""
    late, early = (wall.replace(tzinfo=_zone(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    while late - early > _MINUTE:  # a time that is skipped: the moment of the jump lies between its two readings
        middle = early + _MINUTE * ((late - early) // _MINUTE // 2)
        shown = middle.astimezone(_zone(zone)).replace(tzinfo=None)
        early, late = (early, middle) if shown >= wall else (middle, late)
    return late
