"""People look: each function is one transaction that locks nothing and changes nothing of what is looked at.

One episode ► find its site ► policy there ► load it whole ► note who looked. Lists see only the sites where this
person may read; an episode anywhere else does not exist for them.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from workflow.authoring.draw import draw
from workflow.domain.calendar import Calendar
from workflow.domain.errors import NotFoundError, TroubleError
from workflow.domain.policy import Verb, permits, refusal, require
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.situation import Situation
from workflow.service.act import Desk
from workflow.service.why import Why, why
from workflow.store import candidates, episodes, ledger, protocols, security, worklist
from workflow.store.calendars import Place, calendar
from workflow.store.candidates import Identity
from workflow.store.ledger import Read
from workflow.store.protocols import Published
from workflow.store.staff import Person
from workflow.store.worklist import (
    EpisodeLine,
    EpisodesWanted,
    MemberLine,
    MessageLine,
    MessagesWanted,
    SiteLine,
    TaskLine,
    TasksWanted,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One episode as one person sees it now. `identity` is None where it was erased."""

    code: str
    identity: Identity | None
    situation: Situation
    emergency_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One episode in a list, with the candidate's name and its protocol."""

    line: EpisodeLine
    identity: Identity | None
    protocol: ProtocolVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One open task in a list, with its protocol."""

    line: TaskLine
    protocol: ProtocolVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message in the delivery log, with its protocol."""

    line: MessageLine
    protocol: ProtocolVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One protocol version: what it prescribes, its exact text, and a drawing of it as SVG."""

    version: ProtocolVersion
    text: str
    drawing: str


def one(desk: Desk, person: Person, episode: str, *, page: str = "episode") -> Sight:
    """One episode, whole; `page` is what the access log calls it. Raises NotFoundError, NotPermittedError."""
    with desk.store.transaction(person.sites) as connection:
        return _sight(desk, connection, person, episode, page)


def explain(desk: Desk, person: Person, episode: str) -> tuple[Sight, Why]:
    """Why a candidate stands where they stand. Raises NotFoundError, NotPermittedError."""
    sight = one(desk, person, episode, page="why")
    return sight, why(sight.situation, code=sight.code)


def chain(desk: Desk, person: Person, episode: str, *, after: int = 0, most: int = 200) -> tuple[list[Read], Calendar]:
    """The lines of an episode's ledger after a seq, oldest first, and the site's clock.

    Raises NotFoundError, NotPermittedError.
    """
    with desk.store.transaction(person.sites) as connection:
        site, _ = _enter(connection, person, episode, Verb.READ_LEDGER, "ledger")
        loaded = episodes.load(connection, site, [episode])[episode]
        key = desk.store.vault.key(loaded.episode.candidate, loaded.wrapped)
        return ledger.read(connection, site, episode, key, after=after, most=most), loaded.calendar


def board(
    desk: Desk, person: Person, wanted: EpisodesWanted, *, site: str | None = None, search: str | None = None
) -> list[Listed]:
    """A page of episodes. `search` is a code, a record number, or the beginnings of names."""
    wanted = replace(wanted, sites=where(person, Verb.READ, site))
    with desk.store.transaction(wanted.sites) as connection:
        if search is not None:
            found = _searched(desk, connection, wanted.sites, search)
            wanted = replace(wanted, candidates=found, code=search.strip().upper())
        lines = worklist.episodes(connection, wanted)
        for shown in sorted({line.site for line in lines}):
            what = "list" if search is None else "search"
            security.looked(connection, site=shown, actor=person.id, what=what, episode=None)
        known = {line.protocol: protocols.cached(connection, line.protocol) for line in lines}
    return [Listed(line=line, identity=_identity(desk, line), protocol=known[line.protocol]) for line in lines]


def work(desk: Desk, person: Person, wanted: TasksWanted, *, site: str | None = None) -> list[Work]:
    """A page of open tasks; with `mine`, those assigned to this person or waiting for a role of theirs."""
    seen = where(person, Verb.READ, site)
    places = [f"{each}/{role}" for each in seen for role in sorted(person.roles[each])]
    wanted = replace(wanted, sites=seen, me=person.id, places=places)
    with desk.store.transaction(seen) as connection:
        lines = worklist.tasks(connection, wanted)
        return [Work(line=line, protocol=protocols.cached(connection, line.protocol)) for line in lines]


def deliveries(desk: Desk, person: Person, wanted: MessagesWanted, *, site: str | None = None) -> list[Told]:
    """A page of the delivery log."""
    wanted = replace(wanted, sites=where(person, Verb.READ, site))
    with desk.store.transaction(wanted.sites) as connection:
        lines = worklist.messages(connection, wanted)
        return [Told(line=line, protocol=protocols.cached(connection, line.protocol)) for line in lines]


def printings(desk: Desk, person: Person) -> list[Published]:
    """Every published protocol version."""
    where(person, Verb.READ_PEOPLE)
    with desk.store.transaction() as connection:
        return protocols.listed(connection)


def printing(desk: Desk, person: Person, name: str) -> Printed:
    """One published version, by `key@number`. Raises NotFoundError."""
    where(person, Verb.READ_PEOPLE)
    with desk.store.transaction() as connection:
        version = protocols.cached(connection, name)
        source = protocols.source(connection, version)
    return Printed(version=version, text=source, drawing=draw(version))


def sites(desk: Desk, person: Person) -> list[tuple[SiteLine, Calendar]]:
    """The sites this person works at, each with its working time."""
    wanted = where(person, Verb.READ_PEOPLE)
    with desk.store.transaction(wanted) as connection:
        lines = worklist.sites(connection, wanted)
    return [(line, calendar(_place(line))) for line in lines]


def members(desk: Desk, person: Person) -> list[MemberLine]:
    """Everybody who works at this person's sites today."""
    wanted = where(person, Verb.READ_PEOPLE)
    with desk.store.transaction(wanted) as connection:
        return worklist.members(connection, wanted)


