"""When a site works: its zone and hours, its own closures, and the public holidays of where it lies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from workflow.domain.calendar import Calendar
from workflow.domain.errors import ImpossibleInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the database knows of a site's time; `year` is the current one."""

    zone: str
    country: str
    subdivision: str
    opens: str
    closes: str
    year: int
    closures: tuple[date, ...] = ()


@lru_cache(maxsize=1024)
def calendar(place: Place) -> Calendar:
    """The calendar of a place, with public holidays from two years back to three ahead."""
    return Calendar(
        zone=place.zone,
        opens=time.fromisoformat(place.opens),
        closes=time.fromisoformat(place.closes),
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
        _public(country, subdivision, 2026)
    except (NotImplementedError, AttributeError) as unknown:
        raise ImpossibleInputError(
            f"no public holidays are known for {country} {subdivision}".strip(),
            place="country",
            allowed="an ISO 3166 country code, and a subdivision of it",
        ) from unknown


@lru_cache(maxsize=256)
def _public(country: str, subdivision: str, year: int) -> frozenset[date]:
    years = range(year - 2, year + 4)
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=years))
