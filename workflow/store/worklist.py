"""What is where, page by page: episodes, tasks and messages of the sites in sight. Reads only; nothing is locked.

Pages go on after the last line of the one before (a keyset), so that what is added meanwhile moves nothing.
A task is late when its first reminder's time has passed, its clock runs, and nobody's promise holds it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from workflow.domain.observation import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeLine:
    """One episode in a list; `sealed` and `wrapped` open to the candidate's identity."""

    site: str
    id: str
    candidate: str
    code: str
    wrapped: bytes
    sealed: bytes | None
    protocol: str
    stage: str
    stint_at: datetime
    enrolled_at: datetime
    closed_at: datetime | None
    hold_reason: str | None
    hold_since: datetime | None
    hold_review_at: datetime | None
    version: int
    zone: str
    now: datetime
    duties: int
    late: bool
    next_task: str | None
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """One open task in a list, with its clock."""

    site: str
    episode: str
    key: str
    name: str
    scope: str
    role: str
    opened_at: datetime
    assignee: str | None
    acknowledged_until: datetime | None
    waiting_on: str | None
    contacts: int
    offered_to: str | None
    about: str | None
    due_at: datetime
    rung: int
    clock: str
    late: bool
    protocol: str
    stage: str
    code: str
    emergency_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver a message."""

    attempt: int
    at: datetime
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message of the outbox, and every attempt to send it."""

    site: str
    episode: str
    key: str
    task: str
    name: str
    rung: int
    recipient: str
    channel: str
    urgency: str
    due_at: datetime
    created_at: datetime
    state: str
    settled_at: datetime | None
    reason: str | None
    protocol: str
    code: str
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodesWanted:
    """Which episodes. `candidates` and `code` are what a search found; `closed`: those that are over, too."""

    most: int
    sites: Sequence[str] = ()
    stage: str | None = None
    candidates: Sequence[str] | None = None
    code: str | None = None
    closed: bool = False
    late: bool = False
    assignee: str | None = None
    after_at: datetime | None = None
    after_id: str | None = None


def stands(connection: Connection, site: str, episode: str, reading: Reading) -> bool:
    """Whether this very value, or absence, of this item at this time stands on the record already."""
    query = (
        "SELECT EXISTS (SELECT 1 FROM observation WHERE site_id = :site AND episode_id = CAST(:episode AS uuid)"
        " AND item = :item AND observed_at = :at AND superseded_by IS NULL"
        " AND number IS NOT DISTINCT FROM CAST(:number AS numeric)"
        " AND absent IS NOT DISTINCT FROM CAST(:absent AS text)"
        " AND text IS NOT DISTINCT FROM CAST(:text AS text))"
    )
    values = {
        "site": site,
        "episode": episode,
        "item": reading.item,
        "at": reading.observed_at,
        "number": reading.number,
        "absent": reading.absent.value if reading.absent else None,
        "text": reading.text,
    }
    return bool(connection.scalar(text(query), values))


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksWanted:
    """Which open tasks. `places` are `site/role`: with `mine`, what is assigned to me or waits for a role of mine."""

    most: int
    sites: Sequence[str] = ()
    me: str = ""
    places: Sequence[str] = ()
    mine: bool = False
    role: str | None = None
    late: bool = False
    after_at: datetime | None = None
    after_episode: str | None = None
    after_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesWanted:
    """Which messages."""

    most: int
    sites: Sequence[str] = ()
    state: str | None = None
    recipient: str | None = None
    episode: str | None = None
    after_at: datetime | None = None
    after_episode: str | None = None
    after_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLine:
    """A site, when it works, and the days it is closed beside weekends and public holidays."""

    site: str
    name: str
    zone: str
    country: str
    subdivision: str
    opens: str
    closes: str
    weekdays: str
    year: int
    closures: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """One role a person holds today at one site."""

    staff: str
    name: str
    site: str
    role: str
    starts_on: date
    ends_on: date | None


def find(connection: Connection, episode: str) -> tuple[str, datetime] | None:
    """The site of an episode in sight, and the time; None where there is none in sight."""
    found = connection.execute(
        text("SELECT site_id, clock_timestamp() AS now FROM episode WHERE id = CAST(:id AS uuid)"), {"id": episode}
    ).one_or_none()
    return None if found is None else (found.site_id, found.now)


