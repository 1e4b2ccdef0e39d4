"""Which candidates of a site belong on its huddle list: narrowed in the database, before anybody is loaded whole.

What a protocol declares goes in as rows: which work is red, which ladders count back to a moment, which appointments
are procedures, and whose referral comes first. What comes out may be a little too many, never too few.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, text

from workflow.domain.canonical import revive
from workflow.domain.episode import Episode, Hold
from workflow.domain.huddle import Horizon
from workflow.domain.ladder import Timer, Urgency
from workflow.domain.observation import Observation
from workflow.domain.protocol import UNDELIVERED, ProtocolVersion
from workflow.domain.readiness import is_procedure
from workflow.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a site's list stands on: the time there, the number to call, and the protocols of its open episodes."""

    now: datetime
    emergency_number: str
    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateLine:
    """One task that is late and no graver than that; `sealed` and `wrapped` open to the candidate's identity."""

    episode: str
    candidate: str
    code: str
    wrapped: bytes
    sealed: bytes | None
    protocol: str
    stage: str
    key: str
    name: str
    holder: str
    anchor_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """The work to look at by episode, the gravest first, and which episodes must be loaded whole to tell.

    `found` is how many episodes there are, looked at or not; `late` the first of what is only late.
    """

    work: Mapping[str, frozenset[str]]
    whole: tuple[str, ...]
    found: int
    late: tuple[LateLine, ...]
    late_count: int
    withheld: int

    @property
    def light(self) -> tuple[str, ...]:
        """The episodes of which the open tasks are enough."""
        return tuple(self.work.keys() - set(self.whole))


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """An episode with its open tasks and clocks, and what says whether its referral comes first; no more of it."""

    episode: Episode
    code: str
    wrapped: bytes
    identity: bytes | None


def ground(connection: Connection, site: str) -> Ground:
    """The ground of one site's list."""
    found = connection.execute(text(_GROUND), {"site": site}).one()
    return Ground(
        now=found.now, emergency_number=found.emergency_number, protocols=tuple(sorted(found.protocols or ()))
    )


def narrow(
    connection: Connection, site: str, versions: Sequence[ProtocolVersion], until: Horizon, *, most: int, late: int
) -> Narrowed:
    """The episodes of a site with something on its list, at most so many; and the first of what is merely late."""
    values = {
        "site": site,
        "today": until.today,
        "tomorrow": until.tomorrow,
        "ahead": until.ahead,
        "undelivered": UNDELIVERED,
        "most": most,
        "late": late,
        "work": json.dumps([row for version in versions for row in _work(version)]),
        "booked": json.dumps([row for version in versions for row in _booked(version)]),
        "first": json.dumps([row for version in versions for row in _first(version)]),
    }
    found = connection.execute(text(_NARROW), values).one()
    episodes = found.episodes or ()
    return Narrowed(
        work={episode: frozenset(keys or ()) for episode, _, keys in episodes},
        whole=tuple(episode for episode, whole, _ in episodes if whole),
        found=found.found,
        late=tuple(_late(line) for line in found.late or ()),
        late_count=found.late_count,
        withheld=found.withheld,
    )


def glimpses(
    connection: Connection, site: str, episodes: Sequence[str], versions: Sequence[ProtocolVersion]
) -> list[Glimpse]:
    """Episodes by their open tasks, in one statement."""
    items = [version.priority.test.subject.item for version in versions if version.priority is not None]
    values = {"site": site, "ids": list(episodes), "items": items}
    return [_glimpse(line) for line in connection.execute(text(_GLIMPSES), values)]


# ---------------------------------------------------------------------------------------------------------------


def _glimpse(line: Row[Any]) -> Glimpse:
    clocks, seen = (
        json.loads(rows or "[]", parse_float=Decimal, parse_int=str) for rows in (line.clocks, line.observations)
    )
    tasks = [revive(Task, _own(task)) for task, _ in clocks]
    timers = [revive(Timer, _own(timer)) for _, timer in clocks]
    values = [revive(Observation, _own(one)) for one in seen]
    episode = Episode(
        id=line.id,
        site=line.site_id,
        candidate=line.candidate,
        protocol=line.protocol,
        stage=line.stage,
        stint_at=line.stint_at,
        hold=_hold(line),
        observations={one.key: one for one in values},
        tasks={task.key: task for task in tasks},
        timers={timer.key: timer for timer in timers},
    )
    return Glimpse(episode=episode, code=line.code, wrapped=bytes(line.wrapped), identity=line.sealed)


