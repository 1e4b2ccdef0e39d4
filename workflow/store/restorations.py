"""After a restore: nothing leaves until a person says so, and what had left already is not sent again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

HELD = "restored: waits for a person"  # why a message waits that nobody can say of whether it left
# Until when: a person is asked, and nothing else ends it.
_UNTIL = "timestamptz '3000-01-01 00:00+00'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One message that may or may not have left before the database was lost."""

    episode: str
    code: str
    key: str
    recipient: str
    channel: str
    urgency: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """What became of the messages that were due before the restore."""

    sent: int  # they had left already
    held: int  # nobody knows; they wait for a person


def forget_transactions(connection: Connection) -> None:
    """The transactions that wrote restored rows are another database's: no checkpoint shall take them for its own."""
    for table in ("ledger", "delivery", "chain_line"):
        connection.execute(text(f"ALTER TABLE {table} DROP COLUMN xact"))
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN xact bigint"))
        default = "(pg_current_xact_id()\\:\\:text)\\:\\:bigint"
        connection.execute(text(f"ALTER TABLE {table} ALTER COLUMN xact SET DEFAULT {default}"))


def pause(connection: Connection, *, backup_at: datetime, sent: Iterable[str]) -> None:
    """Pause the relay, and keep what the journal says had left since the backup, as "site episode key"."""
    connection.execute(text("DELETE FROM handed_over"))
    rows = [dict(zip(("site", "episode", "key"), one.split(" ", 2), strict=True)) for one in sent]
    if rows:
        query = "INSERT INTO handed_over VALUES (:site, CAST(:episode AS uuid), :key) ON CONFLICT DO NOTHING"
        connection.execute(text(query), rows)
    query = "INSERT INTO restoration (at, backup_at) VALUES (clock_timestamp(), :backup_at)"
    connection.execute(text(query), {"backup_at": backup_at})


def paused(connection: Connection) -> datetime | None:
    """When the database was restored, where nobody has let letters go again."""
    found: datetime | None = connection.scalar(text("SELECT max(at) FROM restoration WHERE resumed_at IS NULL"))
    return found


def unfired(connection: Connection, at: datetime) -> int:
    """How many reminders that were due by then have not been fired yet."""
    query = "SELECT count(*) FROM timer WHERE state = 'live' AND due_at <= :at"
    return int(connection.execute(text(query), {"at": at}).scalar_one())


def resume(connection: Connection, at: datetime) -> Resumed:
    """Let letters go again: what had left is marked sent, what else was due by then waits for a person."""
    values = {"at": at, "held": HELD}
    sent = connection.execute(text(_SENT)).rowcount
    held = connection.execute(text(_HOLD), values).rowcount
    connection.execute(text("UPDATE restoration SET resumed_at = clock_timestamp() WHERE resumed_at IS NULL"))
    return Resumed(sent=sent, held=held)


def held(connection: Connection, site: str) -> list[Held]:
    """What waits for a person at a site in sight, oldest first."""
    return [Held(**line) for line in connection.execute(text(_HELD), {"site": site, "held": HELD}).mappings()]


def release(connection: Connection, site: str, keys: Sequence[tuple[str, str]]) -> int:
    """Let messages (episode, key) leave that waited for a person; answers how many."""
    return _settle(connection, site, keys, "next_try_at = clock_timestamp(), reason = 'released after a restore'")


def drop(connection: Connection, site: str, keys: Sequence[tuple[str, str]], *, by: str) -> int:
    """Never send messages (episode, key) that waited for a person; answers how many."""
    change = "state = 'cancelled', reason = 'dropped after a restore by ' || :by, settled_at = clock_timestamp()"
    return _settle(connection, site, keys, change, by=by)


def _settle(connection: Connection, site: str, keys: Sequence[tuple[str, str]], change: str, **values: str) -> int:
    query = (
        f"UPDATE message AS m SET {change} FROM unnest(CAST(:episodes AS uuid[]), CAST(:keys AS text[]))"  # noqa: S608 - ours
        " AS w(episode_id, key) WHERE m.site_id = :site AND m.episode_id = w.episode_id AND m.key = w.key"
        " AND m.state = 'waiting' AND m.reason = :held"
    )
    given = {"site": site, "episodes": [one for one, _ in keys], "keys": [key for _, key in keys], "held": HELD}
    return connection.execute(text(query), given | values).rowcount


_DUE_BEFORE = "m.state = 'waiting' AND m.due_at <= :at"

_SENT = """
UPDATE message AS m SET state = 'sent', reason = 'had left before the restore', settled_at = clock_timestamp(),
  lease_token = NULL, lease_until = NULL
FROM handed_over AS h
WHERE h.site_id = m.site_id AND h.episode_id = m.episode_id AND h.key = m.key AND m.state = 'waiting'
"""

_HOLD = f"""
UPDATE message AS m SET next_try_at = {_UNTIL}, reason = :held, lease_token = NULL, lease_until = NULL
WHERE {_DUE_BEFORE}
"""  # noqa: S608 - our own pieces

_HELD = """
SELECT m.episode_id::text AS episode, c.code, m.key, m.recipient, m.channel, m.urgency, m.due_at
FROM message AS m JOIN episode AS e ON e.site_id = m.site_id AND e.id = m.episode_id
JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
WHERE m.site_id = :site AND m.state = 'waiting' AND m.reason = :held ORDER BY m.due_at, m.key
"""
