"""What leaves now, and together with what. Each answer is the messages of one letter, claimed; or none, and they wait.

red                 alone, at once, always
urgent              alone, as many an hour to one person as the site allows; beyond that one summary an hour, and a
                    line to the lead
routine, at once    alone, outside quiet hours
routine, a digest   all that waits for one person, in one letter on the next working morning
"""

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from workflow.domain.decide import of_storm
from workflow.domain.ladder import Urgency
from workflow.domain.quiet import may_leave
from workflow.service.undelivered import tell_lead
from workflow.store import outbox
from workflow.store.house import House
from workflow.store.outbox import Claimed, Head
from workflow.store.session import Store, UnavailableError

log = logging.getLogger(__name__)

HOUR = timedelta(hours=1)


def take(store: Store, house: House, head: Head) -> list[Claimed]:
    """Claim what leaves in one letter with this message. Empty where it waits, or where somebody else has it."""
    with store.transaction([house.site]) as connection:
        at = leaves(house, head)
        if at > house.now:
            outbox.wait(connection, house.site, head, until=at)
            return []
        routine = head.urgency == Urgency.ROUTINE
        if head.urgency == Urgency.RED or (routine and not house.hours.digest and not head.letter):
            return outbox.claim(connection, house.site, [head.at])
        outbox.alone(connection, house.site, head)
        if head.letter:
            same = outbox.of_same(connection, house.site, head)
            return _together(connection, house, same, head.letter)
        return _digest(connection, house, head) if routine else _urgent(store, connection, house, head)


def leaves(house: House, one: Head) -> datetime:
    """When a message may leave: now, or later."""
    return may_leave(house.hours, house.calendar, Urgency(one.urgency), house.now, since=one.since)


def could_leave(house: House, one: Claimed) -> datetime:
    """Since when a claimed message could have left."""
    return may_leave(house.hours, house.calendar, Urgency(one.urgency), one.created_at, since=one.since)


def _digest(connection: Connection, house: House, head: Head) -> list[Claimed]:
    """All of one person's routine messages whose morning has come."""
    same = outbox.of_same(connection, house.site, head)
    ready = [one for one in same if leaves(house, one) <= house.now]
    return _together(connection, house, ready, f"digest.{secrets.token_hex(12)}")


def _urgent(store: Store, connection: Connection, house: House, head: Head) -> list[Claimed]:
    """One message, where the person may be sent one more this hour; else a summary, where there was none this hour."""
    sent = outbox.lately(connection, house.site, head)
    if len(sent.single) < house.urgent_per_hour:
        return outbox.claim(connection, house.site, [head.at])
    if sent.summaries:
        free = min(sent.single[-house.urgent_per_hour], sent.summaries[-1]) + HOUR
        outbox.wait(connection, house.site, head, until=free)
        return []
    same = outbox.of_same(connection, house.site, head)
    claimed = _together(connection, house, same, f"summary.{secrets.token_hex(12)}")
    still_open = [one for one in claimed if one.task_open and not of_storm(one.key)]
    if still_open:
        newest = max(still_open, key=lambda one: (one.created_at, one.key))
        _tell_lead(store, connection, newest, count=len(still_open))
    return claimed


def _tell_lead(store: Store, connection: Connection, newest: Claimed, *, count: int) -> None:
    """The line to the lead; where it cannot be written, the letters leave all the same."""
    try:
        with connection.begin_nested():
            tell_lead(store, connection, newest, count=count)
    except UnavailableError:
        raise
    except Exception as odd:  # noqa: BLE001 - one candidate that cannot be read stops nobody's letters
        log.error("lead not told", extra={"letter": newest.key, "kind": type(odd).__name__})  # noqa: TRY400 - no values


def _together(connection: Connection, house: House, same: Sequence[Head], letter: str) -> list[Claimed]:
    return outbox.claim(connection, house.site, [one.at for one in same], letter=letter)
