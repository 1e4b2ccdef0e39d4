"""Timers: which are due, and what it takes to fire them. The sweep only narrows; the job that fires looks again.

Firing mostly needs an episode's own row, the task and its clock: those are loaded for a whole batch by their keys. The
rest of the episode is left where it is, and is loaded only where a decision asks for it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, text

from workflow.domain.calendar import Calendar
from workflow.domain.episode import COLLECTIONS, Episode, Hold
from workflow.domain.ladder import Timer
from workflow.domain.partial import Partial
from workflow.domain.task import Task
from workflow.store.calendars import calendar
from workflow.store.episodes import Loaded, place
from workflow.store.parameters import read
from workflow.store.rows import columns, thing


def note_lightly(connection: Connection) -> None:
    """Let this transaction end before it is on disk. Only for a tick: that somebody looked may be forgotten."""
    connection.execute(text("SET LOCAL synchronous_commit TO off"))


def due(connection: Connection, most: int) -> list[tuple[str, str, str, int]]:
    """Site, episode, task key and projection of timers that are due, earliest first."""
    query = "SELECT site_id, episode_id::text, key, n FROM due_timers(:most)"
    return [tuple(line) for line in connection.execute(text(query), {"most": most})]


def load(connection: Connection, site: str, due: Sequence[tuple[str, str]]) -> dict[str, Loaded]:
    """The episodes of these (episode, task key) at a site, and of their work only that. Locks nothing."""
    keys = {"site": site, "ids": [id_ for id_, _ in due], "keys": [key for _, key in due]}
    found: dict[str, list[Row[Any]]] = {}
    for line in connection.execute(_DUE, keys):
        found.setdefault(line[0], []).append(line)
    around = json.loads(connection.execute(_AROUND, {"site": site}).scalar_one(), parse_int=str)
    times = calendar(place(around))
    return {id_: _loaded(lines, site, times, around["settings"]) for id_, lines in found.items()}


def _loaded(lines: Sequence[Row[Any]], site: str, times: Calendar, settings: Mapping[str, Any]) -> Loaded:
    """An episode from its row, which stands before each of its due tasks and their clocks."""
    id_, head, wrapped, code, candidate, *own = lines[0][:_TASK]
    hold = dict(zip(_HOLD, own[len(_OWN) :], strict=True))
    tasks = [thing(Task, line[_TASK:_TIMER]) for line in lines]
    clocks = [thing(Timer, line[_TIMER:]) for line in lines]
    known: dict[str, Mapping[str, Any]] = {"tasks": {k.key: k for k in tasks}, "timers": {t.key: t for t in clocks}}
    parts: dict[str, Any] = {**_NOTHING, **{name: Partial(things) for name, things in known.items()}}
    episode = Episode(
        id=id_,
        site=site,
        candidate=candidate,
        hold=Hold(**hold) if hold["reason"] is not None else None,
        **dict(zip(_OWN, own, strict=False)),
        **parts,
    )
    return Loaded(
        episode=episode,
        head=head,
        wrapped=wrapped,
        code=code,
        calendar=times,
        settings=read(settings.get(episode.protocol.partition("@")[0])),
    )


_NOTHING = dict.fromkeys(COLLECTIONS, Partial[Any]({}))
_OWN = ("protocol", "stage", "stint", "stint_at", "enrolled_at", "closed_at", "seq", "version")
_HOLD = ("reason", "since", "review_at", "by")
_TASK = 5 + len(_OWN) + len(_HOLD)
_TIMER = _TASK + len(fields(Task))
_ROW = ", ".join([*(f"e.{name}" for name in _OWN), *(f"e.hold_{name}" for name in _HOLD)])
# Each of these is one row by its key, whatever the planner believes of their number: LIMIT keeps it from reading all.
_DUE = text(
    f"SELECT e.id::text, e.head, c.wrapped, c.code, e.candidate_id::text, {_ROW},"  # noqa: S608 - our own classes' names
    f" {columns(Task, 'k')}, {columns(Timer, 't')}"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[])) AS due(episode, key)"
    " CROSS JOIN LATERAL (SELECT * FROM episode WHERE site_id = :site AND id = due.episode LIMIT 1) AS e"
    " CROSS JOIN LATERAL (SELECT * FROM candidate WHERE site_id = :site AND id = e.candidate_id LIMIT 1) AS c"
    " CROSS JOIN LATERAL (SELECT * FROM task AS a WHERE a.site_id = :site AND a.episode_id = due.episode"
    " AND a.key = due.key LIMIT 1) AS k"
    " CROSS JOIN LATERAL (SELECT * FROM timer AS a WHERE a.site_id = :site AND a.episode_id = due.episode"
    " AND a.key = due.key LIMIT 1) AS t"
)
# What is the same for all episodes of a site: when it works, and what it has set for each protocol.
_AROUND = text(
    "SELECT jsonb_build_object('site', to_jsonb(s), 'year', extract(year FROM current_date)::integer,"
    " 'closures', (SELECT jsonb_agg(d.day) FROM closure AS d WHERE d.site_id = s.site_id),"
    " 'settings', (SELECT coalesce(jsonb_object_agg(p.protocol, p.set), '{}') FROM ("
    "SELECT v.protocol, jsonb_object_agg(v.name, v.value::text) AS set FROM ("
    "SELECT DISTINCT ON (w.protocol, w.name) w.protocol, w.name, w.value FROM setting AS w"
    " WHERE w.site_id = s.site_id ORDER BY w.protocol, w.name, w.set_at DESC) AS v GROUP BY v.protocol) AS p)"
    ")::text FROM site AS s WHERE s.site_id = :site"
)


def beat(connection: Connection, name: str) -> None:
    """Note that a part is alive, now."""
    connection.execute(
        text(
            "INSERT INTO pulse VALUES (:name, clock_timestamp())"
            " ON CONFLICT (name) DO UPDATE SET at = clock_timestamp()"
        ),
        {"name": name},
    )


def forget_commands(connection: Connection) -> int:
    """Drop idempotency keys older than 30 days; answers how many."""
    return int(connection.execute(text("SELECT forget_commands()")).scalar_one())


def is_aside(connection: Connection, due_timer: tuple[str, str, str, int]) -> bool:
    """Whether a timer is set aside now."""
    query = (
        "SELECT 1 FROM quarantine WHERE site_id = :site AND episode_id = CAST(:episode AS uuid) AND key = :key"
        " AND n = :n AND until > clock_timestamp()"
    )
    return connection.scalar(text(query), _named(due_timer)) is not None


def take_back(connection: Connection, due_timer: tuple[str, str, str, int], *, error: str) -> None:
    """End the setting aside of a timer, if it was for this reason."""
    query = (
        "UPDATE quarantine SET until = clock_timestamp() WHERE site_id = :site"
        " AND episode_id = CAST(:episode AS uuid) AND key = :key AND n = :n AND error = :error"
    )
    connection.execute(text(query), {**_named(due_timer), "error": error})


def _named(due_timer: tuple[str, str, str, int]) -> dict[str, object]:
    return dict(zip(("site", "episode", "key", "n"), due_timer, strict=True))


def set_aside(connection: Connection, due_timer: tuple[str, str, str, int], *, error: str) -> None:
    """Put a timer that cannot be fired aside for a while, longer each time, so that it blocks no other."""
    site, episode, key, n = due_timer
    connection.execute(
        text(
            "INSERT INTO quarantine VALUES (:site, CAST(:episode AS uuid), :key, :n, 1,"
            " clock_timestamp() + interval '5 minutes', :error)"
            " ON CONFLICT (site_id, episode_id, key) DO UPDATE SET n = excluded.n, error = excluded.error,"
            " tries = quarantine.tries + 1,"
            " until = clock_timestamp() + least(quarantine.tries, 12) * interval '5 minutes'"
        ),
        {"site": site, "episode": episode, "key": key, "n": n, "error": error[:300]},
    )
