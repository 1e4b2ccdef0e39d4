"""What delivery itself decides, on the ledger of the episode a letter is about: dead, too many, or for another now.

A letter is dead in the same transaction in which the coordinator gets their task and the next rung comes due.
"""

from collections.abc import Callable

from sqlalchemy import Connection

from workflow.domain import decide
from workflow.domain.actor import system
from workflow.domain.decision import Decision
from workflow.domain.situation import Situation
from workflow.store import episodes, outbox, protocols, staff
from workflow.store.outbox import Claimed
from workflow.store.session import Store

ENDED = "the task is no longer open"
Deciding = Callable[[Situation], Decision | None]


def bury(store: Store, one: Claimed, *, reason: str) -> None:
    """Mark a claimed message dead and say so to whoever can help; cancelled where its work has ended meanwhile."""

    def deciding(s: Situation) -> Decision | None:
        task = s.episode.tasks.get(one.task)
        open_ = task is not None and task.is_open
        state, why = ("dead", reason) if open_ else ("cancelled", ENDED)
        if not outbox.settle(connection, [one], state=state, reason=why) or not open_:
            return None
        return decide.undelivered(
            s, task=one.task, message=one.key, rung=one.rung, recipient=one.recipient, reason=reason
        )

    with store.transaction() as connection:
        upon(store, connection, one, deciding)


def pass_on(store: Store, one: Claimed, *, reason: str) -> None:
    """Cancel a claimed message to somebody who is away or gone, and tell whoever is in their place now."""

    def deciding(s: Situation) -> Decision | None:
        if not outbox.settle(connection, [one], state="cancelled", reason=reason):
            return None
        return decide.instead(
            s,
            task=one.task,
            message=one.key,
            rung=one.rung,
            recipient=one.recipient,
            due_at=one.due_at,
            known=outbox.know(connection, one),
            reason=reason,
        )

    with store.transaction() as connection:
        upon(store, connection, one, deciding)


def tell_lead(store: Store, connection: Connection, newest: Claimed, *, count: int) -> None:
    """One line to the lead: so many pieces of urgent work went to one person in one letter."""

    def deciding(s: Situation) -> Decision | None:
        return decide.storm(
            s, task=newest.task, message=newest.key, rung=newest.rung, recipient=newest.recipient, count=count
        )

    upon(store, connection, newest, deciding)


def upon(store: Store, connection: Connection, one: Claimed, deciding: Deciding) -> None:
    """Lock the episode a message is about, decide on it as it stands, and write what was decided."""
    locked = episodes.lock(connection, one.episode, sites=[one.site])
    loaded = episodes.load(connection, one.site, [one.episode], sealed=False)
    each = loaded[one.episode]
    decision = deciding(
        Situation(
            protocol=protocols.cached(connection, each.episode.protocol),
            episode=each.episode,
            calendar=each.calendar,
            actor=system("delivery"),
            now=locked.now,
            roster=staff.roster(connection, one.site),
            settings=each.settings,
        )
    )
    if decision is not None:
        episodes.apply(
            connection, [decision], heads={one.episode: each.head}, keys=episodes.keys_of(store.vault, loaded)
        )