def where(person: Person, verb: Verb, site: str | None = None) -> tuple[str, ...]:
    """The sites at which this person may use a verb; only `site`, where one is named.

    Raises NotFoundError for a site that is not theirs, NotPermittedError where there is none left.
    """
    if site is not None and site not in person.sites:
        raise NotFoundError("there is no such site among yours", place="site", allowed=", ".join(person.sites))
    mine = [site] if site is not None else person.sites
    permitted = tuple(each for each in mine if permits(person.at(each), verb))
    if not permitted:
        raise refusal(verb)
    return permitted


def sees(desk: Desk, person: Person, episode: str) -> bool:
    """Whether an episode is at one of this person's sites, whatever they may do there."""
    with desk.store.transaction(person.sites) as connection:
        return worklist.find(connection, episode) is not None


def knows(desk: Desk, person: Person, staff: str) -> bool:
    """Whether somebody holds, held or will hold a role at one of this person's sites."""
    with desk.store.transaction(person.sites) as connection:
        return worklist.employed(connection, staff)


def turned_away(desk: Desk, *, actor: str, kind: str) -> None:
    """Count a request that was refused at the door. Best effort: what is refused stays refused either way."""
    try:
        with desk.store.transaction() as connection:
            security.turned_away(connection, actor=actor, kind=kind)
    except (TroubleError, SQLAlchemyError) as lost:
        log.warning("security event lost", extra={"kind": kind, "error": type(lost).__name__})


def _enter(connection: Connection, person: Person, episode: str, verb: Verb, page: str) -> tuple[str, datetime]:
    """Find an episode, ask the policy at its site, and note who looks. Answers site and time."""
    found = worklist.find(connection, episode)
    if found is None:
        raise NotFoundError
    site, now = found
    require(person.at(site), verb)
    security.looked(connection, site=site, actor=person.id, what=page, episode=episode)
    return site, now


def _sight(desk: Desk, connection: Connection, person: Person, episode: str, page: str) -> Sight:
    site, now = _enter(connection, person, episode, Verb.READ, page)
    loaded = episodes.load(connection, site, [episode])[episode]
    key = desk.store.vault.key(loaded.episode.candidate, loaded.wrapped)
    sealed = loaded.identity
    identity = None if sealed is None else candidates.opened(key, loaded.episode.candidate, sealed)
    situation = Situation(
        protocol=protocols.cached(connection, loaded.episode.protocol),
        episode=loaded.episode,
        calendar=loaded.calendar,
        actor=person.at(site),
        now=now,
        born_on=identity.born_on if identity else None,
        settings=loaded.settings,
    )
    return Sight(code=loaded.code, identity=identity, situation=situation, emergency_number=loaded.emergency_number)


def _searched(desk: Desk, connection: Connection, seen: Sequence[str], search: str) -> list[str]:
    each = (candidates.named(connection, desk.store.vault, site, search) for site in seen)
    return sorted(set().union(*each))


def _identity(desk: Desk, line: EpisodeLine) -> Identity | None:
    if line.sealed is None:
        return None
    return candidates.opened(desk.store.vault.key(line.candidate, bytes(line.wrapped)), line.candidate, line.sealed)


def _place(line: SiteLine) -> Place:
    return Place(
        zone=line.zone,
        country=line.country,
        subdivision=line.subdivision,
        opens=line.opens,
        closes=line.closes,
        weekdays=line.weekdays,
        year=line.year,
        closures=tuple(day for day, _ in line.closures),
    )
