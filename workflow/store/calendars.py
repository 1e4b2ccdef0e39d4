"""When a site works: its zone and hours, its own closures, and the public holidays of where it lies."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from workflow.domain.calendar import Calendar
from workflow.domain.errors import ImpossibleInputError

MIDNIGHT, END_OF_DAY = "00:00", "24:00"
SHORTEST_DAY = 4 * 60  # open minutes; what the lint takes for granted (workflow/authoring/reminding.py), HOUSE (D)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the database knows of a site's time; `year` is the current one, and Monday is weekday 0."""

    zone: str
    country: str
    subdivision: str
    opens: str
    closes: str
    year: int
    weekdays: str = "01234"
    closures: tuple[date, ...] = ()

    def as_json(self) -> str:
        return json.dumps(asdict(self), default=date.isoformat)

    @classmethod
    def from_json(cls, said: str) -> "Place":
        data = json.loads(said)
        return cls(**{**data, "closures": dates(data["closures"])})


@lru_cache(maxsize=1024)
def calendar(place: Place) -> Calendar:
    """The calendar of a place, with public holidays from two years back to three ahead."""
    return Calendar(
        zone=place.zone,
        opens=time.fromisoformat(place.opens),
        closes=_closing(place.closes),
        weekdays=frozenset(int(day) for day in place.weekdays),
        closed=frozenset(place.closures) | _public(place.country, place.subdivision, place.year),
    )


def dates(days: Iterable[str] | None) -> tuple[date, ...]:
    return tuple(sorted(date.fromisoformat(day) for day in days or ()))


def check_place(zone: str, country: str, subdivision: str) -> None:
    """Refuse a zone or country nobody knows. Raises ImpossibleInputError naming which."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise ImpossibleInputError(f"no time zone {zone!r}", place="zone", allowed="like Europe/Berlin") from unknown
    try:
        _holidays(country, subdivision, 2026)
    except (NotImplementedError, AttributeError) as unknown:
        raise ImpossibleInputError(
            f"no public holidays are known for {country} {subdivision}".strip(),
            place="country",
            allowed="an ISO 3166 country code, and a subdivision of it",
        ) from unknown


def check_hours(opens: str, closes: str, weekdays: str) -> None:
    """Refuse hours that are none, or too few of them, and weekdays other than 0 to 6. Raises ImpossibleInputError."""
    check_clock("opens", opens)
    if closes != END_OF_DAY:
        check_clock("closes", closes)
    if not re.fullmatch(r"[0-6]{1,7}", weekdays, re.ASCII) or list(weekdays) != sorted(set(weekdays)):
        raise ImpossibleInputError(
            f"{weekdays!r} are no weekdays", place="weekdays", allowed="each once, Monday is 0: like 01234"
        )
    hours = Calendar(zone="UTC", opens=time.fromisoformat(opens), closes=_closing(closes))
    if hours.open_minutes < SHORTEST_DAY:
        raise ImpossibleInputError(
            f"{opens} to {closes} is too short a day", place="closes", allowed=f"at least {SHORTEST_DAY // 60} hours"
        )


def check_clock(place: str, said: str) -> None:
    """Refuse what is no time of day. Raises ImpossibleInputError."""
    if not _CLOCK.fullmatch(said):
        raise ImpossibleInputError(f"{said!r} is no time of day", place=place, allowed="like 08:00, up to 23:59")


def public_holidays(place: Place) -> dict[date, str]:
    """The public holidays of a place by name, from two years back to three ahead."""
    return dict(_holidays(place.country, place.subdivision, place.year))


def _closing(closes: str) -> time:
    return time.fromisoformat(MIDNIGHT if closes == END_OF_DAY else closes)


@lru_cache(maxsize=256)
def _public(country: str, subdivision: str, year: int) -> frozenset[date]:
    return frozenset(_holidays(country, subdivision, year))


def _holidays(country: str, subdivision: str, year: int) -> holidays.HolidayBase:
    return holidays.country_holidays(country, subdiv=subdivision or None, years=range(year - 2, year + 4))