def _hold(line: Row[Any]) -> Hold | None:
    if line.hold_reason is None:
        return None
    return Hold(reason=line.hold_reason, since=line.hold_since, review_at=line.hold_review_at, by=line.hold_by)


def _own(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in ("site_id", "episode_id")}


def _work(version: ProtocolVersion) -> list[dict[str, object]]:
    return [
        {
            "protocol": version.name,
            "name": key,
            "red": version.ladders[rule.ladder].urgency is Urgency.RED,
            "back": version.ladders[rule.ladder].counts_back,
            "follows": bool(rule.follows),
            "last": len(version.ladders[rule.ladder].rungs) - 1,
        }
        for key, rule in version.tasks.items()
    ]


def _booked(version: ProtocolVersion) -> list[dict[str, object]]:
    return [{"protocol": version.name, "kind": kind} for kind in version.appointments if is_procedure(version, kind)]


def _first(version: ProtocolVersion) -> list[dict[str, object]]:
    first = version.priority
    if first is None:
        return []
    values = list(first.test.texts) or None
    asked = {"item": first.test.subject.item, "values": values, "minutes": first.within.minutes}
    return [{"protocol": version.name, "begins": version.begins, **asked}]


def _late(line: dict[str, str]) -> LateLine:
    times = {name: datetime.fromisoformat(line[name]) for name in ("anchor_at", "due_at")}
    sealed = {name: bytes.fromhex(line[name]) if line[name] else None for name in ("wrapped", "sealed")}
    return LateLine(**{**line, **times, **sealed})  # type: ignore[arg-type]  # the rest is text


_GROUND = """
SELECT clock_timestamp() AS now, s.emergency_number,
  (SELECT array_agg(DISTINCT e.protocol) FROM episode AS e
   WHERE e.site_id = s.site_id AND e.closed_at IS NULL) AS protocols
FROM site AS s WHERE s.site_id = :site
"""

