"""Outages: when nobody looked what was due, which reminders should have left meanwhile, and what became of each."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from workflow.domain.policy import Verb
from workflow.domain.protocol import ProtocolVersion
from workflow.service.act import Desk
from workflow.service.look import where
from workflow.store import episodes, ledger, outages, protocols
from workflow.store.outages import MissedLine, OutageLine
from workflow.store.session import Store
from workflow.store.staff import Person

MOST, MOST_MISSED = 20, 500  # outages, and reminders of each


class Fate(StrEnum):
    """What became of a reminder that fell due in an outage."""

    WAITS = "waits"  # not told yet
    TOLD = "told"  # late, as the rung it was
    COLLAPSED = "collapsed"  # late, together with the rungs above it
    SKIPPED = "skipped"  # left out, as its ladder declares
    NOBODY = "nobody"  # there was nobody to tell
    ENDED = "ended"  # its task ended before it was told
    MOVED = "moved"  # somebody took the task on, or its time changed, before it was told


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """One reminder that should have left, with its protocol and what became of it."""

    line: MissedLine
    protocol: ProtocolVersion
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One outage, and what fell due in it at this person's sites."""

    line: OutageLine
    missed: tuple[Missed, ...]


def report(desk: Desk, person: Person) -> list[Outage]:
    """The latest outages, the newest first. Raises NotPermittedError."""
    sites = where(person, Verb.READ)
    with desk.store.transaction(sites) as connection:
        found = outages.recent(connection, sites, most=MOST)
        lines = outages.missed(connection, sites, [each.id for each in found], most=MOST_MISSED)
        told = [
            Missed(
                line=line,
                protocol=protocols.cached(connection, line.protocol),
                fate=_fate(desk.store, connection, line),
            )
            for line in lines
        ]
    return [Outage(line=each, missed=tuple(one for one in told if one.line.outage == each.id)) for each in found]


def _fate(store: Store, connection: Connection, line: MissedLine) -> Fate:
    if line.told_at is not None:
        return Fate.COLLAPSED if line.told_as is not None and line.told_as > line.rung else Fate.TOLD
    if line.waits:
        return Fate.WAITS
    about = _about(store, connection, line)
    if about.get("task") == line.task:
        return Fate.SKIPPED if "skipped" in about else Fate.NOBODY
    return Fate.ENDED if line.ended is not None else Fate.MOVED


def _about(store: Store, connection: Connection, line: MissedLine) -> dict[str, object]:
    """What the ledger says of the firing that told nobody; nothing where it did not fire."""
    if line.seq is None:
        return {}
    loaded = episodes.load(connection, line.site, [line.episode])[line.episode]
    key = store.vault.key(loaded.episode.candidate, loaded.wrapped)
    (read,) = ledger.read(connection, line.site, line.episode, key, after=line.seq - 1, most=1)
    about = (read.payload or {}).get("about")
    return dict(about) if isinstance(about, dict) else {}
