"""API tokens: made, listed, revoked. A token is shown once; kept is its hash, of which its name is a part."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from workflow.domain import scope
from workflow.domain.errors import ImpossibleInputError, NotFoundError
from workflow.store.staff import check_text, hashed

LONGEST_DAYS = 365
_ID = re.compile(r"^[0-9a-f]{12}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it is listed. `id` is the beginning of its hash, which opens nothing."""

    id: str
    person: str
    label: str
    scopes: str
    site: str | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def check_days(days: int) -> None:
    """Refuse a token that lasts no time, or more than a year. Raises ImpossibleInputError."""
    if not 1 <= days <= LONGEST_DAYS:
        raise ImpossibleInputError("a token lasts a while", place="days", allowed=f"1 to {LONGEST_DAYS} days")


def add(
    connection: Connection,
    staff: str,
    label: str,
    *,
    days: int = LONGEST_DAYS,
    scopes: Sequence[str] = (),
    site: str | None = None,
) -> str:
    """A new bearer token for a person, shown once. Raises ImpossibleInputError for nobody, too long, no such scope."""
    check_days(days)
    if not connection.scalar(text("SELECT 1 FROM staff WHERE id = :staff"), {"staff": staff}):
        raise ImpossibleInputError(f"nobody is called {staff!r}", place="staff")
    if site is not None and not connection.scalar(text("SELECT 1 FROM site WHERE site_id = :site"), {"site": site}):
        raise ImpossibleInputError(f"no site {site!r}", place="site")
    check_text("label", label)
    token = "theca_" + secrets.token_urlsafe(32)
    connection.execute(
        text(
            "INSERT INTO token (hash, staff_id, label, created_at, expires_at, scopes, only_site) VALUES (:hash,"
            " :staff, :label, clock_timestamp(), clock_timestamp() + make_interval(days => :days), :scopes, :site)"
        ),
        {
            "hash": hashed(token),
            "staff": staff,
            "label": label,
            "days": days,
            "scopes": scope.written(scopes),
            "site": site,
        },
    )
    return token


def of(connection: Connection, staff: str | None = None) -> list[Token]:
    """Every token, or a person's, the newest first; also those that have ended."""
    query = text(
        "SELECT left(hash, 12) AS id, staff_id AS person, label, scopes, only_site AS site, created_at, expires_at,"
        " last_used_at, revoked_at FROM token WHERE CAST(:staff AS text) IS NULL OR staff_id = :staff"
        " ORDER BY created_at DESC, hash"
    )
    return [Token(**one) for one in connection.execute(query, {"staff": staff}).mappings()]


def revoke(connection: Connection, token: str) -> Token:
    """Let a token open nothing any more; one that is revoked stays so. Raises NotFoundError."""
    if not _ID.match(token):
        raise NotFoundError(f"no token {token!r}", place="id", allowed="theca token list")
    query = text(
        "UPDATE token SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE left(hash, 12) = :id"
        " RETURNING left(hash, 12) AS id, staff_id AS person, label, scopes, only_site AS site, created_at,"
        " expires_at, last_used_at, revoked_at"
    )
    found = connection.execute(query, {"id": token}).mappings().one_or_none()
    if found is None:
        raise NotFoundError(f"no token {token!r}", place="id", allowed="theca token list")
    return Token(**found)