# Work that counts back to a moment is late once that is past. Where the moment is one that recording moves, the
# database cannot tell it: then whatever has come to its last rung is looked at. A moment that is past leaves no other
# rung ahead, unless a promise holds it back.
_NARROW = """
WITH rule AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(CAST(:work AS jsonb))
    AS r(protocol text, name text, red boolean, back boolean, follows boolean, last integer)
), work AS MATERIALIZED (
  SELECT k.episode_id, k.key, k.name, k.scope, k.waiting_on, k.withheld_until, k.anchor_at, t.due_at, t.reached,
    coalesce(k.assignee, k.role) AS holder, e.protocol, e.stage, e.candidate_id,
    r.red, r.follows, coalesce(k.acknowledged_until >= :tomorrow, false) AS held_back,
    k.acknowledged_until IS NOT NULL AND k.acknowledged_until > clock_timestamp() AS promised,
    t.due_at < :tomorrow AND t.state = 'live' AS due_today,
    t.state = 'live' AND CASE WHEN r.back
      THEN t.rung >= r.last AND (r.follows OR k.anchor_at <= clock_timestamp())
      ELSE t.rung > 0 OR t.due_at <= clock_timestamp() END AS late
  FROM task AS k
  JOIN timer AS t USING (site_id, episode_id, key)
  JOIN episode AS e ON e.site_id = k.site_id AND e.id = k.episode_id
  JOIN rule AS r ON r.protocol = e.protocol AND r.name = k.name
  WHERE k.site_id = :site AND k.state = 'open'
), graded AS MATERIALIZED (
  SELECT *, CASE
    WHEN red AND (late OR due_today) AND NOT held_back THEN 0
    WHEN withheld_until IS NOT NULL THEN NULL
    WHEN name = :undelivered THEN 5
    WHEN scope = 'episode' AND (late OR due_today) AND NOT held_back THEN 1
    WHEN waiting_on IS NOT NULL AND NOT held_back THEN 4
    WHEN reached = 0 THEN 5
    WHEN late AND NOT promised THEN 6
  END AS gravity FROM work
), late_stay AS (
  SELECT e.id, e.protocol FROM episode AS e
  JOIN jsonb_to_recordset(CAST(:first AS jsonb)) AS p(protocol text, begins text, minutes integer)
    ON p.protocol = e.protocol AND p.begins = e.stage
  WHERE e.site_id = :site AND e.closed_at IS NULL AND e.hold_reason IS NULL
    AND e.stint_at <= clock_timestamp() - p.minutes * interval '1 minute'
  UNION SELECT w.episode_id, w.protocol FROM work AS w WHERE w.scope = 'stint' AND w.late
), comes_first AS MATERIALIZED (
  SELECT DISTINCT l.id FROM late_stay AS l
  JOIN jsonb_to_recordset(CAST(:first AS jsonb)) AS p(protocol text, item text, values text[])
    ON p.protocol = l.protocol
  WHERE EXISTS (SELECT 1 FROM observation AS o WHERE o.site_id = :site AND o.episode_id = l.id
    AND o.item = p.item AND o.superseded_by IS NULL AND (p.values IS NULL OR o.text = ANY(p.values)))
), merely_late AS MATERIALIZED (
  SELECT * FROM graded
  WHERE gravity = 6 AND NOT (scope = 'stint' AND episode_id IN (SELECT id FROM comes_first))
), found AS (
  SELECT episode_id, min(gravity) AS gravity, bool_or(whole) AS whole, array_remove(array_agg(key), NULL) AS keys
  FROM (
    SELECT episode_id, gravity, follows AS whole, key FROM graded WHERE gravity < 6
    UNION ALL
    SELECT a.episode_id, 2, true, NULL FROM appointment AS a
    JOIN episode AS e ON e.site_id = a.site_id AND e.id = a.episode_id
    JOIN jsonb_to_recordset(CAST(:booked AS jsonb)) AS b(protocol text, kind text)
      ON b.protocol = e.protocol AND b.kind = a.kind
    WHERE a.site_id = :site AND a.state = 'planned' AND a.starts_at >= :today AND a.starts_at < :ahead
    UNION ALL
    SELECT id, 3, false, NULL FROM comes_first
  ) AS something GROUP BY episode_id
)
SELECT
  (SELECT jsonb_agg(jsonb_build_array(f.episode_id, f.whole, f.keys) ORDER BY f.gravity, f.episode_id) FROM
    (SELECT * FROM found ORDER BY gravity, episode_id LIMIT :most) AS f) AS episodes,
  (SELECT count(*) FROM found) AS found,
  (SELECT count(*) FROM merely_late) AS late_count,
  (SELECT count(*) FROM graded WHERE withheld_until IS NOT NULL) AS withheld,
  (SELECT jsonb_agg(to_jsonb(w)) FROM (
    SELECT g.episode_id::text AS episode, g.candidate_id::text AS candidate, c.code,
      encode(c.wrapped, 'hex') AS wrapped, encode(i.sealed, 'hex') AS sealed,
      g.protocol, g.stage, g.key, g.name, g.holder, g.anchor_at, g.due_at
    FROM merely_late AS g JOIN candidate AS c ON c.site_id = :site AND c.id = g.candidate_id
    LEFT JOIN candidate_identity AS i ON i.site_id = c.site_id AND i.candidate_id = c.id
    ORDER BY g.anchor_at, g.episode_id, g.key LIMIT :late) AS w) AS late
"""

_GLIMPSES = """
SELECT e.site_id, e.id::text AS id, e.candidate_id::text AS candidate, e.protocol, e.stage, e.stint_at,
  e.hold_reason, e.hold_since, e.hold_review_at, e.hold_by, c.code, c.wrapped, i.sealed,
  (SELECT jsonb_agg(to_jsonb(o))::text FROM observation AS o WHERE o.site_id = e.site_id AND o.episode_id = e.id
   AND o.superseded_by IS NULL AND o.item = ANY(:items)) AS observations,
  (SELECT jsonb_agg(jsonb_build_array(to_jsonb(k), to_jsonb(t)))::text
   FROM task AS k JOIN timer AS t USING (site_id, episode_id, key)
   WHERE k.site_id = e.site_id AND k.episode_id = e.id AND k.state = 'open') AS clocks
FROM episode AS e
JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
LEFT JOIN candidate_identity AS i ON i.site_id = c.site_id AND i.candidate_id = c.id
WHERE e.site_id = :site AND e.id = ANY(CAST(:ids AS uuid[]))
"""
