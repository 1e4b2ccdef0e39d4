"""Time passes. The sweep only narrows; the job looks again, decides each timer purely, and writes the batch at once.

due (site, id) ─► per site: lock what nobody else holds ─► load what is due of them ─► decide.fire each
               ─► where that asks for more of an episode: load it whole, decide again ─► one apply ─► COMMIT
a batch that fails goes one by one; the culprit is set aside
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from workflow.domain import decide
from workflow.domain.actor import system
from workflow.domain.decision import Decision
from workflow.domain.partial import NotLoadedError
from workflow.domain.roster import Roster
from workflow.domain.situation import Situation
from workflow.failpoints import failpoint
from workflow.store import episodes, outages, protocols, staff, timers
from workflow.store.episodes import Loaded
from workflow.store.session import Store, UnavailableError

BATCH = 200
HANDS = 2  # batches at a time in one process
MOST_PER_TICK = 10_000
UNFINISHED = "its process died"

log = logging.getLogger(__name__)

Due = tuple[str, str, str, int]  # site, episode, task, projection


def sweep(store: Store, *, most: int = MOST_PER_TICK) -> int:
    """Fire everything that is due now, in this process. Answers how many timers were fired."""
    batches = due_batches(store, most=most)
    with ThreadPoolExecutor(HANDS) as hands:  # while one waits for the database, the other decides
        return sum(hands.map(partial(fire_batch, store), batches))


def due_batches(store: Store, *, most: int = MOST_PER_TICK) -> list[list[Due]]:
    """What is due now, as batches of one site each. Notes that the clock ticked, and the outage that this ends."""
    with store.transaction() as connection:
        timers.note_lightly(connection)
        outages.note(connection)
        due = timers.due(connection, most)
    return [batch for of in _by_site(due) for batch in _cut(of)]


def _by_site(due: Sequence[Due]) -> Iterable[list[Due]]:
    by_site: dict[str, list[Due]] = defaultdict(list)
    for one in due:
        by_site[one[0]].append(one)
    return by_site.values()


def _cut(due: Sequence[Due]) -> Iterator[list[Due]]:
    """Batches in the order of time. What is due of one episode stays together: no two batches want the same lock."""
    by_episode: dict[str, list[Due]] = defaultdict(list)
    for one in due:
        by_episode[one[1]].append(one)
    batch: list[Due] = []
    for of in by_episode.values():
        batch += of
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def tidy(store: Store) -> int:
    """Forget command keys nobody will repeat any more."""
    with store.transaction() as connection:
        return timers.forget_commands(connection)


def fire_batch(store: Store, batch: Sequence[Due]) -> int:
    """Fire due timers of one site in one transaction; one by one where that fails."""
    try:
        return _fire(store, batch)
    except UnavailableError:
        raise  # it says nothing about a timer, and the next tick comes by again
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


def fire_alone(store: Store, one: Due) -> int:
    """Fire one timer of a batch whose process did not come to its end. It is set aside first: it may kill us too."""
    with store.transaction([one[0]]) as connection:
        if timers.is_aside(connection, one):
            return 0
        timers.set_aside(connection, one, error=UNFINISHED)
    try:
        return fire_batch(store, [one])
    finally:
        with store.transaction([one[0]]) as connection:
            timers.take_back(connection, one, error=UNFINISHED)


def _fire(store: Store, batch: Sequence[Due]) -> int:
    site = batch[0][0]
    failpoint("F0")
    with store.transaction() as connection:
        held, now = episodes.lock_many(connection, site, sorted({one[1] for one in batch}))
        failpoint("F1")
        due = _of(held, batch)
        around = partial(_situations, connection, staff.roster(connection, site), now)
        loaded = timers.load(connection, site, [(id_, key) for id_, each in due.items() for key, _ in each])
        decisions, unclear = _decide(around(loaded), due)
        if unclear:
            loaded |= episodes.load(connection, site, unclear, sealed=False)
            decisions += _decide(around({id_: loaded[id_] for id_ in unclear}), due)[0]
        failpoint("F3")
        if decisions:
            heads = {id_: each.head for id_, each in loaded.items()}
            episodes.apply(connection, decisions, heads=heads, keys=episodes.keys_of(store.vault, loaded))
        failpoint("F4")
    failpoint("F5")
    return len(decisions)


def _of(held: Collection[str], batch: Sequence[Due]) -> dict[str, list[tuple[str, int]]]:
    """What is due of each episode held; those somebody else holds wait for the next tick."""
    due: dict[str, list[tuple[str, int]]] = {id_: [] for id_ in held}
    for _, episode, key, n in batch:
        if episode in due:
            due[episode].append((key, n))
    return due


def _situations(
    connection: Connection, roster: Roster, now: datetime, loaded: Mapping[str, Loaded]
) -> dict[str, Situation]:
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


def _decide(
    situations: Mapping[str, Situation], due: Mapping[str, Sequence[tuple[str, int]]]
) -> tuple[list[Decision], list[str]]:
    """What becomes of what is due, and the episodes of which more must be loaded before anything can be decided."""
    decisions, unclear = list[Decision](), list[str]()
    for id_, situation in situations.items():
        try:
            decisions += _in_turn(situation, due[id_])
        except NotLoadedError:
            unclear.append(id_)
    return decisions, unclear


def _in_turn(situation: Situation, due: Sequence[tuple[str, int]]) -> list[Decision]:
    """Each timer of an episode, on the episode as the one before left it."""
    decisions: list[Decision] = []
    for key, n in due:
        s = replace(situation, episode=decisions[-1].after) if decisions else situation
        decision = decide.fire(s, key=key, n=n)
        if decision is not None:
            decisions.append(decision)
    return decisions
