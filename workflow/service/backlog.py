"""Backlogs: what an import or an adoption brought overdue waits here, by site, until somebody releases it."""

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.domain import decide
from workflow.domain.errors import ImpossibleNowError, NotFoundError
from workflow.domain.policy import Verb
from workflow.domain.protocol import ProtocolVersion
from workflow.service.act import Asked, Desk, perform
from workflow.service.answer import Answer
from workflow.service.look import where
from workflow.store import backlog, protocols
from workflow.store.backlog import WithheldLine
from workflow.store.bell import Bell
from workflow.store.staff import Person

MOST = 500  # episodes one release lets go; what is left is told, and released by asking again


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """One task that waits for a release, with its protocol."""

    line: WithheldLine
    protocol: ProtocolVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """How many candidates' work was let go, and how many still wait."""

    released: int
    waiting: int


def waiting(desk: Desk, person: Person, site: str) -> list[Withheld]:
    """What waits at a site, the oldest work first. Raises NotFoundError for another's site, NotPermittedError."""
    (site,) = where(person, Verb.READ, site)
    with desk.store.transaction([site]) as connection:
        lines = backlog.withheld(connection, site)
        return [Withheld(line=line, protocol=protocols.cached(connection, line.protocol)) for line in lines]


def release(desk: Desk, person: Person, site: str, episodes: Sequence[str] | None = None) -> Released:
    """Let the withheld work of these candidates go, or of all at the site; each is a decision of its own.

    Who was released meanwhile is passed over. Raises NotFoundError for another's site or an episode that is not
    there, NotPermittedError.
    """
    (site,) = where(person, Verb.RELEASE_BACKLOG, site)
    with desk.store.transaction([site]) as connection:
        known = backlog.episodes(connection, site)
        elsewhere = set(episodes or ()) - backlog.here(connection, site, list(episodes or ()))
    if elsewhere:
        raise NotFoundError("there is no such episode at this site", said=min(elsewhere), place="episodes")
    quiet = Desk(desk.store, Bell(""))  # one ring for all of them
    wanted = [episode for episode in known if episodes is None or episode in episodes][:MOST]
    done = sum(_released(quiet, person, episode) for episode in wanted)
    desk.bell.ring()
    return Released(released=done, waiting=len(known) - done)


def release_backlog(desk: Desk, asked: Asked) -> Answer:
    """Let the withheld work of one candidate go. Raises ImpossibleNowError where none is withheld."""
    return perform(desk, asked, Verb.RELEASE_BACKLOG, decide.release_backlog)


def _released(desk: Desk, person: Person, episode: str) -> bool:
    try:
        release_backlog(desk, Asked(person=person, episode=episode))
    except ImpossibleNowError:  # somebody else was quicker
        return False
    return True
