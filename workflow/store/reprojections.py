"""The episodes whose clocks are still to be put where a changed calendar has them: noted with the change itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from workflow.store.calendars import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An episode, the place its clocks were set by, why that changed, and which projections stood then."""

    episode: str
    before: Place
    why: str
    timers: Mapping[str, int]


def note(connection: Connection, site: str, *, before: Place, why: str) -> None:
    """Every episode of the site with a running clock waits. One that waits since an earlier change keeps its place."""
    connection.execute(
        text(
            "INSERT INTO reprojection (site_id, episode_id, before, why, timers)"
            " SELECT t.site_id, t.episode_id, :before, :why, jsonb_object_agg(t.key, t.n) FROM timer AS t"
            " WHERE t.site_id = :site AND t.state = 'live' GROUP BY t.site_id, t.episode_id"
            " ON CONFLICT (site_id, episode_id) DO NOTHING"
        ),
        {"site": site, "before": before.as_json(), "why": why},
    )


def waiting(connection: Connection, site: str, *, after: str, most: int) -> list[Waiting]:
    """The next episodes that wait, by id."""
    found = connection.execute(
        text(
            "SELECT episode_id, before, why, timers FROM reprojection"
            " WHERE site_id = :site AND episode_id > CAST(:after AS uuid) ORDER BY episode_id LIMIT :most"
        ),
        {"site": site, "after": after, "most": most},
    )
    return [
        Waiting(episode=str(line.episode_id), before=Place.from_json(line.before), why=line.why, timers=line.timers)
        for line in found
    ]


def count(connection: Connection, site: str) -> int:
    """How many episodes of a site wait."""
    query = "SELECT count(*) FROM reprojection WHERE site_id = :site"
    return int(connection.execute(text(query), {"site": site}).scalar_one())


def done(connection: Connection, site: str, episodes: Sequence[str]) -> None:
    """These were looked at."""
    query = "DELETE FROM reprojection WHERE site_id = :site AND episode_id = ANY(CAST(:ids AS uuid[]))"
    connection.execute(text(query), {"site": site, "ids": list(episodes)})


def running(connection: Connection, site: str, *, after: str, most: int) -> list[str]:
    """The next episodes of a site with a running clock, by id."""
    query = (
        "SELECT DISTINCT episode_id FROM timer WHERE site_id = :site AND state = 'live'"
        " AND episode_id > CAST(:after AS uuid) ORDER BY episode_id LIMIT :most"
    )
    return [str(found) for found in connection.scalars(text(query), {"site": site, "after": after, "most": most})]
