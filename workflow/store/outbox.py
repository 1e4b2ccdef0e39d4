"""The outbox: claiming messages under a lease, and marking what became of them. Two short transactions, no network.

An attempt counts when it is claimed, so that a crash counts too. A mark carries the lease's token: a worker that
slept past its lease changes nothing.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

LEASE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One message under lease, with what it takes to send or to drop it."""

    site: str
    episode: str
    key: str
    task: str
    name: str
    rung: int
    recipient: str
    email: str
    code: str
    urgency: str
    due_at: datetime
    protocol: str
    attempts: int
    age: int  # seconds since it was written
    token: str
    task_open: bool  # whether the work is still to be done
    entitled: bool  # whether the person still works at the site


def due(connection: Connection, most: int) -> list[tuple[str, str, str]]:
    """Site, episode and key of messages that can be sent now, oldest first."""
    found = connection.execute(text("SELECT * FROM due_messages(:most)"), {"most": most})
    return [(line.site_id, str(line.episode_id), line.key) for line in found]


def claim(connection: Connection, site: str, keys: list[tuple[str, str]]) -> list[Claimed]:
    """Take messages of one site under lease; those taken meanwhile are passed over. The site must be in sight."""
    token = secrets.token_hex(16)
    found = connection.execute(
        text(_CLAIM),
        {
            "site": site,
            "episodes": [episode for episode, _ in keys],
            "keys": [key for _, key in keys],
            "token": token,
            "lease": LEASE_SECONDS,
        },
    )
    return [Claimed(site=site, token=token, **line) for line in found.mappings()]


def settle(connection: Connection, claimed: Claimed, *, state: str, reason: str) -> bool:
    """Mark a claimed message sent, cancelled or dead. False where the lease was lost: nothing changes."""
    return _mark(connection, claimed, state=state, reason=reason, wait=0)


def postpone(connection: Connection, claimed: Claimed, *, wait: int, reason: str) -> bool:
    """Give a claimed message back, to be tried again in `wait` seconds. False where the lease was lost."""
    return _mark(connection, claimed, state="waiting", reason=reason, wait=wait)


def _mark(connection: Connection, claimed: Claimed, *, state: str, reason: str, wait: int) -> bool:
    marked = connection.execute(
        text(_MARK),
        {
            "site": claimed.site,
            "episode": claimed.episode,
            "key": claimed.key,
            "token": claimed.token,
            "state": state,
            "reason": reason[:300],
            "wait": wait,
            "attempt": claimed.attempts,
        },
    )
    return marked.rowcount == 1


_CLAIM = """
WITH mine AS (
  SELECT m.site_id, m.episode_id, m.key FROM message AS m
  JOIN unnest(CAST(:episodes AS uuid[]), CAST(:keys AS text[])) AS w(episode_id, key)
    ON w.episode_id = m.episode_id AND w.key = m.key
  WHERE m.site_id = :site AND m.state = 'waiting' AND m.next_try_at <= clock_timestamp()
    AND (m.lease_until IS NULL OR m.lease_until < clock_timestamp())
  FOR UPDATE OF m SKIP LOCKED
), taken AS (
  UPDATE message AS m SET attempts = m.attempts + 1, lease_token = :token,
    lease_until = clock_timestamp() + make_interval(secs => :lease)
  FROM mine WHERE m.site_id = mine.site_id AND m.episode_id = mine.episode_id AND m.key = mine.key
  RETURNING m.*
)
SELECT t.episode_id::text AS episode, t.key, t.task, t.name, t.rung, t.recipient, t.urgency, t.due_at, t.attempts,
  extract(epoch FROM clock_timestamp() - t.created_at)::integer AS age,
  s.email,
  c.code, e.protocol, coalesce(k.state = 'open', false) AS task_open,
  EXISTS (SELECT 1 FROM membership AS b WHERE b.site_id = t.site_id AND b.staff_id = t.recipient
    AND b.starts_on <= current_date AND (b.ends_on IS NULL OR b.ends_on >= current_date)) AS entitled
FROM taken AS t
JOIN episode AS e ON e.site_id = t.site_id AND e.id = t.episode_id
JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
JOIN staff AS s ON s.id = t.recipient
LEFT JOIN task AS k ON k.site_id = t.site_id AND k.episode_id = t.episode_id AND k.key = t.task
ORDER BY t.created_at, t.key
"""

_MARK = """
WITH given AS (
  SELECT CAST(:state AS text) AS state, CAST(:reason AS text) AS reason, CAST(:wait AS integer) AS wait
), marked AS (
  UPDATE message AS m SET state = g.state, reason = g.reason, lease_token = NULL, lease_until = NULL,
    next_try_at = clock_timestamp() + make_interval(secs => g.wait),
    settled_at = CASE WHEN g.state = 'waiting' THEN NULL ELSE clock_timestamp() END
  FROM given AS g
  WHERE m.site_id = :site AND m.episode_id = CAST(:episode AS uuid) AND m.key = :key
    AND m.lease_token = :token AND m.state = 'waiting'
  RETURNING m.site_id, m.episode_id, m.key, left(g.state || ': ' || g.reason, 300) AS result
)
INSERT INTO delivery (site_id, episode_id, key, attempt, at, result)
SELECT site_id, episode_id, key, :attempt, clock_timestamp(), result FROM marked
"""