def episodes(connection: Connection, wanted: EpisodesWanted) -> list[EpisodeLine]:
    """A page of episodes, the latest enrolled first."""
    values = _values(wanted) | {"candidates": None if wanted.candidates is None else list(wanted.candidates)}
    return [EpisodeLine(**line) for line in connection.execute(text(_EPISODES), values).mappings()]


def tasks(connection: Connection, wanted: TasksWanted) -> list[TaskLine]:
    """A page of open tasks, the one due first, first."""
    values = _values(wanted) | {"places": list(wanted.places)}
    return [TaskLine(**line) for line in connection.execute(text(_TASKS), values).mappings()]


def messages(connection: Connection, wanted: MessagesWanted) -> list[MessageLine]:
    """A page of the delivery log, the newest message first."""
    found = connection.execute(text(_MESSAGES), _values(wanted)).mappings()
    return [MessageLine(**{**line, "attempts": _attempts(line["attempts"])}) for line in found]


def sites(connection: Connection, wanted: Sequence[str]) -> list[SiteLine]:
    """These sites, by id."""
    found = connection.execute(
        text(
            "SELECT s.site_id AS site, s.name, s.zone, s.country, s.subdivision, s.opens, s.closes, s.weekdays,"
            " extract(year FROM current_date)::integer AS year,"
            " (SELECT jsonb_object_agg(c.day, c.label) FROM closure AS c WHERE c.site_id = s.site_id) AS closures"
            " FROM site AS s WHERE s.site_id = ANY(:sites) ORDER BY s.site_id"
        ),
        {"sites": list(wanted)},
    )
    return [SiteLine(**{**line, "closures": _days(line["closures"])}) for line in found.mappings()]


def members(connection: Connection, wanted: Sequence[str]) -> list[MemberLine]:
    """Everybody who holds a role at these sites today, each site's own day, by person."""
    found = connection.execute(
        text(
            "SELECT s.id AS staff, s.name, m.site_id AS site, m.role, m.starts_on, m.ends_on"
            " FROM (SELECT site_id, (clock_timestamp() AT TIME ZONE zone)::date AS today FROM site) AS h"
            " JOIN membership AS m ON m.site_id = h.site_id JOIN staff AS s ON s.id = m.staff_id"
            " WHERE h.site_id = ANY(:sites) AND m.starts_on <= h.today"
            " AND (m.ends_on IS NULL OR m.ends_on >= h.today) ORDER BY s.id, m.site_id, m.role, m.starts_on"
        ),
        {"sites": list(wanted)},
    )
    return [MemberLine(**line) for line in found.mappings()]


def employed(connection: Connection, staff: str) -> bool:
    """Whether somebody holds, held or will hold a role at a site in sight."""
    query = "SELECT EXISTS (SELECT 1 FROM membership WHERE staff_id = :staff)"
    return bool(connection.scalar(text(query), {"staff": staff}))


def _days(found: dict[str, str] | None) -> tuple[tuple[date, str], ...]:
    return tuple(sorted((date.fromisoformat(day), label) for day, label in (found or {}).items()))


def _values(wanted: EpisodesWanted | TasksWanted | MessagesWanted) -> dict[str, object]:
    named = {name: getattr(wanted, name) for name in wanted.__slots__}
    return named | {"sites": list(wanted.sites)}


def _attempts(found: list[dict[str, str | int]] | None) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(attempt=int(one["attempt"]), at=datetime.fromisoformat(str(one["at"])), result=str(one["result"]))
        for one in found or ()
    )


_LATE = """k.state = 'open' AND t.state = 'live' AND (t.rung > 0 OR t.due_at <= clock_timestamp())
    AND (k.acknowledged_until IS NULL OR k.acknowledged_until <= clock_timestamp())"""

_CLOCKS = "FROM task AS k JOIN timer AS t USING (site_id, episode_id, key)"

_OF_PAGE = "WHERE k.site_id = e.site_id AND k.episode_id = e.id"

