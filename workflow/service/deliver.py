"""Messages leave letter by letter: claim in one transaction, send with none open, mark in another.

What is moot is dropped at the last moment: the task is done, or the person is away or works there no longer; then
whoever is in their place is told. Nothing of the candidate leaves but their code and a link. What will never arrive
becomes somebody's work.
"""

import logging
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol as Shape
from typing import runtime_checkable

from workflow.domain.decide import of_storm
from workflow.failpoints import failpoint
from workflow.service.letters import DownError, Letter, Links, Transport, TryLaterError, UndeliverableError, write
from workflow.service.links import acknowledge_url
from workflow.service.outgoing import could_leave, take
from workflow.service.undelivered import ENDED, bury, pass_on
from workflow.store import addresses, outbox, timers
from workflow.store.house import House, house
from workflow.store.outbox import Claimed, Head, Key
from workflow.store.session import Store, UnavailableError

__all__ = ["Letter", "Transport", "TryLaterError", "UndeliverableError", "deliver", "due_batches", "relay"]

BATCH = 50
ENOUGH = 5.0  # seconds a job spends before it leaves the rest to the next
DEADLY = 3  # workers that die of one letter before it is dead itself
DOWN = 5  # letters in a row that a transport does not answer to, before it is left alone until the next tick
_GIVE_UP = {"routine": timedelta(days=3), "urgent": timedelta(days=1), "red": timedelta(days=1)}  # the ladder climbs
_ODD_WAITS = timedelta(minutes=5)  # what fails before it is even taken up
_LONGEST_WAIT = {"routine": 900, "urgent": 60, "red": 60}  # seconds

log = logging.getLogger(__name__)
_dice = random.SystemRandom()


@dataclass(slots=True)
class Breaker:
    """Leaves a transport alone that does not answer; the letters wait, and nobody waits for each of them."""

    silent: Counter[str] = field(default_factory=Counter)

    def note(self, channel: str, *, down: bool) -> None:
        """What the last letter on a channel met: nobody there, or any answer at all."""
        self.silent[channel] = self.silent[channel] + 1 if down else 0

    def open(self, channel: str) -> bool:
        return self.silent[channel] >= DOWN


@runtime_checkable
class Holding(Shape):
    """A transport that can keep its connection from one letter to the next."""

    def held(self) -> AbstractContextManager[Transport]:
        """The same transport, on one connection while the block runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What the letters of one site are written and sent with."""

    store: Store
    out: Transport
    house: House
    links: Links
    breaker: Breaker
    taken: set[Key] = field(default_factory=set)  # what left, or was dropped, together with another


def relay(store: Store, transport: Transport, *, link: str, most: int = 500) -> int:
    """Send what is waiting, the most urgent first, in this process; answers how many messages were sent."""
    breaker = Breaker()
    batches = due_batches(store, most=most)
    return sum(deliver(store, transport, site, keys, link=link, breaker=breaker) for site, keys in batches)


def due_batches(store: Store, *, most: int = 500) -> list[tuple[str, list[Key]]]:
    """Messages that can be sent now, as batches of one site each: (site, [(episode, key), ...])."""
    with store.transaction() as connection:
        timers.note_lightly(connection)
        timers.beat(connection, "relay")
        due = outbox.due(connection, most)
    by_site: dict[str, list[Key]] = defaultdict(list)
    for site, episode, key in due:
        by_site[site].append((episode, key))
    return [(site, of[i : i + BATCH]) for site, of in by_site.items() for i in range(0, len(of), BATCH)]


def deliver(
    store: Store, transport: Transport, site: str, keys: Sequence[Key], *, link: str, breaker: Breaker | None = None
) -> int:
    """Claim, send and mark messages of one site, letter by letter; what a slow relay leaves waits for the next tick."""
    sent, began, silent = 0, time.monotonic(), breaker or Breaker()
    with store.transaction([site]) as connection:
        at, waiting = house(connection, site), outbox.heads(connection, site, keys)
    with _held(transport) as out:
        this = _Round(store=store, out=out, house=at, links=_links(store, at, link), breaker=silent)
        for head in waiting:
            if head.at not in this.taken and not silent.open(head.channel):
                sent += _guarded(this, head)
            if time.monotonic() - began > ENOUGH:
                break
    return sent


def _guarded(this: _Round, head: Head) -> int:
    """One letter; what cannot even be taken up waits for a while, so that it keeps no other from leaving."""
    try:
        return _one(this, head)
    except UnavailableError:
        raise
    except Exception as odd:  # noqa: BLE001 - one odd letter stops no other
        log.error("message set aside", extra={"letter": head.key, "kind": type(odd).__name__})  # noqa: TRY400 - no values
        with this.store.transaction([this.house.site]) as connection:
            outbox.wait(connection, this.house.site, head, until=this.house.now + _ODD_WAITS)
        return 0


