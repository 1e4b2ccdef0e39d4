"""The backlog of a site: open work whose reminders wait for a release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldLine:
    """One task that waits: since when the work exists, for which role, and when it is told by itself."""

    episode: str
    code: str
    protocol: str
    task: str
    name: str
    role: str
    since: datetime
    until: datetime


def withheld(connection: Connection, site: str) -> list[WithheldLine]:
    """What waits at a site, the oldest work first. The site must be in sight."""
    return [WithheldLine(**line) for line in connection.execute(text(_WITHHELD), {"site": site}).mappings()]


def episodes(connection: Connection, site: str) -> list[str]:
    """The episodes at a site of which something waits, the oldest work first."""
    return list(dict.fromkeys(line.episode for line in withheld(connection, site)))


def here(connection: Connection, site: str, wanted: Sequence[str]) -> set[str]:
    """Which of these episodes are at a site."""
    query = "SELECT id::text FROM episode WHERE site_id = :site AND id = ANY(CAST(:wanted AS uuid[]))"
    return set(connection.scalars(text(query), {"site": site, "wanted": list(wanted)}))


_WITHHELD = """
SELECT k.episode_id::text AS episode, c.code, e.protocol, k.key AS task, k.name, k.role, k.anchor_at AS since,
  k.withheld_until AS until
FROM task AS k
JOIN timer AS t USING (site_id, episode_id, key)
JOIN episode AS e ON e.site_id = k.site_id AND e.id = k.episode_id
JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
WHERE k.site_id = :site AND k.state = 'open' AND k.withheld_until > clock_timestamp() AND t.state = 'live'
ORDER BY k.anchor_at, k.episode_id, k.key
"""
