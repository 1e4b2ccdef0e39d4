"""Erasing a candidate, for good: one person proposes it, another agrees, and only what must not be kept may go.

What goes is the candidate's key, identity and names, and every row of their episodes. What stays are their chains,
whose lines can no longer be opened, and a line in the site's chain that says who erased whom, by ids.
"""

from enum import StrEnum

from sqlalchemy import Connection

from workflow.domain.chain_line import of_site
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, NotFoundError, NotPermittedError
from workflow.domain.policy import Verb
from workflow.service.look import where
from workflow.store import chains, erasures
from workflow.store.erasures import Known, Proposed
from workflow.store.session import Store
from workflow.store.staff import Person


class Reason(StrEnum):
    """Why somebody is erased: a code, because words might say who it was."""

    REQUESTED = "requested"  # the person asked for it
    RETENTION_OVER = "retention_over"
    REGISTERED_IN_ERROR = "registered_in_error"


def propose(store: Store, person: Person, *, site: str, code: str, reason: str) -> str:
    """Ask that everything known of a candidate be erased; answers their id.

    Raises NotFoundError for a site or candidate that is not yours, NotPermittedError, ImpossibleInputError for a reason
    there is not, ImpossibleNowError where something of it must still be kept.
    """
    _require(person, site)
    if reason not in list(Reason):
        raise ImpossibleInputError(f"no reason {reason!r}", place="reason", allowed=", ".join(Reason))
    with store.transaction([site]) as connection:
        known = _erasable(connection, site, code)
        if erasures.propose(connection, site=site, candidate=known.id, reason=reason, by=person.id):
            about = {"candidate": known.id, "reason": reason}
            chains.append(connection, of_site(site), actor=person.id, verb="propose_erasure", about=about)
    return known.id


def agree(store: Store, person: Person, *, site: str, code: str) -> str:
    """Agree with what somebody else proposed, and erase it now; answers the candidate's id. There is no way back.

    Raises what propose raises; NotPermittedError for whoever proposed it.
    """
    _require(person, site)
    with store.transaction([site]) as connection:
        known = _erasable(connection, site, code)
        proposed = erasures.of(connection, site, known.id)
        if proposed is None:
            raise ImpossibleNowError("nobody has proposed it", allowed="theca erase propose")
        if proposed.proposed_by == person.id:
            raise NotPermittedError("you proposed it yourself", allowed="somebody else agrees")
        episodes = erasures.erase(connection, site=site, candidate=known.id, by=person.id)
        about = {
            "candidate": known.id,
            "episodes": episodes,
            "reason": proposed.reason,
            "proposed_by": proposed.proposed_by,
            "agreed_by": person.id,
        }
        chains.append(connection, of_site(site), actor=person.id, verb="erase", about=about)
    return known.id


def listed(store: Store, person: Person, *, site: str) -> list[Proposed]:
    """What was proposed and done at a site. Raises NotFoundError, NotPermittedError."""
    _require(person, site)
    with store.transaction([site]) as connection:
        return erasures.listed(connection, site)


def _require(person: Person, site: str) -> None:
    """Refuse whoever may not erase here. Raises NotFoundError, NotPermittedError."""
    where(person, Verb.ERASE, site)


def _erasable(connection: Connection, site: str, code: str) -> Known:
    """The candidate, where nothing of them must be kept. Raises NotFoundError, ImpossibleNowError."""
    known = erasures.known(connection, site, code)
    if known is None:
        raise NotFoundError(f"no candidate {code!r} at {site}", place="code")
    if known.open:
        raise ImpossibleNowError(
            "an episode is open", allowed="once it is closed, and has been kept as long as it must"
        )
    if known.kept_until is not None and known.kept_until > known.now:
        raise ImpossibleNowError("it is to be kept still", allowed=f"from {known.kept_until:%Y-%m-%d} on")
    return known
