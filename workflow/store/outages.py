"""Outages: whiles in which nobody looked what was due, what should have fired meanwhile, and what became of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

LONGEST = timedelta(seconds=120)  # between two ticks; more is an outage. A default of this engine


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageLine:
    """An outage, and how many reminders fell due in it at the sites in sight."""

    id: int
    from_at: datetime
    until_at: datetime
    timers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedLine:
    """A reminder that fell due in an outage. `told_at` and `told_as` say when it was told after all, as which rung."""

    outage: int
    site: str
    episode: str
    code: str
    protocol: str
    task: str
    name: str
    rung: int
    due_at: datetime
    waits: bool  # its timer stands as it stood
    ended: str | None  # why its task is no longer open, in words
    told_at: datetime | None
    told_as: int | None
    seq: int | None  # the ledger line of its firing, where nobody was told


def note(connection: Connection, *, longest: timedelta = LONGEST) -> int | None:
    """Note that somebody looks what is due. Answers the outage that this ended, where it ended one."""
    found: int | None = connection.execute(text("SELECT note_outage(:longest)"), {"longest": longest}).scalar_one()
    return found


def recent(connection: Connection, sites: Sequence[str], *, most: int) -> list[OutageLine]:
    """The latest outages, the newest first. The sites must be in sight."""
    found = connection.execute(text(_RECENT), {"sites": list(sites), "most": most})
    return [OutageLine(**line) for line in found.mappings()]


def missed(connection: Connection, sites: Sequence[str], outages: Sequence[int], *, most: int) -> list[MissedLine]:
    """What fell due in these outages, the earliest first; at most so many of each."""
    found = connection.execute(text(_MISSED), {"sites": list(sites), "outages": list(outages), "most": most})
    return [MissedLine(**line) for line in found.mappings()]


_RECENT = """
SELECT o.id, o.from_at, o.until_at,
  (SELECT count(*) FROM outage_timer AS t WHERE t.outage_id = o.id AND t.site_id = ANY(:sites)) AS timers
FROM outage AS o ORDER BY o.id DESC LIMIT :most
"""

_MISSED = """
SELECT t.outage_id AS outage, t.site_id AS site, t.episode_id::text AS episode, c.code, e.protocol, t.key AS task,
  k.name, t.rung, t.due_at, r.n = t.n AND r.state = 'live' AS waits,
  CASE WHEN k.state <> 'open' THEN coalesce(k.closing, k.state) END AS ended,
  told.at AS told_at, told.rung AS told_as, line.seq
FROM unnest(CAST(:outages AS integer[])) AS o(id)
CROSS JOIN LATERAL (
  SELECT * FROM outage_timer AS t WHERE t.outage_id = o.id AND t.site_id = ANY(:sites)
  ORDER BY t.due_at, t.episode_id, t.key LIMIT :most
) AS t
JOIN episode AS e ON e.site_id = t.site_id AND e.id = t.episode_id
JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
JOIN task AS k ON k.site_id = t.site_id AND k.episode_id = t.episode_id AND k.key = t.key
JOIN timer AS r ON r.site_id = t.site_id AND r.episode_id = t.episode_id AND r.key = t.key
LEFT JOIN LATERAL (
  SELECT min(m.created_at) AS at, min(m.rung) AS rung FROM message AS m
  WHERE m.site_id = t.site_id AND m.episode_id = t.episode_id AND m.task = t.key AND m.due_at = t.due_at
    AND m.rung >= t.rung
) AS told ON true
LEFT JOIN LATERAL (
  SELECT l.seq FROM ledger AS l
  WHERE told.at IS NULL AND l.site_id = t.site_id AND l.episode_id = t.episode_id AND l.verb = 'fire'
    AND l.occurred_at = t.due_at ORDER BY l.seq DESC LIMIT 1
) AS line ON true
ORDER BY t.outage_id DESC, t.due_at, t.episode_id, t.key
"""
