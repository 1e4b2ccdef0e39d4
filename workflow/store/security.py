"""Who looked, and what was turned away at the door. Neither belongs to a chain; both are only ever added to."""

from sqlalchemy import Connection, text


def turned_away(connection: Connection, *, actor: str, kind: str) -> None:
    """Count a malformed or unauthorised request: one row per actor, kind and minute, however many there are."""
    connection.execute(
        text(
            "INSERT INTO security_event VALUES (:actor, :kind, date_trunc('minute', clock_timestamp()), 1)"
            " ON CONFLICT (actor, kind, minute) DO UPDATE SET count = security_event.count + 1"
        ),
        {"actor": actor, "kind": kind},
    )


def looked(connection: Connection, *, site: str, actor: str, what: str, episode: str | None) -> None:
    """Note that somebody looked at a page of an episode, or at a list (no episode). The site must be in sight."""
    connection.execute(
        text(
            "INSERT INTO access (site_id, actor, at, what, episode_id)"
            " VALUES (:site, :actor, clock_timestamp(), :what, CAST(:episode AS uuid))"
        ),
        {"site": site, "actor": actor, "what": what, "episode": episode},
    )
