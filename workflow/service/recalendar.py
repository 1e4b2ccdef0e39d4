"""A site's calendar changes, and the clocks that were set by it move: the change first, then the episodes in batches.

change (site kept) ─► written, and every episode with a running clock noted as waiting                 one COMMIT
batch of those     ─► lock what nobody else holds ─► load ─► decide.reproject ─► apply ─► no longer waiting   COMMIT

Killed halfway, the rest still waits: whatever is done to the calendar next, or the same thing again, goes on with it.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from workflow.domain import decide
from workflow.domain.actor import system
from workflow.domain.decision import Decision
from workflow.domain.situation import Situation
from workflow.store import cohort, episodes, protocols, reprojections, sites
from workflow.store.calendars import Place, calendar, public_holidays
from workflow.store.episodes import Loaded
from workflow.store.reprojections import Waiting
from workflow.store.session import Store, UnavailableError

BATCH = 200
TRIES = 5  # for an episode somebody else holds; each waits as long as a lock may
_FIRST = "00000000-0000-0000-0000-000000000000"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """When a site works, the days it is closed for, public holidays, and how many episodes still wait for a change."""

    place: Place
    closures: dict[date, str]
    holidays: dict[date, str]
    today: date
    waiting: int


def change(store: Store, site: str, write: Callable[[Connection], None], *, why: str, dry: bool = False) -> int:
    """Change a site's calendar and put its clocks where they belong now; answers how many moved, or would (`dry`).

    Raises UnavailableError where some episodes could not be looked at; they wait, and running it again goes on.
    """
    with store.transaction([site]) as connection:
        before = sites.place(connection, site)
        write(connection)
        after = sites.place(connection, site)
        moves = before is not None and after is not None and calendar(before) != calendar(after)
        if dry:
            connection.rollback()
        elif moves and before is not None:
            reprojections.note(connection, site, before=before, why=why)
    if dry:
        return _foreseen(store, site, after, why=why) if moves and after is not None else 0
    return go_on(store, site)


def unfinished(connection: Connection, site: str) -> bool:
    """Whether clocks of this site still wait for an earlier change."""
    return reprojections.count(connection, site) > 0


def go_on(store: Store, site: str) -> int:
    """Put the clocks of every waiting episode where they belong; answers how many moved. Raises UnavailableError."""
    moved, held, after = 0, list[Waiting](), _FIRST
    while batch := _next(store, site, after):
        after = batch[-1].episode
        here, left = _batch(store, site, batch)
        moved, held = moved + here, held + left
    for _ in range(TRIES):
        for one in list(held):
            here, left = _patiently(store, site, one)
            moved += here
            held = held if left else [other for other in held if other is not one]
    if held:
        raise UnavailableError(f"{moved} clocks moved; {len(held)} candidates still wait", allowed="run it again")
    return moved


def shown(store: Store, site: str) -> Shown | None:
    """When a site works; None where there is no such site."""
    with store.transaction([site]) as connection:
        place = sites.place(connection, site)
        if place is None:
            return None
        return Shown(
            place=place,
            closures=sites.closures(connection, site),
            holidays=public_holidays(place),
            today=calendar(place).local(cohort.now(connection)).date(),
            waiting=reprojections.count(connection, site),
        )


# ---------------------------------------------------------------------------------------------------------------


def _next(store: Store, site: str, after: str) -> list[Waiting]:
    with store.transaction([site]) as connection:
        return reprojections.waiting(connection, site, after=after, most=BATCH)


def _batch(store: Store, site: str, batch: Sequence[Waiting]) -> tuple[int, list[Waiting]]:
    """One transaction, or one each where that fails: how many clocks moved, and who could not be looked at."""
    try:
        with store.transaction([site]) as connection:
            held, now = episodes.lock_many(connection, site, [one.episode for one in batch])
            moved = _put(store, connection, site, [one for one in batch if one.episode in held], now)
        return moved, [one for one in batch if one.episode not in held]
    except UnavailableError:
        raise
    except Exception as wrong:  # noqa: BLE001 - one odd episode stops no other
        if len(batch) == 1:
            log.error(  # noqa: TRY400 - a traceback would carry values
                "clocks not moved", extra={"episode": batch[0].episode, "kind": type(wrong).__name__}
            )
            return 0, list(batch)
    one_by_one = [_batch(store, site, [one]) for one in batch]
    return sum(moved for moved, _ in one_by_one), [one for _, left in one_by_one for one in left]


def _patiently(store: Store, site: str, one: Waiting) -> tuple[int, list[Waiting]]:
    """An episode somebody holds: wait for it as long as a lock may, then look at it like any other."""
    try:
        with store.transaction([site]) as connection:
            episodes.lock(connection, one.episode, sites=[site])
    except UnavailableError as lost:
        if not cohort.held(lost):
            raise
        return 0, [one]
    return _batch(store, site, [one])


def _put(store: Store, connection: Connection, site: str, batch: Sequence[Waiting], now: datetime) -> int:
    """Decide and write; answers how many clocks moved. These episodes wait no longer."""
    loaded = episodes.load(connection, site, [one.episode for one in batch], sealed=False)
    decisions = [found for one in batch if (found := _decided(connection, loaded[one.episode], one, now)) is not None]
    if decisions:
        heads = {id_: each.head for id_, each in loaded.items()}
        episodes.apply(connection, decisions, heads=heads, keys=episodes.keys_of(store.vault, loaded))
    reprojections.done(connection, site, [one.episode for one in batch])
    return sum(len(decision.entry.put["timers"]) for decision in decisions)


def _decided(connection: Connection, loaded: Loaded, one: Waiting, now: datetime) -> Decision | None:
    situation = _situation(connection, loaded, now)
    return decide.reproject(situation, before=calendar(one.before), why=one.why, timers=one.timers)


def _situation(connection: Connection, loaded: Loaded, now: datetime) -> Situation:
    return Situation(
        protocol=protocols.cached(connection, loaded.episode.protocol),
        episode=loaded.episode,
        calendar=loaded.calendar,
        actor=system("calendar"),
        now=now,
        settings=loaded.settings,
    )


def _foreseen(store: Store, site: str, after: Place, *, why: str) -> int:
    """How many clocks would move under another calendar; nothing is written."""
    moved, last = 0, _FIRST
    while True:
        with store.transaction([site]) as connection:
            ids = reprojections.running(connection, site, after=last, most=BATCH)
            if not ids:
                return moved
            now, last = cohort.now(connection), ids[-1]
            for each in episodes.load(connection, site, ids, sealed=False).values():
                situation = replace(_situation(connection, each, now), calendar=calendar(after))
                found = decide.reproject(situation, before=each.calendar, why=why)
                moved += 0 if found is None else len(found.entry.put["timers"])
