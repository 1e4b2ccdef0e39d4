"""Sites: where they are, when they work, and when their people are told; and the days they are closed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import Connection, text

from workflow.domain.errors import ImpossibleInputError
from workflow.store.calendars import Place, check_clock, check_hours, check_place, dates

ROUTINE = ("digest", "at_once")
_MOST_AN_HOUR = 1000
_LONGEST_KEPT = 100
_SITE = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)
_NUMBER = re.compile(r"(\+?[0-9][0-9 ()/.-]{1,39})?", re.ASCII)
_LONGEST = 200  # characters of a name or a label


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """When a site works, and how its people are told. Times are its own, HH:MM; None keeps what is there."""

    opens: str | None = None
    closes: str | None = None  # no later than it opens: on the next day; 24:00: at the end of the day
    weekdays: str | None = None  # "01234"; Monday is 0
    quiet_from: str | None = None
    quiet_until: str | None = None  # the same time twice: no quiet hours
    routine: str | None = None
    urgent_per_hour: int | None = None
    emergency_number: str | None = None
    retention_years: int | None = None  # what is known of a candidate is kept so long after their episodes closed


_FIRST = Habits(
    opens="08:00",
    closes="17:00",
    weekdays="01234",
    quiet_from="18:00",
    quiet_until="07:00",
    routine="digest",
    urgent_per_hour=20,
    emergency_number="",
    retention_years=10,
)


def add(
    connection: Connection,
    *,
    site: str,
    name: str,
    zone: str,
    country: str,
    subdivision: str | None = None,
    habits: Habits,
) -> None:
    """Add a site, or change it: what is None stays as it is.

    Raises ImpossibleInputError naming what is wrong and what is allowed.
    """
    if not _SITE.fullmatch(site):
        raise ImpossibleInputError(f"no site id {site!r}", place="site", allowed="a-z, 0-9 and dash, 2 to 40 long")
    _check_text("name", name)
    kept = connection.execute(text("SELECT * FROM site WHERE site_id = :site"), {"site": site}).mappings().one_or_none()
    if subdivision is None:
        subdivision = kept["subdivision"] if kept and kept["country"] == country else ""
    check_place(zone, country, subdivision)
    wanted: dict[str, str | int] = {
        "site_id": site,
        "name": name,
        "zone": zone,
        "country": country,
        "subdivision": subdivision,
    }
    wanted |= _checked(habits, dict(kept or {}))
    columns = ", ".join(wanted)
    values = ", ".join(f":{column}" for column in wanted)
    changes = ", ".join(f"{column} = excluded.{column}" for column in wanted if column != "site_id")
    query = f"INSERT INTO site ({columns}) VALUES ({values}) ON CONFLICT (site_id) DO UPDATE SET {changes}"  # noqa: S608
    connection.execute(text(query), wanted)


def set_habits(connection: Connection, *, site: str, habits: Habits) -> None:
    """Change when a site works and how its people are told: None stays as it is. Raises ImpossibleInputError.

    Only what is another than before is written: how long candidates are kept is not the app's to write.
    """
    kept = connection.execute(text("SELECT * FROM site WHERE site_id = :site"), {"site": site}).mappings().one()
    wanted = {column: value for column, value in _checked(habits, dict(kept)).items() if value != kept[column]}
    if not wanted:
        return
    changes = ", ".join(f"{column} = :{column}" for column in wanted)
    query = f"UPDATE site SET {changes} WHERE site_id = :site_id"  # noqa: S608 - the names are our own
    connection.execute(text(query), wanted | {"site_id": site})


def as_set(connection: Connection, site: str) -> dict[str, str | int]:
    """Everything that is set for a site, by name."""
    found = connection.execute(text("SELECT * FROM site WHERE site_id = :site"), {"site": site}).mappings().one()
    return {name: value for name, value in found.items() if name != "site_id" and not isinstance(value, bool)}


def place(connection: Connection, site: str) -> Place | None:
    """Where and when a site works, kept from others' changes until this transaction ends; None where there is none."""
    found = connection.execute(
        text(
            "SELECT s.zone, s.country, s.subdivision, s.opens, s.closes, s.weekdays,"
            " extract(year FROM current_date)::integer AS year FROM site AS s WHERE s.site_id = :site"
            " FOR NO KEY UPDATE"
        ),
        {"site": site},
    ).mappings()
    known = found.one_or_none()
    return None if known is None else Place(**known, closures=dates(map(str, closures(connection, site))))


def closures(connection: Connection, site: str) -> dict[date, str]:
    """The days a site is closed of its own accord, and why."""
    query = "SELECT day, label FROM closure WHERE site_id = :site ORDER BY day"
    return {line.day: line.label for line in connection.execute(text(query), {"site": site})}


def add_closure(connection: Connection, *, site: str, day: date, label: str) -> None:
    """A day the site is closed beside weekends and public holidays. Raises ImpossibleInputError."""
    _check_known(connection, site)
    _check_text("label", label)
    connection.execute(
        text(
            "INSERT INTO closure VALUES (:site, :day, :label)"
            " ON CONFLICT (site_id, day) DO UPDATE SET label = excluded.label"
        ),
        {"site": site, "day": day, "label": label},
    )


def remove_closure(connection: Connection, *, site: str, day: date) -> bool:
    """The site is open after all; answers whether it was to be closed. Raises ImpossibleInputError."""
    _check_known(connection, site)
    query = "DELETE FROM closure WHERE site_id = :site AND day = :day RETURNING 1"
    return connection.execute(text(query), {"site": site, "day": day}).one_or_none() is not None


def _check_known(connection: Connection, site: str) -> None:
    if not connection.scalar(text("SELECT 1 FROM site WHERE site_id = :site"), {"site": site}):
        raise ImpossibleInputError(f"no site {site!r}", place="site", allowed="one added with: theca site add")


def _check_text(what: str, said: str) -> None:
    if not said.strip() or not said.isprintable() or len(said) > _LONGEST:
        raise ImpossibleInputError(f"no {what}", place=what, allowed=f"one line, 1 to {_LONGEST} characters")


def _checked(habits: Habits, kept: Mapping[str, str | int]) -> dict[str, str | int]:
    """What a site will do: as said now, else as it was, else as every site begins. Raises ImpossibleInputError."""
    will: dict[str, str | int] = {}
    for each in fields(Habits):
        said = getattr(habits, each.name)
        will[each.name] = kept.get(each.name, getattr(_FIRST, each.name)) if said is None else said
    check_hours(str(will["opens"]), str(will["closes"]), str(will["weekdays"]))
    check_clock("quiet_from", str(will["quiet_from"]))
    check_clock("quiet_until", str(will["quiet_until"]))
    if will["routine"] not in ROUTINE:
        raise ImpossibleInputError(f"routine {will['routine']!r}", place="routine", allowed=", ".join(ROUTINE))
    if not 1 <= int(will["urgent_per_hour"]) <= _MOST_AN_HOUR:
        raise ImpossibleInputError(
            f"{will['urgent_per_hour']} urgent letters an hour",
            place="urgent_per_hour",
            allowed=f"1 to {_MOST_AN_HOUR}",
        )
    if not 0 <= int(will["retention_years"]) <= _LONGEST_KEPT:
        raise ImpossibleInputError(
            f"{will['retention_years']} years", place="retention_years", allowed=f"0 to {_LONGEST_KEPT}"
        )
    if not _NUMBER.fullmatch(str(will["emergency_number"])):
        raise ImpossibleInputError(
            f"{will['emergency_number']!r} is no number to call",
            place="emergency_number",
            allowed="like +49 30 1234, 112",
        )
    return will
