"""Who is away from a site and who stands in, who is whose deputy, who is on call when. Ended things stay to be read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody is not at a site from a time to a time; `substitute` is told in their place."""

    person: str
    starts_at: datetime
    ends_at: datetime
    substitute: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deputy:
    """Whom a rung named `deputy` tells for somebody."""

    person: str
    deputy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Somebody is on call at a site from a time to a time."""

    person: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """What is entered at a site and not over yet, and what time it is there."""

    now: datetime
    zone: str
    absences: tuple[Absence, ...]
    deputies: tuple[Deputy, ...]
    on_call: tuple[Shift, ...]


def read(connection: Connection, site: str) -> Rota:
    """What is entered and not over yet, the earliest first. The site must be in sight."""
    where, values = "WHERE site_id = :site AND ends_at > clock_timestamp() ORDER BY starts_at, staff_id", {"site": site}
    found = connection.execute(
        text("SELECT zone, clock_timestamp() AS now FROM site WHERE site_id = :site"), values
    ).one()
    absences = connection.execute(
        text(f"SELECT staff_id AS person, starts_at, ends_at, substitute FROM absence {where}"),  # noqa: S608 - our own
        values,
    )
    shifts = connection.execute(
        text(f"SELECT staff_id AS person, starts_at, ends_at FROM on_call {where}"),  # noqa: S608 - our own
        values,
    )
    deputies = connection.execute(
        text("SELECT staff_id AS person, deputy_id AS deputy FROM deputy WHERE site_id = :site ORDER BY 1, 2"), values
    )
    return Rota(
        now=found.now,
        zone=found.zone,
        absences=tuple(Absence(**line) for line in absences.mappings()),
        deputies=tuple(Deputy(**line) for line in deputies.mappings()),
        on_call=tuple(Shift(**line) for line in shifts.mappings()),
    )


def employed(connection: Connection, site: str, people: Sequence[str], *, roles: Collection[str]) -> set[str]:
    """Those of these people who hold one of these roles at a site today, by its own calendar, or will."""
    found = connection.execute(
        text(
            "SELECT DISTINCT m.staff_id FROM membership AS m JOIN site AS h USING (site_id)"
            " WHERE m.site_id = :site AND m.staff_id = ANY(:people) AND m.role = ANY(:roles)"
            " AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE h.zone)::date)"
        ),
        {"site": site, "people": list(people), "roles": list(roles)},
    )
    return {line.staff_id for line in found}


def alone(connection: Connection, site: str, person: str) -> datetime:
    """Let nobody else change this person's absences and shifts until this transaction ends; answers the time."""
    locked = connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0)), clock_timestamp() AS now"),
        {"what": f"rota|{site}|{person}"},
    ).one()
    now: datetime = locked.now
    return now


def absences_of(connection: Connection, site: str, person: str, *, after: datetime, before: datetime) -> list[Absence]:
    """A person's absences at a site that touch a stretch of time."""
    found = connection.execute(
        text(
            "SELECT staff_id AS person, starts_at, ends_at, substitute FROM absence WHERE site_id = :site"
            " AND staff_id = :person AND starts_at < :before AND ends_at > :after ORDER BY starts_at"
        ),
        {"site": site, "person": person, "after": after, "before": before},
    )
    return [Absence(**line) for line in found.mappings()]


def shifts_of(connection: Connection, site: str, person: str, *, after: datetime, before: datetime) -> list[Shift]:
    """A person's duties on call at a site that touch a stretch of time."""
    found = connection.execute(
        text(
            "SELECT staff_id AS person, starts_at, ends_at FROM on_call WHERE site_id = :site"
            " AND staff_id = :person AND starts_at < :before AND ends_at > :after ORDER BY starts_at"
        ),
        {"site": site, "person": person, "after": after, "before": before},
    )
    return [Shift(**line) for line in found.mappings()]


def put(connection: Connection, site: str, entry: Absence | Deputy | Shift) -> None:
    """Enter something new; the caller has seen that it fits."""
    match entry:
        case Absence():
            query = (
                "INSERT INTO absence (site_id, staff_id, starts_at, ends_at, substitute)"
                " VALUES (:site, :person, :starts_at, :ends_at, :substitute)"
            )
        case Shift():
            query = (
                "INSERT INTO on_call (site_id, staff_id, starts_at, ends_at)"
                " VALUES (:site, :person, :starts_at, :ends_at)"
            )
        case Deputy():
            query = (
                "INSERT INTO deputy (site_id, staff_id, deputy_id) VALUES (:site, :person, :deputy)"
                " ON CONFLICT (site_id, staff_id, deputy_id) DO NOTHING"
            )
    connection.execute(text(query), {"site": site} | {name: getattr(entry, name) for name in entry.__slots__})


def drop_absence(connection: Connection, site: str, person: str, starts_at: datetime) -> bool:
    """Take an absence out, or end one that has begun now. False where there is none that is not over."""
    return _ended(connection, "absence", site, person, starts_at)


def drop_shift(connection: Connection, site: str, person: str, starts_at: datetime) -> bool:
    """Take a duty on call out, or end one that has begun now. False where there is none that is not over."""
    return _ended(connection, "on_call", site, person, starts_at)


def drop_deputy(connection: Connection, site: str, person: str, deputy: str) -> bool:
    """Let somebody be another's deputy no longer. False where they were not."""
    gone = connection.execute(
        text("DELETE FROM deputy WHERE site_id = :site AND staff_id = :person AND deputy_id = :deputy"),
        {"site": site, "person": person, "deputy": deputy},
    )
    return gone.rowcount == 1


def _ended(connection: Connection, table: str, site: str, person: str, starts_at: datetime) -> bool:
    values = {"site": site, "person": person, "starts_at": starts_at}
    which = "WHERE site_id = :site AND staff_id = :person AND starts_at = :starts_at"
    begun = connection.execute(
        text(  # the names are our own
            f"UPDATE {table} SET ends_at = clock_timestamp() {which}"  # noqa: S608
            " AND starts_at < clock_timestamp() AND ends_at > clock_timestamp()"
        ),
        values,
    )
    if begun.rowcount:
        return True
    ahead = connection.execute(
        text(f"DELETE FROM {table} {which} AND starts_at >= clock_timestamp()"),  # noqa: S608 - our own
        values,
    )
    return ahead.rowcount == 1
