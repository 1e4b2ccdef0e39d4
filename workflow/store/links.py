"""What a link in a letter stands for: the message, its task and its recipient as they are when it is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from workflow.domain.actor import Role
from workflow.store.staff import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """One message with whom it was for, in the roles they hold at its site today; and what time it is."""

    now: datetime
    recipient: Person
    task: str
    protocol: str
    code: str
    urgency: str
    due_at: datetime
    zone: str
    used: bool


def keys(connection: Connection, *, site: str, episode: str) -> Sequence[str]:
    """The keys of all messages about an episode. The site must be in sight."""
    query = text("SELECT key FROM message WHERE site_id = :site AND episode_id = CAST(:episode AS uuid)")
    return connection.scalars(query, {"site": site, "episode": episode}).all()


def find(connection: Connection, *, site: str, episode: str, key: str, link: str) -> Addressed | None:
    """The message behind a link, by its key, or None. The site must be in sight."""
    query = {"site": site, "episode": episode, "key": key, "link": link}
    found = connection.execute(text(_FIND), query).mappings().one_or_none()
    return None if found is None else _addressed(site, found)


def use(connection: Connection, *, site: str, link: str) -> bool:
    """Use a link up; False where it was used before. The site must be in sight."""
    used = connection.execute(
        text("INSERT INTO used_link VALUES (:site, :link, clock_timestamp()) ON CONFLICT DO NOTHING"),
        {"site": site, "link": link},
    )
    return used.rowcount == 1


def _addressed(site: str, found: RowMapping) -> Addressed:
    roles = frozenset(Role(role) for role in found["roles"])
    recipient = Person(id=found["recipient"], name=found["name"], roles={site: roles} if roles else {})
    kept = ("now", "task", "protocol", "code", "urgency", "due_at", "zone", "used")
    return Addressed(recipient=recipient, **{name: found[name] for name in kept})


_FIND = """
SELECT clock_timestamp() AS now, m.recipient, m.task, m.urgency, m.due_at, s.name, c.code, e.protocol, l.zone,
  ARRAY(SELECT b.role FROM membership AS b WHERE b.site_id = m.site_id AND b.staff_id = m.recipient
    AND b.starts_on <= (clock_timestamp() AT TIME ZONE l.zone)::date
    AND (b.ends_on IS NULL OR b.ends_on >= (clock_timestamp() AT TIME ZONE l.zone)::date)
    AND (s.ends_on IS NULL OR s.ends_on >= (clock_timestamp() AT TIME ZONE l.zone)::date)) AS roles,
  EXISTS (SELECT 1 FROM used_link AS u WHERE u.site_id = m.site_id AND u.id = :link) AS used
FROM message AS m
JOIN episode AS e ON e.site_id = m.site_id AND e.id = m.episode_id
JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
JOIN site AS l ON l.site_id = m.site_id
JOIN staff AS s ON s.id = m.recipient
WHERE m.site_id = :site AND m.episode_id = CAST(:episode AS uuid) AND m.key = :key
"""
