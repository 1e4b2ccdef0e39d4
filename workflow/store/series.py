"""Signing series as rows: opened by proving who one is, used within a quarter of an hour each time, over in an hour."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, text

from workflow.store.staff import hashed

IDLE_MINUTES = 15
LONGEST_MINUTES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """An open series: what its holder sends along, and until when it can last."""

    secret: str = field(repr=False)
    opened_at: datetime
    idle_at: datetime
    ends_at: datetime


def start(connection: Connection, *, staff: str, held_by: str) -> Series:
    """Open a series for one session or token of a person; one they had open elsewhere ends."""
    end(connection, staff=staff)
    secret = "series_" + secrets.token_urlsafe(32)
    opened = connection.execute(
        text(
            "INSERT INTO signing_series (id, hash, staff_id, held_by, opened_at, used_at)"
            " SELECT :id, :hash, :staff, :held_by, t.now, t.now FROM (SELECT clock_timestamp() AS now) AS t"
            " RETURNING opened_at, opened_at + make_interval(mins => :idle) AS idle_at,"
            " opened_at + make_interval(mins => :longest) AS ends_at"
        ),
        _given(secret, staff=staff, held_by=held_by) | {"id": uuid4()},
    ).one()
    return Series(secret=secret, opened_at=opened.opened_at, idle_at=opened.idle_at, ends_at=opened.ends_at)


def use(connection: Connection, secret: str, *, staff: str, held_by: str) -> str | None:
    """Sign once more in a series; answers its id, or None where it is not theirs, or over."""
    query = text(
        "UPDATE signing_series SET used_at = clock_timestamp() WHERE hash = :hash AND staff_id = :staff"
        " AND held_by = :held_by AND ended_at IS NULL"
        " AND used_at > clock_timestamp() - make_interval(mins => :idle)"
        " AND opened_at > clock_timestamp() - make_interval(mins => :longest) RETURNING id::text"
    )
    found: str | None = connection.scalar(query, _given(secret, staff=staff, held_by=held_by))
    return found


def end(connection: Connection, *, staff: str) -> int:
    """End whatever series a person has open; answers how many."""
    query = text("UPDATE signing_series SET ended_at = clock_timestamp() WHERE staff_id = :staff AND ended_at IS NULL")
    return connection.execute(query, {"staff": staff}).rowcount


def _given(secret: str, *, staff: str, held_by: str) -> dict[str, object]:
    return {
        "hash": hashed(secret),
        "staff": staff,
        "held_by": hashed(held_by),
        "idle": IDLE_MINUTES,
        "longest": LONGEST_MINUTES,
    }
