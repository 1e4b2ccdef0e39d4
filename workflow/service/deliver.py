"""Messages leave one by one: claim in one transaction, send with none open, mark in another.

What is moot is dropped at the last moment: the task is done, or the person no longer works there. Nothing of the
candidate leaves but their code and a link.
"""

import logging
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol as Shape

from workflow.domain.task import TaskState
from workflow.store import outbox, protocols, timers
from workflow.store.outbox import Claimed
from workflow.store.session import Store

BATCH = 50
ENOUGH = 5.0  # seconds a job spends before it leaves the rest to the next
GIVE_UP = {"routine": 3 * 86_400, "urgent": 86_400, "red": 86_400}  # seconds; the ladder climbs meanwhile
_LONGEST_WAIT = {"routine": 900, "urgent": 60, "red": 60}

log = logging.getLogger(__name__)
_dice = random.SystemRandom()

Key = tuple[str, str]  # episode, message


class TryLaterError(Exception):
    """The way is blocked for now; the message may be sent again."""


class UndeliverableError(Exception):
    """This address will never take this message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is handed to a transport. `reference` is the same on every attempt."""

    to: str
    subject: str
    body: str
    reference: str


class Transport(Shape):
    """A way out of the building."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over. Raises TryLaterError or UndeliverableError."""


def relay(store: Store, transport: Transport, *, link: str, most: int = 500) -> int:
    """Send what is waiting, oldest first, in this process; answers how many were sent."""
    return sum(deliver(store, transport, site, keys, link=link) for site, keys in due_batches(store, most=most))


def due_batches(store: Store, *, most: int = 500) -> list[tuple[str, list[Key]]]:
    """Messages that can be sent now, as batches of one site each: (site, [(episode, key), ...])."""
    with store.transaction() as connection:
        timers.beat(connection, "relay")
        due = outbox.due(connection, most)
    by_site: dict[str, list[Key]] = defaultdict(list)
    for site, episode, key in due:
        by_site[site].append((episode, key))
    return [(site, of[i : i + BATCH]) for site, of in by_site.items() for i in range(0, len(of), BATCH)]


def deliver(store: Store, transport: Transport, site: str, keys: list[Key], *, link: str) -> int:
    """Claim, send and mark messages of one site, one by one; what a slow relay leaves waits for the next tick."""
    sent, began = 0, time.monotonic()
    for key in keys:
        with store.transaction([site]) as connection:
            claimed = outbox.claim(connection, site, [key])
        sent += sum(_one(store, transport, one, link) for one in claimed)
        if time.monotonic() - began > ENOUGH:
            break
    return sent


def letter(one: Claimed, label: str, link: str) -> Letter:
    """The words of a message: the work, the candidate's code, since when, and where to go."""
    escalated = "" if one.rung == 0 else f" (escalation {one.rung})"
    reference = f"{one.episode}.{one.key}".replace("~", ".")
    body = (
        f"{label}{escalated}\n\n"
        f"Candidate: {one.code}\n"
        f"Due since: {one.due_at:%Y-%m-%d %H:%M} UTC\n"
        f"Open it:   {link}/api/v1/episodes/{one.episode}\n\n"
        "You get this because the work is open and names your role. It goes on until the\n"
        "work is done or somebody says until when they take it.\n"
        "Theca is not an emergency channel.\n"
    )
    return Letter(
        to=one.email, subject=f"[{one.urgency}] {label}{escalated}: {one.code}", body=body, reference=reference
    )


def _one(store: Store, transport: Transport, one: Claimed, link: str) -> int:
    moot = _moot(one)
    if moot:
        return _settle(store, one, state="cancelled", reason=moot)
    try:
        transport.send(letter(one, _label(store, one), link))
    except UndeliverableError as never:
        log.warning("message undeliverable", extra={"letter": one.key})
        return _settle(store, one, state="dead", reason=str(never))
    except TryLaterError as later:
        return _later(store, one, str(later))
    except Exception as odd:  # noqa: BLE001 - one odd letter stops no other
        log.error("message failed", extra={"letter": one.key, "kind": type(odd).__name__})  # noqa: TRY400 - no values
        return _later(store, one, type(odd).__name__)
    return _settle(store, one, state="sent", reason="handed over")


def _label(store: Store, one: Claimed) -> str:
    with store.transaction() as connection:
        return protocols.cached(connection, one.protocol).task(one.name).label


def _moot(one: Claimed) -> str:
    if not one.task_open:
        return f"the task is no longer {TaskState.OPEN}"
    return "" if one.entitled and one.email else "the person no longer works here, or has no address"


def _later(store: Store, one: Claimed, reason: str) -> int:
    if one.age > GIVE_UP[one.urgency]:
        return _settle(store, one, state="dead", reason=f"after {one.attempts} attempts: {reason}")
    longest = min(_LONGEST_WAIT[one.urgency], 15 * 2 ** min(one.attempts, 10))
    with store.transaction([one.site]) as connection:
        outbox.postpone(connection, one, wait=_dice.randint(1, longest), reason=reason)
    return 0


def _settle(store: Store, one: Claimed, *, state: str, reason: str) -> int:
    with store.transaction([one.site]) as connection:
        kept = outbox.settle(connection, one, state=state, reason=reason)
    if not kept:
        log.warning("lease lost before the mark", extra={"letter": one.key})
    return int(kept and state == "sent")