_EPISODES = f"""
WITH page AS (
  SELECT e.*, c.code, c.wrapped FROM episode AS e
  JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
  WHERE e.site_id = ANY(:sites)
    AND (CAST(:stage AS text) IS NULL OR e.stage = CAST(:stage AS text))
    AND (CAST(:candidates AS uuid[]) IS NULL
      OR e.candidate_id = ANY(CAST(:candidates AS uuid[])) OR c.code = CAST(:code AS text))
    AND (CAST(:closed AS boolean) OR e.closed_at IS NULL)
    AND (NOT CAST(:late AS boolean) OR EXISTS (SELECT 1 {_CLOCKS} {_OF_PAGE} AND {_LATE}))
    AND (CAST(:assignee AS text) IS NULL OR EXISTS (SELECT 1 FROM task AS k {_OF_PAGE}
      AND k.state = 'open' AND k.assignee = CAST(:assignee AS text)))
    AND (CAST(:after_at AS timestamptz) IS NULL
      OR (e.enrolled_at, e.id) < (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
  ORDER BY e.enrolled_at DESC, e.id DESC LIMIT :most
)
SELECT e.site_id AS site, e.id::text AS id, e.candidate_id::text AS candidate, e.code, e.wrapped, i.sealed,
  e.protocol, e.stage, e.stint_at, e.enrolled_at, e.closed_at, e.hold_reason, e.hold_since, e.hold_review_at,
  e.version, s.zone, clock_timestamp() AS now,
  (SELECT count(*) FROM task AS k {_OF_PAGE} AND k.state = 'open' AND k.scope = 'episode') AS duties,
  EXISTS (SELECT 1 {_CLOCKS} {_OF_PAGE} AND {_LATE}) AS late,
  due.name AS next_task, due.due_at AS next_due_at
FROM page AS e
JOIN site AS s ON s.site_id = e.site_id
LEFT JOIN candidate_identity AS i ON i.site_id = e.site_id AND i.candidate_id = e.candidate_id
LEFT JOIN LATERAL (
  SELECT k.name, t.due_at {_CLOCKS} {_OF_PAGE} AND k.state = 'open' AND t.state = 'live'
  ORDER BY t.due_at, k.key LIMIT 1
) AS due ON true
ORDER BY e.enrolled_at DESC, e.id DESC
"""  # noqa: S608 - only our own constants

_TASKS = f"""
SELECT k.site_id AS site, k.episode_id::text AS episode, k.key, k.name, k.scope, k.role, k.opened_at, k.assignee,
  k.acknowledged_until, k.waiting_on, k.contacts, k.offered_to, k.about, t.due_at, t.rung, t.state AS clock,
  ({_LATE}) AS late, e.protocol, e.stage, c.code, h.emergency_number
{_CLOCKS}
JOIN episode AS e ON e.site_id = k.site_id AND e.id = k.episode_id
JOIN site AS h ON h.site_id = k.site_id
JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
WHERE k.site_id = ANY(:sites) AND k.state = 'open'
  AND (CAST(:role AS text) IS NULL OR k.role = CAST(:role AS text))
  AND (NOT CAST(:mine AS boolean) OR k.assignee = CAST(:me AS text) OR k.offered_to = CAST(:me AS text)
    OR (k.assignee IS NULL AND k.site_id || '/' || k.role = ANY(CAST(:places AS text[]))))
  AND (NOT CAST(:late AS boolean) OR ({_LATE}))
  AND (CAST(:after_at AS timestamptz) IS NULL OR (t.due_at, k.episode_id, k.key)
    > (CAST(:after_at AS timestamptz), CAST(:after_episode AS uuid), CAST(:after_key AS text)))
ORDER BY t.due_at, k.episode_id, k.key LIMIT :most
"""

_MESSAGES = """
SELECT m.site_id AS site, m.episode_id::text AS episode, m.key, m.task, m.name, m.rung, m.recipient, m.channel,
  m.urgency, m.due_at, m.created_at, m.state, m.settled_at, m.reason, e.protocol, c.code,
  (SELECT jsonb_agg(jsonb_build_object('attempt', d.attempt, 'at', d.at, 'result', d.result) ORDER BY d.attempt)
    FROM delivery AS d WHERE d.site_id = m.site_id AND d.episode_id = m.episode_id AND d.key = m.key) AS attempts
FROM message AS m
JOIN episode AS e ON e.site_id = m.site_id AND e.id = m.episode_id
JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
WHERE m.site_id = ANY(:sites)
  AND (CAST(:state AS text) IS NULL OR m.state = CAST(:state AS text))
  AND (CAST(:recipient AS text) IS NULL OR m.recipient = CAST(:recipient AS text))
  AND (CAST(:episode AS uuid) IS NULL OR m.episode_id = CAST(:episode AS uuid))
  AND (CAST(:after_at AS timestamptz) IS NULL OR (m.created_at, m.episode_id, m.key)
    < (CAST(:after_at AS timestamptz), CAST(:after_episode AS uuid), CAST(:after_key AS text)))
ORDER BY m.created_at DESC, m.episode_id DESC, m.key DESC LIMIT :most
"""