def _one(this: _Round, head: Head) -> int:
    """One letter, whatever it tells of; answers how many messages were sent with it."""
    failpoint("D0")
    claimed = take(this.store, this.house, head)
    this.taken.update((one.episode, one.key) for one in claimed)
    failpoint("D1")
    rows = _still_wanted(this, claimed)
    if not rows:
        return 0
    if min(one.died for one in rows) >= DEADLY:
        return _dead(this, rows, f"{DEADLY} workers died of it")
    try:
        letter = _addressed(this, rows)
        failpoint("D2")
        this.out.send(letter)
    except UndeliverableError as never:
        this.breaker.note(head.channel, down=False)
        return _dead(this, rows, str(never))
    except TryLaterError as later:
        this.breaker.note(head.channel, down=isinstance(later, DownError))
        return _later(this, rows, str(later))
    except Exception as odd:  # noqa: BLE001 - one odd letter stops no other
        log.error("message failed", extra={"letter": rows[0].key, "kind": type(odd).__name__})  # noqa: TRY400 - no values
        return _later(this, rows, type(odd).__name__)
    failpoint("D7")
    this.breaker.note(head.channel, down=False)
    return _settle(this, rows, state="sent", reason="handed over")


def _still_wanted(this: _Round, rows: Sequence[Claimed]) -> list[Claimed]:
    """Those of claimed messages that are not moot; the others are cancelled, each with its reason."""
    moot: dict[str, list[Claimed]] = defaultdict(list)
    for one in rows:
        moot[_moot(one)].append(one)
    for reason, dropped in moot.items():
        if reason == ENDED:
            _settle(this, dropped, state="cancelled", reason=reason)
        elif reason:
            for one in dropped:
                pass_on(this.store, one, reason=reason)
    return moot[""]


def _moot(one: Claimed) -> str:
    if not one.task_open and not of_storm(one.key):  # too much for one person is so whatever became of one task
        return ENDED
    if one.away:
        return "the person is away"
    return "" if one.entitled and one.reachable else "the person no longer works here, or has no address"


def _addressed(this: _Round, rows: Sequence[Claimed]) -> Letter:
    """The letter with its channel, where it goes there, what it is signed with, and a reference that tells nothing."""
    letter, vault = write(rows, this.house, this.links), this.store.vault
    where = addresses.of_message(vault, rows[0])
    reference = letter.reference if rows[0].letter else vault.alias("letter", letter.reference)
    return replace(letter, channel=rows[0].channel, to=where.to, secret=where.secret, reference=reference)


def _later(this: _Round, rows: Sequence[Claimed], reason: str) -> int:
    """Try again after a while of chance; what could have left too long ago is dead."""
    first = rows[0]
    old = [one for one in rows if this.house.now - could_leave(this.house, one) > _GIVE_UP[one.urgency]]
    _dead(this, old, f"after {first.attempts} attempts: {reason}")
    young = [one for one in rows if one not in old]
    longest = min(_LONGEST_WAIT[first.urgency], 15 * 2 ** min(first.attempts, 10))
    if young:
        with this.store.transaction([first.site]) as connection:
            outbox.postpone(connection, young, wait=_dice.randint(1, longest), reason=reason)
    return 0


def _dead(this: _Round, rows: Sequence[Claimed], reason: str) -> int:
    for one in rows:
        log.warning("message undeliverable", extra={"letter": one.key})
        bury(this.store, one, reason=reason)
    return 0


def _settle(this: _Round, rows: Sequence[Claimed], *, state: str, reason: str) -> int:
    with this.store.transaction([this.house.site]) as connection:
        kept = outbox.settle(connection, rows, state=state, reason=reason)
        failpoint("D8")
    failpoint("D9")
    if kept < len(rows):
        log.warning("lease lost before the mark", extra={"letter": rows[0].key})
    return kept if state == "sent" else 0


def _links(store: Store, at: House, link: str) -> Links:
    def take_on(one: Claimed) -> str:
        return acknowledge_url(store.vault, link, site=one.site, episode=one.episode, message=one.key, now=at.now)

    return Links(to=link, acknowledge=take_on)


@contextmanager
def _held(transport: Transport) -> Iterator[Transport]:
    """The transport, with one connection for all letters of the block where it can."""
    if not isinstance(transport, Holding):
        yield transport
        return
    with transport.held() as out:
        yield out
