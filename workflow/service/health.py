"""How well time is kept: is somebody ticking, is anything late, did anything die. Each finding says what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from workflow.store import migrate
from workflow.store.bell import Bell
from workflow.store.session import Store

LATE = timedelta(seconds=60)
UNSIGNED = timedelta(minutes=5)

# Without these no reminder leaves, or nothing can be trusted to be written; the other findings are to be looked at.
DECISIVE = frozenset(
    {
        "tick",
        "oldest due timer",
        "expected minus fired",
        "rungs that reached nobody",
        "dead without a task",
        "relay",
        "shape",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and what to do where it is not."""

    what: str
    well: bool
    shown: str
    remedy: str = ""

    @property
    def decisive(self) -> bool:
        """Whether time is not kept while this is not well."""
        return self.what in DECISIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the database says of itself, over all sites."""

    now: datetime
    ticked_at: datetime | None
    oldest_due: datetime | None
    due: int
    late: int  # due for more than a minute and still live, also what was set aside
    oldest_unsent: datetime | None  # that could have left; what waits for the morning could not
    unsent: int
    dead: int
    dead_untold: int  # of which nobody was told
    set_aside: int
    reached_nobody: int
    withheld: int
    outage_from: datetime | None
    outage_until: datetime | None
    fsync: str
    synchronous_commit: str
    full_page_writes: str
    revision: str
    checkpoint_at: datetime | None
    restored_at: datetime | None  # and nobody has let letters go again


def vitals(store: Store) -> Vitals:
    """Read the vital signs. Raises UnavailableError where the database does not answer."""
    with store.transaction() as connection:
        found = connection.execute(text(_VITALS)).one()
    return Vitals(**dict(found._mapping))  # noqa: SLF001 - SQLAlchemy's own name for it


def examine(store: Store, bell: Bell) -> tuple[Finding, ...]:
    """Every finding, well or not."""
    hangs = bell.hangs()
    return (
        *findings(vitals(store)),
        Finding(
            what="doorbell",
            well=hangs,
            shown="answers" if hangs else "does not answer",
            remedy="is the broker (BROKER_URL, REDIS_URL) up? nothing is lost: rows wait, each worker looks by itself",
        ),
    )


def keeps_time(store: Store) -> bool:
    """Whether nothing decisive is wrong. Raises UnavailableError where the database does not answer."""
    return all(one.well for one in findings(vitals(store)) if one.decisive)


def findings(seen: Vitals) -> tuple[Finding, ...]:
    """What the vital signs mean."""
    return (*_of_time(seen), *_of_letters(seen), *_of_work(seen), *_of_database(seen))


# ---------------------------------------------------------------------------------------------------------------


_VITALS = (
    "SELECT v.*, current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,"
    " current_setting('full_page_writes') AS full_page_writes,"
    " (SELECT version_num FROM alembic_version) AS revision,"
    " (SELECT p.at FROM pulse AS p WHERE p.name = 'checkpoint') AS checkpoint_at,"
    " (SELECT max(r.at) FROM restoration AS r WHERE r.resumed_at IS NULL) AS restored_at FROM vital_signs() AS v"
)


def _of_time(seen: Vitals) -> tuple[Finding, ...]:
    return (
        _age("tick", seen.ticked_at, seen.now, missing="never", remedy="start a worker: nobody looks what is due"),
        _age("oldest due timer", seen.oldest_due, seen.now, remedy="workers do not keep up, or the queue is stuck"),
        _none(
            "expected minus fired",
            seen.late,
            "reminders that should have left: look at the workers' log; `theca sweep` fires them by hand",
        ),
        _none("timers set aside", seen.set_aside, "these failed to fire; the workers' log names why"),
        _last_outage(seen),
    )


def _of_letters(seen: Vitals) -> tuple[Finding, ...]:
    return (
        _age("oldest unsent message", seen.oldest_unsent, seen.now, remedy="is the mail relay reachable?"),
        Finding(
            what="relay",
            well=seen.restored_at is None,
            shown="runs"
            if seen.restored_at is None
            else f"paused by the restore of {seen.restored_at:%Y-%m-%d %H:%M} UTC",
            remedy="no letter leaves: theca relay resume, once the sweep has caught up",
        ),
        _none("dead messages", seen.dead, "nobody was told: look at GET /api/v1/messages?state=dead"),
        _none(
            "dead without a task",
            seen.dead_untold,
            "tell those people yourself (GET /api/v1/messages?state=dead), and look at the workers' log",
        ),
    )


def _of_work(seen: Vitals) -> tuple[Finding, ...]:
    return (
        _none(
            "rungs that reached nobody",
            seen.reached_nobody,
            "nobody holds the role, or all are away: theca roster add; GET /api/v1/tasks?late=true shows the work",
        ),
        Finding(what="withheld backlog", well=True, shown=_counted(seen.withheld, "waits", "wait")),
    )


def _of_database(seen: Vitals) -> tuple[Finding, ...]:
    lasting = {
        "fsync": seen.fsync == "on",
        "synchronous_commit": seen.synchronous_commit not in {"off", "local"},
        "full_page_writes": seen.full_page_writes == "on",
    }
    loose = [name for name, holds in lasting.items() if not holds]
    return (
        Finding(
            what="durable writes",
            well=not loose,
            shown=", ".join(f"{name} {getattr(seen, name)}" for name in lasting),
            remedy=f"turn {' and '.join(loose)} on before any real data",
        ),
        Finding(
            what="shape",
            well=seen.revision == migrate.head(),
            shown=seen.revision,
            remedy=f"theca db upgrade (this release is {migrate.head()})",
        ),
        _checkpoint(seen),
    )


def _checkpoint(seen: Vitals) -> Finding:
    """How long nobody has signed how far the ledger has come. Where nobody ever did, that is a choice, and is said."""
    age = seen.now - seen.checkpoint_at if seen.checkpoint_at is not None else None
    return Finding(
        what="last checkpoint",
        well=age is None or age <= UNSIGNED,
        shown="none: no notary has ever run" if age is None else f"{age.total_seconds():.0f} s ago",
        remedy="is the notary running? its log says what keeps it from signing; theca ledger verify",
    )


def _last_outage(seen: Vitals) -> Finding:
    """An outage is over once it is noted: nothing is wrong any more, and somebody should look at what it delayed."""
    if seen.outage_from is None or seen.outage_until is None:
        return Finding(what="last outage", well=True, shown="none")
    lasted = (seen.outage_until - seen.outage_from).total_seconds() / 60
    when = f"{seen.outage_from:%Y-%m-%d %H:%M} UTC, {lasted:.0f} min"
    return Finding(what="last outage", well=True, shown=f"{when}; theca outages says what it delayed")


def _age(what: str, since: datetime | None, now: datetime, *, missing: str = "none", remedy: str) -> Finding:
    if since is None:
        return Finding(what=what, well=missing == "none", shown=missing, remedy=remedy)
    age = now - since
    return Finding(what=what, well=abs(age) <= LATE, shown=f"{age.total_seconds():.0f} s ago", remedy=remedy)


def _none(what: str, count: int, remedy: str) -> Finding:
    return Finding(what=what, well=count == 0, shown=str(count), remedy=remedy)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many} for a release"
