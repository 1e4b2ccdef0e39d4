"""Ward tablets: known by what they keep, bound to one site."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from workflow.domain.errors import NotFoundError
from workflow.store.staff import hashed

CODE_MINUTES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tablet:
    """An enrolled tablet."""

    id: str
    site: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A tablet of a site, whatever its state."""

    id: str
    label: str
    added_by: str
    added_at: datetime
    enrolled_at: datetime | None
    revoked_at: datetime | None


def add(connection: Connection, *, site: str, label: str, by: str) -> tuple[str, str]:
    """A tablet to be: its id, and a code that enrols one browser within the hour. The site must be in sight."""
    tablet, code = secrets.token_hex(6), secrets.token_urlsafe(32)
    connection.execute(
        text(
            "INSERT INTO tablet (site_id, id, label, hash, added_by, added_at)"
            " VALUES (:site, :id, :label, :hash, :by, clock_timestamp())"
        ),
        {"site": site, "id": tablet, "label": label, "hash": hashed(code), "by": by},
    )
    return tablet, f"{site}~{tablet}~{code}"


def enrol(connection: Connection, *, site: str, tablet: str, code: str) -> str | None:
    """What the tablet keeps from now on, for its code; None for a code used, too old or none. The site is in sight."""
    kept = secrets.token_urlsafe(32)
    query = text(
        "UPDATE tablet SET hash = :kept, enrolled_at = clock_timestamp() WHERE site_id = :site AND id = :id"
        " AND hash = :hash AND enrolled_at IS NULL AND revoked_at IS NULL"
        " AND added_at > clock_timestamp() - make_interval(mins => :minutes)"
    )
    given = {"site": site, "id": tablet, "hash": hashed(code), "kept": hashed(kept), "minutes": CODE_MINUTES}
    return kept if connection.execute(query, given).rowcount == 1 else None


def there_is(connection: Connection, site: str) -> bool:
    """Whether there is such a site in sight."""
    return connection.scalar(text("SELECT 1 FROM site WHERE site_id = :site"), {"site": site}) is not None


def find(connection: Connection, kept: str) -> Tablet | None:
    """The tablet that keeps this."""
    query = text("SELECT id, site_id, label FROM who_tablet(:hash)")
    found = connection.execute(query, {"hash": hashed(kept)}).one_or_none()
    return None if found is None else Tablet(id=found.id, site=found.site_id, label=found.label)


def of(connection: Connection, site: str) -> list[Listed]:
    """A site's tablets, the newest first. The site must be in sight."""
    query = text(
        "SELECT id, label, added_by, added_at, enrolled_at, revoked_at FROM tablet WHERE site_id = :site"
        " ORDER BY added_at DESC, id"
    )
    return [Listed(**one) for one in connection.execute(query, {"site": site}).mappings()]


def revoke(connection: Connection, *, site: str, tablet: str) -> None:
    """Let a tablet be none any more; sessions on it end. The site must be in sight. Raises NotFoundError."""
    query = text(
        "UPDATE tablet SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE site_id = :site AND id = :id"
    )
    if connection.execute(query, {"site": site, "id": tablet}).rowcount != 1:
        raise NotFoundError(f"no tablet {tablet!r} at {site}", place="tablet", allowed="theca tablet list")
    connection.execute(
        text(
            "UPDATE session SET ended_at = clock_timestamp(), ending = 'tablet revoked'"
            " WHERE tablet = :id AND ended_at IS NULL"
        ),
        {"id": tablet},
    )
