"""Durations, and a site's working time. Times in and out are aware; arithmetic is on the site's wall clock.

Clock time counts elapsed hours: a `d` is 24 h, whatever the clocks do. Working time counts only open hours
of working days; a working `d` is the same wall-clock time on the n-th working day after.
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
    """When a site works: its zone, open hours, working weekdays (Monday is 0), and the days it is closed."""

    zone: str
    opens: time = time(8)
    closes: time = time(17)
    weekdays: frozenset[int] = frozenset(range(5))
    closed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if self.opens >= self.closes or not self.weekdays:
            raise ImpossibleInputError("a site opens before it closes, on at least one weekday")

    def works_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.closed

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
        local, step = self.local(at), timedelta(days=1 if count >= 0 else -1)
        day, left = local.date(), abs(count)
        for _ in range(_HORIZON_DAYS):
            if left == 0:
                return datetime.combine(day, local.timetz()).astimezone(UTC)
            day += step
            left -= self.works_on(day)
        raise ImpossibleInputError(f"no working day within {_HORIZON_DAYS} days of {at:%Y-%m-%d}")

    def _windows(self, at: datetime, *, back: bool) -> Iterator[tuple[datetime, datetime]]:
        """The open windows after `at` (before it, latest first), in UTC, the first one cut at `at`."""
        zone, day, at = _zone(self.zone), self.local(at).date(), at.astimezone(UTC)
        for _ in range(_HORIZON_DAYS):
            if self.works_on(day):
                opens = datetime.combine(day, self.opens, zone).astimezone(UTC)
                closes = datetime.combine(day, self.closes, zone).astimezone(UTC)
                first, last = (opens, min(closes, at)) if back else (max(opens, at), closes)
                if first < last:  # never so where the clocks go forward over a very short day
                    yield first, last
            day += timedelta(days=-1 if back else 1)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
