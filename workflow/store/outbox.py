"""The outbox: claiming messages under a lease, and marking what became of them. Two short transactions, no network.

An attempt counts when it is claimed, so that a crash counts too. A mark carries the lease's token: a worker that
slept past its lease changes nothing. What leaves in one letter is claimed together and keeps that letter's name, so
that a worker which died in between is followed by one that sends the same letter again, and nothing else twice.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

LEASE_SECONDS = 35  # longer than any letter may take, and short enough that a dead worker's letters leave within 45 s

Key = tuple[str, str]  # episode, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A message that may be taken, before it is: whose, how urgent, and since when its work was due."""

    episode: str
    key: str
    recipient: str
    channel: str
    urgency: str
    letter: str | None
    since: datetime  # when it became due; where that was long before it was written, a little before that

    @property
    def at(self) -> Key:
        return self.episode, self.key


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
    channel: str
    email: str
    sealed: bytes | None = field(repr=False)  # the address of a channel that is not e-mail
    code: str
    urgency: str
    due_at: datetime
    since: datetime  # as for a head
    created_at: datetime
    attempts: int
    died: int  # earlier attempts of which nobody knows the end: their workers died
    letter: str | None
    token: str
    task_open: bool  # whether the work is still to be done
    waiting_on: str | None  # the outsider whose reply is awaited
    entitled: bool  # whether the person still works at the site
    away: bool  # whether they are away from it now

    @property
    def reachable(self) -> bool:
        """Whether the message's channel still has an address."""
        return bool(self.email) if self.channel == "email" else self.sealed is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """The urgent letters of the last hour to one person on one channel, each with its time; those under way are now."""

    single: tuple[datetime, ...]
    summaries: tuple[datetime, ...]


def due(connection: Connection, most: int) -> list[tuple[str, str, str]]:
    """Site, episode and key of messages that can be sent now, the most urgent first, oldest first among their like."""
    found = connection.execute(text("SELECT * FROM due_messages(:most)"), {"most": most})
    return [(line.site_id, str(line.episode_id), line.key) for line in found]


def heads(connection: Connection, site: str, keys: Sequence[Key]) -> list[Head]:
    """Those of these messages that are still free to be taken, in this order. The site must be in sight."""
    given = {"episodes": [episode for episode, _ in keys], "keys": [key for _, key in keys]}
    return [Head(**line) for line in connection.execute(text(_HEADS), {"site": site, **given}).mappings()]


def alone(connection: Connection, site: str, head: Head) -> None:
    """Let no other worker choose letters for this person on this channel until the transaction ends."""
    name = f"letters|{site}|{head.recipient}|{head.channel}"
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def of_same(connection: Connection, site: str, head: Head) -> list[Head]:
    """What is free to leave together with this one: of its letter where it has one, else what belongs to none yet."""
    values = {"site": site, "recipient": head.recipient, "channel": head.channel, "urgency": head.urgency}
    found = connection.execute(text(_OF_SAME), {**values, "letter": head.letter}).mappings()
    return [Head(**line) for line in found]


def lately(connection: Connection, site: str, head: Head) -> Lately:
    """The urgent letters this person was sent on this channel in the last hour."""
    values = {"site": site, "recipient": head.recipient, "channel": head.channel}
    found = connection.execute(text(_LATELY), values).all()
    return Lately(
        single=tuple(sorted(line.at for line in found if line.letter is None)),
        summaries=tuple(sorted(line.at for line in found if line.letter is not None)),
    )


def wait(connection: Connection, site: str, head: Head, *, until: datetime) -> None:
    """Let a message wait; no attempt is counted, and none was made."""
    connection.execute(
        text(
            "UPDATE message SET next_try_at = :until WHERE site_id = :site AND episode_id = CAST(:episode AS uuid)"
            " AND key = :key AND state = 'waiting' AND (lease_until IS NULL OR lease_until < clock_timestamp())"
        ),
        {"site": site, "episode": head.episode, "key": head.key, "until": until},
    )


