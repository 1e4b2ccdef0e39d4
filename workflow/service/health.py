"""How well time is kept: is somebody ticking, is anything late, did anything die. Each finding says what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from workflow.store import migrate
from workflow.store.bell import Bell
from workflow.store.session import Store

LATE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and what to do where it is not."""

    what: str
    well: bool
    shown: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the database says of itself, over all sites."""

    now: datetime
    ticked_at: datetime | None
    oldest_due: datetime | None
    due: int
    oldest_unsent: datetime | None
    unsent: int
    dead: int
    set_aside: int
    fsync: str
    revision: str


def vitals(store: Store) -> Vitals:
    """Read the vital signs. Raises UnavailableError where the database does not answer."""
    with store.transaction() as connection:
        found = connection.execute(
            text(
                "SELECT v.*, current_setting('fsync') AS fsync,"
                " (SELECT version_num FROM alembic_version) AS revision FROM vital_signs() AS v"
            )
        ).one()
    return Vitals(**dict(found._mapping))  # noqa: SLF001 - SQLAlchemy's own name for it


def examine(store: Store, bell: Bell) -> tuple[Finding, ...]:
    """Every finding, well or not."""
    hangs = bell.hangs()
    return (
        *_of_database(vitals(store)),
        Finding(
            what="doorbell",
            well=hangs,
            shown="answers" if hangs else "does not answer",
            remedy="is the broker (REDIS_URL) up? rows wait meanwhile, nothing is lost",
        ),
    )


def _of_database(seen: Vitals) -> tuple[Finding, ...]:
    return (
        _age("tick", seen.ticked_at, seen.now, missing="never", remedy="start a worker: nobody looks what is due"),
        _age("oldest due timer", seen.oldest_due, seen.now, remedy="workers do not keep up, or the queue is stuck"),
        _age("oldest unsent message", seen.oldest_unsent, seen.now, remedy="is the mail relay reachable?"),
        _none("dead messages", seen.dead, "nobody was told: look at GET /api/v1/messages?state=dead"),
        _none("timers set aside", seen.set_aside, "these failed to fire; the workers' log names why"),
        Finding(
            what="durable writes",
            well=seen.fsync == "on",
            shown=f"fsync {seen.fsync}",
            remedy="turn fsync on before any real data",
        ),
        Finding(
            what="shape",
            well=seen.revision == migrate.head(),
            shown=seen.revision,
            remedy=f"theca db upgrade (this release is {migrate.head()})",
        ),
    )


def _age(what: str, since: datetime | None, now: datetime, *, missing: str = "none", remedy: str) -> Finding:
    if since is None:
        return Finding(what=what, well=missing == "none", shown=missing, remedy=remedy)
    age = now - since
    return Finding(what=what, well=age <= LATE, shown=f"{age.total_seconds():.0f} s ago", remedy=remedy)


def _none(what: str, count: int, remedy: str) -> Finding:
    return Finding(what=what, well=count == 0, shown=str(count), remedy=remedy)
