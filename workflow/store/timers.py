"""Timers: which are due. The sweep only narrows; the job that fires looks again."""

from sqlalchemy import Connection, text


def due(connection: Connection, most: int) -> list[tuple[str, str, str, int]]:
    """Site, episode, task key and projection of timers that are due, earliest first."""
    found = connection.execute(text("SELECT * FROM due_timers(:most)"), {"most": most})
    return [(line.site_id, str(line.episode_id), line.key, line.n) for line in found]


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