def claim(connection: Connection, site: str, keys: Sequence[Key], *, letter: str | None = None) -> list[Claimed]:
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
            "letter": letter,
        },
    )
    return [Claimed(site=site, token=token, **line) for line in found.mappings()]


def know(connection: Connection, one: Claimed) -> frozenset[str]:
    """Who was told of the same work with this message or since, and whoever it was for."""
    found = connection.scalars(
        text(
            "SELECT DISTINCT m.recipient FROM message AS m WHERE m.site_id = :site"
            " AND m.episode_id = CAST(:episode AS uuid) AND m.task = :task AND m.state <> 'cancelled'"
            " AND m.created_at >= :since"
        ),
        {"site": one.site, "episode": one.episode, "task": one.task, "since": one.created_at},
    )
    return frozenset(found) | {one.recipient}


def settle(connection: Connection, claimed: Sequence[Claimed], *, state: str, reason: str) -> int:
    """Mark messages claimed together sent, cancelled or dead; answers how many. Where the lease was lost: none."""
    return _mark(connection, claimed, state=state, reason=reason, wait=0)


def postpone(connection: Connection, claimed: Sequence[Claimed], *, wait: int, reason: str) -> int:
    """Give messages claimed together back, to be tried again in `wait` seconds. Where the lease was lost: none."""
    return _mark(connection, claimed, state="waiting", reason=reason, wait=wait)


def _mark(connection: Connection, claimed: Sequence[Claimed], *, state: str, reason: str, wait: int) -> int:
    marked = connection.execute(
        text(_MARK),
        {
            "site": claimed[0].site,
            "episodes": [one.episode for one in claimed],
            "keys": [one.key for one in claimed],
            "attempts": [one.attempts for one in claimed],
            "token": claimed[0].token,
            "state": state,
            "reason": reason[:300],
            "wait": wait,
        },
    )
    return marked.rowcount


# A reminder fired late counts as due shortly before it was written: its morning is the next one, not one gone by.
_SINCE = "greatest({it}.due_at, {it}.created_at - interval '10 minutes') AS since"

_HEAD = f"""m.episode_id::text AS episode, m.key, m.recipient, m.channel, m.urgency, m.letter,
  {_SINCE.format(it="m")}"""

_FREE = """m.state = 'waiting' AND m.next_try_at <= clock_timestamp()
    AND (m.lease_until IS NULL OR m.lease_until < clock_timestamp())"""

_PAUSED = "EXISTS (SELECT 1 FROM restoration AS r WHERE r.resumed_at IS NULL)"

_HEADS = f"""
SELECT {_HEAD}
FROM unnest(CAST(:episodes AS uuid[]), CAST(:keys AS text[])) WITH ORDINALITY AS w(episode_id, key, nth)
JOIN message AS m ON m.site_id = :site AND m.episode_id = w.episode_id AND m.key = w.key
WHERE {_FREE} AND NOT {_PAUSED} ORDER BY w.nth
"""  # noqa: S608 - our own pieces

_OF_SAME = f"""
SELECT {_HEAD} FROM message AS m
WHERE m.site_id = :site AND m.recipient = :recipient AND m.channel = :channel AND m.urgency = :urgency
  AND m.letter IS NOT DISTINCT FROM CAST(:letter AS text) AND {_FREE}
ORDER BY m.created_at, m.key
"""  # noqa: S608 - as above

_LATELY = """
SELECT m.letter, max(coalesce(m.settled_at, clock_timestamp())) AS at FROM message AS m
WHERE m.site_id = :site AND m.recipient = :recipient AND m.channel = :channel AND m.urgency = 'urgent'
  AND m.created_at > clock_timestamp() - interval '26 hours'
  AND ((m.state = 'sent' AND m.settled_at > clock_timestamp() - interval '1 hour')
    OR (m.state = 'waiting' AND (m.lease_until > clock_timestamp() OR m.letter IS NOT NULL)))
GROUP BY m.letter, CASE WHEN m.letter IS NULL THEN m.episode_id::text || m.key END
"""

