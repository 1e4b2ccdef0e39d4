"""Erasing a candidate: the proposal of one person, and the deed once another agrees."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A candidate, when their episodes closed, and until when the site keeps what is known of them."""

    id: str
    open: int  # episodes that are not closed
    kept_until: datetime | None  # None where they have no closed episode
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What one person asked for. `code` is empty once it was done."""

    candidate: str
    code: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    agreed_by: str | None
    erased_at: datetime | None


def known(connection: Connection, site: str, code: str) -> Known | None:
    """The candidate with this code at a site in sight."""
    found = connection.execute(text(_KNOWN), {"site": site, "code": code}).one_or_none()
    if found is None:
        return None
    return Known(id=str(found.id), open=found.open, kept_until=found.kept_until, now=found.now)


def propose(connection: Connection, *, site: str, candidate: str, reason: str, by: str) -> bool:
    """Keep a proposal; answers whether it is new. A second one of the same candidate changes nothing."""
    query = (
        "INSERT INTO erasure (site_id, candidate_id, reason, proposed_by, proposed_at, episodes)"
        " VALUES (:site, CAST(:candidate AS uuid), :reason, :by, clock_timestamp(), '{}')"
        " ON CONFLICT DO NOTHING RETURNING 1"
    )
    values = {"site": site, "candidate": candidate, "reason": reason, "by": by}
    return connection.scalar(text(query), values) is not None


def of(connection: Connection, site: str, candidate: str) -> Proposed | None:
    """What is proposed of a candidate."""
    return next((one for one in listed(connection, site) if one.candidate == candidate), None)


def listed(connection: Connection, site: str) -> list[Proposed]:
    """What was proposed at a site in sight, and what was done, newest first."""
    query = (
        "SELECT x.candidate_id::text AS candidate, coalesce(c.code, '') AS code, x.reason, x.proposed_by,"
        " x.proposed_at, x.agreed_by, x.erased_at FROM erasure AS x LEFT JOIN candidate AS c"
        " ON c.site_id = x.site_id AND c.id = x.candidate_id WHERE x.site_id = :site ORDER BY x.proposed_at DESC"
    )
    return [Proposed(**line) for line in connection.execute(text(query), {"site": site}).mappings()]


def erase(connection: Connection, *, site: str, candidate: str, by: str) -> list[str]:
    """Destroy what is known of a candidate; answers their episodes. The database holds it against the proposal."""
    query = "SELECT erase_candidate(:site, CAST(:candidate AS uuid), :by)"
    found = connection.execute(text(query), {"site": site, "candidate": candidate, "by": by}).scalar_one()
    return [str(one) for one in found]


_KNOWN = """
SELECT c.id, clock_timestamp() AS now,
  (SELECT count(*) FROM episode AS e WHERE e.site_id = c.site_id AND e.candidate_id = c.id AND e.closed_at IS NULL)
    AS open,
  (SELECT max(e.closed_at) + make_interval(years => s.retention_years) FROM episode AS e
    WHERE e.site_id = c.site_id AND e.candidate_id = c.id) AS kept_until
FROM candidate AS c JOIN site AS s ON s.site_id = c.site_id WHERE c.site_id = :site AND c.code = :code
"""
