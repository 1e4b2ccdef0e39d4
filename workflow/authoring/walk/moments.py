"""When things happen in a walk: so long after or before something else, a day and time of the walk, or a date and time.

Times of day are the site's own. Day 1 is the day on which the walk starts.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, WithJsonSchema

from workflow.authoring.scalars import wrong

_AWAY = re.compile(r"([+-])([0-9]{1,4})(min|h|d|w)", re.ASCII)
_OF_WALK = re.compile(r"day ([1-9][0-9]{0,3}) ([0-2][0-9]:[0-5][0-9])", re.ASCII)
_OF_YEAR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-2][0-9]:[0-5][0-9])", re.ASCII)
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
ALLOWED = "like +2d, -90min, day 12 09:00, 2026-03-14 09:00"


@dataclass(frozen=True, slots=True)
class Away:
    """So long after (or before) the moment it is said of. A day is 24 hours."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class OfWalk:
    """A time of day on a day of the walk."""

    day: int
    clock: time


@dataclass(frozen=True, slots=True)
class OfYear:
    """A time of day on a date."""

    day: date
    clock: time


When: TypeAlias = Away | OfWalk | OfYear


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The walk's own calendar: its zone, and which date is day 1."""

    zone: ZoneInfo
    first: date

    def moment(self, when: When, *, near: datetime) -> datetime:
        """The instant meant, in UTC; `near` is what something may be said to be away from."""
        match when:
            case Away(by=by):
                return near + by
            case OfWalk(day=day, clock=clock):
                return self._at(self.first + timedelta(days=day - 1), clock)
            case OfYear(day=day, clock=clock):
                return self._at(day, clock)

    def day(self, at: datetime) -> int:
        """Which day of the walk an instant falls on."""
        return (at.astimezone(self.zone).date() - self.first).days + 1

    def said(self, at: datetime) -> str:
        """An instant as a walk file says it: day 12 09:00, or a date where it lies before day 1."""
        local, day = at.astimezone(self.zone), self.day(at)
        return f"day {day} {local:%H:%M}" if 1 <= day <= 9999 else f"{local:%Y-%m-%d %H:%M}"

    def start(self, said: OfYear) -> datetime:
        """The instant a walk starts, in UTC."""
        return self._at(said.day, said.clock)

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


def read_when(value: object) -> When:
    """A moment as it is written. Raises the fault of a value that is none."""
    text = value if isinstance(value, str) else ""
    if found := _AWAY.fullmatch(text):
        span = int(found[2]) * _UNITS[found[3]]
        return Away(span if found[1] == "+" else -span)
    try:
        if found := _OF_WALK.fullmatch(text):
            return OfWalk(int(found[1]), time.fromisoformat(found[2]))
        if found := _OF_YEAR.fullmatch(text):
            return OfYear(date.fromisoformat(found[1]), time.fromisoformat(found[2]))
    except ValueError:
        pass
    raise wrong("a moment of the walk", value, ALLOWED)


def read_start(value: object) -> OfYear:
    """A date and time of day. Raises the fault of a value that is none."""
    found = read_when(value) if isinstance(value, str) and _OF_YEAR.fullmatch(value) else None
    if not isinstance(found, OfYear) or not 1990 <= found.day.year <= 2199:
        raise wrong("a date and time", value, "like 2026-03-02 09:00, from 1990 to 2199")
    return found


def read_clock(value: object) -> time:
    """A time of day. Raises the fault of a value that is none."""
    try:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{2}:[0-9]{2}", value, re.ASCII):
            return time.fromisoformat(value)
    except ValueError:
        pass
    raise wrong("a time of day", value, "like 08:00")


def read_day(value: object) -> date:
    """A calendar day. Raises the fault of a value that is none."""
    try:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise wrong("a day", value, "like 2026-03-02")


_TEXT = WithJsonSchema({"type": "string"})
WrittenWhen = Annotated[When, PlainValidator(read_when), _TEXT]
WrittenStart = Annotated[OfYear, PlainValidator(read_start), _TEXT]
WrittenClock = Annotated[time, PlainValidator(read_clock), _TEXT]
WrittenDay = Annotated[date, PlainValidator(read_day), _TEXT]
