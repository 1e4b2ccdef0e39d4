"""Who may use which verb: one table, deny by default.

A protocol's transitions narrow this further (`by: [clinician]`); that answers as a shut gate, not as a 403.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from workflow.domain.actor import Actor, Role
from workflow.domain.errors import NotPermittedError


class Verb(StrEnum):
    """Everything a person can ask for."""

    READ = "read"  # see candidates, episodes, tasks
    READ_LEDGER = "read_ledger"  # see who did what
    READ_PEOPLE = "read_people"  # see sites, staff, calendars, protocols
    ENROL = "enrol"
    ADOPT = "adopt"
    ADVANCE = "advance"
    RECORD = "record"
    CORRECT = "correct"
    ADMINISTER = "administer"
    APPOINT = "appoint"
    COMPLETE = "complete"
    ACKNOWLEDGE = "acknowledge"
    CLAIM = "claim"
    REASSIGN = "reassign"
    SNOOZE = "snooze"
    WAIT = "wait"
    CONTACT = "contact"  # log an attempt to reach an outsider
    HOLD = "hold"
    RELEASE = "release"
    RELEASE_BACKLOG = "release_backlog"  # let reminders go that were withheld because their work arrived overdue
    OVERRIDE = "override"
    DEVIATE = "deviate"
    MIGRATE = "migrate"  # let an episode go on under another version of its protocol
    ROSTER = "roster"  # who is away, who stands in, who is on call; one's own absence is anybody's to say
    MANAGE = "manage"  # sites, staff, tokens, calendars


_CARE = frozenset(
    {
        Role.COORDINATOR,
        Role.NURSE,
        Role.CLINICIAN,
        Role.IMPLANTER,
        Role.PHARMACIST,
        Role.SCHEDULER,
        Role.LEAD,
    }
)
_DECIDES = frozenset({Role.CLINICIAN, Role.IMPLANTER})
_LEADS = frozenset({Role.COORDINATOR, Role.CLINICIAN, Role.LEAD})

POLICY: Mapping[Verb, frozenset[Role]] = MappingProxyType(
    {
        Verb.READ: _CARE | {Role.AUDITOR, Role.SERVICE},
        Verb.READ_LEDGER: _LEADS | {Role.AUDITOR},
        Verb.READ_PEOPLE: _CARE | {Role.AUDITOR, Role.ADMIN, Role.SERVICE},
        Verb.ENROL: _LEADS | {Role.SERVICE},
        Verb.ADOPT: _LEADS,
        Verb.ADVANCE: _CARE,
        Verb.RECORD: _CARE | {Role.SERVICE},
        Verb.CORRECT: frozenset({Role.NURSE, Role.COORDINATOR}) | _DECIDES,
        Verb.ADMINISTER: frozenset({Role.NURSE}) | _DECIDES,
        Verb.APPOINT: _LEADS | {Role.SCHEDULER, Role.NURSE, Role.IMPLANTER},
        Verb.COMPLETE: _CARE,
        Verb.ACKNOWLEDGE: _CARE,
        Verb.CLAIM: _CARE,
        Verb.REASSIGN: _CARE,
        Verb.SNOOZE: _CARE,
        Verb.WAIT: _CARE,
        Verb.CONTACT: _CARE,
        Verb.HOLD: _LEADS | {Role.IMPLANTER},
        Verb.RELEASE: _LEADS | {Role.IMPLANTER},
        Verb.RELEASE_BACKLOG: frozenset({Role.COORDINATOR, Role.LEAD}),
        Verb.OVERRIDE: _DECIDES,
        Verb.DEVIATE: _DECIDES,
        Verb.MIGRATE: frozenset({Role.CLINICIAN, Role.LEAD}),
        Verb.ROSTER: frozenset({Role.COORDINATOR, Role.LEAD, Role.ADMIN}),
        Verb.MANAGE: frozenset({Role.ADMIN}),
    }
)


def permits(actor: Actor, verb: Verb) -> bool:
    """Whether any role the actor holds at this site may use the verb, and the way they came in leaves it to them."""
    return actor.may(verb) and actor.holds(*POLICY[verb])


def require(actor: Actor, verb: Verb) -> None:
    """Refuse a verb the actor's roles do not carry. Raises NotPermittedError naming who may."""
    if not actor.may(verb):
        raise NotPermittedError(
            f"{verb} is not left to you by the way you came in", allowed="a sign-in with the password, a wider token"
        )
    if not permits(actor, verb):
        allowed = ", ".join(sorted(POLICY[verb]))
        raise NotPermittedError(f"{verb} is not yours to do here", allowed=f"roles: {allowed}")
