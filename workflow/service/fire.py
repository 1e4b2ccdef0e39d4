"""Time passes. The sweep only narrows; the job looks again, decides each timer purely, and writes the batch at once.

due (site, id) ─► per site: lock what nobody else holds ─► load ─► decide.fire each ─► one apply ─► COMMIT
a batch that fails goes one by one; the culprit is set aside
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from workflow.domain import decide
from workflow.domain.actor import system
from workflow.domain.decision import Decision
from workflow.domain.situation import Situation
from workflow.store import episodes, protocols, staff, timers
from workflow.store.episodes import Loaded
from workflow.store.session import Store

BATCH = 200
MOST_PER_TICK = 5000

log = logging.getLogger(__name__)

Due = tuple[str, str, str, int]  # site, episode, task, projection


def sweep(store: Store, *, most: int = MOST_PER_TICK) -> int:
    """Fire everything that is due now, in this process. Answers how many timers were fired."""
    return sum(fire_batch(store, batch) for batch in due_batches(store, most=most))


def due_batches(store: Store, *, most: int = MOST_PER_TICK) -> list[list[Due]]:
    """What is due now, as batches of one site each. Notes that the clock ticked."""
    with store.transaction() as connection:
        timers.beat(connection, "tick")
        due = timers.due(connection, most)
    by_site: dict[str, list[Due]] = defaultdict(list)
    for one in due:
        by_site[one[0]].append(one)
    return [of[i : i + BATCH] for of in by_site.values() for i in range(0, len(of), BATCH)]


def tidy(store: Store) -> int:
    """Forget command keys nobody will repeat any more."""
    with store.transaction() as connection:
        return timers.forget_commands(connection)


def fire_batch(store: Store, batch: Sequence[Due]) -> int:
    """Fire due timers of one site in one transaction; one by one where that fails."""
    try:
        return _fire(store, batch)
    except Exception as wrong:  # noqa: BLE001 - one odd timer stops no other
        if len(batch) == 1:
            log.error(  # noqa: TRY400 - a traceback would carry values
                "timer set aside",
                extra={"episode": batch[0][1], "task": batch[0][2], "kind": type(wrong).__name__},
            )
            with store.transaction([batch[0][0]]) as connection:
                timers.set_aside(connection, batch[0], error=type(wrong).__name__)
            return 0
        log.warning("batch of timers failed; going one by one", extra={"timers": len(batch)})
        return sum(fire_batch(store, [one]) for one in batch)


def _fire(store: Store, batch: Sequence[Due]) -> int:
    site = batch[0][0]
    with store.transaction() as connection:
        held, now = episodes.lock_many(connection, site, sorted({one[1] for one in batch}))
        loaded = episodes.load(connection, site, held, sealed=False)
        situations = _situations(connection, site, loaded, now)
        decisions = _decide(situations, batch)
        if decisions:
            heads = {id_: each.head for id_, each in loaded.items()}
            episodes.apply(connection, decisions, heads=heads, keys=episodes.keys_of(store.vault, loaded))
    return len(decisions)


def _situations(connection: Connection, site: str, loaded: Mapping[str, Loaded], now: datetime) -> dict[str, Situation]:
    roster = staff.roster(connection, site)
    return {
        id_: Situation(
            protocol=protocols.cached(connection, each.episode.protocol),
            episode=each.episode,
            calendar=each.calendar,
            actor=system("timer"),
            now=now,
            roster=roster,
            settings=each.settings,
        )
        for id_, each in loaded.items()
    }


def _decide(situations: dict[str, Situation], batch: Sequence[Due]) -> list[Decision]:
    """Each timer on its episode as the one before left it; those somebody else holds wait for the next tick."""
    decisions = []
    for _, episode, key, n in batch:
        if episode not in situations:
            continue
        decision = decide.fire(situations[episode], key=key, n=n)
        if decision is not None:
            decisions.append(decision)
            situations[episode] = replace(situations[episode], episode=decision.after)
    return decisions