_CLAIM = f"""
WITH mine AS (
  SELECT f.* FROM unnest(CAST(:episodes AS uuid[]), CAST(:keys AS text[])) AS w(episode_id, key)
  CROSS JOIN LATERAL (
    SELECT m.site_id, m.episode_id, m.key FROM message AS m
    WHERE m.site_id = :site AND m.episode_id = w.episode_id AND m.key = w.key AND {_FREE}
      AND (m.letter IS NULL OR m.letter = CAST(:letter AS text))
    FOR UPDATE OF m SKIP LOCKED
  ) AS f
), taken AS (
  UPDATE message AS m SET attempts = m.attempts + 1, lease_token = :token, letter = CAST(:letter AS text),
    lease_until = clock_timestamp() + make_interval(secs => :lease)
  FROM mine WHERE m.site_id = mine.site_id AND m.episode_id = mine.episode_id AND m.key = mine.key
  RETURNING m.*
)
SELECT t.episode_id::text AS episode, t.key, t.task, t.name, t.rung, t.recipient, t.urgency, t.due_at, t.attempts,
  t.created_at, t.letter, t.channel, {_SINCE.format(it="t")}, s.email, a.sealed, c.code,
  t.attempts - 1 - (SELECT count(*)::integer FROM delivery AS d
    WHERE d.site_id = t.site_id AND d.episode_id = t.episode_id AND d.key = t.key) AS died,
  coalesce(k.state = 'open', false) AS task_open, k.waiting_on,
  EXISTS (SELECT 1 FROM membership AS b WHERE b.site_id = t.site_id AND b.staff_id = t.recipient
    AND b.starts_on <= (clock_timestamp() AT TIME ZONE l.zone)::date
    AND (b.ends_on IS NULL OR b.ends_on >= (clock_timestamp() AT TIME ZONE l.zone)::date)) AS entitled,
  EXISTS (SELECT 1 FROM absence AS o WHERE o.site_id = t.site_id AND o.staff_id = t.recipient
    AND o.starts_at <= clock_timestamp() AND o.ends_at > clock_timestamp()) AS away
FROM taken AS t
JOIN site AS l ON l.site_id = t.site_id
CROSS JOIN LATERAL (
  SELECT d.code FROM episode AS e JOIN candidate AS d ON d.site_id = e.site_id AND d.id = e.candidate_id
  WHERE e.site_id = t.site_id AND e.id = t.episode_id LIMIT 1
) AS c
JOIN staff AS s ON s.id = t.recipient
LEFT JOIN address AS a ON a.staff_id = t.recipient AND a.kind = t.channel
LEFT JOIN LATERAL (
  SELECT w.state, w.waiting_on FROM task AS w
  WHERE w.site_id = t.site_id AND w.episode_id = t.episode_id AND w.key = t.task LIMIT 1
) AS k ON true
ORDER BY t.created_at, t.key
"""  # noqa: S608 - as above

_MARK = """
WITH given AS (
  SELECT w.*, CAST(:state AS text) AS state, CAST(:reason AS text) AS reason, CAST(:wait AS integer) AS wait
  FROM unnest(CAST(:episodes AS uuid[]), CAST(:keys AS text[]), CAST(:attempts AS integer[]))
    AS w(episode_id, key, attempt)
), marked AS (
  UPDATE message AS m SET state = g.state, reason = g.reason, lease_token = NULL, lease_until = NULL,
    next_try_at = clock_timestamp() + make_interval(secs => g.wait),
    letter = CASE WHEN g.state = 'cancelled' THEN NULL ELSE m.letter END,
    settled_at = CASE WHEN g.state = 'waiting' THEN NULL ELSE clock_timestamp() END
  FROM given AS g
  WHERE m.site_id = :site AND m.episode_id = g.episode_id AND m.key = g.key
    AND m.lease_token = :token AND m.state = 'waiting'
  RETURNING m.site_id, m.episode_id, m.key, g.attempt, left(g.state || ': ' || g.reason, 300) AS result
)
INSERT INTO delivery (site_id, episode_id, key, attempt, at, result)
SELECT site_id, episode_id, key, attempt, clock_timestamp(), result FROM marked
"""
