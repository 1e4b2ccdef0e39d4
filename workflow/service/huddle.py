"""The huddle list of a site: what harms if nobody acts today. One transaction that locks nothing.

ask who may ► the ground ► narrow in the database ► load those few ► rank, pure ► open the names of what is shown

Whole are loaded only those of whom more must be known: a procedure is ahead, or a ladder follows a moment that
recording moves. Of all others the open tasks are enough.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from workflow.domain.calendar import Calendar
from workflow.domain.huddle import TO_DO, Harm, Horizon, Line, gravity, horizon, lines
from workflow.domain.policy import Verb
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.situation import Situation
from workflow.domain.wording import moment
from workflow.service.act import Desk
from workflow.service.look import sites, where
from workflow.store import candidates, episodes, protocols, security
from workflow.store import huddle as store
from workflow.store.candidates import Identity
from workflow.store.episodes import Loaded
from workflow.store.huddle import Glimpse, Ground, LateLine, Narrowed
from workflow.store.staff import Person

MOST = 200  # lines shown
LATE = 20  # of what is merely late
LOOKED_AT = 400  # episodes loaded at most; the gravest come first
_NONE: Mapping[str, Decimal] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line, and who the candidate is; None where that was erased."""

    line: Line
    identity: Identity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Huddle:
    """One site's list at one moment. `counts` is of everything found, by harm; `unseen` episodes were not looked at."""

    site: str
    at: datetime
    emergency_number: str
    lines: tuple[Shown, ...]
    counts: Mapping[Harm, int]
    withheld: int
    unseen: int


def huddle(desk: Desk, person: Person, site: str) -> Huddle:
    """What harms at a site if nobody acts today. That somebody looked is noted once, as for a list.

    Raises NotFoundError for a site that is not theirs, NotPermittedError.
    """
    (site,) = where(person, Verb.READ, site)
    works = next(calendar for line, calendar in sites(desk, person) if line.site == site)
    with desk.store.transaction((site,)) as connection:
        here = store.ground(connection, site)
        until = horizon(works, here.now)
        versions = [protocols.cached(connection, name) for name in here.protocols]
        found = store.narrow(connection, site, versions, until, most=LOOKED_AT, late=LATE)
        whole = episodes.load(connection, site, found.whole)
        light = store.glimpses(connection, site, found.light, versions)
        named = [one.episode.protocol for one in whole.values()] + [one.episode.protocol for one in light]
        known = {name: protocols.cached(connection, name) for name in (*named, *(one.protocol for one in found.late))}
        security.looked(connection, site=site, actor=person.id, what="huddle", episode=None)
    room = _Room(desk=desk, person=person, works=works, here=here, until=until, known=known)
    of_all = [shown for one in whole.values() for shown in room.lines(one, found, settings=one.settings)]
    of_all += [shown for one in light for shown in room.lines(one, found)]
    late = [room.late(one) for one in found.late]
    return Huddle(
        site=site,
        at=here.now,
        emergency_number=here.emergency_number,
        lines=(*_gravest(of_all, MOST - len(late)), *late),
        counts=_counts(of_all, found),
        withheld=found.withheld,
        unseen=found.found - len(found.work),
    )


# ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """What every line of one list is made with."""

    desk: Desk
    person: Person
    works: Calendar
    here: Ground
    until: Horizon
    known: Mapping[str, ProtocolVersion]

    def lines(self, one: Loaded | Glimpse, found: Narrowed, *, settings: Mapping[str, Decimal] = _NONE) -> list[Shown]:
        """The lines of one candidate, each with their name."""
        identity = self._identity(one.episode.candidate, one.wrapped, one.identity)
        situation = Situation(
            protocol=self.known[one.episode.protocol],
            episode=one.episode,
            calendar=self.works,
            actor=self.person.at(one.episode.site),
            now=self.here.now,
            born_on=identity.born_on if identity else None,
            settings=settings,
        )
        work = found.work[one.episode.id]
        made = lines(situation, code=one.code, until=self.until, work=work)
        return [Shown(line=line, identity=identity) for line in made]

    def late(self, one: LateLine) -> Shown:
        """What is late and no graver."""
        version = self.known[one.protocol]
        rule = version.task(one.name)
        line = Line(
            harm=Harm.LATE,
            urgency=version.ladders[rule.ladder].urgency,
            episode=one.episode,
            code=one.code,
            stage=version.stage(one.stage).label,
            about=one.key,
            what=rule.label,
            because=f"late; its next reminder {moment(self.works, one.due_at, now=self.here.now)}",
            to_do=rule.advice or TO_DO[Harm.LATE],
            held_by=(one.holder,),
            since=None,
            due_at=one.due_at,
        )
        return Shown(line=line, identity=self._identity(one.candidate, one.wrapped, one.sealed))

    def _identity(self, candidate: str, wrapped: bytes, sealed: bytes | None) -> Identity | None:
        if sealed is None:
            return None
        return candidates.opened(self.desk.store.vault.key(candidate, wrapped), candidate, sealed)


def _gravest(found: Sequence[Shown], most: int) -> tuple[Shown, ...]:
    return tuple(sorted(found, key=lambda shown: gravity(shown.line))[:most])


def _counts(of_all: Sequence[Shown], found: Narrowed) -> dict[Harm, int]:
    counted = Counter(shown.line.harm for shown in of_all)
    return {harm: found.late_count if harm is Harm.LATE else counted[harm] for harm in Harm}
